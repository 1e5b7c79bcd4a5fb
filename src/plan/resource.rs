//! A resource: one thing that will exist, and where in the blueprint it comes from.

use serde::Serialize;

use crate::k8s::tree::Tree;
use crate::path::{At, FieldPath};

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
        let mut from: Vec<At> = from.into_iter().collect();
        let mut seen = std::collections::BTreeSet::new();
        from.retain(|at| seen.insert(at.clone()));
        if from.is_empty() {
            crate::bug!("a resource of {component} has no origin");
        }
        Self { component, pass, from }
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
    /// What it is.
    pub body: Body,
    /// Where it comes from.
    pub origin: Origin,
}

impl Resource {
    /// A typed Kubernetes object.
    pub fn object<T: Serialize>(object: &T, origin: Origin) -> Self {
        Self::tree(Tree::of(object), origin)
    }

    /// A Kubernetes object that is a tree already.
    pub fn tree(object: Tree, origin: Origin) -> Self {
        Self { body: Body::Object(object), origin }
    }

    /// The object.
    pub fn as_tree(&self) -> &Tree {
        match &self.body {
            Body::Object(object) | Body::Verbatim { object, .. } => object,
        }
    }

    /// The object, to be changed; `None` for what is passed through byte for byte.
    pub fn as_tree_mut(&mut self) -> Option<&mut Tree> {
        match &mut self.body {
            Body::Object(object) => Some(object),
            Body::Verbatim { .. } => None,
        }
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        text(self.as_tree().get("apiVersion"))
    }

    /// The group of `apiVersion`; empty for the core.
    pub fn group(&self) -> &str {
        self.api_version().rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        text(self.as_tree().get("kind"))
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        text(self.metadata("name"))
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace").and_then(Tree::as_str)
    }

    fn metadata(&self, key: &str) -> Option<&Tree> {
        self.as_tree().get("metadata")?.get(key)
    }
}

fn text(value: Option<&Tree>) -> &str {
    value.and_then(Tree::as_str).unwrap_or_default()
}
