//! Credentials that are written down, wherever a workload could hold one.

use super::model::{Content, Workload};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::secret::looks_like_credential;
use crate::k8s::tree::Tree;
use crate::path::At;

/// A secret that is written down.
pub static PLAINTEXT_SECRET: Rule = Rule::error(
    "workloads/plaintext-secret",
    "something that looks like a credential is written down",
    "What is in git is read by everybody who reads the repository, its copies and its history; it must be \
     replaced, not only deleted.",
    "workloads: {web: {config: {DB_PASSWORD: hunter2hunter2}}}",
);

/// Finds credentials in what the blueprint itself says.
pub fn written(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    let mut found = |place: At, kind: &str| {
        diags
            .report(&PLAINTEXT_SECRET, place, format!("this looks like {kind}"))
            .help("keep it in the secret store and name it under `secrets`; the one written here is no longer secret")
            .sensitive();
    };
    for (name, value) in &workload.config {
        if let Some(kind) = looks_like_credential(name.as_str(), value) {
            found(field!(at, workload.config).key(name), kind);
        }
    }
    for (list, texts) in [
        (field!(at, workload.command), &workload.command),
        (field!(at, workload.args), &workload.args),
    ] {
        for (index, text) in texts.iter().enumerate() {
            if let Some(kind) = looks_like_credential("", text) {
                found(list.index(index), kind);
            }
        }
    }
    for file in &workload.files {
        let Content::Text(text) = &file.content else { continue };
        // The line makes a file of what would otherwise be one value: `password = …` is then a line of it.
        if let Some(kind) = looks_like_credential("", &format!("\n{text}")) {
            found(field!(at, workload.files).key(&file.path).key(file.field), kind);
        }
    }
}

/// Reports the first thing in a tree that looks like a credential.
pub fn inside(tree: &Tree, at: At, diags: &mut Diagnostics) {
    if let Some(kind) = credential(tree, "") {
        diags
            .report(&PLAINTEXT_SECRET, at, format!("something in it looks like {kind}"))
            .help("keep it in the secret store; what is written here is no longer secret")
            .sensitive();
    }
}

fn credential(tree: &Tree, key: &str) -> Option<&'static str> {
    match tree {
        Tree::Str(text) => looks_like_credential(key, text),
        Tree::Seq(items) => items.iter().find_map(|item| credential(item, key)),
        Tree::Map(map) => {
            // A variable: its name says what its value is.
            let of = |key| map.get(key).and_then(Tree::as_str);
            let variable = of("name").zip(of("value"));
            variable
                .and_then(|(name, value)| looks_like_credential(name, value))
                .or_else(|| map.iter().find_map(|(key, value)| credential(value, key)))
        }
        _ => None,
    }
}
