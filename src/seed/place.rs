//! Where secrets may be written: never in a git work tree, never where others can read or replace them, and whole or
//! not at all.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};

/// Why a folder is refused.
#[derive(Debug, thiserror::Error)]
pub enum NotPlaced {
    /// In a repository: the next commit might take it along.
    #[error(
        "{folder} is in the git work tree {work_tree}; secrets are written outside of repositories"
    )]
    InWorkTree {
        /// What was asked for.
        folder: Utf8PathBuf,
        /// The work tree.
        work_tree: Utf8PathBuf,
    },
    /// Others may read it.
    #[error(
        "{folder} can be read by others: `chmod 700 {folder}`, or name a folder that is not there yet"
    )]
    Readable {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// Others may put something else in its place.
    #[error("others may replace what is in {folder}; choose a place below a folder that is yours")]
    Replaceable {
        /// The folder above.
        folder: Utf8PathBuf,
    },
    /// In the way.
    #[error("{path} is in the way: groundplan did not write it like this")]
    InTheWay {
        /// What is.
        path: Utf8PathBuf,
    },
    /// What the system says.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Refuses a folder in which secrets would be seen by others.
///
/// # Errors
/// Why.
pub fn refuse_public(folder: &Utf8Path) -> Result<(), NotPlaced> {
    let (above, is_there) = nearest_that_is_there(folder)?;
    for ancestor in above.ancestors() {
        if ancestor.join(".git").exists() {
            let (folder, work_tree) = (folder.to_owned(), ancestor.to_owned());
            return Err(NotPlaced::InWorkTree { folder, work_tree });
        }
    }
    for (index, ancestor) in above.ancestors().enumerate() {
        let metadata = fs_err::metadata(ancestor)?;
        let mode = metadata.permissions().mode();
        if index == 0 && is_there {
            if !metadata.is_dir() {
                return Err(NotPlaced::InTheWay { path: ancestor.to_owned() });
            }
            if mode & 0o077 != 0 {
                return Err(NotPlaced::Readable { folder: ancestor.to_owned() });
            }
        } else if mode & 0o022 != 0 && mode & 0o1000 == 0 && ancestor.parent().is_some() {
            // Whoever may write into a folder may rename what is in it, unless it is sticky as /tmp is.
            return Err(NotPlaced::Replaceable { folder: ancestor.to_owned() });
        }
    }
    Ok(())
}

/// The folder, or the nearest above it that is there, by its real name; and whether it is the folder itself.
fn nearest_that_is_there(folder: &Utf8Path) -> Result<(Utf8PathBuf, bool), NotPlaced> {
    let here = std::env::current_dir()?;
    let absolute = Utf8PathBuf::from_path_buf(here.join(folder)).map_err(|path| {
        std::io::Error::other(format!("the name {} is not UTF-8", path.display()))
    })?;
    for (index, ancestor) in absolute.ancestors().enumerate() {
        if ancestor.exists() {
            let real = ancestor.canonicalize_utf8()?;
            return Ok((real, index == 0));
        }
    }
    Ok((absolute, false))
}

/// Files by name.
pub type Files = Vec<(&'static str, zeroize::Zeroizing<Vec<u8>>)>;

/// Writes a folder of files for each name: folders that only the owner enters (0700), files that only he reads
/// (0600). All are written before the first is put into place, each by one rename; an older folder of that name goes
/// away in whole.
///
/// # Errors
/// The folder is refused, or what the system says; then nothing is left behind.
pub fn place(folder: &Utf8Path, machines: &[(String, Files)]) -> Result<(), NotPlaced> {
    refuse_public(folder)?;
    for (name, files) in machines {
        refuse_foreign(&folder.join(name), files)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.mode(0o700).recursive(true).create(folder)?;
    // It is gone when it is dropped, whatever happened.
    let staging = tempfile::Builder::new().prefix(".groundplan-seed-").tempdir_in(folder)?;
    let staging_path = Utf8Path::from_path(staging.path())
        .ok_or_else(|| std::io::Error::other("the staging folder is not UTF-8"))?;
    let private = |path: &Utf8Path| std::fs::DirBuilder::new().mode(0o700).create(path);
    for part in ["new", "old"] {
        private(&staging_path.join(part))?;
    }
    for (name, files) in machines {
        let new = staging_path.join("new").join(name);
        private(&new)?;
        for (file, bytes) in files {
            let mut options = std::fs::OpenOptions::new();
            let mut opened =
                options.write(true).create_new(true).mode(0o600).open(new.join(file))?;
            opened.write_all(bytes)?;
            opened.sync_all()?;
        }
    }
    for (name, _) in machines {
        let (new, old) = (staging_path.join("new").join(name), staging_path.join("old").join(name));
        let path = folder.join(name);
        let replaced = path.exists();
        if replaced {
            fs_err::rename(&path, &old)?;
        }
        if let Err(error) = fs_err::rename(&new, &path) {
            if replaced {
                fs_err::rename(&old, &path)?;
            }
            return Err(error.into());
        }
    }
    staging.close()?;
    Ok(())
}

/// Refuses to replace a folder that holds something else than a seed.
fn refuse_foreign(path: &Utf8Path, files: &Files) -> Result<(), NotPlaced> {
    let Ok(metadata) = fs_err::symlink_metadata(path) else { return Ok(()) };
    let in_the_way = |path: Utf8PathBuf| Err(NotPlaced::InTheWay { path });
    if !metadata.is_dir() {
        return in_the_way(path.to_owned());
    }
    for entry in path.read_dir_utf8()? {
        let entry = entry?;
        if !files.iter().any(|(name, _)| *name == entry.file_name()) {
            return in_the_way(entry.path().to_owned());
        }
    }
    Ok(())
}
