//! A bundle becomes commits: ownership, races, work trees, servers, and being killed.

mod servers;
mod trees;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use git2::{IndexEntry, IndexTime, Oid, Repository};
use groundplan::emit::bundle::{Bundle, RepoPath};
use groundplan::publish::git::{
    Branch, CommitInfo, Create, Identity, Moment, PublishError, PublishOptions, Revision,
    SourceCommit, Target, publish, publish_watched, source_commit,
};
use groundplan::publish::lock::LOCK;

const FORCE: PublishOptions = PublishOptions {
    force: true,
    allow_mass_deletion: false,
    create: Create::ByName,
    sign: false,
    attempts: 3,
};

struct World {
    _temp: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl World {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap().canonicalize_utf8().unwrap();
        Self { _temp: temp, root }
    }

    fn repo(&self) -> Utf8PathBuf {
        self.root.join("estate.git")
    }

    fn target(&self) -> Target {
        Target::Local(self.repo())
    }

    fn publish(&self, branches: Vec<Branch>) -> Result<Vec<Revision>, PublishError> {
        publish(&self.target(), branches, &info(), PublishOptions::default())
    }

    /// Commits files on a branch of the bare repository as somebody else would, `None` deletes.
    fn commit(&self, branch: &str, files: &[(&str, Option<&str>)]) -> Oid {
        let repo = Repository::open(self.repo()).unwrap();
        let reference = format!("refs/heads/{branch}");
        let parent = repo.find_reference(&reference).ok().map(|r| r.peel_to_commit().unwrap());
        let mut index = git2::Index::new().unwrap();
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree().unwrap()).unwrap();
        }
        for (path, text) in files {
            match text {
                Some(text) => add(&mut index, &repo, path, 0o100_644, text),
                None => index.remove(Utf8Path::new(path).as_std_path(), 0).unwrap(),
            }
        }
        let tree = repo.find_tree(index.write_tree_to(&repo).unwrap()).unwrap();
        let who = git2::Signature::new("Ann", "ann@example.org", &git2::Time::new(7, 0)).unwrap();
        let parents: Vec<_> = parent.iter().collect();
        repo.commit(Some(&reference), &who, &who, "by hand", &tree, &parents).unwrap()
    }

    fn text(&self, branch: &str, path: &str) -> Option<String> {
        let output = git_output(&self.repo(), &["show", &format!("{branch}:{path}")]);
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn files(&self, branch: &str) -> Vec<String> {
        git(&self.repo(), &["ls-tree", "-r", "--name-only", branch])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn commits(&self, branch: &str) -> usize {
        git(&self.repo(), &["rev-list", "--count", branch]).trim().parse().unwrap()
    }

    fn fsck(&self) {
        git(&self.repo(), &["fsck", "--strict", "--full", "--no-dangling"]);
    }
}

fn add(index: &mut git2::Index, repo: &Repository, path: &str, mode: u32, text: &str) {
    let id = repo.blob(text.as_bytes()).unwrap();
    let zero = IndexTime::new(0, 0);
    let path = path.as_bytes().to_vec();
    index
        .add(&IndexEntry {
            ctime: zero,
            mtime: zero,
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path,
        })
        .unwrap();
}

fn git_output(folder: &Utf8Path, args: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-C", folder.as_str()])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap()
}

fn git(folder: &Utf8Path, args: &[&str]) -> String {
    let output = git_output(folder, args);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn bundle(files: &[(&str, &str)]) -> Bundle {
    files.iter().map(|(path, text)| (RepoPath::of(*path), text.as_bytes().to_vec())).collect()
}

fn branch(name: &str, prefix: Option<&str>, files: &[(&str, &str)]) -> Branch {
    Branch {
        name: name.to_owned(),
        prefix: prefix.map(RepoPath::of),
        bundle: bundle(files),
        versions: BTreeMap::new(),
        is_rendered: false,
    }
}

fn main_branch(files: &[(&str, &str)]) -> Vec<Branch> {
    vec![branch("main", Some("output"), files)]
}

fn rendered(name: &str, files: &[(&str, &str)]) -> Branch {
    Branch { is_rendered: true, ..branch(name, None, files) }
}

fn info() -> CommitInfo {
    CommitInfo {
        subject: "acme: publish".to_owned(),
        blueprint: "acme".to_owned(),
        compiler: "0.1.0".to_owned(),
        source: Some(SourceCommit {
            id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            author: Identity { name: "Ann".to_owned(), email: "ann@example.org".to_owned() },
            date: 1_795_167_000,
            subject: "orders-db: 3 replicas".to_owned(),
            repo_url: "https://git.example.org/platform/blueprints.git".to_owned(),
            is_modified: false,
        }),
        ..CommitInfo::default()
    }
}

fn created(revisions: &[Revision]) -> Oid {
    match revisions {
        [Revision::Created { id, .. }] => *id,
        other => panic!("{other:?}"),
    }
}

fn is_unchanged(revisions: &[Revision]) -> bool {
    revisions.iter().all(|revision| matches!(revision, Revision::Unchanged { .. }))
}

const FILES: [(&str, &str); 4] =
    [("a/one.yaml", "1\n"), ("a/b/two.yaml", "2\n"), ("a-b/three.yaml", "3\n"), ("four", "")];

#[test]
fn the_first_publication_creates_repository_and_branch() {
    let world = World::new();
    let id = created(&world.publish(main_branch(&FILES)).unwrap());
    assert!(Repository::open(world.repo()).unwrap().is_bare());
    assert_eq!(git(&world.repo(), &["symbolic-ref", "HEAD"]).trim(), "refs/heads/main");
    let expected = ["a-b/three.yaml", "a/b/two.yaml", "a/one.yaml", "four", LOCK];
    assert_eq!(world.files("main"), expected.map(|path| format!("output/{path}")));
    assert_eq!(
        git(&world.repo(), &["cat-file", "commit", "main"]).split_once('\n').unwrap().1,
        "author groundplan <groundplan@localhost> 1795167000 +0000\n\
         committer groundplan <groundplan@localhost> 1795167000 +0000\n\nacme: publish\n\n\
         Blueprint: acme\nCompiler-Version: 0.1.0\nDry-Commit: 0123456789abcdef0123456789abcdef01234567\n"
    );
    world.fsck();

    assert!(is_unchanged(&world.publish(main_branch(&FILES)).unwrap()));
    assert_eq!(world.commits("main"), 1);
    let elsewhere = World::new();
    assert_eq!(created(&elsewhere.publish(main_branch(&FILES)).unwrap()), id, "same everywhere");
}

#[test]
fn many_objects_become_one_pack() {
    let world = World::new();
    let many: Vec<(String, String)> = (0..3000)
        .map(|i| {
            (format!("c{}/team-{}/app-{i}/x.yaml", i % 3, i % 40), format!("{i}\n").repeat(i % 400))
        })
        .collect();
    let files: Vec<_> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    created(&world.publish(main_branch(&files)).unwrap());
    let counts = git(&world.repo(), &["count-objects", "-v"]);
    assert!(counts.starts_with("count: 0\n") && counts.contains("packs: 1\n"), "{counts}");
    world.fsck();
    git(&world.repo(), &["verify-pack", &pack(&world.repo())]);

    let mut next = files.clone();
    next[7].1 = "changed";
    created(&world.publish(main_branch(&next)).unwrap());
    let counts = git(&world.repo(), &["count-objects", "-v"]);
    assert!(counts.starts_with("count: 8\n") && counts.contains("packs: 1\n"), "{counts}");
    assert_eq!(git(&world.repo(), &["diff", "--name-only", "main~", "main"]).lines().count(), 2);
    world.fsck();
}

fn pack(repo: &Utf8Path) -> String {
    let names = repo.join("objects/pack").read_dir_utf8().unwrap().map(|entry| entry.unwrap());
    let pack = names.into_iter().find(|entry| entry.path().extension() == Some("idx")).unwrap();
    pack.path().to_string()
}

#[test]
fn only_the_owned_files_are_replaced() {
    let world = World::new();
    git2::Repository::init_bare(world.repo()).unwrap();
    world.commit("main", &[("README.md", Some("mine")), ("output/a/foreign", Some("mine too"))]);
    created(&world.publish(main_branch(&FILES)).unwrap());
    world.commit("main", &[("output/a/b/also-foreign", Some("x")), ("output/z/y", Some("z"))]);
    let next = [("a/one.yaml", "new\n"), ("a/b/two.yaml", "2\n"), ("four", "")];
    created(&world.publish(main_branch(&next)).unwrap());
    assert_eq!(
        world.files("main"),
        [
            "README.md",
            "output/a/b/also-foreign",
            "output/a/b/two.yaml",
            "output/a/foreign",
            "output/a/one.yaml",
            "output/four",
            "output/groundplan.lock",
            "output/z/y"
        ]
    );
    assert_eq!(world.text("main", "output/a/one.yaml").unwrap(), "new\n");
    world.fsck();
}

#[test]
fn ownership_is_as_in_a_folder() {
    let world = World::new();
    created(&world.publish(main_branch(&FILES)).unwrap());
    let tip = world.commit(
        "main",
        &[
            ("output/a/one.yaml", Some("edited")),
            ("output/four", Some("edited and stale")),
            ("output/new", Some("foreign")),
        ],
    );
    let next = [("a/one.yaml", "new"), ("a/b/two.yaml", "2\n"), ("a-b/three.yaml", "3\n")];
    let error = world.publish(main_branch(&next)).unwrap_err();
    assert!(matches!(&error, PublishError::Edited { paths, .. } if paths.len() == 2), "{error}");
    assert!(error.to_string().contains("a/one.yaml"), "{error}");
    let mut more = next.to_vec();
    more.push(("new", "ours"));
    let error = world.publish(main_branch(&more)).unwrap_err();
    assert!(matches!(&error, PublishError::InTheWay { paths, .. } if paths.len() == 1), "{error}");
    assert_eq!(
        Repository::open(world.repo()).unwrap().refname_to_id("refs/heads/main").unwrap(),
        tip
    );
    created(&publish(&world.target(), main_branch(&more), &info(), FORCE).unwrap());
    assert_eq!(world.text("main", "output/new").unwrap(), "ours");
    assert_eq!(world.text("main", "output/four"), None);

    let error = world.publish(main_branch(&next[..2])).unwrap_err();
    assert!(matches!(error, PublishError::MassDeletion { owned: 4, .. }), "{error}");
    let options = PublishOptions { allow_mass_deletion: true, ..PublishOptions::default() };
    created(&publish(&world.target(), main_branch(&next[..2]), &info(), options).unwrap());
    // An edit to what is wanted anyway is none, and a file somebody deleted comes back.
    world.commit("main", &[("output/a/one.yaml", Some("newest")), ("output/a/b/two.yaml", None)]);
    let newest = [("a/one.yaml", "newest"), ("a/b/two.yaml", "2\n")];
    created(&world.publish(main_branch(&newest)).unwrap());
    world.fsck();
}

#[test]
fn files_and_folders_make_room_for_each_other_if_they_are_ours() {
    let world = World::new();
    let keep = [("k1", ""), ("k2", ""), ("k3", ""), ("k4", "")];
    let one: Vec<_> = [("a", "file"), ("b/c/d", "1")].into_iter().chain(keep).collect();
    let two: Vec<_> = [("a/x/y", "1"), ("b", "file")].into_iter().chain(keep).collect();
    let options = PublishOptions { allow_mass_deletion: true, ..PublishOptions::default() };
    for files in [&one, &two, &one] {
        created(&publish(&world.target(), main_branch(files), &info(), options).unwrap());
        assert_eq!(world.files("main").len(), files.len() + 1);
    }
    world.commit("main", &[("output/b/foreign", Some("mine"))]);
    let error = publish(&world.target(), main_branch(&two), &info(), FORCE).unwrap_err();
    assert!(matches!(error, PublishError::Obstacle { found: "a folder", .. }), "{error}");
    world.fsck();
}

#[test]
fn no_link_on_the_branch_is_written_through() {
    for path in ["output", "output/a", "output/a/one.yaml", "output/groundplan.lock"] {
        let world = World::new();
        let repo = Repository::init_bare(world.repo()).unwrap();
        let mut index = git2::Index::new().unwrap();
        add(&mut index, &repo, path, 0o120_000, "../../etc");
        let tree = repo.find_tree(index.write_tree_to(&repo).unwrap()).unwrap();
        let who = git2::Signature::now("Ann", "ann@example.org").unwrap();
        repo.commit(Some("refs/heads/main"), &who, &who, "link", &tree, &[]).unwrap();
        let error = publish(&world.target(), main_branch(&FILES), &info(), FORCE).unwrap_err();
        assert!(
            matches!(error, PublishError::Obstacle { found: "a symbolic link", .. }),
            "{path}: {error}"
        );
    }
}

#[test]
fn who_comes_second_commits_onto_the_first() {
    let world = World::new();
    created(&world.publish(main_branch(&FILES)).unwrap());
    let mut next = FILES.to_vec();
    next[0].1 = "second\n";
    let raced = Cell::new(0);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) && raced.get() < 2 {
            raced.set(raced.get() + 1);
            world.commit("main", &[(&format!("other-{}", raced.get()), Some("x"))]);
        }
    };
    let options = PublishOptions::default();
    created(
        &publish_watched(&world.target(), main_branch(&next), &info(), options, &race).unwrap(),
    );
    assert_eq!((raced.get(), world.commits("main")), (2, 4));
    assert_eq!(world.text("main", "other-2").as_deref(), Some("x"));
    assert_eq!(world.text("main", "output/a/one.yaml").as_deref(), Some("second\n"));
    world.fsck();

    // The other one may also have done the same.
    let twin = Cell::new(false);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) && !twin.replace(true) {
            created(&world.publish(main_branch(&FILES)).unwrap());
        }
    };
    let outcome =
        publish_watched(&world.target(), main_branch(&FILES), &info(), options, &race).unwrap();
    assert!(is_unchanged(&outcome) && world.commits("main") == 5, "{outcome:?}");

    let count = Cell::new(0);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) {
            count.set(count.get() + 1);
            world.commit("main", &[("again", Some(&count.get().to_string()))]);
        }
    };
    let error =
        publish_watched(&world.target(), main_branch(&next), &info(), options, &race).unwrap_err();
    assert!(matches!(error, PublishError::Contended { attempts: 5, .. }), "{error}");
}

