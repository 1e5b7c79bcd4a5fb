//! Compares the folder with the bundle and decides what a run does; changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::scan::{Found, Kind, Scan};
use super::{Changes, STAGING, WriteError, WriteOptions, io_error};
use crate::emit::bundle::{Bundle, RepoPath};
use crate::publish::lock::{Digest, LOCK, Lock, NEXT_LOCK};

/// The files groundplan wrote, as the lock says and, after a killed run, the journal.
#[derive(Debug, Default)]
pub(super) struct Owned {
    pub(super) lock: Option<Lock>,
    pub(super) journal: Option<Lock>,
    /// Whether the journal exists, readable or not.
    pub(super) has_journal: bool,
    /// Whether the lock already says what it will say.
    is_current: bool,
}

impl Owned {
    /// Reads both locks; `new` is the lock that will be true, and `text` its text.
    fn read(to: &Utf8Path, root: &Scan, new: Lock, text: &str) -> Result<Self, WriteError> {
        let mut owned = Self::default();
        if let Some(bytes) = read_own(to, root, LOCK)? {
            owned.is_current = bytes == text.as_bytes();
            owned.lock = Some(if owned.is_current {
                new
            } else {
                Lock::parse(&bytes)
                    .map_err(|source| WriteError::Lock { path: to.join(LOCK), source })?
            });
        }
        if let Some(bytes) = read_own(to, root, NEXT_LOCK)? {
            // A journal appears by rename and is complete, unless the power failed: then it tells nothing.
            owned.journal = Lock::parse(&bytes).ok();
            owned.has_journal = true;
        }
        Ok(owned)
    }

    fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.lock.iter().chain(&self.journal)
    }

    pub(super) fn paths(&self) -> BTreeSet<&RepoPath> {
        self.locks().flat_map(|lock| lock.files.keys()).collect()
    }

    /// How many files there are.
    fn count(&self) -> usize {
        match (&self.lock, &self.journal) {
            (Some(_), Some(_)) => self.paths().len(),
            (lock, journal) => {
                lock.as_ref().or(journal.as_ref()).map_or(0, |lock| lock.files.len())
            }
        }
    }

    /// Those that the bundle does not want, sorted.
    fn stale(&self, bundle: &Bundle) -> BTreeSet<&RepoPath> {
        let lock = self.lock.iter().filter(|_| !self.is_current);
        let paths = lock.chain(&self.journal).flat_map(|lock| lock.files.keys());
        paths.filter(|path| bundle.get(path.as_str()).is_none()).collect()
    }

    /// Whose these bytes at `path` are.
    fn author(&self, path: &RepoPath, bytes: &[u8]) -> Author {
        // What a power cut leaves is not an edit: nobody's work is in it.
        let is_blank = bytes.iter().all(|byte| *byte == 0);
        let digest = Digest::of(bytes);
        let mut digests = self.locks().filter_map(|lock| lock.files.get(path));
        if digests.any(|known| is_blank || *known == digest) {
            return Author::Us;
        }
        // The journal alone makes nothing ours: the killed run may not have come to that file.
        let is_locked = self.lock.as_ref().is_some_and(|lock| lock.files.contains_key(path));
        if is_locked { Author::UsAndSomebody } else { Author::Somebody }
    }
}

/// Who wrote a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Author {
    /// It holds what groundplan wrote.
    Us,
    /// Groundplan wrote it, and somebody changed it.
    UsAndSomebody,
    /// Groundplan never wrote it.
    Somebody,
}

fn read_own(to: &Utf8Path, root: &Scan, name: &str) -> Result<Option<Vec<u8>>, WriteError> {
    let path = to.join(name);
    match root.in_root(name) {
        None => Ok(None),
        Some(Kind::File) => {
            std::fs::read(&path).map(Some).map_err(|source| io_error("read", path, source))
        }
        Some(Kind::Symlink) => Err(WriteError::Symlink { path }),
        Some(kind) => Err(WriteError::NotAFile { path, found: kind.article() }),
    }
}

/// What a run has to do.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) to: &'a Utf8Path,
    pub(super) changes: Changes,
    pub(super) owned: Owned,
    pub(super) scan: Scan,
    /// New contents, by path.
    pub(super) write: Vec<(&'a RepoPath, &'a [u8])>,
    /// Folders that the deletions leave empty.
    pub(super) emptied: BTreeSet<String>,
    /// The text of the lock that will be true.
    pub(super) lock: String,
    /// Those of the edited files that were never owned.
    foreign: Vec<RepoPath>,
    owned_files: usize,
}

