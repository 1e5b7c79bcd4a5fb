//! One branch: what it should say, the commit that makes it so, and the swap.

use std::time::Duration;

use git2::{ErrorCode, Oid, Reference, Repository};

use super::commit::CommitInfo;
use super::pack::{self, Kind, Object};
use super::program::Git;
use super::tree::{Beside, Folder, Spliced, Splicer};
use super::worktree::{self, Worktree};
use super::{Branch, Moment, PublishError, PublishOptions, Revision, Watch};
use crate::emit::bundle::RepoPath;
use crate::publish::files::is_mass_deletion;
use crate::publish::hydrator::{METADATA, metadata};
use crate::publish::lock::{LOCK, Lock};

/// A branch and the files that publishing adds to it.
pub(super) struct Source<'b> {
    branch: &'b Branch,
    lock_path: RepoPath,
    lock: String,
    metadata: Option<Vec<u8>>,
}

impl<'b> Source<'b> {
    pub(super) fn new(branch: &'b Branch, commit: &CommitInfo) -> Self {
        if branch.is_rendered && branch.bundle.get(METADATA).is_some() {
            crate::bug!("`{METADATA}` is written by publish, not by an emitter");
        }
        Self {
            branch,
            lock_path: RepoPath::of(LOCK),
            lock: Lock::of(&branch.bundle, &branch.versions).to_text(),
            metadata: if branch.is_rendered { metadata(commit) } else { None },
        }
    }
}

/// What a branch should say, as git objects.
pub(super) struct Wanted<'b> {
    pub(super) name: &'b str,
    branch: &'b Branch,
    folder: Folder<'b>,
    beside: Option<Beside<'b>>,
}

impl<'b> Wanted<'b> {
    pub(super) fn new(source: &'b Source<'b>) -> Result<Self, PublishError> {
        let branch = source.branch;
        if !git2::Branch::name_is_valid(&branch.name).unwrap_or(false)
            || !Reference::is_valid_name(&reference(&branch.name))
        {
            return Err(PublishError::BranchName { name: branch.name.clone() });
        }
        let mut files: Vec<_> = branch.bundle.iter().collect();
        let at = files.partition_point(|(path, _)| **path < source.lock_path);
        files.insert(at, (&source.lock_path, source.lock.as_bytes()));
        let beside = source.metadata.as_deref().map(|bytes| Beside { name: METADATA, bytes });
        Ok(Self { name: &branch.name, branch, folder: Folder::new(&files), beside })
    }

    /// Refuses names that cannot exist beside the branches there are.
    pub(super) fn fits_beside<'n>(
        &self,
        mut existing: impl Iterator<Item = &'n str>,
    ) -> Result<(), PublishError> {
        let is_above = |above: &str, name: &str| {
            name.strip_prefix(above).is_some_and(|below| below.starts_with('/'))
        };
        match existing.find(|other| is_above(other, self.name) || is_above(self.name, other)) {
            None => Ok(()),
            Some(other) => {
                let (name, other) = (self.name.to_owned(), other.to_owned());
                Err(PublishError::BranchConflict { name, other })
            }
        }
    }
}

/// Refuses two branches of one name, and branches that exclude each other.
pub(super) fn refuse_twins(wanted: &[Wanted<'_>]) -> Result<(), PublishError> {
    for (position, one) in wanted.iter().enumerate() {
        let others = || wanted[..position].iter().map(|other| other.name);
        if others().any(|other| other == one.name) {
            return Err(PublishError::Twice { name: one.name.to_owned() });
        }
        one.fits_beside(others())?;
    }
    Ok(())
}

pub(super) fn reference(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// A commit that would bring a branch up to date.
pub(super) struct Draft<'a> {
    /// The tip it is made for.
    pub(super) tip: Option<Oid>,
    /// The tip's first parent.
    before: Option<Oid>,
    new: New,
    pub(super) objects: Vec<Object<'a>>,
}

/// How far the new commit is.
#[derive(Clone, Copy)]
enum New {
    /// The tip says it already.
    Nothing,
    Commit(Oid),
    /// To be signed, when its objects are there, on a parent with that date.
    Unsigned {
        tree: Oid,
        parent_date: Option<i64>,
    },
}

impl Draft<'_> {
    pub(super) fn is_change(&self) -> bool {
        !matches!(self.new, New::Nothing)
    }
}

