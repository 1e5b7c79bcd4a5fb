//! Whole estates, measured against the physical floor in the same run: `cargo bench --bench estate [-- N...]`.
//!
//! Times on a shared machine move; the ratios between lines of one run are what counts. What floor and command wait
//! for differs with the disk, so both are measured where temporary files are and, if there is such a place, in memory.
//! Each is the best of three runs, of one for large estates. The rows:
//!
//! - *write and hash*: the same files with the same bytes, written one after the other into an empty folder, and
//!   their SHA-256; the floor for `compile` into an empty folder.
//! - *compile, empty* and *compile, unchanged*: the whole command, in a process of its own, with its peak memory.
//! - *git add, commit*: git itself on the same files; *publish*: the whole command, from parsing to the moved branch.

#![allow(clippy::print_stdout, reason = "the table is what a benchmark is for")]

#[path = "generator.rs"]
mod generator;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    // `cargo test` runs benchmarks too, to see that they work.
    let sizes = match (arguments.iter().any(|argument| argument == "--bench"), sizes.as_slice()) {
        (_, [_, ..]) => sizes,
        (true, _) => vec![100, 1000],
        (false, _) => vec![3],
    };
    println!("{:>6}  {:<22} {:>9}  {:>8}  {:>8}", "N", "", "time", "ratio", "peak");
    for size in sizes {
        measure(size, &std::env::temp_dir());
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            measure(size, memory);
        }
    }
}

/// Runs something as often as an estate of that size permits, and keeps the fastest run.
fn best<T>(size: usize, mut run: impl FnMut(usize) -> (Duration, T)) -> (Duration, T) {
    let runs = if size > 2000 { 1 } else { 3 };
    let all = (0..runs).map(&mut run).min_by_key(|(time, _)| *time);
    all.expect("a run")
}

fn measure(size: usize, place: &Path) {
    let folder = tempfile::tempdir_in(place).expect("a temporary folder");
    let root = folder.path();
    for (path, text) in generator::estate(size) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("the blueprint");
    }
    let (empty, peak) = best(size, |run| {
        groundplan(root, &["compile", "--quiet", "--output", &format!("out-{run}")])
    });
    let (unchanged, unchanged_peak) =
        best(size, |_| groundplan(root, &["compile", "--quiet", "--output", "out-0"]));
    let files = read(&root.join("out-0"));
    let (floor, ()) =
        best(size, |run| (write_and_hash(&files, &root.join(format!("floor-{run}"))), ()));
    let row = |name: &str, time: Duration, to: Duration, peak: Option<u64>| {
        let peak = peak.map_or(String::new(), |peak| format!("{} MiB", peak / 1024));
        let ratio = time.as_secs_f64() / to.as_secs_f64();
        println!(
            "{size:>6}  {name:<22} {:>6.0} ms  {ratio:>8.3}  {peak:>8}",
            time.as_secs_f64() * 1e3
        );
    };
    println!(
        "{size:>6}  {} files, {} KiB, in {}",
        files.len(),
        files.iter().map(|f| f.1.len()).sum::<usize>() / 1024,
        place.display()
    );
    row("write and hash", floor, floor, None);
    row("compile, empty", empty, floor, Some(peak));
    row("compile, unchanged", unchanged, empty, Some(unchanged_peak));
    let (git, ()) = best(size, |run| (git_commit(&root.join(format!("floor-{run}"))), ()));
    let (publish, publish_peak) = best(size, |run| {
        groundplan(root, &["publish", "--quiet", "--repo", &format!("estate-{run}.git")])
    });
    let (again, _) =
        best(size, |_| groundplan(root, &["publish", "--quiet", "--repo", "estate-0.git"]));
    row("git add, commit", git, git, None);
    row("publish", publish, git, Some(publish_peak));
    row("publish, unchanged", again, git, None);
}

/// Runs the command and says how long it took and how much memory it had at most, in KiB.
fn groundplan(root: &Path, arguments: &[&str]) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_groundplan"))
        .args(arguments)
        .current_dir(root)
        .env("XDG_CACHE_HOME", root.join("cache"))
        .stdout(Stdio::null())
        .spawn()
        .expect("groundplan");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(status) = child.try_wait().expect("a status") {
            assert!(status.success(), "groundplan {arguments:?}: {status}");
            return (start.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn read(folder: &Path) -> Vec<(String, Vec<u8>)> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("below").display().to_string();
            (path, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

fn write_and_hash(files: &[(String, Vec<u8>)], to: &Path) -> Duration {
    let start = Instant::now();
    let mut last = None;
    let mut sum = 0_u64;
    for (path, bytes) in files {
        let path = to.join(path);
        let folder = path.parent().expect("a parent");
        if last.as_deref() != Some(folder) {
            fs::create_dir_all(folder).expect("a folder");
            last = Some(folder.to_owned());
        }
        fs::write(&path, bytes).expect("a file");
        sum = sum.wrapping_add(u64::from(Sha256::digest(bytes)[0]));
    }
    std::hint::black_box(sum);
    start.elapsed()
}

fn git_commit(folder: &Path) -> Duration {
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("git").success());
    };
    git(&["init", "--quiet"]);
    let start = Instant::now();
    git(&["add", "-A"]);
    git(&["commit", "--quiet", "-m", "all"]);
    start.elapsed()
}