#[test]
fn a_branch_that_appears_meanwhile_is_not_overwritten() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    let once = Cell::new(false);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) && !once.replace(true) {
            world.commit("main", &[("README.md", Some("first"))]);
        }
    };
    let options = PublishOptions::default();
    created(
        &publish_watched(&world.target(), main_branch(&FILES), &info(), options, &race).unwrap(),
    );
    assert_eq!((world.commits("main"), world.files("main").len()), (2, 6));
}

#[test]
fn threads_publishing_at_once_all_arrive() {
    let world = World::new();
    created(&world.publish(vec![branch("main", Some("p0"), &FILES)]).unwrap());
    let options = PublishOptions { attempts: 50, ..PublishOptions::default() };
    std::thread::scope(|scope| {
        for i in 1..5 {
            let target = world.target();
            scope.spawn(move || {
                let branches = vec![branch("main", Some(&format!("p{i}")), &FILES)];
                publish(&target, branches, &info(), options).unwrap()
            });
        }
    });
    assert_eq!((world.commits("main"), world.files("main").len()), (5, 25));
    world.fsck();
}

#[test]
fn names_that_git_cannot_keep_side_by_side() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    world.commit("environments", &[("x", Some("x"))]);
    let error = world.publish(vec![rendered("environments/prod", &FILES)]).unwrap_err();
    assert!(
        matches!(&error, PublishError::BranchConflict { other, .. } if other == "environments")
    );
    world.commit("apps/web/prod", &[("x", Some("x"))]);
    let error = world.publish(vec![rendered("apps/web", &FILES)]).unwrap_err();
    assert!(error.to_string().contains("apps/web/prod"), "{error}");
    let both = vec![rendered("e", &FILES), rendered("e/prod", &FILES)];
    assert!(matches!(world.publish(both), Err(PublishError::BranchConflict { .. })));
    let twice = vec![rendered("e", &FILES), rendered("e", &FILES)];
    assert!(matches!(world.publish(twice), Err(PublishError::Twice { .. })));
    for bad in ["", "-x", "a..b", "a b", "HEAD", "a.lock", "a/"] {
        let error = world.publish(vec![rendered(bad, &FILES)]).unwrap_err();
        assert!(matches!(error, PublishError::BranchName { .. }), "{bad}: {error}");
    }
}

