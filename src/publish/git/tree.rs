//! Git trees by hand: the owned subtree is spliced into what the branch has, and everything else stays.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use git2::{Odb, Oid};
use rayon::prelude::*;

use super::PublishError;
use super::pack::{Kind, Object, id};
use crate::emit::bundle::{Bundle, RepoPath};
use crate::publish::lock::{Digest, LOCK, Lock};

/// So many folders in one are worth being made on all cores.
const MANY: usize = 16;

const FILE: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;
const FOLDER: u32 = 0o040_000;
const SYMLINK: u32 = 0o120_000;

/// One line of a tree object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: Cow<'a, [u8]>,
    mode: u32,
    id: Oid,
}

impl Entry<'_> {
    /// Git's order: a folder sorts as if its name ended in a slash.
    fn order(&self, other: &Self) -> Ordering {
        let key = |entry: &Self| (entry.mode == FOLDER).then_some(b'/');
        let (ours, theirs) = (self.name.iter().copied(), other.name.iter().copied());
        ours.chain(key(self)).cmp(theirs.chain(key(other)))
    }
}

fn encode(entries: &mut [Entry<'_>]) -> Vec<u8> {
    entries.sort_unstable_by(Entry::order);
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.name.len() + 28).sum());
    for entry in entries {
        bytes.extend(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend(&*entry.name);
        bytes.push(0);
        bytes.extend(entry.id.as_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Vec<Entry<'static>>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ')?;
        let mode = u32::from_str_radix(std::str::from_utf8(&rest[..space]).ok()?, 8).ok()?;
        rest = &rest[space + 1..];
        let end = rest.iter().position(|b| *b == 0)?;
        let id = Oid::from_bytes(rest.get(end + 1..end + 21)?).ok()?;
        entries.push(Entry { name: Cow::Owned(rest[..end].to_vec()), mode, id });
        rest = &rest[end + 21..];
    }
    Some(entries)
}

/// A wanted folder, as a tree that holds nothing else.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    name: &'a str,
    files: Vec<Leaf<'a>>,
    folders: Vec<Self>,
    id: Oid,
    bytes: Vec<u8>,
}

/// A wanted file.
#[derive(Clone, Copy, Debug)]
struct Leaf<'a> {
    path: &'a RepoPath,
    bytes: &'a [u8],
    id: Oid,
}

impl<'a> Folder<'a> {
    /// The tree of these files, which are sorted by path.
    pub(super) fn new(files: &[(&'a RepoPath, &'a [u8])]) -> Self {
        let leaves: Vec<_> = files
            .par_iter()
            .map(|(path, bytes)| Leaf { path, bytes, id: id(Kind::Blob, bytes) })
            .collect();
        Self::grow("", &leaves, 0)
    }

    fn grow(name: &'a str, leaves: &[Leaf<'a>], depth: usize) -> Self {
        let (mut files, mut below_here) = (Vec::new(), Vec::new());
        let mut rest = leaves;
        while let Some((leaf, others)) = rest.split_first() {
            let below = &leaf.path.as_str()[depth..];
            let Some(end) = below.find('/') else {
                files.push(*leaf);
                rest = others;
                continue;
            };
            let same = rest.partition_point(|leaf| {
                leaf.path.as_str().as_bytes()[depth..].starts_with(&below.as_bytes()[..=end])
            });
            let (inside, others) = rest.split_at(same);
            below_here.push((&below[..end], inside, depth + end + 1));
            rest = others;
        }
        let grow =
            |(name, leaves, depth): (&'a str, &[Leaf<'a>], usize)| Self::grow(name, leaves, depth);
        // Most folders have two or three others in them, which are not worth a task each.
        let folders: Vec<Self> = if below_here.len() < MANY {
            below_here.into_iter().map(grow).collect()
        } else {
            below_here.into_par_iter().with_min_len(MANY).map(grow).collect()
        };
        let mut folder = Self { name, files, folders, id: Oid::ZERO_SHA1, bytes: Vec::new() };
        folder.bytes = encode(&mut folder.entries());
        folder.id = id(Kind::Tree, &folder.bytes);
        folder
    }

    fn entries(&self) -> Vec<Entry<'a>> {
        let files = self.files.iter().map(Leaf::entry);
        files.chain(self.folders.iter().map(Self::entry)).collect()
    }

    fn entry(&self) -> Entry<'a> {
        Entry { name: Cow::Borrowed(self.name.as_bytes()), mode: FOLDER, id: self.id }
    }

    /// The files of this folder and all below it.
    fn objects(&self, into: &mut Vec<Object<'a>>) {
        into.extend(self.files.iter().map(Leaf::object));
        for folder in &self.folders {
            folder.objects(into);
        }
        into.push(Object { id: self.id, kind: Kind::Tree, bytes: Cow::Owned(self.bytes.clone()) });
    }
}

