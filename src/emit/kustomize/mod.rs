//! A base and the smallest patches that turn it into an environment's objects, as kustomize reads them.
//!
//! `diff` finds a patch; what a patch does is known to `k8s::patch`.

mod diff;
mod json;

use crate::k8s::tree::{Map, Tree};
use crate::tree;

pub use crate::k8s::patch::{Operation, Patch, Target, apply};
pub use diff::patch;

/// A file of patches, and the object it is for when the file does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchFile {
    /// The file, from the kustomization's folder.
    pub path: String,
    /// The object; needed by JSON patches only.
    pub target: Option<Target>,
}

/// A `kustomization.yaml`.
///
/// Names, labels and images are final in the objects, so no transformer is used but the namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The namespace of every object.
    pub namespace: Option<String>,
    /// Files and folders, in the caller's order.
    pub resources: Vec<String>,
    /// Patches, applied in this order.
    pub patches: Vec<PatchFile>,
}

impl Kustomization {
    /// What the file holds; none of its fields is deprecated.
    pub fn tree(&self) -> Tree {
        let mut entries: Vec<(&'static str, Tree)> = vec![
            ("apiVersion", "kustomize.config.k8s.io/v1beta1".into()),
            ("kind", "Kustomization".into()),
        ];
        if let Some(namespace) = &self.namespace {
            entries.push(("namespace", namespace.clone().into()));
        }
        // Written even when empty: kustomize refuses a file that lists nothing at all.
        entries.push(("resources", Tree::of(&self.resources)));
        if !self.patches.is_empty() {
            let patches = self.patches.iter().map(|patch| {
                let mut entry: Map = [("path", patch.path.clone())].into_iter().collect();
                if let Some(target) = &patch.target {
                    entry.insert("target", self::target(target));
                }
                Tree::Map(entry)
            });
            entries.push(("patches", patches.collect::<Vec<_>>().into()));
        }
        Tree::Map(entries.into_iter().collect())
    }
}

/// The target as a kustomization says it.
fn target(target: &Target) -> Tree {
    // Each is an anchored regular expression, and a missing one matches everything: a bare core `Service`
    // would also match Knative's, and the name `a.b` the object `a-b`.
    let group = if target.group.is_empty() { "^$".to_owned() } else { exactly(&target.group) };
    tree!({
        "group": (group),
        "version": (target.version.clone()),
        "kind": (target.kind.clone()),
        "name": (exactly(&target.name)),
    })
}

/// The regular expression that matches a DNS name and nothing else.
fn exactly(name: &str) -> String {
    name.replace('.', "\\.")
}

#[cfg(test)]
mod tests;
