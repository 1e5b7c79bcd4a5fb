//! A bundle becomes a folder: ownership, hand edits, bad worlds, and being killed at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use groundplan::emit::bundle::{Bundle, RepoPath};
use groundplan::publish::files::{
    Changes, STAGING, Step, WriteError, WriteOptions, check, write, write_watched,
};
use groundplan::publish::lock::{LOCK, Lock, NEXT_LOCK};

const FORCE: WriteOptions = WriteOptions { force: true, allow_mass_deletion: false };
const MASS: WriteOptions = WriteOptions { force: false, allow_mass_deletion: true };

struct World {
    _temp: tempfile::TempDir,
    out: Utf8PathBuf,
}

impl World {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(temp.path()).unwrap().join("output");
        Self { _temp: temp, out }
    }

    fn write(&self, bundle: &Bundle) -> Result<Changes, WriteError> {
        write(bundle, &versions(), &self.out, WriteOptions::default())
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.out.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.out.join(path)).unwrap()
    }

    fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.out.join(path)).is_ok()
    }

    /// Every file and folder below the output.
    fn all(&self) -> BTreeSet<String> {
        walkdir::WalkDir::new(&self.out)
            .min_depth(1)
            .into_iter()
            .map(|entry| entry.unwrap().path().strip_prefix(&self.out).unwrap().to_owned())
            .map(|path| path.to_str().unwrap().to_owned())
            .collect()
    }

    /// Nothing but the bundle, its folders and the lock is there, and the lock tells the truth.
    fn assert_is(&self, bundle: &Bundle) {
        let mut expected: BTreeSet<String> = [LOCK.to_owned()].into();
        for (path, bytes) in bundle.iter() {
            assert_eq!(self.read(path.as_str()).as_bytes(), bytes, "{path}");
            expected.insert(path.to_string());
            expected.extend(path.ancestors().map(str::to_owned));
        }
        assert_eq!(self.all(), expected);
        assert_eq!(self.read(LOCK), Lock::of(bundle, &versions()).to_text());
        assert!(check(bundle, &versions(), &self.out).unwrap().is_empty());
    }
}

fn versions() -> BTreeMap<String, String> {
    [("argo-cd".to_owned(), "9.1.0".to_owned())].into()
}

fn bundle(files: &[(&str, &str)]) -> Bundle {
    files.iter().map(|(path, text)| (RepoPath::of(*path), text.as_bytes().to_vec())).collect()
}

fn names(paths: &[RepoPath]) -> Vec<&str> {
    paths.iter().map(RepoPath::as_str).collect()
}

fn sample() -> Bundle {
    bundle(&[("a/one.yaml", "1\n"), ("a/b/two.yaml", "2\n"), ("c/three.yaml", "3\n"), ("four", "")])
}

#[test]
fn the_first_run_creates_and_the_second_touches_nothing() {
    let world = World::new();
    assert_eq!(check(&sample(), &versions(), &world.out).unwrap().created.len(), 4);
    assert!(!world.out.exists(), "checking writes nothing");
    let changes = world.write(&sample()).unwrap();
    assert_eq!(names(&changes.created), ["a/b/two.yaml", "a/one.yaml", "c/three.yaml", "four"]);
    world.assert_is(&sample());
    let mode =
        |path: &str| fs::metadata(world.out.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a/b"), mode("a/one.yaml"), mode(LOCK)), (0o755, 0o644, 0o644));

    let before = fs::metadata(world.out.join(LOCK)).unwrap().modified().unwrap();
    let changes = world.write(&sample()).unwrap();
    assert!(changes.is_empty() && changes.unchanged == 4, "{changes:?}");
    assert_eq!(fs::metadata(world.out.join(LOCK)).unwrap().modified().unwrap(), before);
}

#[test]
fn changed_stale_and_foreign_files() {
    let world = World::new();
    world.write(&sample()).unwrap();
    world.put("a/b/foreign.txt", "mine");
    world.put("elsewhere/x", "mine too");
    let next =
        bundle(&[("a/one.yaml", "1b\n"), ("c/three.yaml", "3\n"), ("four", ""), ("d/e/f", "5")]);
    let told = check(&next, &versions(), &world.out).unwrap();
    let changes = world.write(&next).unwrap();
    assert_eq!(changes, told, "check says what write does");
    assert_eq!(names(&changes.created), ["d/e/f"]);
    assert_eq!(names(&changes.changed), ["a/one.yaml"]);
    assert_eq!(names(&changes.deleted), ["a/b/two.yaml"]);
    assert_eq!(changes.unchanged, 2);
    assert_eq!(world.read("a/b/foreign.txt"), "mine");
    fs::remove_file(world.out.join("a/b/foreign.txt")).unwrap();
    fs::remove_dir_all(world.out.join("elsewhere")).unwrap();
    let last = bundle(&[("a/one.yaml", "1b\n"), ("c/three.yaml", "3\n"), ("four", "")]);
    world.write(&last).unwrap();
    // `a/b` lost its last owned file two runs ago and kept the foreign one; it is nobody's business now.
    fs::remove_dir(world.out.join("a/b")).unwrap();
    world.assert_is(&last);
}

#[test]
fn a_file_makes_room_for_a_folder_and_the_reverse() {
    let world = World::new();
    let one =
        bundle(&[("a", "file"), ("b/c/d", "1"), ("k1", ""), ("k2", ""), ("k3", ""), ("k4", "")]);
    let two =
        bundle(&[("a/x/y", "1"), ("b", "file"), ("k1", ""), ("k2", ""), ("k3", ""), ("k4", "")]);
    for bundle in [&one, &two, &one] {
        write(bundle, &versions(), &world.out, MASS).unwrap();
        world.assert_is(bundle);
    }
    world.put("b/foreign", "mine");
    let error = write(&two, &versions(), &world.out, FORCE).unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { .. }), "{error}");
    assert_eq!(world.read("b/c/d"), "1");
}

