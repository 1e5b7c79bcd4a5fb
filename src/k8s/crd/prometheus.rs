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

/// Rules of alerts.
#[derive(Clone, Debug, Serialize)]
pub struct PrometheusRuleSpec {
    /// The groups; each is evaluated in order, every minute unless the Prometheus says otherwise.
    pub groups: Vec<RuleGroup>,
}

impl CustomResource for PrometheusRuleSpec {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1";
    const KIND: &'static str = "PrometheusRule";
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, Serialize)]
pub struct RuleGroup {
    /// Its name, unique in the object.
    pub name: String,
    /// The rules.
    pub rules: Vec<AlertRule>,
}

/// An alert.
#[derive(Clone, Debug, Serialize)]
pub struct AlertRule {
    /// Its name.
    pub alert: String,
    /// PromQL; every series it returns is an alert.
    pub expr: String,
    /// How long it must hold, in Prometheus' spelling; `None`: at once.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// Labels that it gets.
    pub labels: BTreeMap<String, String>,
    /// Texts for people.
    pub annotations: BTreeMap<String, String>,
}
