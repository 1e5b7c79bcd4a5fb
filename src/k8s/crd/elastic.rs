//! Elasticsearch and Kibana, as the operator of Elastic makes them (ECK 3.5).
//!
//! `validateStorageClass` and defaults are the operator's webhook's; the definitions have none for these fields.

use serde::Serialize;

use super::CustomResource;
use crate::k8s::tree::Tree;

/// An Elasticsearch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ElasticsearchSpec {
    /// The exact version.
    pub version: &'static str,
    /// What becomes of volumes when nodes go.
    pub volume_claim_delete_policy: &'static str,
    /// Groups of equal nodes.
    pub node_sets: Vec<NodeSet>,
    /// How many may be away at once.
    pub update_strategy: UpdateStrategy,
}

impl CustomResource for ElasticsearchSpec {
    const API_VERSION: &'static str = "elasticsearch.k8s.elastic.co/v1";
    const KIND: &'static str = "Elasticsearch";
}

/// Nodes that are alike.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSet {
    /// The name of the group.
    pub name: &'static str,
    /// How many.
    pub count: u32,
    /// `elasticsearch.yml`.
    pub config: Tree,
    /// What is said of their pods beyond what the operator says.
    pub pod_template: Tree,
    /// Their volume, which must be called `elasticsearch-data`.
    pub volume_claim_templates: Vec<Tree>,
}

/// How many nodes may be away at once.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStrategy {
    /// The budget.
    pub change_budget: ChangeBudget,
}

/// The budget of a change.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeBudget {
    /// Nodes beyond the wanted ones.
    pub max_surge: u32,
    /// Nodes that may be away.
    pub max_unavailable: u32,
}

/// A Kibana.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KibanaSpec {
    /// The exact version: that of its Elasticsearch.
    pub version: &'static str,
    /// How many copies.
    pub count: u32,
    /// Its Elasticsearch.
    pub elasticsearch_ref: ElasticsearchRef,
    /// How it is spoken to.
    pub http: Tree,
    /// `kibana.yml`.
    pub config: Tree,
    /// What is said of its pods beyond what the operator says.
    pub pod_template: Tree,
}

impl CustomResource for KibanaSpec {
    const API_VERSION: &'static str = "kibana.k8s.elastic.co/v1";
    const KIND: &'static str = "Kibana";
}

/// An Elasticsearch of the same namespace.
#[derive(Clone, Debug, Serialize)]
pub struct ElasticsearchRef {
    /// Its name.
    pub name: &'static str,
}