#[test]
fn a_hand_edit_stops_the_run_with_its_name() {
    let world = World::new();
    world.write(&sample()).unwrap();
    world.put("a/one.yaml", "edited");
    world.put("c/three.yaml", "edited, and stale");
    let next = bundle(&[("a/one.yaml", "new"), ("a/b/two.yaml", "new"), ("four", "")]);
    let before = world.all();
    let error = world.write(&next).unwrap_err();
    assert!(
        matches!(&error, WriteError::Edited { paths } if names(paths) == ["a/one.yaml", "c/three.yaml"])
    );
    assert!(error.to_string().contains("\n  a/one.yaml") && error.to_string().contains("--force"));
    assert_eq!((world.all(), world.read("a/b/two.yaml").as_str()), (before, "2\n"));
    let told = check(&next, &versions(), &world.out).unwrap();
    assert_eq!(names(&told.edited), ["a/one.yaml", "c/three.yaml"]);
    write(&next, &versions(), &world.out, FORCE).unwrap();
    world.assert_is(&next);
}

#[test]
fn an_edit_to_what_is_wanted_anyway_is_no_edit() {
    let world = World::new();
    world.write(&sample()).unwrap();
    world.put("a/one.yaml", "new");
    fs::remove_file(world.out.join("four")).unwrap();
    let next = bundle(&[
        ("a/one.yaml", "new"),
        ("a/b/two.yaml", "2\n"),
        ("c/three.yaml", "3\n"),
        ("four", ""),
    ]);
    assert_eq!(names(&world.write(&next).unwrap().created), ["four"]);
    world.assert_is(&next);
}

#[test]
fn a_foreign_file_in_the_way_is_not_overwritten() {
    let world = World::new();
    world.put("a/one.yaml", "mine");
    world.put("c/three.yaml", "3\n");
    let error = world.write(&sample()).unwrap_err();
    assert!(
        matches!(&error, WriteError::InTheWay { paths } if names(paths) == ["a/one.yaml"]),
        "{error}"
    );
    assert_eq!(world.read("a/one.yaml"), "mine");
    write(&sample(), &versions(), &world.out, FORCE).unwrap();
    world.assert_is(&sample());
}

#[test]
fn an_implausible_deletion_needs_a_word() {
    let world = World::new();
    world.write(&sample()).unwrap();
    let two = bundle(&[("a/one.yaml", "1\n"), ("four", "")]);
    let error = world.write(&two).unwrap_err();
    assert!(matches!(&error, WriteError::MassDeletion { paths, owned: 4 } if paths.len() == 2));
    assert!(error.to_string().contains("--allow-mass-deletion"), "{error}");
    assert!(world.exists("c/three.yaml"));
    write(&two, &versions(), &world.out, MASS).unwrap();
    world.assert_is(&two);
}

#[test]
fn a_new_version_alone_changes_the_lock_alone() {
    let world = World::new();
    world.write(&sample()).unwrap();
    let newer = [("argo-cd".to_owned(), "9.2.0".to_owned())].into();
    let changes = write(&sample(), &newer, &world.out, WriteOptions::default()).unwrap();
    assert!(changes.lock && changes.unchanged == 4 && !changes.is_empty());
    assert!(world.read(LOCK).contains("9.2.0"));
}

