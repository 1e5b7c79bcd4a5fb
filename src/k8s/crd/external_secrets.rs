//! External Secrets (external-secrets.io): Secrets that are filled in the cluster, from a store.
//!
//! Defaults as in the custom resource definitions of 2.8 and 2.9. Up to 2.8 the API server fills in the three
//! strategies of a remote reference, from 2.9 on it does not; written down they are harmless with both.

use serde::Serialize;

use super::CustomResource;
use crate::k8s::secret::SecretRef;
use crate::k8s::tree::Tree;
use crate::tree;

/// The ClusterSecretStore of an estate.
const STORE: &str = "estate";

/// What an ExternalSecret fetches and what it makes of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// How often the store is read, in the spelling that the API server keeps (`1h0m0s`).
    pub refresh_interval: &'static str,
    /// Where the values are.
    pub secret_store_ref: SecretStoreRef,
    /// The Secret that is made.
    pub target: Target,
    /// Its keys.
    pub data: Vec<Data>,
}

impl CustomResource for ExternalSecretSpec {
    const API_VERSION: &'static str = "external-secrets.io/v1";
    const KIND: &'static str = "ExternalSecret";
}

/// A store by name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretStoreRef {
    /// `SecretStore` or `ClusterSecretStore`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// The Secret that is made.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Whose the Secret is: `Owner` deletes it with the ExternalSecret.
    pub creation_policy: &'static str,
    /// What becomes of it when the store has no values any more.
    pub deletion_policy: &'static str,
    /// What it looks like.
    pub template: Template,
}

/// What the Secret looks like.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// The version of the template engine.
    pub engine_version: &'static str,
    /// Whether a template replaces or joins the fetched values; without data of its own it changes nothing.
    pub merge_policy: &'static str,
    /// The type of the Secret.
    #[serde(rename = "type")]
    pub type_: &'static str,
}

impl Target {
    /// A Secret that belongs to its ExternalSecret and outlives the values in the store.
    ///
    /// Without a template the operator would copy the labels and annotations of the ExternalSecret, those that
    /// Argo CD tracks it by included, and Argo CD would take the Secret for one of its own.
    pub fn owned(name: String) -> Self {
        Self {
            name,
            creation_policy: "Owner",
            deletion_policy: "Retain",
            template: Template { engine_version: "v2", merge_policy: "Replace", type_: "Opaque" },
        }
    }
}

/// One key of the Secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The key.
    pub secret_key: String,
    /// Where its value is.
    pub remote_ref: RemoteRef,
}

/// A value in the store.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteRef {
    key: String,
    property: String,
    conversion_strategy: &'static str,
    decoding_strategy: &'static str,
    metadata_policy: &'static str,
}

impl RemoteRef {
    /// A property of what is kept under a path, as it is.
    pub fn new(key: String, property: String) -> Self {
        Self {
            key,
            property,
            conversion_strategy: "Default",
            decoding_strategy: "None",
            metadata_policy: "None",
        }
    }
}

/// An ExternalSecret whose Secret has texts and labels of its own, in which values of the store are filled in
/// (`{{ .name }}`). Each value is its name and where it is kept.
pub fn templated(
    (namespace, name): (&'static str, &'static str),
    labels: &[(&'static str, &'static str)],
    texts: &[(&'static str, String)],
    values: &[(&'static str, &SecretRef)],
) -> Tree {
    let map = |pairs: &mut dyn Iterator<Item = (&'static str, Tree)>| {
        Tree::Map(pairs.map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let mut template = tree!({"engineVersion": "v2", "mergePolicy": "Merge", "type": "Opaque"});
    if let Some(template) = template.as_map_mut() {
        if !labels.is_empty() {
            let labels = map(&mut labels.iter().map(|(key, value)| (*key, Tree::from(*value))));
            template.insert("metadata", tree!({"labels": labels}));
        }
        if !texts.is_empty() {
            let texts = texts.iter().map(|(key, text)| (*key, Tree::from(text.clone())));
            template.insert("data", map(&mut { texts }));
        }
    }
    let data = values.iter().map(|(key, reference)| {
        Tree::of(&Data {
            secret_key: (*key).to_owned(),
            remote_ref: RemoteRef::new(
                reference.path().to_string(),
                reference.property().to_owned(),
            ),
        })
    });
    tree!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
            "target": {
                "name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain",
                "template": template
            },
            "data": (data.collect::<Vec<_>>())
        }
    })
}
