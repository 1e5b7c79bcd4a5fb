//! The Prometheus operator (monitoring.coreos.com). Its definition of ServiceMonitor has no default for any field
//! that is written here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CustomResource;

/// Which Services are scraped, and how.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceMonitorSpec {
    /// The Services, in the monitor's own namespace.
    pub selector: Selector,
    /// What is scraped of each.
    pub endpoints: Vec<Endpoint>,
}

impl CustomResource for ServiceMonitorSpec {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1";
    const KIND: &'static str = "ServiceMonitor";
}

/// Objects by their labels.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// The labels that all of them have.
    pub match_labels: BTreeMap<String, String>,
}

/// What is scraped.
#[derive(Clone, Debug, Serialize)]
pub struct Endpoint {
    /// The name of the Service's port.
    pub port: String,
    /// The HTTP path.
    pub path: String,
    /// How often, in Prometheus' spelling.
    pub interval: String,
}