impl<'a> Leaf<'a> {
    fn name(&self) -> &'a str {
        self.path.file_name()
    }

    fn entry(&self) -> Entry<'a> {
        Entry { name: Cow::Borrowed(self.name().as_bytes()), mode: FILE, id: self.id }
    }

    fn object(&self) -> Object<'a> {
        Object { id: self.id, kind: Kind::Blob, bytes: Cow::Borrowed(self.bytes) }
    }
}

/// What a splice found and made.
#[derive(Debug, Default)]
pub(super) struct Spliced<'a> {
    /// Objects the new tree needs and the old one did not have at the same place.
    pub(super) objects: Vec<Object<'a>>,
    /// Owned files that hold something else than the lock says.
    pub(super) edited: Vec<RepoPath>,
    /// Files in the way that the lock does not know.
    pub(super) foreign: Vec<RepoPath>,
    /// Owned files that are gone from the new tree.
    pub(super) deleted: Vec<RepoPath>,
    /// How many files the old lock owns.
    pub(super) owned: usize,
}

/// Puts wanted files into the trees of a branch.
pub(super) struct Splicer<'r, 'a> {
    odb: &'r Odb<'r>,
    branch: &'r str,
    bundle: &'a Bundle,
    lock: Option<Lock>,
    spliced: Spliced<'a>,
}

/// The tip's tree with the owned subtree replaced.
pub(super) struct Tree {
    pub(super) id: Oid,
    /// Whether anything but the metadata file differs from the old tree.
    pub(super) is_changed: bool,
}

/// A file that is put beside the wanted ones, but is by itself no reason for a commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
}

impl<'r, 'a> Splicer<'r, 'a> {
    pub(super) fn new(odb: &'r Odb<'r>, branch: &'r str, bundle: &'a Bundle) -> Self {
        Self { odb, branch, bundle, lock: None, spliced: Spliced::default() }
    }

    /// Replaces what is owned below `prefix` in the tree `old`.
    pub(super) fn splice(
        mut self,
        wanted: &Folder<'a>,
        beside: Option<Beside<'a>>,
        prefix: Option<&'a RepoPath>,
        old: Option<Oid>,
    ) -> Result<(Tree, Spliced<'a>), PublishError> {
        let steps: Vec<&'a str> =
            prefix.map_or_else(Vec::new, |path| path.as_str().split('/').collect());
        // The trees above the owned one, from the root.
        let mut above = Vec::new();
        let mut here = old;
        for (depth, step) in steps.iter().enumerate() {
            let entries = here.map(|tree| self.read(tree)).transpose()?.unwrap_or_default();
            let found = entries.iter().find(|entry| *entry.name == *step.as_bytes());
            here = match found {
                None => None,
                Some(entry) if entry.mode == FOLDER => Some(entry.id),
                Some(entry) => {
                    return Err(self.not_a_folder(&steps[..=depth].join("/"), entry.mode));
                }
            };
            above.push(entries);
        }
        let mut entries = self.owned_subtree(wanted, here)?;
        let subtree = id(Kind::Tree, &encode(&mut entries));
        if Some(subtree) == here {
            let id = old.unwrap_or(subtree);
            return Ok((Tree { id, is_changed: false }, self.finish()));
        }
        if let Some(beside) = beside {
            let blob = Object::new(Kind::Blob, beside.bytes);
            entries.retain(|entry| *entry.name != *beside.name.as_bytes());
            let name = Cow::Borrowed(beside.name.as_bytes());
            entries.push(Entry { name, mode: FILE, id: blob.id });
            self.spliced.objects.push(blob);
        }
        let mut id = self.add(entries);
        for (mut entries, step) in above.into_iter().zip(&steps).rev() {
            entries.retain(|entry| *entry.name != *step.as_bytes());
            entries.push(Entry { name: Cow::Borrowed(step.as_bytes()), mode: FOLDER, id });
            id = self.add(entries);
        }
        Ok((Tree { id, is_changed: true }, self.finish()))
    }

