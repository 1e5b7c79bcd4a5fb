//! `monitoring.coreos.com/v1alpha1`: a ScrapeConfig, for what is scraped without being in the cluster.
//!
//! Its definition has no default for any field that is written here (prometheus-operator 0.93).

use std::collections::BTreeMap;

use serde::Serialize;

use super::CustomResource;

/// What is scraped, and how.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScrapeConfigSpec {
    /// The value of the label `job`.
    pub job_name: String,
    /// The addresses.
    pub static_configs: Vec<StaticConfig>,
    /// The HTTP path.
    pub metrics_path: &'static str,
    /// `HTTP` or `HTTPS`.
    pub scheme: &'static str,
    /// How often, in Prometheus' spelling.
    pub scrape_interval: &'static str,
}

impl CustomResource for ScrapeConfigSpec {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1alpha1";
    const KIND: &'static str = "ScrapeConfig";
}

/// Addresses that get the same labels.
#[derive(Clone, Debug, Serialize)]
pub struct StaticConfig {
    /// `host:port`.
    pub targets: Vec<String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
}