/// One publication.
pub(super) struct Run<'r> {
    pub(super) wanted: Vec<Wanted<'r>>,
    pub(super) commit: &'r CommitInfo,
    pub(super) options: PublishOptions,
    pub(super) watch: Watch<'r>,
}

impl<'r> Run<'r> {
    /// Publishes into a repository on this machine.
    pub(super) fn local(&self, repository: &Repository) -> Result<Vec<Revision>, PublishError> {
        let existing = branches(repository)?;
        for wanted in &self.wanted {
            wanted.fits_beside(existing.iter().map(String::as_str))?;
        }
        let mut drafts = Vec::new();
        for wanted in &self.wanted {
            let draft = self.draft(repository, wanted)?;
            let worktrees = worktree::with_branch(repository, wanted.name)?;
            for worktree in &worktrees {
                match worktree.settle(draft.before, draft.tip) {
                    // Somebody's changes are in nobody's way if the branch stays where it is.
                    Err(PublishError::CheckedOut { .. }) if !draft.is_change() => {}
                    outcome => outcome?,
                }
            }
            drafts.push((draft, worktrees));
        }
        let objects = drafts.iter_mut().flat_map(|(draft, _)| std::mem::take(&mut draft.objects));
        let objects: Vec<_> = objects.collect();
        if let Some(first) = self.wanted.first() {
            (self.watch)(Moment::Store(first.name));
        }
        pack::store(repository, objects)?;
        self.wanted
            .iter()
            .zip(drafts)
            .map(|(wanted, (draft, worktrees))| self.advance(repository, wanted, draft, &worktrees))
            .collect()
    }

