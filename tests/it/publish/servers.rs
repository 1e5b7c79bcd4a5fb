//! Publishing to a URL, through the `git` program.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use git2::Repository;
use groundplan::publish::git::{
    Moment, PublishError, PublishOptions, Target, publish, publish_watched,
};

use super::{FILES, World, branch, created, git, info, is_unchanged, main_branch, rendered};

impl World {
    fn server(&self) -> Target {
        Target::parse(&format!("file://{}", self.repo()))
    }
}

#[test]
fn a_url_is_fetched_and_pushed() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    let go = |branches| publish(&world.server(), branches, &info(), PublishOptions::default());
    assert!(matches!(world.server(), Target::Remote(_)));
    created(&go(main_branch(&FILES)).unwrap());
    assert!(is_unchanged(&go(main_branch(&FILES)).unwrap()));
    world.commit("main", &[("README.md", Some("mine"))]);
    let mut next = FILES.to_vec();
    next[0].1 = "new";
    let id = created(&go(main_branch(&next)).unwrap());
    assert_eq!((world.commits("main"), world.files("main").len()), (3, 6));
    assert_eq!(git(&world.repo(), &["rev-parse", "main"]).trim(), id.to_string());
    world.fsck();

    world.commit("main", &[("output/a/one.yaml", Some("edited"))]);
    assert!(matches!(go(main_branch(&FILES)), Err(PublishError::Edited { .. })));
    let conflict = go(vec![branch("main/x", None, &FILES)]).unwrap_err();
    assert!(matches!(conflict, PublishError::BranchConflict { .. }), "{conflict}");
    let nowhere = Target::Remote(format!("file://u:secret@/{}/nowhere.git", world.root));
    let error =
        publish(&nowhere, main_branch(&FILES), &info(), PublishOptions::default()).unwrap_err();
    assert!(matches!(&error, PublishError::Program { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_race_on_the_server_is_run_again() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    let options = PublishOptions::default();
    let raced = Cell::new(0);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) && raced.get() < 2 {
            raced.set(raced.get() + 1);
            world.commit("main", &[(&format!("other-{}", raced.get()), Some("x"))]);
        }
    };
    created(
        &publish_watched(&world.server(), main_branch(&FILES), &info(), options, &race).unwrap(),
    );
    assert_eq!((world.commits("main"), world.files("main").len()), (3, 7));
    world.fsck();
    let count = Cell::new(0);
    let race = |moment: Moment<'_>| {
        if matches!(moment, Moment::Move(_)) {
            count.set(count.get() + 1);
            world.commit("main", &[("again", Some(&count.get().to_string()))]);
        }
    };
    let options = PublishOptions { attempts: 2, ..options };
    let error = publish_watched(&world.server(), main_branch(&FILES[..3]), &info(), options, &race)
        .unwrap_err();
    assert!(matches!(error, PublishError::Contended { attempts: 2, .. }), "{error}");
}

#[test]
fn a_server_takes_all_branches_or_none() {
    let world = World::new();
    Repository::init_bare(world.repo()).unwrap();
    let hook = world.repo().join("hooks/update");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        "#!/bin/sh\ncase $1 in */prod) echo 'frozen until Monday' >&2; exit 1;; esac\n",
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let branches =
        || vec![rendered("environments/prod", &FILES), rendered("environments/test", &FILES)];
    let go = || publish(&world.server(), branches(), &info(), PublishOptions::default());
    let error = go().unwrap_err();
    assert!(
        matches!(&error, PublishError::Rejected { branch, .. } if branch == "environments/prod"),
        "{error}"
    );
    assert!(error.to_string().contains("frozen until Monday"), "{error}");
    assert_eq!(git(&world.repo(), &["branch", "--list"]), "");
    fs::remove_file(&hook).unwrap();
    assert_eq!(go().unwrap().len(), 2);
    assert!(is_unchanged(&go().unwrap()));
    world.fsck();
}

#[test]
fn targets_are_told_apart() {
    for url in ["https://x/y.git", "git@host:a/b.git", "ssh://h/x", "file:///x", "host:x"] {
        assert!(matches!(Target::parse(url), Target::Remote(_)), "{url}");
    }
    for path in ["../x", "/a:b/c", "estate.git", "./a:b", "C:/x"] {
        assert!(matches!(Target::parse(path), Target::Local(_)), "{path}");
    }
}
