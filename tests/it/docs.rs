//! Pages that are printed from the code are current; `UPDATE=1 cargo test docs` writes them.

use std::fs;
use std::path::Path;

use groundplan::reference::{Kind, blueprint_page, rules_page, schema};

fn current(path: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, wanted).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is out of date; run `UPDATE=1 cargo test docs`", path.display());
}

#[test]
fn the_reference_of_the_blueprint_is_current() {
    current("docs/blueprint.md", &blueprint_page());
}

#[test]
fn the_list_of_rules_is_current() {
    current("docs/rules.md", &rules_page(&groundplan::rules()));
}

#[test]
fn the_schema_is_current() {
    current("docs/schema.json", &format!("{:#}\n", schema(Kind::Blueprint)));
}