/// What was found at a wanted path.
enum Verdict {
    Unchanged,
    Created,
    Changed,
    Edited,
    Foreign,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        bundle: &'a Bundle,
        versions: &BTreeMap<String, String>,
        to: &'a Utf8Path,
    ) -> Result<Self, WriteError> {
        let root = Scan::new(to, std::iter::empty())?;
        let lock = Lock::of(bundle, versions);
        let text = lock.to_text();
        let owned = Owned::read(to, &root, lock, &text)?;
        match root.in_root(STAGING) {
            None | Some(Kind::Folder) => {}
            Some(Kind::Symlink) => return Err(WriteError::Symlink { path: to.join(STAGING) }),
            Some(kind) => {
                let found = kind.article();
                return Err(WriteError::NotAFolder { path: to.join(STAGING), found });
            }
        }
        let stale: Vec<_> = owned.stale(bundle).into_iter().collect();
        let wanted: Vec<_> = bundle.iter().collect();
        let paths = wanted.iter().map(|(path, _)| *path);
        let scan = Scan::new(to, paths.chain(stale.iter().copied()))?;

        let mut changes = Changes {
            created: Vec::new(),
            changed: Vec::new(),
            deleted: Vec::new(),
            edited: Vec::new(),
            unchanged: 0,
            lock: owned.has_journal || !owned.is_current,
            digest: Digest::of(text.as_bytes()),
        };
        for (path, is_ours) in judge_stale(to, &scan, &owned, &stale)? {
            if !is_ours {
                changes.edited.push(path.clone());
            }
            changes.deleted.push(path.clone());
        }
        let emptied = emptied(&scan, &changes.deleted);

        // A folder at a time: what is in it was listed together.
        let folders: Vec<_> = wanted.chunk_by(|a, b| a.0.parent() == b.0.parent()).collect();
        let judge =
            Judge { to, scan: &scan, owned: &owned, deleted: &changes.deleted, emptied: &emptied };
        let verdicts =
            folders.par_iter().map(|files| judge.folder(files)).collect::<Result<Vec<_>, _>>()?;
        let mut write = Vec::new();
        let mut foreign = Vec::new();
        for ((path, bytes), verdict) in wanted.into_iter().zip(verdicts.into_iter().flatten()) {
            match verdict {
                Verdict::Unchanged => {
                    changes.unchanged += 1;
                    continue;
                }
                Verdict::Created => changes.created.push(path.clone()),
                Verdict::Changed => changes.changed.push(path.clone()),
                Verdict::Edited | Verdict::Foreign => {
                    if matches!(verdict, Verdict::Foreign) {
                        foreign.push(path.clone());
                    }
                    changes.changed.push(path.clone());
                    changes.edited.push(path.clone());
                }
            }
            write.push((path, bytes));
        }
        changes.edited.sort();
        let owned_files = owned.count();
        Ok(Self { to, changes, owned, scan, write, emptied, lock: text, foreign, owned_files })
    }

    /// Refuses what the options do not allow.
    pub(super) fn permit(&self, options: WriteOptions) -> Result<(), WriteError> {
        let changes = &self.changes;
        if !options.force {
            if !self.foreign.is_empty() {
                return Err(WriteError::InTheWay { paths: self.foreign.clone() });
            }
            if !changes.edited.is_empty() {
                return Err(WriteError::Edited { paths: changes.edited.clone() });
            }
        }
        if is_mass_deletion(changes.deleted.len(), self.owned_files) && !options.allow_mass_deletion
        {
            let paths = changes.deleted.clone();
            return Err(WriteError::MassDeletion { paths, owned: self.owned_files });
        }
        Ok(())
    }
}

/// Whether this is more than a third.
pub(in crate::publish) fn is_mass_deletion(deleted: usize, owned: usize) -> bool {
    deleted * 3 > owned
}

