//! Files that cloud-init writes.

use crate::k8s::tree::{Map, Tree};
use crate::k8s::yaml;
use crate::plan::nodes::markers::{Form, NodeSecret};

/// A file on a machine.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its absolute path.
    pub path: String,
    /// What `write_files` is told of it.
    entry: Tree,
}

/// The mode of a file that everybody may read.
pub(super) const OPEN: &str = "0644";
/// The mode of a program.
pub(super) const PROGRAM: &str = "0755";
/// The mode of a file for root alone.
pub(super) const CLOSED: &str = "0600";

impl File {
    pub(super) fn new(path: impl Into<String>, mode: &str, text: String) -> Self {
        let path = path.into();
        let entry = crate::tree!({
            "path": (path.clone()),
            "permissions": (mode.to_owned()),
            "content": (text),
        });
        Self { path, entry }
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
        Self { path: path.to_owned(), entry }
    }

    /// Lines after those that the file has.
    pub(super) fn appended(path: &str, text: String) -> Self {
        let entry = crate::tree!({ "path": (path.to_owned()), "append": true, "content": (text) });
        Self { path: path.to_owned(), entry }
    }

    /// The same as Cluster API's `files` spell it.
    pub(super) fn for_cluster_api(&self) -> Tree {
        let mut map = Map::new();
        for (key, value) in self.entry.as_map().into_iter().flat_map(Map::iter) {
            map.insert(key.to_owned(), value.clone());
        }
        map.insert("owner", "root:root");
        Tree::Map(map)
    }

    /// What `write_files` is told.
    pub(super) fn entry(&self) -> Tree {
        self.entry.clone()
    }
}
