//! A resource: one thing that will exist, and where in the blueprint it comes from.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Serialize;

use crate::k8s::tree::{Text, Tree};
use crate::path::{At, FieldPath};

/// So many fields are compared with each other; more are looked up.
const FEW: usize = 24;

/// Where a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The component that lowered it or stated the fact it is derived from.
    pub component: &'static str,
    /// The pass that derived it, if a component did not write it itself.
    pub pass: Option<&'static str>,
    /// The fields it is made of, the most telling first; never empty.
    pub from: Vec<At>,
}

impl Origin {
    /// Something a component wrote itself, from one field or more.
    pub fn lowered(component: &'static str, from: impl IntoIterator<Item = At>) -> Self {
        Self::new(component, None, from)
    }

    /// Something a pass derived from what a component stated.
    pub fn derived(
        component: &'static str,
        pass: &'static str,
        from: impl IntoIterator<Item = At>,
    ) -> Self {
        Self::new(component, Some(pass), from)
    }

    fn new(
        component: &'static str,
        pass: Option<&'static str>,
        from: impl IntoIterator<Item = At>,
    ) -> Self {
        let mut fields: Vec<At> = Vec::new();
        let mut seen = BTreeSet::new();
        for at in from {
            // Most have a handful of fields, which differ in their last segments.
            let is_new = match fields.len() {
                0..FEW => !fields.contains(&at),
                len => {
                    if len == FEW {
                        seen.extend(fields.iter().cloned());
                    }
                    seen.insert(at.clone())
                }
            };
            if is_new {
                fields.push(at);
            }
        }
        if fields.is_empty() {
            crate::bug!("a resource of {component} has no origin");
        }
        Self { component, pass, from: fields }
    }

    /// The field to blame first.
    pub fn at(&self) -> &At {
        &self.from[0]
    }

    /// The field that holds all the fields it is made of.
    pub fn field(&self) -> FieldPath {
        let mut paths = self.from.iter().map(|at| at.path.clone());
        let first = paths.next().unwrap_or_default();
        paths.fold(first, |common, path| common.common_with(&path))
    }
}

/// What a resource is.
#[derive(Clone, Debug)]
pub enum Body {
    /// A Kubernetes object, with its namespace unless it belongs to the cluster or to the base.
    Object(Tree),
    /// A file that is passed through byte for byte, such as a SOPS file, and the object it holds.
    Verbatim {
        /// The file's name in the unit's folder.
        file: String,
        /// Its bytes.
        bytes: Vec<u8>,
        /// What the bytes say, for checks.
        object: Tree,
    },
}

/// One thing that will exist.
#[derive(Clone, Debug)]
pub struct Resource {
    body: Body,
    /// Where it comes from.
    pub origin: Origin,
    /// Kept beside the object, for everybody asks for it again and again.
    head: OnceLock<Head>,
}

/// What tells an object apart from others.
#[derive(Clone, Debug)]
struct Head {
    api_version: Text,
    /// How much of `apiVersion` is the group.
    group: usize,
    kind: Text,
    name: Text,
    namespace: Option<Text>,
}

impl Head {
    fn of(object: &Tree) -> Self {
        let text = |tree: Option<&Tree>| match tree {
            Some(Tree::Str(text)) => Some(text.clone()),
            _ => None,
        };
        let metadata = |key| text(object.get("metadata").and_then(|metadata| metadata.get(key)));
        let api_version = text(object.get("apiVersion")).unwrap_or_default();
        Self {
            group: api_version.rfind('/').unwrap_or_default(),
            api_version,
            kind: text(object.get("kind")).unwrap_or_default(),
            name: metadata("name").unwrap_or_default(),
            namespace: metadata("namespace"),
        }
    }
}

impl Resource {
    /// A typed Kubernetes object.
    pub fn object<T: Serialize>(object: &T, origin: Origin) -> Self {
        Self::tree(Tree::of(object), origin)
    }

    /// A Kubernetes object that is a tree already.
    pub fn tree(object: Tree, origin: Origin) -> Self {
        Self::new(Body::Object(object), origin)
    }

    /// Anything.
    pub fn new(body: Body, origin: Origin) -> Self {
        Self { body, origin, head: OnceLock::new() }
    }

    /// What it is.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The object.
    pub fn as_tree(&self) -> &Tree {
        match &self.body {
            Body::Object(object) | Body::Verbatim { object, .. } => object,
        }
    }

    /// The object, to be changed; `None` for what is passed through byte for byte.
    pub fn as_tree_mut(&mut self) -> Option<&mut Tree> {
        self.head.take();
        match &mut self.body {
            Body::Object(object) => Some(object),
            Body::Verbatim { .. } => None,
        }
    }

    fn head(&self) -> &Head {
        self.head.get_or_init(|| Head::of(self.as_tree()))
    }

    /// The object of the same kind and name among others, most likely `at` that place, and where it is.
    pub fn twin<'r>(&self, at: usize, others: &'r [Self]) -> Option<(usize, &'r Self)> {
        let is_twin = |(_, other): &(usize, &Self)| {
            self.name() == other.name()
                && self.kind() == other.kind()
                && self.api_version() == other.api_version()
        };
        let there = others.get(at).map(|other| (at, other)).filter(is_twin);
        there.or_else(|| others.iter().enumerate().find(is_twin))
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        &self.head().api_version
    }

    /// The group of `apiVersion`; empty for the core.
    pub fn group(&self) -> &str {
        let head = self.head();
        &head.api_version[..head.group]
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        &self.head().kind
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.head().name
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.head().namespace.as_deref()
    }
}
