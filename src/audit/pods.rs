//! Pod templates: the part that all objects have in common that make pods.

use super::objects::{list, present, text};
use crate::k8s::tree::Tree;
use crate::plan::Resource;

static NULL: Tree = Tree::Null;

/// The pod that an object is or makes.
#[derive(Clone, Copy)]
pub(super) struct Template<'a> {
    /// The object.
    pub resource: &'a Resource,
    /// Where in the object the template is; empty for a Pod.
    path: &'static str,
    tree: &'a Tree,
}

/// The pod as a whole, or one of its containers by list and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Pod,
    Container(&'static str, usize),
}

/// The lists of containers in the order in which they start.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

impl<'a> Template<'a> {
    /// The template of an object of a kind that makes pods.
    pub fn of(resource: &'a Resource) -> Option<Self> {
        let path: &'static [&'static str] = match (resource.group(), resource.kind()) {
            ("", "Pod") => &[],
            ("", "PodTemplate") => &["template"],
            ("", "ReplicationController")
            | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job") => &["spec", "template"],
            ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
            _ => return None,
        };
        let mut tree = resource.as_tree();
        for step in path {
            tree = present(tree, step)?;
        }
        let path = match path.len() {
            0 => "",
            1 => "template.",
            2 => "spec.template.",
            _ => "spec.jobTemplate.spec.template.",
        };
        Some(Self { resource, path, tree })
    }

    /// The pod's `spec`.
    pub fn spec(self) -> &'a Tree {
        present(self.tree, "spec").unwrap_or(&NULL)
    }

    /// The pod's `metadata`.
    pub fn metadata(self) -> &'a Tree {
        present(self.tree, "metadata").unwrap_or(&NULL)
    }

    /// The pod's labels.
    pub fn labels(self) -> &'a Tree {
        present(self.metadata(), "labels").unwrap_or(&NULL)
    }

    /// Every container, each with its place.
    pub fn containers(self) -> impl Iterator<Item = (Part, &'a Tree)> {
        LISTS.iter().flat_map(move |name| {
            let all = list(self.spec(), name).iter().enumerate();
            all.map(move |(index, container)| (Part::Container(name, index), container))
        })
    }

    /// The security contexts of the pod and of every container; null where there is none.
    pub fn contexts(self) -> impl Iterator<Item = (Part, &'a Tree)> {
        let context = |tree: &'a Tree| present(tree, "securityContext").unwrap_or(&NULL);
        std::iter::once((Part::Pod, context(self.spec())))
            .chain(self.containers().map(move |(part, tree)| (part, context(tree))))
    }

    /// The path of a field of a part in the object: `spec.template.spec.containers[0].image`.
    pub fn field(self, part: Part, field: &str) -> String {
        match part {
            Part::Pod => format!("{}spec.{field}", self.path),
            Part::Container(list, index) => format!("{}spec.{list}[{index}].{field}", self.path),
        }
    }

    /// The path of a field of the pod's metadata.
    pub fn metadata_field(self, field: &str) -> String {
        format!("{}metadata.{field}", self.path)
    }

    /// Whether the pod says that it is for Windows.
    pub fn is_windows(self) -> bool {
        present(self.spec(), "os").is_some_and(|os| text(os, "name") == "windows")
    }

    /// Whether the pod has users of its own, so that its root is nobody on the node.
    pub fn has_own_users(self) -> bool {
        self.spec().get("hostUsers").and_then(Tree::as_bool) == Some(false)
    }
}