#[test]
fn no_link_is_followed() {
    let world = World::new();
    let outside = tempfile::tempdir().unwrap();
    let escape = |path: &str| {
        let path = world.out.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(outside.path(), path).unwrap();
    };
    let refused = |path: &str| {
        for options in [WriteOptions::default(), FORCE] {
            let error = write(&sample(), &versions(), &world.out, options).unwrap_err();
            let expected = world.out.join(path);
            assert!(matches!(&error, WriteError::Symlink { path } if *path == expected), "{error}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        fs::remove_file(world.out.join(path)).unwrap();
    };
    for path in ["a", "a/b", "a/one.yaml", LOCK, NEXT_LOCK, STAGING] {
        escape(path);
        refused(path);
    }
    fs::remove_dir_all(&world.out).unwrap();
    symlink(outside.path(), &world.out).unwrap();
    for to in [world.out.clone(), format!("{}/", world.out).into()] {
        let error = write(&sample(), &versions(), &to, FORCE).unwrap_err();
        assert!(matches!(error, WriteError::Symlink { .. }), "{error}");
    }
    fs::remove_file(&world.out).unwrap();

    // A folder of ours replaced by a link: stale files behind it are not ours to delete.
    world.write(&sample()).unwrap();
    fs::rename(world.out.join("c"), outside.path().join("c")).unwrap();
    symlink(outside.path().join("c"), world.out.join("c")).unwrap();
    let next = bundle(&[("a/one.yaml", "1\n"), ("a/b/two.yaml", "2\n"), ("four", "")]);
    assert!(matches!(world.write(&next), Err(WriteError::Symlink { .. })));
    assert!(outside.path().join("c/three.yaml").exists());
}

#[test]
fn something_else_in_the_place_of_a_file_or_folder() {
    let world = World::new();
    fs::create_dir_all(world.out.join("a/one.yaml")).unwrap();
    let error = write(&sample(), &versions(), &world.out, FORCE).unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { found: "a folder", .. }), "{error}");
    fs::remove_dir_all(&world.out).unwrap();
    world.put("a", "a file");
    let error = write(&sample(), &versions(), &world.out, FORCE).unwrap_err();
    assert!(matches!(error, WriteError::NotAFolder { found: "a file", .. }), "{error}");
    fs::remove_dir_all(&world.out).unwrap();
    fs::write(&world.out, "a file").unwrap();
    assert!(matches!(world.write(&sample()), Err(WriteError::NotAFolder { .. })));
}

#[test]
fn a_damaged_lock_is_named_with_its_line() {
    let world = World::new();
    world.write(&sample()).unwrap();
    world.put(LOCK, "version: 1\n<<<<<<< HEAD\n");
    let error = world.write(&sample()).unwrap_err();
    assert!(matches!(&error, WriteError::Lock { source, .. } if source.line == 2), "{error}");
}

#[test]
fn a_read_only_folder_stops_the_run_before_its_first_change() {
    let world = World::new();
    world.write(&sample()).unwrap();
    let folder = world.out.join("c");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let next = bundle(&[("a/one.yaml", "new"), ("a/b/two.yaml", "2\n"), ("four", "")]);
    let error = world.write(&next).unwrap_err();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(&error, WriteError::ReadOnly { path } if *path == folder), "{error}");
    world.assert_is(&sample());
}