/// The stale files that exist, each with whether it still holds what groundplan wrote.
fn judge_stale<'p>(
    to: &Utf8Path,
    scan: &Scan,
    owned: &Owned,
    stale: &[&'p RepoPath],
) -> Result<Vec<(&'p RepoPath, bool)>, WriteError> {
    let verdicts = stale
        .par_iter()
        .map(|path| match scan.find(path) {
            Found::Nothing | Found::Below(_, Kind::File | Kind::Other) => Ok(None),
            Found::Below(folder, kind) => Err(obstacle(to, folder, kind, true)),
            Found::Is(Kind::File) => {
                let place = to.join(path.as_str());
                let bytes = std::fs::read(&place).map_err(|s| io_error("read", place, s))?;
                let author = owned.author(path, &bytes);
                Ok((author != Author::Somebody).then_some((*path, author == Author::Us)))
            }
            Found::Is(kind) => Err(obstacle(to, path.as_str(), kind, false)),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(verdicts.into_iter().flatten().collect())
}

/// Compares wanted files with what is there.
struct Judge<'s> {
    to: &'s Utf8Path,
    scan: &'s Scan,
    owned: &'s Owned,
    /// Sorted.
    deleted: &'s [RepoPath],
    emptied: &'s BTreeSet<String>,
}

impl Judge<'_> {
    /// The files of one folder.
    fn folder(&self, files: &[(&RepoPath, &[u8])]) -> Result<Vec<Verdict>, WriteError> {
        let parent = files.first().and_then(|(path, _)| path.parent()).unwrap_or_default();
        let listing = self.scan.folders.get(parent);
        let place = self.to.join(parent);
        let one = |(path, wanted): &(&RepoPath, &[u8])| {
            let found = match listing {
                Some(listing) => {
                    listing.get(path.file_name()).map_or(Found::Nothing, |k| Found::Is(*k))
                }
                None => self.scan.find(path),
            };
            self.file(path, found, &place, wanted)
        };
        files.iter().map(one).collect()
    }

    fn file(
        &self,
        path: &RepoPath,
        found: Found<'_>,
        folder: &Utf8Path,
        wanted: &[u8],
    ) -> Result<Verdict, WriteError> {
        let is_deleted =
            |file: &str| self.deleted.binary_search_by(|other| other.as_str().cmp(file)).is_ok();
        match found {
            Found::Nothing => Ok(Verdict::Created),
            // A file of ours that makes room for a folder, or the reverse.
            Found::Below(file, Kind::File) if is_deleted(file) => Ok(Verdict::Created),
            Found::Is(Kind::Folder) if self.emptied.contains(path.as_str()) => Ok(Verdict::Created),
            Found::Below(folder, kind) => Err(obstacle(self.to, folder, kind, true)),
            Found::Is(Kind::File) => {
                let place = folder.join(path.file_name());
                let other = differing(&place, wanted).map_err(|s| io_error("read", place, s))?;
                Ok(match other.map(|bytes| self.owned.author(path, &bytes)) {
                    None => Verdict::Unchanged,
                    Some(Author::Us) => Verdict::Changed,
                    Some(Author::UsAndSomebody) => Verdict::Edited,
                    Some(Author::Somebody) => Verdict::Foreign,
                })
            }
            Found::Is(kind) => Err(obstacle(self.to, path.as_str(), kind, false)),
        }
    }
}

fn obstacle(to: &Utf8Path, path: &str, kind: Kind, wants_folder: bool) -> WriteError {
    let (path, found) = (to.join(path), kind.article());
    match kind {
        Kind::Symlink => WriteError::Symlink { path },
        _ if wants_folder => WriteError::NotAFolder { path, found },
        _ => WriteError::NotAFile { path, found },
    }
}

/// The file's bytes if they are not the wanted ones.
fn differing(place: &Utf8PathBuf, wanted: &[u8]) -> io::Result<Option<Vec<u8>>> {
    thread_local! {
        /// A buffer for all files a thread reads: most are equal and need no copy of their own.
        static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        let mut file = File::open(place)?;
        buffer.clear();
        // One byte more than wanted shows a longer file without reading it all.
        buffer.resize(wanted.len() + 1, 0);
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if buffer[..filled] == *wanted {
            return Ok(None);
        }
        let mut bytes = buffer[..filled].to_vec();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    })
}

/// The folders in which nothing is left when `deleted`, sorted, is gone. Never the root.
fn emptied(scan: &Scan, deleted: &[RepoPath]) -> BTreeSet<String> {
    let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
    for path in deleted {
        *gone.entry(path.parent().unwrap_or_default()).or_default() += 1;
    }
    let mut emptied = BTreeSet::new();
    // From the back: what is in a folder sorts after the folder.
    for (folder, listing) in scan.folders.iter().rev() {
        // A folder that is empty already was left by a run killed between a file and its folder.
        let count = gone.get(folder.as_str()).copied().unwrap_or_default();
        if count == listing.len() && !folder.is_empty() {
            let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
            *gone.entry(above).or_default() += 1;
            emptied.insert(folder.clone());
        }
    }
    emptied
}