// --- work trees ----------------------------------------------------------------------------------------------

#[test]
fn a_clean_work_tree_follows_and_one_with_changes_refuses() {
    let world = World::new();
    let repo = world.root.join("estate");
    let target = Target::Local(repo.clone());
    let go = |files: &[(&str, &str)]| {
        publish(&target, main_branch(files), &info(), PublishOptions::default())
    };
    created(&go(&FILES).unwrap());
    assert_eq!(git(&repo, &["status", "--porcelain"]), "");
    assert_eq!(fs::read_to_string(repo.join("output/a/one.yaml")).unwrap(), "1\n");
    let mut next = FILES.to_vec();
    next[0].1 = "2\n";
    next.remove(3);
    created(&go(&next).unwrap());
    assert_eq!(git(&repo, &["status", "--porcelain"]), "");
    assert!(!repo.join("output/four").exists());

    fs::write(repo.join("output/a/one.yaml"), "by hand").unwrap();
    let error = go(&FILES).unwrap_err();
    assert!(
        matches!(&error, PublishError::CheckedOut { reason, .. } if reason.contains("one.yaml")),
        "{error}"
    );
    assert!(is_unchanged(&go(&next).unwrap()), "nothing to move, nothing to refuse");
    git(&repo, &["checkout", "-q", "."]);
    fs::write(repo.join("output/four"), "untracked").unwrap();
    let error = go(&FILES).unwrap_err();
    assert!(
        matches!(&error, PublishError::CheckedOut { reason, .. } if reason.contains("four")),
        "{error}"
    );
    assert_eq!(git(&repo, &["rev-list", "--count", "main"]).trim(), "2");
    fs::remove_file(repo.join("output/four")).unwrap();

    // A linked work tree counts as well.
    git(&repo, &["checkout", "-q", "--detach"]);
    let linked = world.root.join("linked");
    git(&repo, &["worktree", "add", "-q", linked.as_str(), "main"]);
    created(&go(&FILES).unwrap());
    assert_eq!(git(&linked, &["status", "--porcelain"]), "");
    fs::write(linked.join("output/a/one.yaml"), "by hand").unwrap();
    let error = go(&next).unwrap_err();
    assert!(
        matches!(&error, PublishError::CheckedOut { worktree, .. } if worktree.ends_with("linked"))
    );
    fs::remove_dir_all(&linked).unwrap();
    created(&go(&next).unwrap());
}

