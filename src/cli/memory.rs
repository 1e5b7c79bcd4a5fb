//! What `compile` remembers of a run that changed nothing, so that the next one need not do it all again.
//!
//! A run is a function of the program, of what the world answers it (no module of the core has another door, which a
//! test keeps so) and of the folder it compiles into. So if the program is byte for byte the same, if the world answers
//! every question of the last run as it did then, and if the folder still holds what it held, byte for byte, there is
//! nothing to do now as there was then. Only runs that had nothing to tell are remembered: warnings are found anew, and
//! shown, every time. Whatever cannot be read or is in doubt is not the same, and everything is done.

use std::path::{Path, PathBuf};

use camino::Utf8Path;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::publish::files;
use crate::publish::lock::Digest;
use crate::world::{Disk, Testimony};

/// Where one command of one folder is remembered, and what it would be done by now.
pub(super) struct Memory {
    file: PathBuf,
    /// The file of the program, read only where there is something to compare it with.
    program: PathBuf,
}

/// A run that changed nothing.
#[derive(Serialize, Deserialize)]
struct Run {
    /// The digest of the program.
    program: String,
    /// What it asked, and what it was told.
    told: Testimony,
    /// The digest of the lock, which has those of all files.
    lock: String,
}

impl Memory {
    /// The memory of this command, spelled with all that its result depends on; `None` where there is no place for it.
    pub(super) fn of(command: &[&str]) -> Option<Self> {
        let here = std::env::current_dir().ok()?;
        let name = Digest::of(format!("{here:?} {command:?}").as_bytes()).to_string();
        let file = folder()?.join(name.replace(':', "-")).with_extension("json");
        Some(Self { file, program: std::env::current_exe().ok()? })
    }

    fn program(&self) -> Option<String> {
        let program = std::fs::read(&self.program).ok()?;
        Some(Digest::of(&program).to_string())
    }

    /// How many files `output` holds, if the run of which it came has nothing to do now.
    pub(super) fn recall(&self, output: &Utf8Path) -> Option<usize> {
        let run: Run = serde_json::from_slice(&std::fs::read(&self.file).ok()?).ok()?;
        let is_same = self.program()? == run.program
            && run.told.par_iter().all(|(question, answer)| question.ask(&Disk) == *answer);
        if is_same { files::intact(output, run.lock.parse().ok()?) } else { None }
    }

    /// Remembers a run that changed nothing. What cannot be remembered is done again.
    pub(super) fn keep(&self, told: Testimony, lock: Digest) {
        let Some(program) = self.program() else { return };
        let run = Run { program, told, lock: lock.to_string() };
        let _ = write(&self.file, &run);
    }
}

/// Where programs keep what they can do without: neither in the output nor beside the blueprint.
fn folder() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?;
    Some(caches.join("groundplan"))
}

/// As a whole or not at all: another run may read it now.
fn write(file: &Path, run: &Run) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut new, run)?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::emit::Bundle;
    use crate::emit::bundle::RepoPath;
    use crate::publish::files::WriteOptions;
    use crate::world::{Witness, World};

    /// A blueprint, and a folder with what came of it.
    struct Estate {
        folder: tempfile::TempDir,
        bundle: Bundle,
    }

    impl Estate {
        fn new() -> Self {
            let mut bundle = Bundle::new();
            bundle.insert(RepoPath::of("a/x.yaml"), "x: 1\n");
            bundle.insert(RepoPath::of("a/y.yaml"), "y: 1\n");
            let estate = Self { folder: tempfile::tempdir().expect("a folder"), bundle };
            std::fs::write(estate.path("blueprint.yaml"), "kind: Blueprint\n").expect("a file");
            std::fs::write(estate.path("one"), "a program").expect("a file");
            std::fs::write(estate.path("another"), "another program").expect("a file");
            estate.write();
            estate
        }

        fn path(&self, below: &str) -> Utf8PathBuf {
            let folder = Utf8PathBuf::from_path_buf(self.folder.path().to_owned());
            folder.expect("a name of UTF-8").join(below)
        }

        fn put(&self, path: &str) {
            std::fs::write(self.path(path), "other").expect("a file");
        }

        fn write(&self) {
            let options = WriteOptions { force: true, ..WriteOptions::default() };
            files::write(&self.bundle, &Default::default(), &self.path("output"), options)
                .expect("a folder that can be written");
        }

        fn memory(&self, program: &str) -> Memory {
            let program = self.path(program).into_std_path_buf();
            Memory { file: self.path("cache/run.json").into_std_path_buf(), program }
        }

        fn keep(&self) {
            let witness = Witness::of(&Disk);
            assert!(witness.read(&self.path("blueprint.yaml")).is_ok());
            assert!(witness.read(&self.path("overlays.yaml")).is_err());
            let output = self.path("output");
            let changes = files::check(&self.bundle, &Default::default(), &output);
            let lock = changes.expect("a folder that can be read").digest;
            self.memory("one").keep(witness.testimony().expect("one world"), lock);
        }

        fn recall(&self, program: &str) -> Option<usize> {
            self.memory(program).recall(&self.path("output"))
        }
    }

    #[test]
    fn what_is_the_same_is_remembered() {
        let estate = Estate::new();
        assert_eq!(estate.recall("one"), None);
        estate.keep();
        assert_eq!(estate.recall("one"), Some(2));
        // A foreign file.
        estate.put("output/a/mine");
        assert_eq!(estate.recall("one"), Some(2));
    }

    #[test]
    fn whatever_differs_is_done_again() {
        let changes: [fn(&Estate); 9] = [
            |estate| estate.put("blueprint.yaml"),
            |estate| estate.put("overlays.yaml"),
            |estate| estate.put("output/a/x.yaml"),
            |estate| estate.put("output/groundplan.lock"),
            |estate| estate.put("output/groundplan.lock.next"),
            |estate| estate.put("output/.groundplan.staging"),
            |estate| estate.put("cache/run.json"),
            |estate| std::fs::remove_file(estate.path("output/a/y.yaml")).expect("a file"),
            |estate| std::fs::remove_dir_all(estate.path("output")).expect("a folder"),
        ];
        for (number, change) in changes.iter().enumerate() {
            let estate = Estate::new();
            estate.keep();
            change(&estate);
            assert_eq!(estate.recall("one"), None, "change {number}");
        }
        let estate = Estate::new();
        estate.keep();
        assert_eq!(estate.recall("another"), None, "another program");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file() {
        let estate = Estate::new();
        estate.keep();
        let file = estate.path("output/a/x.yaml");
        std::fs::rename(&file, estate.path("x.yaml")).expect("a file");
        std::os::unix::fs::symlink(estate.path("x.yaml"), &file).expect("a link");
        assert_eq!(estate.recall("one"), None);
    }
}
