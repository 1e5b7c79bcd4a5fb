//! Carries a plan out, step by step; see the module above for what each step leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::plan::Plan;
use super::scan::{Found, Kind};
use super::{Changes, STAGING, Step, Watch, WriteError, io_error};
use crate::emit::bundle::RepoPath;
use crate::publish::lock::{Digest, LOCK, Lock, NEXT_LOCK};

const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Does what the plan says and returns its changes.
pub(super) fn apply(plan: Plan<'_>, watch: Watch<'_>) -> Result<Changes, WriteError> {
    let staging = plan.to.join(STAGING);
    if plan.scan.in_root(STAGING).is_some() {
        // A killed run's: whoever else could be using it is kept out by the advisory lock.
        fs::remove_dir_all(&staging).map_err(|source| io_error("remove", &*staging, source))?;
    }
    if plan.changes.is_empty() {
        return Ok(plan.changes);
    }
    let units = placements(&plan);
    refuse_read_only(&plan, &units)?;
    let outcome = stage(&plan, &staging, watch).and_then(|()| {
        sync_name(plan.to).map_err(|source| io_error("sync", plan.to, source))?;
        settle(&plan, &staging, &units, watch)
    });
    // Nothing that is needed is in there any more; the next run removes what this cannot.
    let _ = fs::remove_dir_all(&staging);
    outcome.map(|()| plan.changes)
}

/// What is renamed into place: a file whose folder exists, or the topmost folder that does not.
fn placements<'a>(plan: &Plan<'a>) -> BTreeSet<&'a str> {
    let exists =
        |folder: &str| plan.scan.folders.contains_key(folder) && !plan.emptied.contains(folder);
    plan.write
        .iter()
        .map(|(path, _)| {
            path.ancestors().take_while(|folder| !exists(folder)).last().unwrap_or(path.as_str())
        })
        .collect()
}

/// A folder that cannot be changed should stop the run before its first change, not in the middle.
fn refuse_read_only(plan: &Plan<'_>, units: &BTreeSet<&str>) -> Result<(), WriteError> {
    let deleted = plan.changes.deleted.iter().map(RepoPath::as_str);
    let touched: BTreeSet<&str> = deleted
        .chain(units.iter().copied())
        .map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .filter(|folder| plan.scan.folders.contains_key(*folder))
        .collect();
    for folder in touched {
        let path = plan.to.join(folder);
        let found = fs::metadata(&path).map_err(|source| io_error("read", &*path, source))?;
        if found.permissions().readonly() {
            return Err(WriteError::ReadOnly { path });
        }
    }
    Ok(())
}

/// Writes the journal and all new contents below the staging folder.
fn stage(plan: &Plan<'_>, staging: &Utf8Path, watch: Watch<'_>) -> Result<(), WriteError> {
    let make = |path: &Utf8Path| {
        fs::create_dir_all(path).map_err(|source| io_error("create", path, source))
    };
    make(staging)?;
    let journal = staging.join(NEXT_LOCK);
    let write_journal = || {
        let mut file = create(&journal)?;
        file.write_all(plan.lock.as_bytes())?;
        file.sync_all()
    };
    write_journal().map_err(|source| io_error("write", &*journal, source))?;
    // Modes are the same for everybody who compiles; the umask is asked once, not once a file.
    let has_mode = |path: &Utf8Path, mode: u32| {
        fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o777 == mode)
    };
    let (files_right, folders_right) =
        (has_mode(&journal, FILE_MODE), has_mode(staging, FOLDER_MODE));
    if !files_right {
        set_mode(&journal, FILE_MODE).map_err(|source| io_error("write", &*journal, source))?;
    }

    let folders: Vec<_> = plan.write.chunk_by(|a, b| a.0.parent() == b.0.parent()).collect();
    folders.par_iter().try_for_each(|files| {
        let folder = files.first().and_then(|(path, _)| path.parent()).unwrap_or_default();
        let place = if folder.is_empty() { staging.to_owned() } else { staging.join(folder) };
        make(&place)?;
        for (path, bytes) in *files {
            let place = place.join(path.file_name());
            let write = || {
                watch(Step::Stage(path))?;
                create(&place)?.write_all(bytes)?;
                if files_right { Ok(()) } else { set_mode(&place, FILE_MODE) }
            };
            write().map_err(|source| io_error("write", plan.to.join(path.as_str()), source))?;
        }
        Ok::<_, WriteError>(())
    })?;
    if !folders_right {
        let all: BTreeSet<&str> =
            plan.write.iter().flat_map(|(path, _)| path.ancestors()).collect();
        for folder in all {
            let path = staging.join(folder);
            set_mode(&path, FOLDER_MODE).map_err(|source| io_error("write", &*path, source))?;
        }
    }
    Ok(())
}

