//! The house rules, as tests: a rule that is only written down is not a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    walkdir::WalkDir::new(root().join(folder))
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
            let below = path.strip_prefix(root()).unwrap_or(&path).to_owned();
            (below, text)
        })
        .collect()
}

/// The text up to its unit tests: they may use everything.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

/// The level of each module; a module may use those of lower levels, and of its own where that is said.
const LEVELS: &[(&str, u8)] = &[
    ("path", 0),
    ("world", 0),
    ("diag", 1),
    ("k8s", 2),
    ("catalog", 4),
    ("source", 3),
    ("plan", 4),
    ("report", 4),
    ("component", 5),
    ("passes", 5),
    ("audit", 5),
    ("emit", 5),
    ("components", 6),
    ("registry", 7),
    ("publish", 8),
    ("seed", 8),
    ("upgrade", 8),
    ("reference", 8),
    ("explain", 9),
    ("cli", 10),
];

#[test]
fn modules_use_only_lower_ones() {
    let levels: BTreeMap<&str, u8> = LEVELS.iter().copied().collect();
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        let module =
            path.components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
        let module = module.unwrap_or_default().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") || path.ends_with("tests.rs") {
            continue;
        }
        let Some(own) = levels.get(module.as_str()) else {
            faults.push(format!("{}: the module `{module}` has no level", path.display()));
            continue;
        };
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for (at, _) in code.match_indices("crate::") {
                let used: String = code[at + 7..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let fine = match levels.get(used.as_str()) {
                    None => true,
                    Some(level) => used == module || level < own,
                };
                if !fine {
                    faults.push(format!(
                        "{}:{}: `{module}` uses `{used}`",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn components_do_not_know_each_other() {
    let mut faults = Vec::new();
    for (path, text) in sources("src/components") {
        for (number, line) in without_tests(&text).lines().enumerate() {
            let own = path
                .components()
                .nth(2)
                .map(|part| part.as_os_str().to_string_lossy().into_owned());
            let own = own.unwrap_or_default().trim_end_matches(".rs").to_owned();
            if let Some((_, rest)) = line.split_once("crate::components::")
                && !rest.starts_with(&own)
            {
                faults.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_component_is_registered() {
    let registry = fs::read_to_string(root().join("src/registry.rs")).unwrap_or_default();
    let list = fs::read_to_string(root().join("src/components/mod.rs")).unwrap_or_default();
    for entry in fs::read_dir(root().join("src/components")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        if name == "mod" {
            continue;
        }
        assert!(list.contains(&format!("pub mod {name};")), "components/mod.rs lacks {name}");
        assert!(registry.contains(&format!("components::{name}::")), "registry.rs lacks {name}");
    }
}

#[test]
fn no_file_is_longer_than_800_lines() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")).chain(sources("benches"))
    {
        assert!(
            text.lines().count() <= 800,
            "{} has {} lines",
            path.display(),
            text.lines().count()
        );
    }
}

/// Where files, the clock and the environment may be used.
const RIM: &[&str] = &[
    "src/world.rs",
    "src/cli",
    "src/publish",
    "src/main.rs",
    "src/seed/place.rs",
    "src/seed/program.rs",
];

/// Where a hash map is looked up and never iterated: paths by their lower-case spelling.
const LOOKED_UP: &[&str] = &["emit/bundle.rs"];

#[test]
fn the_core_has_no_door_but_the_world() {
    let doors = [
        "std::fs",
        "fs_err::",
        "std::env",
        "SystemTime",
        "HashMap",
        "HashSet",
        "std::process",
        "println!",
    ];
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        if RIM.iter().any(|rim| path.starts_with(rim)) || path.ends_with("tests.rs") {
            continue;
        }
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for door in doors {
                // Looked up and never iterated.
                let known = door == "HashMap" && LOOKED_UP.iter().any(|file| path.ends_with(file));
                if code.contains(door) && !known {
                    faults.push(format!("{}:{}: {door}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rules_are_named_after_their_part_and_say_why() {
    let mut names = BTreeSet::new();
    for rule in groundplan::rules() {
        assert!(names.insert(rule.name), "two rules are named {}", rule.name);
        let (part, wrong) = rule.name.split_once('/').unwrap_or_else(|| panic!("{}", rule.name));
        let word = |text: &str| {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        assert!(word(part) && word(wrong), "{}", rule.name);
        assert!(rule.summary.len() > 10 && !rule.summary.ends_with('.'), "{}: summary", rule.name);
        assert!(rule.why.len() > 30 && rule.why.ends_with('.'), "{}: why", rule.name);
        assert!(!rule.example.trim().is_empty(), "{}: example", rule.name);
    }
}

#[test]
fn every_default_is_of_a_field_and_has_a_reason() {
    // The schema panics where a default belongs to no field.
    let schema = groundplan::reference::schema(groundplan::reference::Kind::Blueprint);
    assert!(schema.get("definitions").is_some());
    for default in groundplan::reference::defaults() {
        assert!(default.why.len() > 15, "{}: {}", default.field, default.why);
    }
}

#[test]
fn no_forbidden_names() {
    for (path, text) in sources("src") {
        for word in ["Manager", "Helper", "Util"] {
            let named = ["struct", "enum", "trait", "mod"].iter().any(|kind| {
                text.lines().any(|line| {
                    let line = line.trim_start().trim_start_matches("pub ");
                    line.strip_prefix(kind)
                        .is_some_and(|rest| rest.starts_with(' ') && rest.contains(word))
                })
            });
            assert!(!named, "{}: a name with {word}", path.display());
        }
        assert!(!path.to_string_lossy().contains("util"), "{}", path.display());
    }
}
