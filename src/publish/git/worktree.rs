//! Work trees that have a branch checked out.
//!
//! Moving a branch under a work tree makes every file of it look modified. So a clean work tree follows, by the
//! two-tree merge that `git push` with `receive.denyCurrentBranch=updateInstead` uses; one with changes refuses.

use std::path::PathBuf;

use git2::{Oid, Repository};

use super::PublishError;
use super::program::{Git, said};

/// The tree without files, which every git knows.
const NOTHING: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A work tree that has the branch checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worktree {
    path: PathBuf,
    branch: String,
}

/// All work trees of the repository, its own and linked ones, that have `branch` checked out.
pub(super) fn with_branch(
    repository: &Repository,
    branch: &str,
) -> Result<Vec<Worktree>, PublishError> {
    let reference = format!("refs/heads/{branch}");
    let mut found = Vec::new();
    let mut look = |repository: &Repository| {
        let Some(path) = repository.workdir() else { return };
        let head = repository.find_reference("HEAD").ok();
        let target = head.as_ref().and_then(git2::Reference::symbolic_target_bytes);
        let worktree = Worktree { path: path.to_owned(), branch: branch.to_owned() };
        if target == Some(reference.as_bytes()) && !found.contains(&worktree) {
            found.push(worktree);
        }
    };
    look(repository);
    if let Ok(main) = Repository::open(repository.commondir()) {
        look(&main);
    }
    let names = repository.worktrees().map_err(|e| PublishError::git("list the work trees", e))?;
    for name in names.iter().flatten().flatten() {
        // One whose folder is gone has nothing to lose.
        let linked =
            repository.find_worktree(name).and_then(|w| Repository::open_from_worktree(&w));
        if let Ok(linked) = linked {
            look(&linked);
        }
    }
    Ok(found)
}

impl Worktree {
    fn git(&self, verb: &str) -> Git {
        Git::new(&self.path, verb, format!("look at the work tree `{}`", self.path.display()))
    }

    fn refused(&self, reason: impl Into<String>) -> PublishError {
        let (branch, worktree) = (self.branch.clone(), self.path.clone());
        PublishError::CheckedOut { branch, worktree, reason: reason.into() }
    }

    /// Makes sure that the work tree holds exactly the tip, and refuses if it holds somebody's changes.
    ///
    /// A work tree that exactly holds the commit before the tip was left behind by a run that was killed: it is
    /// brought along.
    pub(super) fn settle(&self, before: Option<Oid>, tip: Option<Oid>) -> Result<(), PublishError> {
        let status = self.git("status").args(["--porcelain", "--untracked-files=no"]).run()?;
        if status.is_empty() {
            return Ok(());
        }
        let first = status.lines().next().unwrap_or_default().to_owned();
        let changes =
            || self.refused(format!("it has uncommitted changes, such as `{}`", first.trim()));
        let tip = tip.ok_or_else(changes)?;
        let before = or_nothing(before);
        let is_quiet = |git: Git| git.output().map(|output| output.status.success());
        let was_left_behind = is_quiet(self.git("diff-files").arg("--quiet"))?
            && is_quiet(self.git("diff-index").args(["--cached", "--quiet", &before, "--"]))?;
        if !was_left_behind {
            return Err(changes());
        }
        self.merge(&before, tip, &["-u"])
    }

    /// Refuses if following would overwrite something, an untracked file for example.
    pub(super) fn would_follow(&self, from: Option<Oid>, to: Oid) -> Result<(), PublishError> {
        self.merge(&or_nothing(from), to, &["-n", "-u"])
    }

    /// Brings index and files from one commit to the next.
    pub(super) fn follow(&self, from: Option<Oid>, to: Oid) -> Result<(), PublishError> {
        self.merge(&or_nothing(from), to, &["-u"])
    }

    fn merge(&self, from: &str, to: Oid, how: &[&str]) -> Result<(), PublishError> {
        let git = self.git("read-tree").arg("-m").args(how).arg(from).arg(to.to_string());
        let output = git.output()?;
        if output.status.success() { Ok(()) } else { Err(self.refused(said(&output))) }
    }
}

fn or_nothing(commit: Option<Oid>) -> String {
    commit.map_or_else(|| NOTHING.to_owned(), |commit| commit.to_string())
}
