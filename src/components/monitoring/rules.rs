//! What can be wrong with `monitoring`.

use super::spec::{AlertsSpec, GrafanaSpec, MonitoringSpec};
use super::{Monitoring, Route, receivers};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule, one_of};
use crate::k8s::name::Name;
use crate::k8s::quantity::Bytes;
use crate::path::At;

/// Something about monitoring, but no monitoring.
pub static NO_STORAGE: Rule = Rule::error(
    "monitoring/no-storage",
    "monitoring is described, but not where its series are kept",
    "Without a volume every restart of Prometheus would lose all series, and what alerts look back on.",
    "monitoring: {retention: 30d}",
);

/// Series that do not fit.
pub static STORAGE_TOO_SMALL: Rule = Rule::error(
    "monitoring/storage-too-small",
    "the volume of Prometheus does not hold the series of its retention",
    "Prometheus would delete the oldest blocks long before the retention is over, or stop at a full disk \
     (Prometheus documentation, Storage: 1 to 2 bytes a sample).",
    "monitoring: {retention: 365d, storage: {size: 10Gi}}",
);

/// A class that Prometheus cannot use.
pub static STORAGE_CLASS: Rule = Rule::error(
    "monitoring/storage-class",
    "the storage class of Prometheus has no volumes for one writer",
    "Prometheus needs a POSIX file system of its own; on NFS its database is corrupted sooner or later \
     (Prometheus documentation, Storage).",
    "monitoring: {storage: {size: 200Gi, class: shared}}  # a class on NFS",
);

/// Nobody is told.
pub static NOBODY: Rule = Rule::warning(
    "monitoring/nobody-told",
    "nobody is told of critical alerts",
    "An alert that reaches nobody is found by the customers.",
    "monitoring: {storage: {size: 200Gi}}  # no alerts.route.critical",
);

/// Nobody notices silence.
pub static NO_HEARTBEAT: Rule = Rule::warning(
    "monitoring/no-heartbeat",
    "nobody notices when alerting itself is dead",
    "A cluster that is gone sends no alerts. A receiver that expects a message every few minutes raises the alarm \
     when none comes (dead-man's switch).",
    "monitoring: {alerts: {receivers: {oncall: …}, route: {critical: oncall}}}  # no route.heartbeat",
);

/// A receiver that is not there.
pub static RECEIVER_UNKNOWN: Rule = Rule::error(
    "monitoring/receiver-unknown",
    "a route names a receiver that does not exist",
    "Alertmanager refuses the whole configuration and goes on with the old one, or with none.",
    "monitoring: {alerts: {receivers: {oncall: …}, route: {critical: on-call}}}",
);

/// A receiver that nobody uses.
pub static RECEIVER_UNUSED: Rule = Rule::warning(
    "monitoring/receiver-unused",
    "a receiver is told of nothing",
    "Somebody believes to be told, and is not.",
    "monitoring: {alerts: {receivers: {oncall: …, chat: …}, route: {critical: oncall}}}",
);

/// Grafana without people.
pub static GRAFANA_SHARED: Rule = Rule::warning(
    "monitoring/grafana-no-sso",
    "everybody logs in to Grafana with the account of last resort",
    "A shared password is never changed when somebody leaves, and nobody knows who did what.",
    "monitoring: {grafana: {host: grafana.acme.example}}",
);

/// Grafana for every name.
pub static GRAFANA_HOST: Rule = Rule::error(
    "monitoring/grafana-host",
    "the host name of Grafana is a wildcard",
    "Links in alerts and the way back from logging in need one name.",
    "monitoring: {grafana: {host: \"*.acme.example\"}}",
);

pub static ALL: &[&Rule] = &[
    &NO_STORAGE,
    &STORAGE_TOO_SMALL,
    &STORAGE_CLASS,
    &NOBODY,
    &NO_HEARTBEAT,
    &RECEIVER_UNKNOWN,
    &RECEIVER_UNUSED,
    &receivers::FIELD_MISSING,
    &receivers::FIELD_FOREIGN,
    &GRAFANA_SHARED,
    &GRAFANA_HOST,
];

/// How many series a machine has at most days: node-exporter, kubelet, and some 40 pods.
const SERIES_OF_MACHINE: u64 = 9_000;
/// How many series the control plane and the objects of a cluster have.
const SERIES_OF_CLUSTER: u64 = 80_000;
/// Bytes a sample, with the index and the write-ahead log.
const BYTES_OF_SAMPLE: u64 = 2;
/// What Prometheus may fill of its volume: compaction writes new blocks before it deletes old ones.
pub(super) const FILLED: u64 = 80;

