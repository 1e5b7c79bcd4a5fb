//! Trees made by hand are the trees git makes.

use std::collections::BTreeMap;

use git2::Repository;
use groundplan::publish::git::{PublishOptions, publish};
use proptest::prelude::*;

use super::{World, add, info, main_branch};

/// Paths that exercise git's order: `a-b`, `a/`, `a.b` sort differently as files and folders.
fn files() -> impl Strategy<Value = BTreeMap<String, String>> {
    let segment = prop::sample::select(vec!["a", "a-b", "a.b", "a0", "b", "ab"]);
    let path = prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"));
    prop::collection::btree_map(path, "[xy]{0,2}", 0..12).prop_map(|mut files| {
        // A file is no folder.
        let all: Vec<String> = files.keys().cloned().collect();
        files.retain(|path, _| !all.iter().any(|other| other.starts_with(&format!("{path}/"))));
        files
    })
}

/// Whether a path of one is a folder of a path of the other.
fn clash(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> bool {
    let is_above = |above: &str, path: &str| path.starts_with(&format!("{above}/"));
    one.keys().any(|one| other.keys().any(|other| is_above(one, other) || is_above(other, one)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn trees_are_those_git_makes(first in files(), second in files(), foreign in files()) {
        let foreign: BTreeMap<String, String> =
            foreign.into_iter().map(|(path, text)| (format!("{path}-foreign"), text)).collect();
        prop_assume!(!clash(&first, &foreign) && !clash(&second, &foreign));
        let world = World::new();
        let repo = Repository::init_bare(world.repo()).unwrap();
        let options = PublishOptions { allow_mass_deletion: true, ..PublishOptions::default() };
        let nothing = BTreeMap::new();
        for (owned, foreign) in [(&first, &nothing), (&second, &foreign)] {
            if !foreign.is_empty() {
                let paths: Vec<_> =
                    foreign.iter().map(|(path, text)| (format!("output/{path}"), text)).collect();
                let files: Vec<_> =
                    paths.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
                world.commit("main", &files);
            }
            let list: Vec<_> = owned.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
            publish(&world.target(), main_branch(&list), &info(), options).unwrap();
            let tip = repo.find_reference("refs/heads/main").unwrap().peel_to_commit().unwrap();

            let mut index = git2::Index::new().unwrap();
            let lock = tip.tree().unwrap().get_path("output/groundplan.lock".as_ref()).unwrap();
            let lock = repo.find_blob(lock.id()).unwrap();
            let lock = std::str::from_utf8(lock.content()).unwrap();
            add(&mut index, &repo, "output/groundplan.lock", 0o100_644, lock);
            for (path, text) in owned.iter().chain(foreign) {
                add(&mut index, &repo, &format!("output/{path}"), 0o100_644, text);
            }
            prop_assert_eq!(tip.tree_id(), index.write_tree_to(&repo).unwrap());
        }
    }
}