    fn finish(mut self) -> Spliced<'a> {
        for list in [&mut self.spliced.edited, &mut self.spliced.foreign, &mut self.spliced.deleted]
        {
            list.sort();
        }
        self.spliced
    }

    /// The entries of the owned folder's new tree.
    fn owned_subtree(
        &mut self,
        wanted: &Folder<'a>,
        old: Option<Oid>,
    ) -> Result<Vec<Entry<'a>>, PublishError> {
        let Some(old) = old else { return Ok(self.fresh(wanted)) };
        let entries = self.read(old)?;
        if let Some(entry) = entries.iter().find(|entry| *entry.name == *LOCK.as_bytes()) {
            if !is_file(entry.mode) {
                return Err(self.not_a_file(LOCK, entry.mode));
            }
            let blob =
                self.odb.read(entry.id).map_err(|e| PublishError::git("read the lock", e))?;
            let lock = Lock::parse(blob.data())
                .map_err(|source| PublishError::Lock { branch: self.branch.to_owned(), source })?;
            self.spliced.owned = lock.files.len();
            self.lock = Some(lock);
        }
        let owned = self.lock.iter().flat_map(|lock| lock.files.keys());
        let stale: Vec<RepoPath> =
            owned.filter(|path| self.bundle.get(path.as_str()).is_none()).cloned().collect();
        self.merge(Some(wanted), entries, &stale, "")
    }

    /// Everything of a folder of which the branch has nothing.
    fn fresh(&mut self, wanted: &Folder<'a>) -> Vec<Entry<'a>> {
        self.spliced.objects.extend(wanted.files.iter().map(Leaf::object));
        for folder in &wanted.folders {
            folder.objects(&mut self.spliced.objects);
        }
        wanted.entries()
    }

    /// The entries of a folder that has `old` entries, with wanted ones put in and stale ones left out.
    ///
    /// `stale` are the stale paths below the folder, sorted; `at` is the folder, with a slash unless it is the
    /// root.
    fn merge(
        &mut self,
        wanted: Option<&Folder<'a>>,
        old: Vec<Entry<'static>>,
        stale: &[RepoPath],
        at: &str,
    ) -> Result<Vec<Entry<'a>>, PublishError> {
        let mut files: BTreeMap<&[u8], &Leaf<'a>> = BTreeMap::new();
        let mut folders: BTreeMap<&[u8], &Folder<'a>> = BTreeMap::new();
        if let Some(folder) = wanted {
            files.extend(folder.files.iter().map(|leaf| (leaf.name().as_bytes(), leaf)));
            folders.extend(folder.folders.iter().map(|folder| (folder.name.as_bytes(), folder)));
        }
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(old.len());
        for entry in old {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let path = format!("{at}{name}");
            if let Some(leaf) = files.get(&*entry.name) {
                if is_file(entry.mode) {
                    if entry.id != leaf.id {
                        self.judge(leaf.path, entry.id)?;
                    }
                } else if entry.mode != FOLDER
                    || self.without_stale(entry.id, stale, &path)?.is_some()
                {
                    return Err(self.not_a_file(&path, entry.mode));
                }
                if entry.id == leaf.id && entry.mode == FILE {
                    files.remove(&*entry.name);
                    entries.push(entry);
                }
            } else if let Some(folder) = folders.get(&*entry.name) {
                if entry.mode == FOLDER {
                    let id = self.merge_folder(folder, entry.id, stale, &path)?;
                    folders.remove(&*entry.name);
                    entries.push(Entry { id, ..entry });
                } else if !is_file(entry.mode) || !self.is_stale(&path, entry.id, stale)? {
                    return Err(self.not_a_folder(&path, entry.mode));
                }
            } else if entry.mode == FOLDER {
                if let Some(id) = self.without_stale(entry.id, stale, &path)? {
                    entries.push(Entry { id, ..entry });
                }
            } else if !is_file(entry.mode) {
                if stale.iter().any(|stale| stale.as_str() == path) {
                    return Err(self.not_a_file(&path, entry.mode));
                }
                entries.push(entry);
            } else if !self.is_stale(&path, entry.id, stale)? {
                entries.push(entry);
            }
        }
        for leaf in files.into_values() {
            entries.push(leaf.entry());
            self.spliced.objects.push(leaf.object());
        }
        for folder in folders.into_values() {
            entries.push(folder.entry());
            folder.objects(&mut self.spliced.objects);
        }
        Ok(entries)
    }

    fn merge_folder(
        &mut self,
        wanted: &Folder<'a>,
        old: Oid,
        stale: &[RepoPath],
        path: &str,
    ) -> Result<Oid, PublishError> {
        if old == wanted.id {
            return Ok(old);
        }
        let at = format!("{path}/");
        let entries = self.read(old)?;
        let entries = self.merge(Some(wanted), entries, inside(stale, &at), &at)?;
        Ok(self.add(entries))
    }

    /// A folder nobody wants anything in, without what is stale; `None` if nothing is left of it.
    fn without_stale(
        &mut self,
        old: Oid,
        stale: &[RepoPath],
        path: &str,
    ) -> Result<Option<Oid>, PublishError> {
        let at = format!("{path}/");
        let stale = inside(stale, &at);
        if stale.is_empty() {
            return Ok(Some(old));
        }
        let entries = self.read(old)?;
        let entries = self.merge(None, entries, stale, &at)?;
        Ok(if entries.is_empty() { None } else { Some(self.add(entries)) })
    }

    /// Whether the file is a stale one, and then takes note of its end.
    fn is_stale(&mut self, path: &str, id: Oid, stale: &[RepoPath]) -> Result<bool, PublishError> {
        let Ok(found) = stale.binary_search_by(|stale| stale.as_str().cmp(path)) else {
            return Ok(false);
        };
        self.judge(&stale[found], id)?;
        self.spliced.deleted.push(stale[found].clone());
        Ok(true)
    }

    /// Takes note if the bytes at `path` are not what groundplan wrote there.
    fn judge(&mut self, path: &RepoPath, id: Oid) -> Result<(), PublishError> {
        // The lock is the statement about the others and has none about itself.
        if path.as_str() == LOCK {
            return Ok(());
        }
        let Some(digest) = self.lock.as_ref().and_then(|lock| lock.files.get(path)) else {
            self.spliced.foreign.push(path.clone());
            return Ok(());
        };
        let blob =
            self.odb.read(id).map_err(|e| PublishError::git("read a file of the branch", e))?;
        if Digest::of(blob.data()) != *digest {
            self.spliced.edited.push(path.clone());
        }
        Ok(())
    }

    fn read(&self, tree: Oid) -> Result<Vec<Entry<'static>>, PublishError> {
        let object = self.odb.read(tree).map_err(|e| PublishError::git("read a tree", e))?;
        decode(object.data()).ok_or_else(|| {
            PublishError::git(
                "read a tree",
                git2::Error::from_str("it is not a tree; run git fsck"),
            )
        })
    }

    fn add(&mut self, mut entries: Vec<Entry<'a>>) -> Oid {
        let object = Object::new(Kind::Tree, encode(&mut entries));
        let id = object.id;
        self.spliced.objects.push(object);
        id
    }

    fn not_a_file(&self, path: &str, mode: u32) -> PublishError {
        let (branch, path) = (self.branch.to_owned(), path.to_owned());
        PublishError::Obstacle { branch, path, found: found(mode), wanted: "a file" }
    }

    fn not_a_folder(&self, path: &str, mode: u32) -> PublishError {
        let (branch, path) = (self.branch.to_owned(), path.to_owned());
        PublishError::Obstacle { branch, path, found: found(mode), wanted: "a folder" }
    }
}

/// The part of sorted paths that begins with `at`.
fn inside<'s>(paths: &'s [RepoPath], at: &str) -> &'s [RepoPath] {
    let start = paths.partition_point(|path| path.as_str() < at);
    let count = paths[start..].partition_point(|path| path.as_str().starts_with(at));
    &paths[start..start + count]
}

fn is_file(mode: u32) -> bool {
    // Group-writable files of ancient repositories are files as well.
    mode == FILE || mode == EXECUTABLE || mode == 0o100_664
}

fn found(mode: u32) -> &'static str {
    match mode {
        FOLDER => "a folder",
        SYMLINK => "a symbolic link",
        0o160_000 => "a submodule",
        _ => "a file",
    }
}
