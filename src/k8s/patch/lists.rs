//! Which lists are merged by key, as kustomize does it.
//!
//! kustomize has the OpenAPI of Kubernetes 1.21 compiled in, whatever the cluster's version: a list counts as
//! keyed only if that schema says so for that very API version. Custom resources have no schema, so all
//! their lists are replaced.

use crate::k8s::tree::{Map, Tree};

/// The key fields of a list, the first of which every item has.
pub(crate) type Keys = &'static [&'static str];

/// How a list of the base and a list of the patch become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joining {
    /// The patch's list takes the place of the base's.
    Replace,
    /// Items with the same keys are merged.
    Merge(Keys),
    /// The base's scalars are added to the patch's.
    Union,
}

/// The kind of an object, by which its lists are known.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'t> {
    api_version: &'t str,
    kind: &'t str,
}

impl<'t> Schema<'t> {
    pub(crate) fn of(object: &'t Tree) -> Self {
        let text = |key| object.get(key).and_then(Tree::as_str).unwrap_or_default();
        Self { api_version: text("apiVersion"), kind: text("kind") }
    }

    /// Whether Kubernetes itself serves the kind: its group has no dot, or is one of its own.
    pub(crate) fn built_in(self) -> bool {
        const GROUPS: [&str; 16] = [
            "admissionregistration.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
            "authentication.k8s.io",
            "authorization.k8s.io",
            "certificates.k8s.io",
            "coordination.k8s.io",
            "discovery.k8s.io",
            "events.k8s.io",
            "flowcontrol.apiserver.k8s.io",
            "networking.k8s.io",
            "node.k8s.io",
            "rbac.authorization.k8s.io",
            "resource.k8s.io",
            "scheduling.k8s.io",
            "storage.k8s.io",
        ];
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        !group.contains('.') || GROUPS.contains(&group)
    }

    /// How the list at `path` is joined; list items are no step of a path.
    pub(crate) fn joining(self, path: &[&str]) -> Joining {
        const NAME: Keys = &["name"];
        let webhooks = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
        match (self.api_version, path) {
            ("v1", ["spec", "ports"]) if self.kind == "Service" => {
                return Joining::Merge(&["port", "protocol"]);
            }
            ("v1", ["secrets"]) if self.kind == "ServiceAccount" => return Joining::Merge(NAME),
            ("admissionregistration.k8s.io/v1", ["webhooks"]) if webhooks.contains(&self.kind) => {
                return Joining::Merge(NAME);
            }
            (_, [.., "metadata", "ownerReferences"]) if self.built_in() => {
                return Joining::Merge(&["uid"]);
            }
            (_, [.., "metadata", "finalizers"]) if self.built_in() => return Joining::Union,
            _ => {}
        }
        let Some(path) = self.pod().and_then(|pod| path.strip_prefix(pod)) else {
            return Joining::Replace;
        };
        Joining::Merge(match path {
            ["containers" | "initContainers" | "ephemeralContainers"] => NAME,
            ["volumes" | "imagePullSecrets"] => NAME,
            ["hostAliases"] => &["ip"],
            ["topologySpreadConstraints"] => &["topologyKey", "whenUnsatisfiable"],
            ["containers" | "initContainers" | "ephemeralContainers", field] => match *field {
                "env" => NAME,
                "ports" if path[0] != "ephemeralContainers" => &["containerPort", "protocol"],
                "volumeMounts" => &["mountPath"],
                "volumeDevices" => &["devicePath"],
                _ => return Joining::Replace,
            },
            _ => return Joining::Replace,
        })
    }

    /// Where the object's pod is described.
    fn pod(self) -> Option<&'static [&'static str]> {
        Some(match (self.api_version, self.kind) {
            ("v1", "Pod") => &["spec"],
            ("v1", "PodTemplate") => &["template", "spec"],
            ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch/v1", "Job")
            | ("v1", "ReplicationController") => &["spec", "template", "spec"],
            ("batch/v1", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
            _ => return None,
        })
    }
}

/// What an item's key fields say; an absent one is empty. `None` when the item cannot be found by them.
pub(crate) fn identity(item: &Tree, keys: Keys) -> Option<Vec<String>> {
    let item = item.as_map()?;
    let field = |key: &&str| match item.get(key) {
        None => Some(String::new()),
        Some(Tree::Str(text)) if !text.is_empty() => Some(text.to_string()),
        Some(Tree::Int(value)) => Some(value.to_string()),
        Some(_) => None,
    };
    let identity: Vec<_> = keys.iter().map(field).collect::<Option<_>>()?;
    (!identity[0].is_empty()).then_some(identity)
}

/// The items' identities if kustomize can tell the items apart.
///
/// It takes two items for one when their keys agree as far as both have them, so a port 53 without protocol
/// swallows the port 53 of UDP.
pub(crate) fn distinct(items: &[Tree], keys: Keys) -> Option<Vec<Vec<String>>> {
    let identities: Vec<_> =
        items.iter().map(|item| identity(item, keys)).collect::<Option<_>>()?;
    let alike = |one: &[String], other: &[String]| {
        one.iter().zip(other).all(|(a, b)| a == b || a.is_empty() || b.is_empty())
    };
    let clash = identities
        .iter()
        .enumerate()
        .any(|(at, one)| identities[..at].iter().any(|other| alike(one, other)));
    (!clash).then_some(identities)
}

/// Whether all items have the same of the key fields.
pub(crate) fn uniform(identities: &[Vec<String>]) -> bool {
    let present =
        |identity: &Vec<String>| identity.iter().map(|field| !field.is_empty()).collect::<Vec<_>>();
    identities.windows(2).all(|pair| present(&pair[0]) == present(&pair[1]))
}

/// The key fields of an item, alone.
pub(crate) fn keys_of(item: &Tree, keys: Keys) -> Map {
    let fields = keys.iter().filter_map(|key| Some((*key, item.get(key)?.clone())));
    fields.collect()
}