pub(super) fn without_storage(spec: &MonitoringSpec, at: &At, diags: &mut Diagnostics) {
    let first = [
        (spec.retention.is_some(), "retention"),
        (spec.grafana.is_some(), "grafana"),
        (spec.alerts.is_some(), "alerts"),
        (!spec.metrics.is_empty(), "metrics"),
    ];
    if let Some((_, field)) = first.into_iter().find(|(written, _)| *written) {
        diags
            .report(&NO_STORAGE, at.key(field), "there is no volume for series")
            .help("write `storage: {size: 100Gi}`");
    }
}

impl Monitoring {
    /// How many series there are, by the size of the cluster; three machines where none is described.
    pub(super) fn series(&self) -> u64 {
        let machines = self.machines.map_or(3, |(_, all)| all);
        SERIES_OF_CLUSTER + SERIES_OF_MACHINE * u64::from(machines)
    }

    /// Bytes that the series of the retention take.
    fn needed(&self) -> u64 {
        let samples = self.retention.as_secs() / super::values::INTERVAL;
        self.series().saturating_mul(samples).saturating_mul(BYTES_OF_SAMPLE)
    }
}

pub(super) fn storage(model: &Monitoring, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let place = at.key("storage");
    let needed = model.needed().saturating_mul(100) / FILLED;
    if needed > model.size.get() {
        let needed = Bytes::new(needed.div_ceil(1 << 30) << 30);
        diags
            .report(
                &STORAGE_TOO_SMALL,
                place.key("size"),
                format!("{} series for {} need about {needed}", model.series(), model.retention),
            )
            .related(at.key("retention"), "how long they are kept")
            .help(format!("write `size: {needed}`, or keep them for a shorter time"));
    }
    let class = model.class.as_ref().and_then(|name| symbols.storage_classes.get(name.as_str()));
    if let Some(class) = class
        && (class.provisioner.contains("nfs")
            || !class.access.iter().any(|mode| mode == "ReadWriteOnce"))
    {
        diags
            .report(
                &STORAGE_CLASS,
                place.key("class"),
                format!("`{}` gives no file system of its own", class.provisioner),
            )
            .help("choose a class of a block device, such as one of Longhorn or iSCSI");
    }
}

/// Who is told of what; `None` once a diagnostic says why.
pub(super) fn route(alerts: &AlertsSpec, at: &At, diags: &mut Diagnostics) -> Option<Route> {
    let route = &alerts.route;
    let mut known = true;
    for (field, name) in [
        ("critical", &route.critical),
        ("warning", &route.warning),
        ("heartbeat", &route.heartbeat),
    ] {
        let Some(name) = name else { continue };
        if !alerts.receivers.contains_key(name) {
            let message = format!("there is no receiver `{name}`");
            let names = alerts.receivers.keys().map(Name::as_str);
            diags
                .report(&RECEIVER_UNKNOWN, at.key("route").key(field), message)
                .help(one_of(name.as_str(), names));
            known = false;
        }
    }
    for name in alerts.receivers.keys() {
        let used = [&route.critical, &route.warning, &route.heartbeat];
        if !used.into_iter().flatten().any(|used| used == name) {
            diags
                .report(
                    &RECEIVER_UNUSED,
                    crate::diag::Place::Key(at.key("receivers").key(name)),
                    format!("`{name}` is told of nothing"),
                )
                .help("name it in `route`, or remove it");
        }
    }
    match &route.critical {
        None => {
            diags
                .report(&NOBODY, at, "nobody is told of critical alerts")
                .help("write `alerts: {receivers: {oncall: …}, route: {critical: oncall}}`");
        }
        Some(critical) if route.heartbeat.is_none() => {
            diags
                .report(&NO_HEARTBEAT, at.key("route"), "nobody notices when alerting itself is dead")
                .help(format!(
                    "name a receiver that expects a message every few minutes: `heartbeat: …`; `{critical}` is \
                     one of people"
                ));
        }
        Some(_) => {}
    }
    let name = |name: &Option<Name>| name.as_ref().map(Name::to_string);
    let critical = name(&route.critical).unwrap_or_else(|| receivers::NOBODY.to_owned());
    known.then(|| Route {
        warning: name(&route.warning).unwrap_or_else(|| critical.clone()),
        heartbeat: name(&route.heartbeat),
        critical,
    })
}

pub(super) fn grafana(spec: &GrafanaSpec, at: &At, diags: &mut Diagnostics) {
    if spec.host.is_wildcard() {
        diags
            .report(&GRAFANA_HOST, at.key("host"), format!("`{}` is many names", spec.host))
            .help(format!("write `grafana.{}`", spec.host.domain()));
    }
    if spec.sso.is_none() {
        diags
            .report(&GRAFANA_SHARED, at, "Grafana has no way to log in but a shared account")
            .help("write `sso: {kind: keycloak, issuer: …, credentials: {secret: …}}`");
    }
}
