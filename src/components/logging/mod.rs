//! `logging`: what programs print, kept for a while and searched.

mod efk;
mod files;
mod objects;
mod rules;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::field;
use crate::k8s::duration::Duration;
use crate::k8s::host::HostName;
use crate::k8s::name::Name;
use crate::k8s::quantity::Bytes;
use crate::path::At;
use crate::plan::{Plan, Stage};
use crate::source::Scope;

static RETENTION: Default = Default::new(
    "logging.retention",
    "14d",
    "two weeks: what is looked for later is rarely found in a log",
);
static VOLUME: Default = Default::new(
    "logging.volumePerDay",
    "10Gi",
    "some 100 bytes a second from each of 1000 containers; measure, and write what it is",
);
static NODES: Default = Default::new(
    "logging.storage.nodes",
    "3",
    "data nodes: with two copies of everything one may be away, and its data has somewhere to go",
);

/// What programs print.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggingSpec {
    /// The programs that do it. Without it there is no logging.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// How long lines are kept.
    #[serde(default)]
    pub retention: Option<Duration>,
    /// How much is printed in a day, before copies.
    #[serde(default)]
    pub volume_per_day: Option<Bytes>,
    /// Where lines are kept.
    #[serde(default)]
    pub storage: Option<StorageSpec>,
    /// Where lines are searched.
    #[serde(default)]
    pub kibana: Option<KibanaSpec>,
}

/// The programs that carry, keep and search lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Fluent Bit on nodes, Fluentd as aggregator, Elasticsearch and Kibana.
    Efk,
}

/// Where lines are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageSpec {
    /// The storage class; the default one if it is not named.
    #[serde(default)]
    pub class: Option<Name>,
    /// How many data nodes.
    #[serde(default)]
    pub nodes: Option<crate::k8s::count::Count>,
    /// The volume of each; what volume, retention and copies need if it is not written.
    #[serde(default)]
    pub size: Option<Bytes>,
}

/// Where lines are searched.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KibanaSpec {
    /// The host name it is reached by.
    pub host: HostName,
}

/// The logging of a cluster.
#[derive(Debug)]
pub struct Logging {
    kind: Kind,
    retention: Duration,
    volume: Bytes,
    class: Option<String>,
    nodes: u32,
    /// The volume of each data node, as written or as needed.
    size: Bytes,
    written: bool,
    kibana: Option<String>,
}

impl Component for Logging {
    const ABOUT: About = About {
        section: "logging",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "what programs print, kept for a while and searched",
        rules: rules::ALL,
        defaults: &[&RETENTION, &VOLUME, &NODES],
    };

    type Spec = LoggingSpec;

    fn resolve(spec: LoggingSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let Some(kind) = spec.kind else {
            rules::without_kind(&spec, at, cx.diags);
            return None;
        };
        let storage = spec.storage.as_ref();
        let class = storage.and_then(|storage| storage.class.as_ref());
        if let Some(class) = class {
            let at = field!(at, spec.storage).key("class");
            cx.symbols.storage_classes.bind(class.as_str(), &at, cx.diags);
        }
        if let Some(kibana) = &spec.kibana {
            rules::kibana(kibana, &field!(at, spec.kibana), cx.diags);
        }
        let nodes = storage.and_then(|storage| storage.nodes).unwrap_or_else(|| NODES.get());
        let mut logging = Self {
            kind,
            retention: spec.retention.unwrap_or_else(|| RETENTION.get()),
            volume: spec.volume_per_day.unwrap_or_else(|| VOLUME.get()),
            class: class.map(Name::to_string),
            nodes: nodes.get(),
            size: Bytes::ZERO,
            written: storage.is_some_and(|storage| storage.size.is_some()),
            kibana: spec.kibana.as_ref().map(|kibana| kibana.host.to_string()),
        };
        logging.size = storage
            .and_then(|storage| storage.size)
            .unwrap_or_else(|| logging.needed().round_up_to(Bytes::from_gi(1)));
        Some(logging)
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        rules::check(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        match self.kind {
            Kind::Efk => efk::lower(self, cluster, at, plan),
        }
    }
}
