//! Bundle to a folder: write only what changed, remove only what is ours, and survive being killed.
//!
//! A run has five steps, each of which leaves a folder that the next run understands:
//!
//! 1. *stage*: every new content is written below [`STAGING`], inside the folder and hence on the same disk. A
//!    full disk is found here, when nothing has changed yet.
//! 2. *journal*: the lock that is about to be true is put beside the old one, as `groundplan.lock.next`.
//! 3. *remove*: stale owned files go, and the folders they leave empty.
//! 4. *place*: staged files are renamed into place; a folder that did not exist is renamed as a whole.
//! 5. *lock*: the journal is renamed over `groundplan.lock`.
//!
//! Between 2 and 5 a file may hold what either lock says, so after a kill it is ours and no hand edit.
//!
//! What is synced to the disk: the journal, its name, and the lock's rename; not the contents. After a power cut a
//! file may therefore be missing, empty or full of zero bytes, and the next run writes it again: nobody's work is
//! in such a file. Syncing each of 100,000 files would take minutes and buy nothing more.

mod apply;
mod plan;
mod scan;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::lock::{Digest, InvalidLock, LOCK, Lock, NEXT_LOCK};
use crate::emit::bundle::{Bundle, RepoPath};
use plan::Plan;
pub(super) use plan::is_mass_deletion;
use scan::{Found, Kind, Scan};

/// The folder in which new contents wait, below the output. Whatever a killed run left in it is removed.
pub const STAGING: &str = ".groundplan.staging";

/// What a run may do beyond the ordinary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Overwrite generated files that were edited by hand, and foreign files at paths that are needed.
    pub force: bool,
    /// Delete more than a third of the owned files.
    pub allow_mass_deletion: bool,
}

/// What a run did, or what [`check`] says it would do. All lists are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Files that did not exist.
    pub created: Vec<RepoPath>,
    /// Files with other content than before, edited ones included.
    pub changed: Vec<RepoPath>,
    /// Owned files that are no longer wanted.
    pub deleted: Vec<RepoPath>,
    /// Those of the changed and deleted files that hold what groundplan never wrote there: a hand edit, or a
    /// foreign file in the way.
    pub edited: Vec<RepoPath>,
    /// How many files were already right; they are not touched.
    pub unchanged: usize,
    /// Whether the lock itself changes, which a new version alone can bring about.
    pub lock: bool,
    /// The digest of the lock that is true then.
    pub digest: Digest,
}

impl Changes {
    /// Whether the folder already is what the bundle says.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.deleted.is_empty() && !self.lock
    }
}

/// Why a folder could not be written. Unless it says otherwise nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refused before anything was changed.
    #[error("cannot {action} `{path}`; nothing was changed")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: Utf8PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system refused halfway.
    #[error(
        "cannot {action} `{path}`; the output is half updated: mend the cause and compile again"
    )]
    Unfinished {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: Utf8PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Following a symbolic link could write outside the output.
    #[error("`{path}` is a symbolic link; groundplan follows none in its output: remove it")]
    Symlink {
        /// The link.
        path: Utf8PathBuf,
    },
    /// Something else stands where a file belongs.
    #[error("`{path}` is {found}, a file belongs there: move it away")]
    NotAFile {
        /// The place.
        path: Utf8PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// Something else stands where a folder belongs.
    #[error("`{path}` is {found}, a folder belongs there: move it away")]
    NotAFolder {
        /// The place.
        path: Utf8PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// A folder to be changed does not let itself be written.
    #[error("the folder `{path}` is read-only: make it writable (chmod u+w)")]
    ReadOnly {
        /// The folder.
        path: Utf8PathBuf,
    },
    /// Files that groundplan wrote hold something else now.
    #[error(
        "edited by hand since groundplan wrote them:{}\nput the change into the blueprint, or overwrite them with --force",
        Names(.paths)
    )]
    Edited {
        /// The files.
        paths: Vec<RepoPath>,
    },
    /// Files that groundplan never wrote stand where it must write.
    #[error(
        "in the way, not written by groundplan:{}\nmove them away, or overwrite them with --force",
        Names(.paths)
    )]
    InTheWay {
        /// The files.
        paths: Vec<RepoPath>,
    },
    /// A mistake in the blueprint may look like this.
    #[error(
        "{} of {owned} owned files would be deleted:{}\nif that is meant, say --allow-mass-deletion",
        .paths.len(), Names(.paths)
    )]
    MassDeletion {
        /// The files that would go.
        paths: Vec<RepoPath>,
        /// How many files are owned now.
        owned: usize,
    },
    /// Another process writes the same folder.
    #[error("another groundplan is writing `{path}`; wait for it and try again")]
    Busy {
        /// The output folder.
        path: Utf8PathBuf,
    },
    /// The lock cannot be read, so nobody knows which files are owned.
    #[error("`{path}` is damaged")]
    Lock {
        /// The lock file.
        path: Utf8PathBuf,
        /// Where and how.
        source: InvalidLock,
    },
}

/// The first few of a list of paths, each on a line of its own.
pub(crate) struct Names<'a>(pub(crate) &'a [RepoPath]);

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 10;
        for path in self.0.iter().take(SHOWN) {
            write!(f, "\n  {path}")?;
        }
        if self.0.len() > SHOWN {
            write!(f, "\n  and {} more", self.0.len() - SHOWN)?;
        }
        Ok(())
    }
}

