//! What is in the output folder now, as far as it concerns owned and wanted files.
//!
//! One listing a folder tells the kind of every entry without asking for each, and no link is followed: a folder
//! is entered only if its parent's listing says that it is one.

use std::collections::{BTreeMap, HashSet};
use std::{fs, io};

use camino::Utf8Path;
use rayon::prelude::*;

use super::{WriteError, io_error};
use crate::emit::bundle::RepoPath;

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Symlink,
    Other,
}

impl Kind {
    pub(super) fn article(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Symlink => "a symbolic link",
            Self::Other => "a device, socket or pipe",
        }
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Nothing,
    Is(Kind),
    /// Nothing can be there: one of its folders is something else.
    Below(&'a str, Kind),
}

/// The entries of a folder. Names that are not UTF-8 are kept lossily: they are foreign, and it only matters
/// that they are there.
pub(super) type Listing = BTreeMap<Box<str>, Kind>;

/// The listings of the folders that were asked for and exist, the root under the empty name.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) folders: BTreeMap<String, Listing>,
}

impl Scan {
    /// Lists `root` and every folder below it that is above one of `paths`. A root that does not exist is empty.
    pub(super) fn new<'a>(
        root: &Utf8Path,
        paths: impl Iterator<Item = &'a RepoPath>,
    ) -> Result<Self, WriteError> {
        let mut needed = HashSet::new();
        let mut last = None;
        for path in paths {
            // Neighbours mostly share their folder.
            if last.replace(path.parent()) == Some(path.parent()) {
                continue;
            }
            for folder in path.ancestors() {
                if !needed.insert(folder) {
                    break;
                }
            }
        }
        let mut folders = Vec::new();
        list(root, String::new(), &needed, &mut folders)?;
        Ok(Self { folders: folders.into_iter().collect() })
    }

    /// What is at `path`, which must be below a folder that was asked for.
    pub(super) fn find<'a>(&self, path: &'a RepoPath) -> Found<'a> {
        let parent = path.parent().unwrap_or_default();
        if let Some(listing) = self.folders.get(parent) {
            return listing.get(path.file_name()).map_or(Found::Nothing, |kind| Found::Is(*kind));
        }
        for folder in path.ancestors() {
            let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
            match self.folders.get(above).map(|listing| listing.get(name)) {
                Some(Some(kind)) => return Found::Below(folder, *kind),
                Some(None) => return Found::Nothing,
                None => {}
            }
        }
        Found::Nothing
    }

    /// The kind of an entry of the root.
    pub(super) fn in_root(&self, name: &str) -> Option<Kind> {
        self.folders.get("")?.get(name).copied()
    }
}

fn list(
    root: &Utf8Path,
    folder: String,
    needed: &HashSet<&str>,
    into: &mut Vec<(String, Listing)>,
) -> Result<(), WriteError> {
    let place = if folder.is_empty() { root.to_owned() } else { root.join(&folder) };
    let read = || -> io::Result<Listing> {
        let mut listing = Listing::new();
        for entry in fs::read_dir(&place)? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_file() => Kind::File,
                kind if kind.is_dir() => Kind::Folder,
                kind if kind.is_symlink() => Kind::Symlink,
                _ => Kind::Other,
            };
            listing.insert(entry.file_name().to_string_lossy().into(), kind);
        }
        Ok(listing)
    };
    let listing = match read() {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_empty() => return Ok(()),
        Err(source) => return Err(io_error("read", place, source)),
    };
    let below: Vec<String> = listing
        .iter()
        .filter(|(_, kind)| **kind == Kind::Folder)
        .map(
            |(name, _)| {
                if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
            },
        )
        .filter(|path| needed.contains(path.as_str()))
        .collect();
    into.push((folder, listing));
    let parts = below
        .into_par_iter()
        .map(|path| {
            let mut part = Vec::new();
            list(root, path, needed, &mut part).map(|()| part)
        })
        .collect::<Result<Vec<_>, _>>()?;
    into.extend(parts.into_iter().flatten());
    Ok(())
}