#[test]
fn what_is_no_usable_repository_is_named() {
    let world = World::new();
    fs::create_dir(world.repo()).unwrap();
    created(&world.publish(main_branch(&FILES)).unwrap());
    let other = world.root.join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("x"), "x").unwrap();
    let go = |path: &Utf8Path| {
        publish(
            &Target::Local(path.into()),
            main_branch(&FILES),
            &info(),
            PublishOptions::default(),
        )
    };
    assert!(matches!(go(&other), Err(PublishError::NotARepository { .. })));
    let sha256 = world.root.join("sha256.git");
    git(&world.root, &["init", "-q", "--bare", "--object-format=sha256", sha256.as_str()]);
    let error = go(&sha256).unwrap_err();
    assert!(matches!(error, PublishError::Format { format: "SHA-256", .. }), "{error:?}");
    git(&world.repo(), &["config", "core.repositoryFormatVersion", "1"]);
    git(&world.repo(), &["config", "extensions.refStorage", "reftable"]);
    let error = go(&world.repo()).unwrap_err();
    assert!(matches!(error, PublishError::Format { format: "reftable", .. }), "{error:?}");
}

// --- rendered branches ---------------------------------------------------------------------------------------

#[test]
fn rendered_branches_say_what_they_were_rendered_from() {
    let world = World::new();
    let branches =
        || vec![rendered("environments/prod", &FILES), rendered("environments/test", &FILES[..3])];
    assert_eq!(world.publish(branches()).unwrap().len(), 2);
    let metadata = world.text("environments/prod", "hydrator.metadata").unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["drySha"], "0123456789abcdef0123456789abcdef01234567");
    assert_eq!(metadata["date"], "2026-11-20T09:30:00Z");
    assert_eq!(metadata["author"], "Ann <ann@example.org>");
    assert_eq!(
        git(&world.repo(), &["merge-base", "--all", "environments/prod", "environments/prod"])
            .lines()
            .count(),
        1
    );
    assert_eq!(world.commits("environments/test"), 1, "a history of its own");

    let mut later = info();
    later.source.as_mut().unwrap().id = "f".repeat(40);
    let go =
        |branches| publish(&world.target(), branches, &later, PublishOptions::default()).unwrap();
    assert!(is_unchanged(&go(branches())), "the metadata alone is no reason");
    let mut next = FILES.to_vec();
    next[0].1 = "new";
    created(&go(vec![rendered("environments/prod", &next)]));
    assert!(
        world.text("environments/prod", "hydrator.metadata").unwrap().contains(&"f".repeat(40))
    );
    assert!(!world.text("environments/prod", LOCK).unwrap().contains("hydrator"));
    world.fsck();
}

