//! The command line as people and pipelines meet it: exit codes, streams, and that nothing is half-written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a blueprint, and the command in it.
pub struct Bench {
    folder: TempDir,
    /// Where the command remembers: not in the home of who runs the tests.
    cache: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let folder = || tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        Self { folder: folder(), cache: folder() }
    }

    /// A folder with the smallest blueprint.
    fn smallest() -> Self {
        let bench = Self::new();
        bench.write("blueprint.yaml", &shipped("smallest.yaml"));
        bench
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{error}"));
        }
        fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command.args(arguments).current_dir(self.path());
        command.env("XDG_CACHE_HOME", self.cache.path());
        for name in ["PRE_COMMIT", "NO_COLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        ended(self.command(arguments).output())
    }
}

fn ended(output: std::io::Result<Output>) -> (i32, String, String) {
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("blueprints").join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn usage_is_told_from_findings_and_from_the_world() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["--help"]).0, 0);
    assert_eq!(bench.run(&["chekc"]).0, 64);
    let (code, _, err) = bench.run(&["check"]);
    assert_eq!(code, 3);
    assert!(err.contains("there is no blueprint at blueprint.yaml"), "{err}");
    bench.write("blueprint.yaml", "worklods: {}\n");
    let (code, out, err) = bench.run(&["check"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("there is no section `worklods`") && err.contains("did you mean"),
        "{err}"
    );
}

#[test]
fn findings_write_nothing() {
    let bench = Bench::smallest();
    bench.write("blueprint.yaml", &shipped("smallest.yaml").replace("8080", "99999"));
    let (code, _, err) = bench.run(&["compile"]);
    assert_eq!(code, 1, "{err}");
    assert!(!bench.path().join("output").exists());
    let (code, _, _) = bench.run(&["publish", "--repo", "estate.git"]);
    assert_eq!(code, 1);
    assert!(!bench.path().join("estate.git").exists());
}

#[test]
fn what_changed_nothing_is_remembered_and_every_change_is_noticed() {
    let bench = Bench::smallest();
    let remembered =
        || fs::read_dir(bench.cache.path().join("groundplan")).map_or(0, |entries| entries.count());
    assert_eq!(bench.run(&["compile"]).0, 0);
    assert_eq!(remembered(), 0, "it wrote something");
    let first = bench.run(&["compile"]);
    assert_eq!(remembered(), 1);
    assert_eq!(bench.run(&["compile"]), first, "the same words");
    assert_eq!(bench.run(&["compile", "--check"]).0, 0);

    let deployment = "output/workloads/hello/base/deployment-hello.yaml";
    let text = bench.read(deployment);
    bench.write(deployment, "edited: true\n");
    assert_eq!(bench.run(&["compile"]).0, 3, "a hand edit");
    bench.write(deployment, &text);
    bench.write("blueprint.yaml", &shipped("smallest.yaml").replace("8080", "8081"));
    assert_eq!(bench.run(&["compile", "--check"]).0, 2, "another blueprint");
    bench.write("blueprint.yaml", &shipped("smallest.yaml"));
    bench.write("overlays/environments/nowhere.yaml", "kind: Overlay\n");
    assert_eq!(bench.run(&["compile", "--check"]).0, 1, "an overlay that was not there");
}

