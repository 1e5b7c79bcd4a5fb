//! `releases` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::chart::{ChartDigest, ChartName, ChartRepository};
use crate::k8s::host::HostName;
use crate::k8s::name::{LabelKey, LabelValue, Name};
use crate::k8s::path::HttpPath;
use crate::k8s::port::{Port, PortName};
use crate::k8s::reference::{PortReference, Reference};
use crate::k8s::socket::Socket;
use crate::k8s::version::SemVer;
use crate::source::Short;

/// A chart of a team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSpec {
    /// The team whose namespace it is installed in.
    pub team: Name,
    /// The chart's name.
    pub chart: ChartName,
    /// Its exact version.
    pub version: SemVer,
    /// Where it is: `https://charts.acme.example` or `oci://registry.acme.example/charts`.
    pub repository: ChartRepository,
    /// The digest of its manifest, which wins over the version; in an OCI registry.
    #[serde(default)]
    pub digest: Option<ChartDigest>,
    /// Its values.
    #[serde(default)]
    pub values: IndexMap<String, serde_json::Value>,
    /// Where its pods listen, by name: `{http: 8080}`. Its namespace is closed, so nobody else gets in.
    #[serde(default)]
    pub ports: IndexMap<PortName, Socket>,
    /// What its pods open connections to: `workload/checkout`, `external/card-network`, `database/orders`,
    /// `release/shop`, itself included. Everything else is denied.
    #[serde(default)]
    pub connects: Vec<Short<Reference, ConnectSpec>>,
    /// Who of other teams may connect to it: `workload/web`, `release/shop`, `team/storefront`.
    #[serde(default)]
    pub allows: Vec<Reference>,
    /// How it is reached from outside the cluster.
    #[serde(default)]
    pub expose: Option<ExposeSpec>,
    /// The port, by name, that Prometheus may connect to. The monitor is the chart's; Prometheus reads those with the
    /// label `groundplan.dev/monitor: enabled`.
    #[serde(default)]
    pub metrics: Option<PortName>,
    /// The labels that all of its pods have and nothing else has: policies find them by these. Where none are written,
    /// `app.kubernetes.io/instance` with the release's name, as most charts have it.
    #[serde(default)]
    pub selector: IndexMap<LabelKey, LabelValue>,
}

/// How a release is reached from outside the cluster, through the gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExposeSpec {
    /// The host name.
    pub host: HostName,
    /// The port of its pods, by name; the only one if there is one.
    #[serde(default)]
    pub port: Option<PortName>,
    /// The path prefix.
    #[serde(default)]
    pub path: Option<HttpPath>,
    /// The Service that the chart makes; the release's name if not said.
    #[serde(default)]
    pub service: Option<Name>,
    /// The port of that Service; that of the pods if not said.
    #[serde(default)]
    pub service_port: Option<Port>,
}

/// A connection that the pods of a release open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectSpec {
    /// What to: `workload/checkout`, `external/card-network`.
    pub to: Reference,
    /// Which of its ports; all but that of its metrics if not said. Names, or what an external lists (`443`).
    #[serde(default)]
    pub ports: Vec<PortReference>,
    /// Whether it must be healthy before this release is applied.
    #[serde(default)]
    pub ordered: Option<bool>,
}
