//! Bundle to a commit: objects in one pack, a tree spliced under the owned path, a compare-and-swap on the branch.
//!
//! Local objects and branches go through libgit2, without an index or work tree. Everything that needs the user's
//! credentials, keys or work tree goes through the user's own `git`.
//!
//! Killed at any moment, a publication has moved a branch or it has not. Objects nobody refers to are `git gc`'s
//! business; a work tree that was not brought along is brought along by the next run.

mod branch;
mod commit;
mod pack;
mod previous;
mod program;
mod remote;
mod repository;
mod source;
mod tree;
mod worktree;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use git2::Oid;

use super::files::Names;
use super::lock::InvalidLock;
use crate::emit::bundle::{Bundle, RepoPath};
pub use commit::{CommitInfo, Identity, SourceCommit};
pub use previous::previous;
pub use source::source_commit;

/// Where to publish to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A repository on this machine, by its folder; it is created if there is none.
    Local(Utf8PathBuf),
    /// Anything `git` can push to, by its URL.
    Remote(String),
}

impl Target {
    /// A URL or `host:path` is remote, anything else a folder.
    pub fn parse(text: &str) -> Self {
        let before_slash = text.split('/').next().unwrap_or_default();
        // `C:` is a disk.
        let is_host = before_slash.find(':').is_some_and(|at| at > 1);
        if text.contains("://") || is_host {
            Self::Remote(text.to_owned())
        } else {
            Self::Local(text.into())
        }
    }
}

/// What goes onto one branch.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// The branch, without `refs/heads/`. If it does not exist it begins with a commit without parents.
    pub name: String,
    /// The folder that groundplan owns; `None` for the root. Whatever else the branch has stays.
    pub prefix: Option<RepoPath>,
    /// The files, relative to that folder.
    pub bundle: Bundle,
    /// The versions for the lock.
    pub versions: BTreeMap<String, String>,
    /// Whether this is a rendered branch, which carries `hydrator.metadata`. That file alone is no reason for a
    /// commit.
    pub is_rendered: bool,
}

/// The kind of repository to create where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// Bare if the name ends in `.git`, otherwise with a work tree.
    #[default]
    ByName,
    /// Without a work tree.
    Bare,
    /// With a work tree, which follows the branch.
    Normal,
}

/// What a publication may do beyond the ordinary, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// Overwrite generated files that were edited in the branch, and foreign files at paths that are needed.
    pub force: bool,
    /// Delete more than a third of the owned files.
    pub allow_mass_deletion: bool,
    /// What to create if there is no local repository.
    pub create: Create,
    /// Sign the commits with the key and program that `git` is configured for. Signatures hold a time: the
    /// commit ids are then not reproducible.
    pub sign: bool,
    /// How often to try when somebody else moves the branch at the same time.
    pub attempts: u32,
}

impl Default for PublishOptions {
    fn default() -> Self {
        let create = Create::ByName;
        Self { force: false, allow_mass_deletion: false, create, sign: false, attempts: 5 }
    }
}

/// What became of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// It has a new commit.
    Created {
        /// The branch.
        branch: String,
        /// The commit.
        id: Oid,
    },
    /// It already said this.
    Unchanged {
        /// The branch.
        branch: String,
        /// Its tip.
        id: Oid,
    },
}

