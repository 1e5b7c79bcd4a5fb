//! How texts become one: files of a folder are joined, layers are laid over.
//!
//! Joining never chooses: the same leaf twice is an error. A layer does choose: maps merge by key, scalars and
//! lists replace, `null` removes; and it is told when it changes nothing.

use std::sync::Arc;

use super::node::{Entry, Kind, Node};
use crate::diag::{Diagnostics, Place, Rule, nearest};
use crate::path::{At, DocumentId, FieldPath};

/// Two files write the same leaf.
pub static DUPLICATE_LEAF: Rule = Rule::error(
    "source/duplicate-leaf",
    "two files write the same field",
    "The files of a folder are joined, and joining never chooses: whichever file were read last would win.",
    "# a.yaml\nmetadata: {name: acme}\n# b.yaml\nmetadata: {name: acme}",
);

/// A layer writes what is there already.
pub static CHANGES_NOTHING: Rule = Rule::warning(
    "overlay/changes-nothing",
    "an overlay writes a value that the blueprint already has",
    "A reader takes every line of an overlay for a difference; a line that is none hides the next change of \
     the blueprint from this environment.",
    "kind: Overlay\nenvironment: production\nworkloads: {web: {scale: {min: 2}}}  # as in the blueprint",
);

/// A layer removes what is not there.
pub static REMOVES_NOTHING: Rule = Rule::error(
    "overlay/removes-nothing",
    "an overlay removes a field that is not there",
    "What was meant to be gone is still there under its real name.",
    "kind: Overlay\nenvironment: development\nworkloads: {wbe: null}",
);

/// A layer adds a named thing.
pub static ADDS_ENTRY: Rule = Rule::warning(
    "overlay/adds-entry",
    "an overlay names something that the blueprint does not have",
    "It may be a new thing of this environment alone, which is fine and can be waived; more often it is a \
     misspelt name, and the change that was meant does not happen.",
    "kind: Overlay\nenvironment: production\nworkloads: {chekout: {scale: {min: 4}}}",
);

/// Joins the trees of a folder's files.
pub fn join(into: &mut Option<Arc<Node>>, more: Arc<Node>, diags: &mut Diagnostics) {
    match into.take() {
        None => *into = Some(more),
        Some(first) => *into = Some(join_nodes(&first, &more, &FieldPath::root(), diags)),
    }
}

fn join_nodes(
    first: &Arc<Node>,
    second: &Arc<Node>,
    path: &FieldPath,
    diags: &mut Diagnostics,
) -> Arc<Node> {
    let (Kind::Map(a), Kind::Map(b)) = (&first.kind, &second.kind) else {
        diags
            .report(&DUPLICATE_LEAF, second.span.clone(), format!("`{path}` is written twice"))
            .related(first.span.clone(), "first here")
            .help("keep it in one file");
        return Arc::clone(first);
    };
    let mut joined = a.clone();
    for (key, entry) in b {
        match joined.get_mut(key) {
            None => {
                joined.insert(Arc::clone(key), entry.clone());
            }
            // The header may stand in every file.
            Some(old)
                if path.depth() == 0
                    && matches!(&**key, "apiVersion" | "kind")
                    && old.value.same_value(&entry.value) => {}
            Some(old) => old.value = join_nodes(&old.value, &entry.value, &path.key(key), diags),
        }
    }
    Arc::new(Node { kind: Kind::Map(joined), span: first.span.clone() })
}

/// Lays an overlay over a tree.
pub struct Layering<'a> {
    /// The document that results, to which diagnostics belong.
    pub document: DocumentId,
    /// Sections that are mappings of named things (`workloads`, `teams`).
    pub named: &'a [&'a str],
    /// Where to report.
    pub diags: &'a mut Diagnostics,
}

impl Layering<'_> {
    /// The tree below with the layer over it.
    pub fn over(&mut self, below: &Arc<Node>, layer: &Arc<Node>) -> Arc<Node> {
        self.merge(below, layer, &FieldPath::root())
    }

    fn merge(&mut self, below: &Arc<Node>, layer: &Arc<Node>, path: &FieldPath) -> Arc<Node> {
        match (&below.kind, &layer.kind) {
            (Kind::Map(old), Kind::Map(new)) => {
                let mut merged = old.clone();
                for (key, entry) in new {
                    self.entry(&mut merged, key, entry, path);
                }
                Arc::new(Node { kind: Kind::Map(merged), span: below.span.clone() })
            }
            _ => {
                if below.same_value(layer) {
                    self.diags
                        .report(
                            &CHANGES_NOTHING,
                            At { document: self.document, path: path.clone() },
                            format!("`{path}` is already {}", below.describe()),
                        )
                        .related(below.span.clone(), "written here")
                        .help("remove the line");
                }
                Arc::clone(layer)
            }
        }
    }

    fn entry(
        &mut self,
        merged: &mut indexmap::IndexMap<Arc<str>, Entry>,
        key: &Arc<str>,
        entry: &Entry,
        path: &FieldPath,
    ) {
        let here = path.key(key);
        let Some(old) = merged.get(key) else {
            let close = nearest(key, merged.keys().map(|key| &**key)).map(str::to_owned);
            if entry.value.is_null() {
                let report = self.diags.report(
                    &REMOVES_NOTHING,
                    entry.key_span.clone(),
                    format!("`{here}` is not there, so it cannot be removed"),
                );
                match close {
                    Some(close) => report.help(format!("did you mean `{close}`?")),
                    None => report.help("remove the line"),
                };
                return;
            }
            let section = path.depth() == 1
                && path.last_key().is_some_and(|section| self.named.contains(&section));
            merged.insert(Arc::clone(key), entry.clone());
            if section {
                let place = Place::Key(At { document: self.document, path: here.clone() });
                let report = self.diags.report(
                    &ADDS_ENTRY,
                    place,
                    format!("the blueprint has no `{here}`; this layer adds it"),
                );
                if let Some(close) = close {
                    report.help(format!("did you mean `{close}`?"));
                } else {
                    report.help("waive this warning if it is meant");
                }
            }
            return;
        };
        if entry.value.is_null() {
            // Order of the rest is kept: it is the order of promotion for environments.
            merged.shift_remove(key);
        } else {
            let value = self.merge(&old.value, &entry.value, &here);
            // The key shown is the layer's only where the layer replaced the value as a whole.
            let key_span = match value.kind {
                Kind::Map(_) => old.key_span.clone(),
                _ => entry.key_span.clone(),
            };
            merged.insert(Arc::clone(key), Entry { key_span, value });
        }
    }
}
