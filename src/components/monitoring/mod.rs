//! `monitoring`: Prometheus, Alertmanager and Grafana of a cluster, with the alerts that its parts call for.
//!
//! The chart brings the programs and the scraping of Kubernetes itself. Alerts and dashboards are objects of our own
//! (`alerts`, `dashboards`): the chart's are for every cluster there is, and half of them would never fire here.

mod alertmanager;
mod alerts;
mod dashboards;
mod flows;
mod lower;
mod receivers;
mod rules;
mod spec;
#[cfg(test)]
mod tests;
mod values;

use crate::component::{About, Component, Default, Resolving, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::field;
use crate::k8s::duration::Duration;
use crate::k8s::name::Name;
use crate::k8s::quantity::Bytes;
use crate::k8s::secret::SecretPath;
use crate::path::At;
use crate::plan::{Plan, Stage};
use crate::source::Scope;
use receivers::Receiver;
use spec::{GrafanaSpec, MonitoringSpec, SsoKind};

static RETENTION: Default = Default::new(
    "monitoring.retention",
    "15d",
    "what an incident and its review need; Prometheus' own default",
);
static ADMIN: Default = Default::new(
    "monitoring.grafana.admin",
    "monitoring/grafana",
    "the path of the account of last resort, with `admin-user` and `admin-password`",
);
static CLIENT: Default =
    Default::new("monitoring.grafana.sso.client", "grafana", "the program's own name");
static MAIL_PORT: Default = Default::new(
    "monitoring.alerts.receivers.*.server.port",
    "587",
    "submission with STARTTLS (RFC 6409)",
);

/// The monitoring of a cluster.
#[derive(Debug)]
pub struct Monitoring {
    retention: Duration,
    size: Bytes,
    class: Option<Name>,
    grafana: Option<Grafana>,
    receivers: Vec<Receiver>,
    route: Route,
    metrics: Vec<(String, At)>,
    /// Machines that pods can run on, and how many there are in all; `None` where none is described.
    machines: Option<(u32, u32)>,
    /// Whether cert-manager is there to make certificates.
    certificates: bool,
}

#[derive(Debug)]
struct Grafana {
    host: String,
    admin: SecretPath,
    sso: Option<Sso>,
}

#[derive(Debug)]
struct Sso {
    kind: SsoKind,
    issuer: String,
    client: String,
    credentials: SecretPath,
    administrators: Vec<String>,
}

/// Names of receivers.
#[derive(Debug)]
struct Route {
    critical: String,
    warning: String,
    heartbeat: Option<String>,
}

impl Component for Monitoring {
    const ABOUT: About = About {
        section: "monitoring",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "Prometheus, Alertmanager and Grafana, and who is told of what",
        rules: rules::ALL,
        defaults: &[&RETENTION, &ADMIN, &CLIENT, &MAIL_PORT],
    };

    type Spec = MonitoringSpec;

    fn resolve(spec: MonitoringSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let Some(storage) = &spec.storage else {
            rules::without_storage(&spec, at, cx.diags);
            return None;
        };
        let class = field!(at, spec.storage).key("class");
        if let Some(name) = &storage.class {
            cx.symbols.storage_classes.bind(name.as_str(), &class, cx.diags);
        }
        let alerts = spec.alerts.unwrap_or_default();
        let here = at.key("alerts");
        let receivers = receivers::resolve(&alerts, &here, cx.diags);
        let route = rules::route(&alerts, &here, cx.diags)?;
        if let Some(grafana) = &spec.grafana {
            rules::grafana(grafana, &field!(at, spec.grafana), cx.diags);
        }
        let metrics = spec.metrics.iter().enumerate();
        Some(Self {
            retention: spec.retention.unwrap_or_else(|| RETENTION.get()),
            size: storage.size,
            class: storage.class.clone(),
            grafana: spec.grafana.map(Grafana::resolved),
            receivers,
            route,
            metrics: metrics
                .map(|(index, name)| (name.to_string(), field!(at, spec.metrics).index(index)))
                .collect(),
            machines: machines(cx.symbols),
            certificates: cx.symbols.issuers.iter().next().is_some(),
        })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        rules::storage(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        lower::lower(self, cluster, at, situation, plan);
    }
}

impl Grafana {
    fn resolved(spec: GrafanaSpec) -> Self {
        Self {
            host: spec.host.to_string(),
            admin: spec.admin.map_or_else(|| ADMIN.get(), |admin| admin.secret),
            sso: spec.sso.map(|sso| Sso {
                kind: sso.kind,
                issuer: sso.issuer.to_string().trim_end_matches('/').to_owned(),
                client: sso.client.unwrap_or_else(|| CLIENT.get()).to_string(),
                credentials: sso.credentials.secret,
                administrators: sso.administrators.iter().map(Name::to_string).collect(),
            }),
        }
    }
}

/// Machines that every pod may run on, and all machines.
fn machines(symbols: &Symbols) -> Option<(u32, u32)> {
    symbols.pools.iter().next()?;
    let count = |open: bool| {
        let pools = symbols.pools.iter().map(|(_, _, pool)| pool);
        pools.filter(|pool| !open || pool.dedicated.is_none()).map(|pool| pool.machines).sum()
    };
    Some((count(true), count(false)))
}