/// Why nothing, or with several local branches not everything, was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The folder exists, has something in it, and is no repository.
    #[error("`{}` is not a git repository; run `git init` there, or name another folder", .path.display())]
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// Git trusts only its user's own repositories.
    #[error(
        "`{}` belongs to another user; if you trust it: git config --global --add safe.directory '{}'",
        .path.display(), .path.display()
    )]
    Owner {
        /// The repository.
        path: PathBuf,
    },
    /// A repository of a kind that libgit2 cannot read.
    #[error(
        "`{}` is a {format} repository, which groundplan cannot write; publish to a SHA-1 repository with files for \
         branches, or to its URL on a server",
        .path.display()
    )]
    Format {
        /// The repository or URL.
        path: PathBuf,
        /// `SHA-256` or `reftable`.
        format: &'static str,
    },
    /// The text is no name for a branch.
    #[error("`{name}` cannot be the name of a branch")]
    BranchName {
        /// The text.
        name: String,
    },
    /// Two branches of one publication have one name.
    #[error("the branch `{name}` is published twice at once")]
    Twice {
        /// The name.
        name: String,
    },
    /// Git keeps branches as files in folders.
    #[error(
        "the branches `{name}` and `{other}` cannot both exist: git keeps one as a file and the other in a folder of \
         that name; rename or delete `{other}`"
    )]
    BranchConflict {
        /// The branch to publish.
        name: String,
        /// The branch that exists.
        other: String,
    },
    /// Somebody works on the branch.
    #[error(
        "the branch `{branch}` is checked out in `{}`, which cannot follow it: {reason}\ncommit or stash there, \
         switch it to another branch, or publish to another one",
        .worktree.display()
    )]
    CheckedOut {
        /// The branch.
        branch: String,
        /// The work tree.
        worktree: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// Files that groundplan wrote hold something else now.
    #[error(
        "edited on `{branch}` since groundplan wrote them:{}\nput the change into the blueprint, or overwrite them \
         with --force",
        Names(.paths)
    )]
    Edited {
        /// The branch.
        branch: String,
        /// The files, relative to the owned folder.
        paths: Vec<RepoPath>,
    },
    /// Files that groundplan never wrote stand where it must write.
    #[error(
        "in the way on `{branch}`, not written by groundplan:{}\nmove them away, or overwrite them with --force",
        Names(.paths)
    )]
    InTheWay {
        /// The branch.
        branch: String,
        /// The files, relative to the owned folder.
        paths: Vec<RepoPath>,
    },
    /// A mistake in the blueprint may look like this.
    #[error(
        "{} of {owned} owned files on `{branch}` would be deleted:{}\nif that is meant, say --allow-mass-deletion",
        .paths.len(), Names(.paths)
    )]
    MassDeletion {
        /// The branch.
        branch: String,
        /// The files that would go.
        paths: Vec<RepoPath>,
        /// How many are owned now.
        owned: usize,
    },
    /// Something stands on the branch where something else belongs.
    #[error("`{path}` is {found} on `{branch}`, {wanted} belongs there: move it away")]
    Obstacle {
        /// The branch.
        branch: String,
        /// The path, relative to the owned folder or to the root.
        path: String,
        /// What is there.
        found: &'static str,
        /// What belongs there.
        wanted: &'static str,
    },
    /// The branch's lock cannot be read, so nobody knows which files are owned.
    #[error("`groundplan.lock` on `{branch}` is damaged")]
    Lock {
        /// The branch.
        branch: String,
        /// Where and how.
        source: InvalidLock,
    },
    /// Somebody else was faster, again and again.
    #[error("the branch `{branch}` moved under each of {attempts} attempts; publish again")]
    Contended {
        /// The branch.
        branch: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// Another process holds the branch's lock, or left it when it was killed.
    #[error("the branch `{branch}` is locked by `{}`; remove that file if no git is running", .lock.display())]
    Locked {
        /// The branch.
        branch: String,
        /// Git's lock file.
        lock: PathBuf,
    },
    /// A text that git, or a reader of the message, would take for something else.
    #[error(
        "`{text}` cannot stand in that place of a commit: one line, no control characters, no `<` or `>` in names"
    )]
    Text {
        /// The text.
        text: String,
    },
    /// The server has a say, and said no.
    #[error("the server refused `{branch}`: {reason}")]
    Rejected {
        /// The branch.
        branch: String,
        /// The server's words.
        reason: String,
    },
    /// There is no `git` program, or it cannot be run.
    #[error("cannot run the `git` program; is it installed and in PATH?")]
    NoGit {
        /// The system's reason.
        source: io::Error,
    },
    /// The `git` program failed.
    #[error("git cannot {what}: {reason}")]
    Program {
        /// What it should do.
        what: String,
        /// Its words, without credentials.
        reason: String,
    },
    /// libgit2 failed.
    #[error("cannot {action}")]
    Git {
        /// What was tried.
        action: &'static str,
        /// Its reason.
        source: git2::Error,
    },
    /// The system refused.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl PublishError {
    fn git(action: &'static str, source: git2::Error) -> Self {
        Self::Git { action, source }
    }

    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// A moment of a publication, told to whoever watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment<'a> {
    /// The tip was read, the new objects are about to be written.
    Store(&'a str),
    /// The objects are there, the branch is about to be moved: here, or by pushing.
    Move(&'a str),
    /// The branch was moved; a work tree that has it checked out is about to follow.
    Follow(&'a str),
}

/// Is told each moment as it comes, with the branch.
pub type Watch<'a> = &'a dyn Fn(Moment<'_>);

/// Brings the branches to what their bundles say, each with at most one commit, in the given order.
///
/// All refusals are found before the first branch moves. On a server all branches move together; in a local
/// repository one after the other.
///
/// # Errors
/// See [`PublishError`].
///
/// # Panics
/// If a bundle holds `groundplan.lock`, or a rendered one `hydrator.metadata`.
pub fn publish(
    target: &Target,
    branches: impl AsRef<[Branch]>,
    commit: &CommitInfo,
    options: PublishOptions,
) -> Result<Vec<Revision>, PublishError> {
    publish_watched(target, branches, commit, options, &|_| ())
}

/// [`publish`], with somebody watching.
///
/// # Errors
/// See [`PublishError`].
pub fn publish_watched(
    target: &Target,
    branches: impl AsRef<[Branch]>,
    commit: &CommitInfo,
    options: PublishOptions,
    watch: Watch<'_>,
) -> Result<Vec<Revision>, PublishError> {
    let branches = branches.as_ref();
    let sources: Vec<_> =
        branches.iter().map(|branch| branch::Source::new(branch, commit)).collect();
    let wanted = sources.iter().map(branch::Wanted::new).collect::<Result<Vec<_>, _>>()?;
    branch::refuse_twins(&wanted)?;
    let run = branch::Run { wanted, commit, options, watch };
    match target {
        Target::Local(path) => {
            let first = branches.first().map_or("main", |branch| &branch.name);
            run.local(&repository::open_or_create(path.as_std_path(), options.create, first)?)
        }
        Target::Remote(url) => remote::publish(&run, url),
    }
}