#[test]
fn a_full_disk_changes_nothing() {
    let world = World::new();
    world.write(&sample()).unwrap();
    let next = bundle(&[
        ("a/one.yaml", "new"),
        ("a/b/two.yaml", "new"),
        ("c/three.yaml", "new"),
        ("four", ""),
    ]);
    let staged = AtomicUsize::new(0);
    let full = |step: Step<'_>| match step {
        Step::Stage(_) if staged.fetch_add(1, Ordering::SeqCst) == 1 => {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        _ => Ok(()),
    };
    let error =
        write_watched(&next, &versions(), &world.out, WriteOptions::default(), &full).unwrap_err();
    assert!(
        matches!(&error, WriteError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    );
    assert!(error.to_string().contains("nothing was changed"));
    world.assert_is(&sample());

    let fresh = World::new();
    staged.store(0, Ordering::SeqCst);
    write_watched(&next, &versions(), &fresh.out, WriteOptions::default(), &full).unwrap_err();
    assert!(!fresh.out.exists(), "not even the folder");
}

#[test]
fn two_runs_at_once_do_not_mix_and_a_dead_one_does_not_block() {
    let world = World::new();
    world.write(&sample()).unwrap();
    let held = fs::File::open(&world.out).unwrap();
    held.lock().unwrap();
    let error = world.write(&sample()).unwrap_err();
    assert!(matches!(error, WriteError::Busy { .. }), "{error}");
    drop(held);
    let one =
        bundle(&[("a/one.yaml", "x"), ("a/b/two.yaml", "x"), ("c/three.yaml", "x"), ("four", "x")]);
    let original = sample();
    std::thread::scope(|scope| {
        let runs = [&one, &original, &one, &original].map(|bundle| {
            let (world, bundle) = (&world, bundle.clone());
            scope.spawn(move || world.write(&bundle))
        });
        for run in runs {
            run.join().unwrap().unwrap();
        }
    });
    let is_one = world.read("four") == "x";
    world.assert_is(if is_one { &one } else { &original });
}

// --- kill -9 -------------------------------------------------------------------------------------------------

fn before_kill() -> Bundle {
    bundle(&[
        ("a/one.yaml", "1\n"),
        ("a/b/two.yaml", "2\n"),
        ("c/three.yaml", "3\n"),
        ("four", "4"),
        ("same/x", "x"),
        ("same/y", "y"),
    ])
}

/// Changes, creates in old and new folders, deletes a file and a folder's last file.
fn killed() -> Bundle {
    bundle(&[
        ("a/one.yaml", "1 killed\n"),
        ("a/new.yaml", "n"),
        ("n/e/w", "w"),
        ("n/e/w2", "w"),
        ("four", "4 killed"),
        ("same/x", "x"),
        ("same/y", "y"),
    ])
}

/// What the next run wants may be yet something else.
fn after_kill() -> Bundle {
    bundle(&[
        ("a/one.yaml", "1 after\n"),
        ("a/b/two.yaml", "2 after\n"),
        ("n/e/w", "w after"),
        ("four", "4"),
        ("same/x", "x"),
        ("same/y", "y"),
    ])
}

/// The child of the tests below: dies at its Nth step, without unwinding.
#[test]
fn killed_child() {
    let Ok(out) = std::env::var("GROUNDPLAN_TEST_KILL") else { return };
    let at: usize = std::env::var("GROUNDPLAN_TEST_KILL_AT").unwrap().parse().unwrap();
    let steps = Mutex::new(0);
    let die = |_: Step<'_>| {
        let mut steps = steps.lock().unwrap();
        if *steps == at {
            std::process::abort();
        }
        *steps += 1;
        Ok(())
    };
    write_watched(&killed(), &versions(), Utf8Path::new(&out), WriteOptions::default(), &die)
        .unwrap();
}

/// Whether the child was killed; if not it came to its end.
fn kill_at(out: &Utf8Path, step: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "write::killed_child", "--test-threads=1"])
        .env("GROUNDPLAN_TEST_KILL", out)
        .env("GROUNDPLAN_TEST_KILL_AT", step.to_string())
        .output()
        .unwrap()
        .status;
    !status.success()
}

#[test]
fn the_next_run_repairs_whatever_a_kill_left() {
    let mut kills = 0;
    for step in 0.. {
        for next in [before_kill(), killed(), after_kill()] {
            let world = World::new();
            world.write(&before_kill()).unwrap();
            if !kill_at(&world.out, step) {
                assert!(kills > 30, "{kills}");
                return;
            }
            kills += 1;
            write(&next, &versions(), &world.out, MASS).unwrap_or_else(|e| panic!("{step}: {e}"));
            world.assert_is(&next);
        }
    }
}

#[test]
fn killed_again_while_repairing() {
    for step in 0.. {
        let world = World::new();
        world.write(&before_kill()).unwrap();
        if !kill_at(&world.out, step) {
            return;
        }
        // The repairing run wants something else and dies as well, at each of its steps in turn.
        for fatal in [1, 4, 7, 9] {
            let steps = AtomicUsize::new(0);
            let stop = |_: Step<'_>| match steps.fetch_add(1, Ordering::SeqCst) {
                step if step >= fatal => Err(io::Error::other("stopped")),
                _ => Ok(()),
            };
            let _ = write_watched(&after_kill(), &versions(), &world.out, MASS, &stop);
        }
        write(&killed(), &versions(), &world.out, MASS).unwrap_or_else(|e| panic!("{step}: {e}"));
        world.assert_is(&killed());
    }
}

#[test]
fn an_edit_after_a_kill_is_still_an_edit() {
    let world = World::new();
    world.write(&before_kill()).unwrap();
    assert!(kill_at(&world.out, 8));
    assert!(world.exists(NEXT_LOCK) || world.exists(STAGING));
    world.put("four", "edited");
    assert!(matches!(world.write(&after_kill()), Err(WriteError::Edited { .. })));
}

#[test]
fn a_power_cut_leaves_nothing_worth_keeping() {
    let world = World::new();
    world.write(&sample()).unwrap();
    world.put("a/one.yaml", "");
    world.put("c/three.yaml", "\0\0");
    world.write(&sample()).unwrap();
    world.assert_is(&sample());
}