// --- the rest ------------------------------------------------------------------------------------------------

/// The child of the test below: dies at its Nth moment.
#[test]
fn killed_child() {
    let Ok(repo) = std::env::var("GROUNDPLAN_TEST_REPO") else { return };
    let at: usize = std::env::var("GROUNDPLAN_TEST_KILL_AT").unwrap().parse().unwrap();
    let count = Cell::new(0);
    let die = |_: Moment<'_>| {
        if count.get() == at {
            std::process::abort();
        }
        count.set(count.get() + 1);
    };
    let target = Target::Local(repo.into());
    publish_watched(&target, main_branch(&FILES), &info(), PublishOptions::default(), &die)
        .unwrap();
}

#[test]
fn the_next_publication_repairs_whatever_a_kill_left() {
    for before in [false, true] {
        for step in 0.. {
            let world = World::new();
            let repo = world.root.join("estate");
            let target = Target::Local(repo.clone());
            let options = PublishOptions::default();
            if before {
                publish(&target, main_branch(&FILES[..3]), &info(), options).unwrap();
            }
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "publish::killed_child", "--test-threads=1"])
                .env("GROUNDPLAN_TEST_REPO", &repo)
                .env("GROUNDPLAN_TEST_KILL_AT", step.to_string())
                .output()
                .unwrap();
            publish(&target, main_branch(&FILES), &info(), options)
                .unwrap_or_else(|error| panic!("{before} {step}: {error}"));
            assert_eq!(git(&repo, &["status", "--porcelain"]), "", "{before} {step}");
            let commits = git(&repo, &["rev-list", "--count", "main"]);
            assert_eq!(commits.trim(), if before { "2" } else { "1" });
            git(&repo, &["fsck", "--strict", "--full", "--no-dangling"]);
            if child.status.success() {
                assert_eq!(step, 3);
                break;
            }
        }
    }
}

