//! Files that cloud-init writes.

use crate::k8s::tree::Tree;
use crate::k8s::yaml;
use crate::plan::nodes::markers::{Form, NodeSecret};

/// A file on a machine: what `write_files` is told of it.
#[derive(Clone, Debug)]
pub(super) struct File(Tree);

/// The mode of a file that everybody may read.
pub(super) const OPEN: &str = "0644";
/// The mode of a program.
pub(super) const PROGRAM: &str = "0755";
/// The mode of a file for root alone.
pub(super) const CLOSED: &str = "0600";

impl File {
    pub(super) fn new(path: impl Into<String>, mode: &str, text: String) -> Self {
        let path: String = path.into();
        let entry = crate::tree!({
            "path": (path),
            "permissions": (mode.to_owned()),
            "content": (text),
        });
        Self(entry)
    }

    /// A file that holds a tree as YAML.
    pub(super) fn yaml(path: &str, mode: &str, tree: &Tree) -> Self {
        Self::new(path, mode, yaml::print(tree))
    }

    /// A file that holds several trees as documents of YAML.
    pub(super) fn documents(path: &str, mode: &str, trees: &[Tree]) -> Self {
        let texts: Vec<String> = trees.iter().map(yaml::print).collect();
        Self::new(path, mode, texts.join("---\n"))
    }

    /// A file that is a secret of several lines, in base64 so that putting it in cannot break the YAML around it.
    pub(super) fn secret(path: &str, mode: &str, secret: NodeSecret) -> Self {
        debug_assert_eq!(secret.form(), Form::Base64);
        let entry = crate::tree!({
            "path": (path.to_owned()),
            "permissions": (mode.to_owned()),
            "encoding": "b64",
            "content": (secret.marker()),
        });
        Self(entry)
    }

    /// Lines after those that the file has.
    pub(super) fn appended(path: &str, text: String) -> Self {
        let entry = crate::tree!({ "path": (path.to_owned()), "append": true, "content": (text) });
        Self(entry)
    }

    /// The same as Cluster API's `files` spell it.
    pub(super) fn for_cluster_api(&self) -> Tree {
        let mut map = self.0.as_map().cloned().unwrap_or_default();
        map.insert("owner", "root:root");
        if let Some(encoding) = map.get_mut("encoding") {
            *encoding = "base64".into();
        }
        Tree::Map(map)
    }

    /// What `write_files` is told.
    pub(super) fn entry(&self) -> Tree {
        self.0.clone()
    }
}
