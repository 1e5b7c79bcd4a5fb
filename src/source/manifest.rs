//! Kubernetes manifests that a blueprint names, as trees: the same YAML as the blueprint's, several objects a file.

use super::node::{Kind, Meaning, Node};
use super::parse::parse;
use crate::diag::{Diagnostics, Place, SourceId};
use crate::k8s::tree::{Map, Tree};

/// Why a manifest cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// The objects of a file: what stands between `---` lines, without what is empty.
///
/// Scalars mean what YAML 1.2 says, as everywhere in a blueprint.
///
/// # Errors
/// The first place that is not the YAML of a blueprint.
pub fn manifests(text: &str) -> Result<Vec<Tree>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut objects = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        // YAML forbids a `---` in column 0 anywhere but between documents, also inside block scalars (9.1.2).
        let bare = line.trim_end();
        if bare == "---" || bare.starts_with("--- ") {
            objects.extend(one(&text[start..offset], first_line)?);
            // What follows the marker on its line belongs to the next document.
            (start, first_line) = (offset + 3, index + 1);
        }
        offset += line.len();
    }
    objects.extend(one(&text[start..], first_line)?);
    Ok(objects)
}

fn one(text: &str, first_line: usize) -> Result<Option<Tree>, Unreadable> {
    // Never looked up: what is found becomes an `Unreadable`.
    let mut diags = Diagnostics::new();
    let root = parse(SourceId(u32::MAX), text, &mut diags);
    if let Some(found) = diags.into_iter().next() {
        let start = match &found.place {
            Place::Text(span) => span.range().start.min(text.len()),
            _ => 0,
        };
        let before = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        return Err(Unreadable { line: first_line + before, message: found.message });
    }
    Ok(root.map(|root| tree(&root)).filter(|tree| !tree.is_null()))
}

fn tree(node: &Node) -> Tree {
    match &node.kind {
        Kind::Seq(items) => items.iter().map(|item| tree(item)).collect::<Vec<_>>().into(),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|(key, entry)| (key.to_string(), tree(&entry.value)));
            Tree::Map(entries.collect::<Map>())
        }
        Kind::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Tree::Null,
            Meaning::Bool(value) => Tree::Bool(value),
            Meaning::Int(number) => Tree::Int(number),
            Meaning::Float(number) => Tree::Float(number),
            Meaning::Text(text) => Tree::from(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn a_file_holds_several_objects() {
        let text = "# first\na: 1\n---\n---\nb: |\n  text\n  --- \n--- {c: on}\n";
        let found = manifests(text).expect("readable");
        assert_eq!(found, [tree!({"a": 1}), tree!({"b": "text\n--- \n"}), tree!({"c": "on"})]);
        assert_eq!(manifests("").expect("readable"), []);
    }

    #[test]
    fn the_line_of_a_mistake_counts_from_the_top() {
        let wrong = manifests("a: 1\n---\nb: 1\nb: 2\n").expect_err("a key twice");
        assert_eq!(wrong.line, 4);
        assert!(manifests("a: [").is_err());
    }
}