/// A moment of a run, told to whoever watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A new content is about to be staged.
    Stage(&'a RepoPath),
    /// The journal is about to appear.
    Journal,
    /// A stale file is about to go.
    Remove(&'a RepoPath),
    /// A staged file or folder is about to be renamed into place.
    Place(&'a str),
    /// The journal is about to become the lock.
    Lock,
}

/// Is told each step before it happens, from several threads, and may make it fail.
pub type Watch<'a> = &'a (dyn Fn(Step<'_>) -> io::Result<()> + Sync);

/// Makes the folder `to` hold the bundle and its lock.
///
/// # Errors
/// See [`WriteError`].
pub fn write(
    bundle: &Bundle,
    versions: &BTreeMap<String, String>,
    to: &Utf8Path,
    options: WriteOptions,
) -> Result<Changes, WriteError> {
    write_watched(bundle, versions, to, options, &|_| Ok(()))
}

/// [`write()`], with somebody watching.
///
/// # Errors
/// See [`WriteError`]; what `watch` returns is treated as the system's refusal.
pub fn write_watched(
    bundle: &Bundle,
    versions: &BTreeMap<String, String>,
    to: &Utf8Path,
    options: WriteOptions,
    watch: Watch<'_>,
) -> Result<Changes, WriteError> {
    let to = plain(to);
    let is_new = !is_folder(to)?;
    if is_new {
        fs::create_dir_all(to).map_err(|source| io_error("create", to, source))?;
    }
    let outcome = hold(to).and_then(|held| {
        let plan = Plan::new(bundle, versions, to)?;
        plan.permit(options)?;
        let changes = apply::apply(plan, watch)?;
        drop(held);
        Ok(changes)
    });
    if is_new && outcome.is_err() {
        // Only an empty folder goes, so failing is fine.
        let _ = fs::remove_dir(to);
    }
    outcome
}

/// What [`write()`] would do; writes nothing. Hand edits are listed and not an error.
///
/// # Errors
/// What makes writing impossible even with `force`.
pub fn check(
    bundle: &Bundle,
    versions: &BTreeMap<String, String>,
    to: &Utf8Path,
) -> Result<Changes, WriteError> {
    let to = plain(to);
    is_folder(to)?;
    Ok(Plan::new(bundle, versions, to)?.changes)
}

/// Whether the folder holds exactly the files of the lock with that digest, and no trace of a killed run: writing what
/// the lock says would change nothing. Says how many files there are; `None` also where anything is in doubt.
pub fn intact(to: &Utf8Path, lock: Digest) -> Option<usize> {
    let to = plain(to);
    if !is_folder(to).ok()? {
        return None;
    }
    let _held = hold(to).ok()?;
    let root = Scan::new(to, std::iter::empty()).ok()?;
    let is_file = |scan: &Scan, path: &RepoPath| scan.find(path) == Found::Is(Kind::File);
    let left_behind = [STAGING, NEXT_LOCK].iter().any(|name| root.in_root(name).is_some());
    if left_behind || root.in_root(LOCK) != Some(Kind::File) {
        return None;
    }
    let text = fs::read(to.join(LOCK)).ok().filter(|text| Digest::of(text) == lock)?;
    let lock = Lock::parse(&text).ok()?;
    let scan = Scan::new(to, lock.files.keys()).ok()?;
    let files: Vec<(&RepoPath, &Digest)> = lock.files.iter().collect();
    let holds = |(path, digest): &(&RepoPath, &Digest)| {
        let bytes = || fs::read(to.join(path.as_str()));
        is_file(&scan, path) && bytes().is_ok_and(|bytes| Digest::of(&bytes) == **digest)
    };
    files.par_iter().all(holds).then_some(files.len())
}

/// The path without trailing slashes, through which the system would follow a link.
fn plain(to: &Utf8Path) -> &Utf8Path {
    let text = to.as_str().trim_end_matches('/');
    match text {
        "" if to.as_str().is_empty() => Utf8Path::new("."),
        "" => Utf8Path::new("/"),
        text => Utf8Path::new(text),
    }
}

/// Whether the output exists.
fn is_folder(to: &Utf8Path) -> Result<bool, WriteError> {
    match fs::symlink_metadata(to) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(found) if found.is_symlink() => Err(WriteError::Symlink { path: to.into() }),
        Ok(_) => Err(WriteError::NotAFolder { path: to.into(), found: "a file" }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(io_error("read", to, source)),
    }
}

fn io_error(action: &'static str, path: impl Into<Utf8PathBuf>, source: io::Error) -> WriteError {
    WriteError::Io { action, path: path.into(), source }
}

/// Keeps other groundplans out of the folder for as long as the result lives.
///
/// The advisory lock is on the folder itself: no file is left behind, and the system releases it when the process
/// ends, however it ends.
fn hold(to: &Utf8Path) -> Result<File, WriteError> {
    const PATIENCE: u32 = 60;
    const PAUSE: Duration = Duration::from_millis(50);
    let folder = File::open(to).map_err(|source| io_error("read", to, source))?;
    for _ in 0..PATIENCE {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            // Some network file systems lock no folders. As cargo does: then nobody is kept out, and everybody
            // still can work.
            Err(TryLockError::Error(_)) => return Ok(folder),
        }
    }
    Err(WriteError::Busy { path: to.into() })
}