    /// The commit for a branch as it is now, nothing written yet.
    pub(super) fn draft<'s>(
        &'s self,
        repository: &Repository,
        wanted: &'s Wanted<'r>,
    ) -> Result<Draft<'s>, PublishError> {
        let name = wanted.name;
        let tip = match repository.refname_to_id(&reference(name)) {
            Ok(tip) => Some(tip),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(source) => return Err(PublishError::git("read the branch", source)),
        };
        let parent = tip
            .map(|tip| repository.find_commit(tip))
            .transpose()
            .map_err(|e| PublishError::git("read the commit of the branch", e))?;
        let parent_date = parent.as_ref().map(|parent| parent.time().seconds());
        let before = parent.as_ref().and_then(|parent| parent.parent_id(0).ok());
        let odb = repository.odb().map_err(|e| PublishError::git("open the object store", e))?;
        let old = parent.as_ref().map(git2::Commit::tree_id);
        let splicer = Splicer::new(&odb, name, &wanted.branch.bundle);
        let (tree, spliced) =
            splicer.splice(&wanted.folder, wanted.beside, wanted.branch.prefix.as_ref(), old)?;
        self.permit(name, &spliced)?;
        let mut objects = spliced.objects;
        let new = if !tree.is_changed {
            objects.clear();
            New::Nothing
        } else if self.options.sign {
            New::Unsigned { tree: tree.id, parent_date }
        } else {
            let bytes = self.commit.encode(tree.id, tip.zip(parent_date))?;
            let commit = Object::new(Kind::Commit, bytes);
            let id = commit.id;
            objects.push(commit);
            New::Commit(id)
        };
        Ok(Draft { tip, before, new, objects })
    }

    fn permit(&self, name: &str, spliced: &Spliced<'_>) -> Result<(), PublishError> {
        let branch = || name.to_owned();
        if !self.options.force {
            if !spliced.foreign.is_empty() {
                let paths = spliced.foreign.clone();
                return Err(PublishError::InTheWay { branch: branch(), paths });
            }
            if !spliced.edited.is_empty() {
                let paths = spliced.edited.clone();
                return Err(PublishError::Edited { branch: branch(), paths });
            }
        }
        let (deleted, owned) = (&spliced.deleted, spliced.owned);
        if is_mass_deletion(deleted.len(), owned) && !self.options.allow_mass_deletion {
            let paths = deleted.clone();
            return Err(PublishError::MassDeletion { branch: branch(), paths, owned });
        }
        Ok(())
    }

    /// The id of the new commit, all of whose objects are stored; `None` if there is none.
    pub(super) fn finish(
        &self,
        repository: &Repository,
        draft: &Draft<'_>,
    ) -> Result<Option<Oid>, PublishError> {
        let (tree, parent_date) = match draft.new {
            New::Nothing => return Ok(None),
            New::Commit(id) => return Ok(Some(id)),
            New::Unsigned { tree, parent_date } => (tree, parent_date),
        };
        let author = self.commit.author.checked()?;
        let date = format!("@{} +0000", self.commit.date(parent_date));
        let mut git = Git::new(repository.path(), "commit-tree", "sign the commit")
            .args(["-S", &tree.to_string()])
            .input(self.commit.message()?);
        if let Some(parent) = draft.tip {
            git = git.args(["-p", &parent.to_string()]);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            git = git
                .env(&format!("GIT_{role}_NAME"), &author.name)
                .env(&format!("GIT_{role}_EMAIL"), &author.email)
                .env(&format!("GIT_{role}_DATE"), &date);
        }
        let printed = git.run()?;
        let id = Oid::from_str(printed.trim());
        id.map(Some).map_err(|source| PublishError::git("read the signed commit's id", source))
    }

    /// Moves the branch if it still is where it was; if not, makes the commit for where it is now.
    fn advance(
        &self,
        repository: &Repository,
        wanted: &Wanted<'r>,
        draft: Draft<'_>,
        worktrees: &[Worktree],
    ) -> Result<Revision, PublishError> {
        const PAUSE: Duration = Duration::from_millis(20);
        let (name, reference) = (wanted.name, reference(wanted.name));
        let mut draft = draft;
        let mut is_locked = false;
        for _ in 0..self.options.attempts.max(1) {
            let Some(id) = self.finish(repository, &draft)? else {
                return Ok(unchanged(name, draft.tip));
            };
            for worktree in worktrees {
                worktree.would_follow(draft.tip, id)?;
            }
            (self.watch)(Moment::Move(name));
            let expected = draft.tip.unwrap_or(Oid::ZERO_SHA1);
            match repository.reference_matching(
                &reference,
                id,
                true,
                expected,
                "groundplan publish",
            ) {
                Ok(_) => {
                    (self.watch)(Moment::Follow(name));
                    for worktree in worktrees {
                        worktree.follow(draft.tip, id)?;
                    }
                    return Ok(Revision::Created { branch: name.to_owned(), id });
                }
                Err(error) if error.code() == ErrorCode::Locked => {
                    is_locked = true;
                    std::thread::sleep(PAUSE);
                }
                Err(error)
                    if matches!(
                        error.code(),
                        ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound
                    ) =>
                {
                    is_locked = false;
                }
                Err(source) => return Err(PublishError::git("move the branch", source)),
            }
            draft = self.draft(repository, wanted)?;
            for worktree in worktrees {
                worktree.settle(draft.before, draft.tip)?;
            }
            pack::store(repository, std::mem::take(&mut draft.objects))?;
        }
        let branch = name.to_owned();
        Err(if is_locked {
            let lock = repository.commondir().join(format!("{reference}.lock"));
            PublishError::Locked { branch, lock }
        } else {
            PublishError::Contended { branch, attempts: self.options.attempts }
        })
    }
}

pub(super) fn unchanged(name: &str, tip: Option<Oid>) -> Revision {
    let id =
        tip.unwrap_or_else(|| crate::bug!("a branch that does not exist says nothing already"));
    Revision::Unchanged { branch: name.to_owned(), id }
}

/// All branches of a repository, without `refs/heads/`.
fn branches(repository: &Repository) -> Result<Vec<String>, PublishError> {
    let failed = |source| PublishError::git("list the branches", source);
    let mut references = repository.references_glob("refs/heads/*").map_err(failed)?;
    let mut names = Vec::new();
    for name in references.names() {
        // A name that is not UTF-8 conflicts with none of ours.
        let Ok(name) = name else { continue };
        names.push(name.trim_start_matches("refs/heads/").to_owned());
    }
    Ok(names)
}