#[test]
fn the_source_commit_is_the_tip_of_the_blueprints_repository() {
    let world = World::new();
    let repo = world.root.join("source");
    fs::create_dir_all(repo.join("blueprints")).unwrap();
    let blueprint = repo.join("blueprints/acme.yaml");
    fs::write(&blueprint, "name: acme\n").unwrap();
    assert_eq!(source_commit(&blueprint), None);
    git(&repo, &["init", "-q"]);
    assert_eq!(source_commit(&blueprint), None, "no commit yet");
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "acme: first\n\nwhy", "--date=@1 +0000"]);
    git(&repo, &["remote", "add", "origin", "https://ci:token@git.example.org/b.git"]);
    let source = source_commit(&blueprint).unwrap();
    assert_eq!(source.id, git(&repo, &["rev-parse", "HEAD"]).trim());
    assert_eq!(source.subject, "acme: first");
    assert_eq!(source.author.email, "ann@example.org");
    assert_eq!(source.repo_url, "https://git.example.org/b.git");
    assert!(!source.is_modified);
    fs::write(&blueprint, "name: other\n").unwrap();
    assert!(source_commit(&blueprint).unwrap().is_modified);
}

#[test]
fn commits_are_dated_by_what_is_known() {
    let world = World::new();
    let date =
        |rev: &str| git(&world.repo(), &["log", "-1", "--format=%ct", rev]).trim().to_owned();
    let undated = CommitInfo { source: None, ..info() };
    publish(&world.target(), main_branch(&FILES), &undated, PublishOptions::default()).unwrap();
    assert_eq!(date("main"), "0");
    world.commit("main", &[("x", Some("x"))]);
    publish(&world.target(), main_branch(&FILES[..3]), &undated, PublishOptions::default())
        .unwrap();
    assert_eq!(date("main"), "7", "the parent's");
    let dated = CommitInfo { date: Some(99), ..info() };
    publish(&world.target(), main_branch(&FILES), &dated, PublishOptions::default()).unwrap();
    assert_eq!(date("main"), "99");
}

#[test]
fn signing_is_gits_own() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    let signer = world.root.join("signer");
    fs::write(
        &signer,
        "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\n\
        printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\n",
    )
    .unwrap();
    fs::set_permissions(&signer, fs::Permissions::from_mode(0o755)).unwrap();
    git(&world.repo(), &["config", "gpg.program", signer.as_str()]);
    git(&world.repo(), &["config", "user.signingKey", "x"]);
    let options = PublishOptions { sign: true, ..PublishOptions::default() };
    created(&publish(&world.target(), main_branch(&FILES), &info(), options).unwrap());
    let commit = git(&world.repo(), &["cat-file", "commit", "main"]);
    assert!(commit.contains("gpgsig -----BEGIN PGP SIGNATURE-----"), "{commit}");
    assert!(commit.ends_with("Dry-Commit: 0123456789abcdef0123456789abcdef01234567\n"), "{commit}");
    assert!(is_unchanged(
        &publish(&world.target(), main_branch(&FILES), &info(), options).unwrap()
    ));
}
