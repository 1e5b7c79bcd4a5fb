//! A merged tree for one purpose: the blueprint alone, or with the layers of a cluster or an environment.

use std::sync::Arc;

use super::node::{Entry, Kind, Node};
use crate::diag::{Place, Span};
use crate::path::{DocumentId, FieldPath, Segment};

/// Which layers a document has over the blueprint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// None: what `base/` is made from.
    Base,
    /// The overlay of a cluster.
    Cluster(Arc<str>),
    /// The overlay of an environment's cluster and then the environment's own.
    Environment(Arc<str>),
}

/// A merged tree. Looked up late: the typed model stays plain structs.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name among the documents of a run.
    pub id: DocumentId,
    /// What lies over the blueprint.
    pub layer: Layer,
    /// The tree.
    pub root: Arc<Node>,
}

impl Document {
    /// The node at a path.
    pub fn get(&self, path: &FieldPath) -> Option<&Arc<Node>> {
        let mut node = &self.root;
        for segment in path.segments() {
            node = child(node, segment)?.0;
        }
        Some(node)
    }

    /// Where the value of a field, or of its nearest written ancestor, stands.
    pub fn value_span(&self, path: &FieldPath) -> Span {
        let (node, key, exact) = self.nearest(path);
        match key {
            // A mapping or list as a whole is best shown by its key: the value may be hundreds of lines.
            Some(key) if !exact || !matches!(node.kind, Kind::Scalar(_)) || node.is_null() => {
                key.clone()
            }
            _ => clip(node),
        }
    }

    /// Where the key of a field, or of its nearest written ancestor, stands.
    pub fn key_span(&self, path: &FieldPath) -> Span {
        let (node, key, _) = self.nearest(path);
        key.cloned().unwrap_or_else(|| clip(node))
    }

    fn nearest(&self, path: &FieldPath) -> (&Arc<Node>, Option<&Span>, bool) {
        let mut node = &self.root;
        let mut key = None;
        for segment in path.segments() {
            match child(node, segment) {
                Some((next, span)) => (node, key) = (next, span),
                None => return (node, key, false),
            }
        }
        (node, key, true)
    }
}

fn child<'a>(node: &'a Node, segment: &Segment) -> Option<(&'a Arc<Node>, Option<&'a Span>)> {
    match (&node.kind, segment) {
        (Kind::Map(entries), Segment::Key(key)) => {
            let Entry { key_span, value } = entries.get(&**key)?;
            Some((value, Some(key_span)))
        }
        (Kind::Seq(items), Segment::Index(index)) => Some((items.get(*index)?, None)),
        _ => None,
    }
}

/// A collection without a key (the root, a list element) is shown by its beginning.
fn clip(node: &Node) -> Span {
    match node.kind {
        Kind::Scalar(_) => node.span.clone(),
        _ => Span { end: node.span.end.min(node.span.start + 1), ..node.span.clone() },
    }
}

/// All documents of one run; the blueprint alone is the first.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    list: Vec<Document>,
}

impl Documents {
    /// Adds a document and names it.
    pub fn add(&mut self, layer: Layer, root: Arc<Node>) -> DocumentId {
        let id = self.next_id();
        self.list.push(Document { id, layer, root });
        id
    }

    /// The name that the next document will get.
    pub fn next_id(&self) -> DocumentId {
        DocumentId(self.list.len() as u32)
    }

    /// The document behind a name.
    pub fn get(&self, id: DocumentId) -> &Document {
        &self.list[id.0 as usize]
    }

    /// All documents.
    pub fn iter(&self) -> std::slice::Iter<'_, Document> {
        self.list.iter()
    }

    /// Where a place stands in the user's files; `None` if nothing was read.
    pub fn locate(&self, place: &Place) -> Option<Span> {
        match place {
            Place::Text(span) => Some(span.clone()),
            Place::File(_) => None,
            Place::Value(at) => Some(self.list.get(at.document.0 as usize)?.value_span(&at.path)),
            Place::Key(at) => Some(self.list.get(at.document.0 as usize)?.key_span(&at.path)),
        }
    }
}
