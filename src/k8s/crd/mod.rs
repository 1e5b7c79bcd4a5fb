//! Custom resources as small typed structs: only the fields that are written here, in the order a reader expects.
//!
//! Where the API server would fill a default in, the default is a constant that is always written: Argo CD
//! compares what is in git with what is in the cluster, and what only the cluster has is drift.

pub mod argoproj;
pub mod cert_manager;
pub mod elastic;
pub mod external_secrets;
pub mod gateway;
pub mod prometheus;
pub mod scrape_config;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// The specification of one kind of custom resource.
pub trait CustomResource: Serialize {
    /// Group and version.
    const API_VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
}

/// A custom resource as an object of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
}

impl<S: CustomResource> Object<S> {
    /// The object of that specification.
    pub fn new(metadata: ObjectMeta, spec: S) -> Self {
        Self { api_version: S::API_VERSION, kind: S::KIND, metadata, spec }
    }
}
