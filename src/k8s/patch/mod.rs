//! Changes of Kubernetes objects, as kustomize makes them: strategic merges and JSON patches.
//!
//! `apply` does to an object what `kustomize build` does, `lists` knows which lists Kubernetes merges by key. What
//! kustomize really does, against its documentation, is written where it matters: silently wrong output is that
//! tool's favourite failure.

mod apply;
mod json;
pub(crate) mod lists;

use serde::{Deserialize, Serialize};

use super::tree::{Map, Text, Tree};

pub use apply::apply;

/// A change of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// A part of the object that is laid over it; null takes a key away.
    StrategicMerge(Tree),
    /// Steps to be done one after the other (RFC 6902).
    Json6902 {
        /// The object; the steps themselves do not say which it is.
        target: Target,
        /// The steps.
        operations: Vec<Operation>,
    },
    /// The object is left out: its identity and `$patch: delete`.
    Delete(Tree),
}

impl Patch {
    /// The patch that leaves `object` out.
    pub fn delete(object: &Tree) -> Self {
        let mut patch = identity(object);
        patch.insert("$patch", "delete");
        Self::Delete(Tree::Map(patch))
    }

    /// What the patch's file holds.
    pub fn tree(&self) -> Tree {
        match self {
            Self::StrategicMerge(tree) | Self::Delete(tree) => tree.clone(),
            Self::Json6902 { operations, .. } => Tree::of(operations),
        }
    }

    /// What the kustomization must say beside the file's path: only JSON patches do not know their object.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::StrategicMerge(_) | Self::Delete(_) => None,
            Self::Json6902 { target, .. } => Some(target),
        }
    }
}

/// The one object that a JSON patch is meant for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The API group; empty for the core.
    pub group: String,
    /// The version of the group.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
}

impl Target {
    /// The target that is this object.
    pub fn of(object: &Tree) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Tree::as_str).unwrap_or_default();
        let api_version = text("/apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text("/kind").to_owned(),
            name: text("/metadata/name").to_owned(),
        }
    }
}

/// One step of a JSON patch; paths are JSON pointers (RFC 6901).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Operation {
    /// Sets a key, or inserts into a list before the index; `-` is the list's end.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Tree,
    },
    /// Takes away what is there.
    Remove {
        /// Where.
        path: String,
    },
    /// Puts something in the place of what is there.
    Replace {
        /// Where.
        path: String,
        /// What.
        value: Tree,
    },
    /// Takes away and adds elsewhere.
    Move {
        /// Where it is.
        from: String,
        /// Where it comes.
        path: String,
    },
    /// Adds elsewhere as well.
    Copy {
        /// Where it is.
        from: String,
        /// Where it comes too.
        path: String,
    },
    /// Refuses the whole patch unless the value is there.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Tree,
    },
}

/// The keys by which kustomize finds an object: they begin every patch that is itself an object.
pub(crate) fn identity(object: &Tree) -> Map {
    let mut map = Map::new();
    for key in ["apiVersion", "kind"] {
        if let Some(value) = object.get(key) {
            map.insert(key, value.clone());
        }
    }
    if let Some(name) = object.pointer("/metadata/name") {
        map.insert("metadata", [(Text::from("name"), name.clone())].into_iter().collect::<Map>());
    }
    map
}