fn create(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

fn set_mode(path: &Utf8Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Makes renames in a folder last.
fn sync_name(folder: &Utf8Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Everything from the journal to the lock.
fn settle(
    plan: &Plan<'_>,
    staging: &Utf8Path,
    units: &BTreeSet<&str>,
    watch: Watch<'_>,
) -> Result<(), WriteError> {
    let (lock, journal) = (plan.to.join(LOCK), plan.to.join(NEXT_LOCK));
    if plan.owned.has_journal {
        remember(plan, staging, &lock)?;
    }
    let place_journal = || {
        watch(Step::Journal)?;
        fs::rename(staging.join(NEXT_LOCK), &journal)?;
        sync_name(plan.to)
    };
    place_journal().map_err(|source| io_error("write", &*journal, source))?;

    for path in &plan.changes.deleted {
        let place = plan.to.join(path.as_str());
        watch(Step::Remove(path))
            .and_then(|()| fs::remove_file(&place))
            .map_err(|source| unfinished("remove", place, source))?;
    }
    for folder in plan.emptied.iter().rev() {
        let place = plan.to.join(folder);
        match fs::remove_dir(&place) {
            Ok(()) => {}
            // Somebody put a file there a moment ago, and keeps it.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(source) => return Err(unfinished("remove", place, source)),
        }
    }
    let units: Vec<_> = units.iter().collect();
    units.par_iter().try_for_each(|unit| {
        watch(Step::Place(unit))
            .and_then(|()| fs::rename(staging.join(unit), plan.to.join(unit)))
            .map_err(|source| unfinished("put in place", plan.to.join(unit), source))
    })?;
    watch(Step::Lock)
        .and_then(|()| fs::rename(&journal, &lock))
        .and_then(|()| sync_name(plan.to))
        .map_err(|source| unfinished("write", lock, source))
}

fn unfinished(action: &'static str, path: Utf8PathBuf, source: io::Error) -> WriteError {
    WriteError::Unfinished { action, path, source }
}

/// Moves what only the killed run's journal knows into the lock, before this run's journal replaces it.
fn remember(plan: &Plan<'_>, staging: &Utf8Path, lock: &Utf8Path) -> Result<(), WriteError> {
    let Some(journal) = &plan.owned.journal else { return Ok(()) };
    let known: BTreeMap<_, _> = plan.owned.lock.iter().flat_map(|lock| &lock.files).collect();
    let paths: Vec<_> = plan.owned.paths().into_iter().collect();
    let files = paths.par_iter().map(|path| {
        let written = journal.files.get(*path);
        let before = known.get(path).copied();
        if plan.scan.find(path) != Found::Is(Kind::File) {
            return None;
        }
        let is_written = written.is_some_and(|written| {
            fs::read(plan.to.join(path.as_str())).is_ok_and(|bytes| Digest::of(&bytes) == *written)
        });
        let digest = if is_written { written } else { before };
        digest.map(|digest| ((*path).clone(), *digest))
    });
    let files = files.collect::<Vec<_>>().into_iter().flatten().collect();
    let base = plan.owned.lock.as_ref().unwrap_or(journal);
    let text = Lock { files, ..base.clone() }.to_text();
    let staged = staging.join(LOCK);
    let write = || {
        let mut file = create(&staged)?;
        file.write_all(text.as_bytes())?;
        set_mode(&staged, FILE_MODE)?;
        file.sync_all()?;
        fs::rename(&staged, lock)
    };
    write().map_err(|source| io_error("write", lock, source))
}