#[test]
fn a_folder_is_compiled_checked_and_kept() {
    let bench = Bench::smallest();
    assert_eq!(bench.run(&["compile", "--check"]).0, 2);
    assert!(!bench.path().join("output").exists(), "--check writes nothing");
    let (code, out, err) = bench.run(&["compile"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let (code, _, err) = bench.run(&["compile"]);
    assert_eq!(code, 0);
    assert!(err.contains("unchanged"), "{err}");
    assert_eq!(bench.run(&["compile", "--check"]).0, 0);
    assert_eq!(bench.run(&["compile", "--quiet"]), (0, String::new(), String::new()));

    bench.write("output/mine.txt", "a file of my own");
    let deployment = "output/workloads/hello/base/deployment-hello.yaml";
    let generated = bench.read(deployment);
    bench.write(deployment, &format!("{generated}# edited\n"));
    assert_eq!(bench.run(&["compile", "--check"]).0, 2);
    let (code, _, err) = bench.run(&["compile"]);
    assert_eq!(code, 3);
    assert!(err.contains("deployment-hello.yaml") && err.contains("--force"), "{err}");
    assert_eq!(bench.run(&["compile", "--force"]).0, 0);
    assert_eq!(bench.read(deployment), generated);
    assert_eq!(bench.read("output/mine.txt"), "a file of my own");
}

#[test]
fn pre_commit_is_told_that_files_were_written() {
    let bench = Bench::smallest();
    let hook = |bench: &Bench| ended(bench.command(&["compile"]).env("PRE_COMMIT", "1").output());
    assert_eq!(hook(&bench).0, 1);
    assert_eq!(hook(&bench).0, 0);
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_way_is_the_worlds_refusal() {
    let bench = Bench::smallest();
    let elsewhere = Bench::new();
    std::os::unix::fs::symlink(elsewhere.path(), bench.path().join("output"))
        .unwrap_or_else(|error| panic!("{error}"));
    let (code, _, err) = bench.run(&["compile"]);
    assert_eq!(code, 3, "{err}");
    assert_eq!(fs::read_dir(elsewhere.path()).into_iter().flatten().count(), 0);

    bench.write("file", "");
    let (code, _, err) = bench.run(&["compile", "--output", "file"]);
    assert_eq!(code, 3, "{err}");

    fs::create_dir(bench.path().join("folder.yaml")).unwrap_or_else(|error| panic!("{error}"));
    let (code, _, err) = bench.run(&["check", "folder.yaml"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("holds no .yaml"), "{err}");

    std::os::unix::fs::symlink("nowhere", bench.path().join("folder.yaml/a.yaml"))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bench.run(&["check", "folder.yaml"]).0, 3);
}

#[test]
fn two_compiles_at_once_leave_one_right_tree() {
    let bench = Bench::smallest();
    let children: Vec<_> = (0..4)
        .map(|_| {
            bench.command(&["compile", "--quiet"]).spawn().unwrap_or_else(|error| panic!("{error}"))
        })
        .collect();
    for mut child in children {
        let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(status.code(), Some(0 | 3)), "{status}");
    }
    assert_eq!(bench.run(&["compile", "--check"]).0, 0);
}

#[test]
fn every_machine_format_is_on_stdout() {
    let bench = Bench::smallest();
    let broken =
        shipped("smallest.yaml").replace("hello:1.0.0", "HELLO:1.0.0").replace("health", "helth");
    for (text, code, findings) in [(shipped("smallest.yaml"), 0, 0), (broken, 1, 2)] {
        bench.write("blueprint.yaml", &text);
        let of = |format: &str| {
            let (found, out, _) = bench.run(&["check", "--quiet", "--format", format]);
            assert_eq!(found, code, "{format}");
            out
        };
        let read = |text: &str| -> serde_json::Value {
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        assert_eq!(of("short").lines().count(), findings);
        assert_eq!(
            of("json").lines().map(read).filter(|line| line["schema"] == 1).count(),
            findings
        );
        assert_eq!(read(&of("gitlab")).as_array().map(Vec::len), Some(findings));
        let sarif = read(&of("sarif"));
        assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(findings));
        assert_eq!(of("junit").matches("<failure").count(), findings);
    }
    let report =
        ["check", "--quiet", "--report", "gitlab=a/quality.json", "--report", "junit=junit.xml"];
    fs::create_dir(bench.path().join("a")).unwrap_or_else(|error| panic!("{error}"));
    bench.run(&report);
    assert!(bench.read("a/quality.json").starts_with('['));
    assert!(bench.read("junit.xml").contains("<testsuites"));
}

#[test]
fn warnings_can_be_denied() {
    let bench = Bench::smallest();
    bench.write(
        "blueprint.yaml",
        &shipped("smallest.yaml").replace("{owners: [\"group:web\"]}", "{}"),
    );
    assert_eq!(bench.run(&["check"]).0, 0);
    assert_eq!(bench.run(&["check", "--deny-warnings"]).0, 1);
}

#[test]
fn init_writes_what_compiles_and_never_overwrites() {
    let bench = Bench::new();
    let (code, _, err) = bench.run(&["init", "--name", "mine"]);
    assert_eq!(code, 0, "{err}");
    assert!(bench.read("blueprint.yaml").contains("name: mine"));
    let (code, out, err) = bench.run(&["check", "--deny-warnings"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert_eq!(bench.run(&["compile"]).0, 0);
    let (code, _, err) = bench.run(&["init"]);
    assert_eq!(code, 3);
    assert!(err.contains("blueprint.yaml"), "{err}");
}

#[test]
fn publish_commits_once() {
    let bench = Bench::smallest();
    let (code, _, err) = bench.run(&["publish", "--repo", "estate.git"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("main: committed"), "{err}");
    let (code, _, err) = bench.run(&["publish", "--repo", "estate.git"]);
    assert_eq!(code, 0);
    assert!(err.contains("main: unchanged"), "{err}");
    let other = Bench::smallest();
    assert_eq!(other.run(&["publish", "--repo", "estate.git"]).0, 0);
    let tip = |bench: &Bench| bench.read("estate.git/refs/heads/main");
    assert_eq!(tip(&bench), tip(&other), "the same blueprint gives the same commit");
}

#[test]
fn rendered_branches_hold_the_final_objects() {
    let bench = Bench::smallest();
    let branches = shipped("smallest.yaml").replace(
        "  url: https://git.example.org/platform/estate.git",
        "  url: https://git.example.org/platform/estate.git\n  branches: per-environment",
    );
    bench.write("blueprint.yaml", &branches);
    let (code, _, err) = bench.run(&["publish", "--repo", "estate.git"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("environments/production: committed"), "{err}");
}

#[test]
fn explain_tells_rules_fields_and_files() {
    let bench = Bench::smallest();
    let (code, out, _) = bench.run(&["explain", "yaml/duplicate-key"]);
    assert_eq!(code, 0);
    assert!(out.contains("a key stands twice"), "{out}");
    let (code, out, err) = bench.run(&["explain", "workloads.hello.ports"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("8080") && out.contains("blueprint.yaml:"), "{out}");
    assert!(out.contains("workloads/hello/base/service-hello.yaml"), "{out}");
    let (code, out, _) = bench.run(&["explain", "workloads.hello.resources.memory"]);
    assert_eq!(code, 0);
    assert!(out.contains("default, since"), "{out}");
    let (code, out, _) = bench.run(&["explain", "output/workloads/hello/base/service-hello.yaml"]);
    assert_eq!(code, 0);
    assert!(out.contains("workloads.hello.ports"), "{out}");
    let (code, _, err) = bench.run(&["explain", "worklods.hello"]);
    assert_eq!(code, 64);
    assert!(err.contains("did you mean `workloads`"), "{err}");
}

#[test]
fn explain_tells_where_settings_of_databases_come_from() {
    let bench = Bench::new();
    let database = "databases: {orders: {team: web, postgres: {version: 18, members: 1, parameters: {jit: on}}, \
                    storage: {data: 10Gi}, synchronous: false}}\n";
    bench.write("blueprint.yaml", &format!("{}{database}", shipped("smallest.yaml")));
    bench.write(
        "overlays/environments/production.yaml",
        "apiVersion: groundplan.dev/v1alpha1\nkind: Overlay\nenvironment: production\n\
         databases: {orders: {resources: {memory: 8Gi}}}\n",
    );
    let settings = "databases.orders.postgres.parameters";
    let ask = |what: &str| bench.run(&["explain", what, "--overlays", "overlays"]);
    let (code, out, err) = ask(&format!("{settings}.shared_buffers"));
    assert_eq!(code, 0, "{err}");
    for part in [
        "2Gi (150Mi for Patroni",
        "8Gi (150Mi for Patroni",
        "442MB   follows: a quarter of the memory",
        "1978MB",
        "source: pgtune",
        "a change takes a restart of PostgreSQL in place",
    ] {
        assert!(out.contains(part), "no `{part}` in: {out}");
    }
    let (_, out, _) = ask(settings);
    for part in [".max_connections", "cluster-wide", "a reload", ".jit", "blueprint.yaml:"] {
        assert!(out.contains(part), "no `{part}` in: {out}");
    }
    // Of the whole database it only tells where they are.
    let (_, out, _) = ask("databases.orders");
    assert!(out.contains(&format!("`groundplan explain {settings}`")), "{out}");
    assert!(!out.contains("shared_buffers"), "{out}");
}

#[test]
fn schema_completions_and_manual_are_printed() {
    let bench = Bench::new();
    for arguments in [
        &["schema"][..],
        &["schema", "--overlay"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
    ] {
        let (code, out, err) = bench.run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        assert!(out.len() > 500, "{arguments:?}");
    }
}

/// A blueprint with machines at a minor of Kubernetes.
fn at_minor(minor: &str) -> String {
    include_str!("../../src/upgrade/tests/cluster.yaml").replace("VERSION", minor)
}

#[test]
fn what_runs_is_asked_before_a_blueprint_is_fine() {
    let bench = Bench::new();
    bench.write("blueprint.yaml", &at_minor("1.35"));
    assert_eq!(bench.run(&["check"]).0, 0, "nothing runs yet");
    assert_eq!(bench.run(&["compile", "--output", "estate"]).0, 0);
    bench.write("blueprint.yaml", &at_minor("1.37"));
    let (code, _, err) = bench.run(&["check", "--output", "estate"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("upgrade/skips-a-minor"), "{err}");
    assert_eq!(bench.run(&["check"]).0, 0, "the default folder is not there");
}

#[test]
fn what_a_branch_was_published_from_is_asked_before_it_moves() {
    for layout in ["", "branches: per-environment, "] {
        let bench = Bench::new();
        let written = |minor| at_minor(minor).replace("{url: ", &format!("{{{layout}url: "));
        let url = format!("file://{}/estate.git", bench.path().display());
        bench.write("blueprint.yaml", &written("1.35"));
        let (code, _, err) = bench.run(&["publish", "--repo", "estate.git"]);
        assert_eq!(code, 0, "{err}");
        bench.write("blueprint.yaml", &written("1.37"));
        for repository in ["estate.git", url.as_str()] {
            let (code, _, err) = bench.run(&["publish", "--repo", repository]);
            assert_eq!(code, 1, "{layout} {repository}: {err}");
            assert!(err.contains("upgrade/skips-a-minor"), "{layout} {repository}: {err}");
        }
        bench.write("blueprint.yaml", &written("1.36"));
        let (code, _, err) = bench.run(&["publish", "--repo", url.as_str()]);
        assert_eq!(code, 0, "{layout}: {err}");
        assert!(err.contains("committed"), "{layout}: {err}");
    }
}
