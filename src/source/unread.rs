//! What of a document could not be read, and which later findings only follow from that.
//!
//! A field that is refused is taken for absent, so that everything else can be judged in the same run. Whoever then
//! looks for it finds nothing; to say so too would make one mistake look like several.

use super::document::Document;
use super::node::{Kind, Node};
use crate::diag::{Diagnostic, Place};
use crate::path::{FieldPath, Segment};

/// The fields of a document that were refused, or that nobody knows.
#[derive(Debug)]
pub struct Unread<'a> {
    document: &'a Document,
    fields: Vec<FieldPath>,
}

impl<'a> Unread<'a> {
    /// None of a document yet.
    pub fn of(document: &'a Document) -> Self {
        Self { document, fields: Vec::new() }
    }

    /// Adds fields.
    pub fn extend(&mut self, fields: impl IntoIterator<Item = FieldPath>) {
        self.fields.extend(fields);
    }

    /// Whether whole sections are among them.
    pub fn has_sections(&self) -> bool {
        self.fields.iter().any(|field| field.depth() == 1)
    }

    /// Whether a finding is about what was not read: at a field of the same thing, or at a name that is only there.
    /// `depth` says how many segments a thing of a section has: `workloads.web` two, `machines.pools.general` three.
    pub fn explains(&self, finding: &Diagnostic, depth: impl Fn(&str) -> usize) -> bool {
        if self.fields.is_empty() {
            return false;
        }
        let related = finding.related.iter().map(|(place, _)| place);
        let of_a_thing = std::iter::once(&finding.place).chain(related).any(|place| {
            let (Place::Value(at) | Place::Key(at)) = place else { return false };
            let thing = at.path.first(depth(section(&at.path)));
            self.fields.iter().any(|field| field.starts_with(thing) || at.path.starts_with(field))
        });
        of_a_thing || self.name_at(&finding.place).is_some_and(|name| self.names(name))
    }

    /// The name that is written at a place: `web` of `workload/web`.
    fn name_at(&self, place: &Place) -> Option<&'a str> {
        let Place::Value(at) = place else { return None };
        let Kind::Scalar(scalar) = &self.document.get(&at.path)?.kind else { return None };
        scalar.text.rsplit('/').next()
    }

    /// Whether something of that name was not read.
    fn names(&self, name: &str) -> bool {
        let is_name = |segment: &Segment| matches!(segment, Segment::Key(key) if &**key == name);
        self.fields.iter().any(|field| {
            field.segments().into_iter().any(is_name)
                || self.document.get(field).is_some_and(|node| holds(node, name))
        })
    }
}

/// The section that a path is in.
fn section(path: &FieldPath) -> &str {
    path.first(1).last_key().unwrap_or_default()
}

/// Whether a node is or holds that name, as a key or a value, however deep.
fn holds(node: &Node, name: &str) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => &*scalar.text == name,
        Kind::Seq(items) => items.iter().any(|item| holds(item, name)),
        Kind::Map(entries) => {
            entries.contains_key(name) || entries.values().any(|entry| holds(&entry.value, name))
        }
    }
}
