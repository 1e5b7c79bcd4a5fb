//! The alerts of a cluster: of each, which exporters it reads; one that reads what is not scraped here is left out.
//!
//! `tests/judges/alerts` has a made series for each that it must fire on, and one that it must stay quiet on.

mod control_plane;
mod nodes;
mod objects;
mod programs;

use std::collections::{BTreeMap, BTreeSet};

use crate::k8s::crd::prometheus::{AlertRule, PrometheusRuleSpec, RuleGroup};
use crate::plan::nodes::{Machines, NodeRole};
use crate::plan::{ClusterBackup, EtcdBackup};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// Somebody gets up for it.
    Critical,
    /// It is mended in working hours.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// An alert.
struct Alert {
    /// Its name; two of one name are the same thing at two severities.
    name: &'static str,
    /// The exporters it reads, all of which must be scraped.
    reads: &'static [&'static str],
    /// PromQL; `<masters>` and so on are numbers of this estate.
    expr: &'static str,
    /// How long it must hold.
    hold: &'static str,
    severity: Severity,
    /// What is wrong, one line.
    summary: &'static str,
    /// What to do first.
    action: &'static str,
}

/// Numbers of the estate that alerts compare with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    /// Control planes; 0 where no machine is described.
    pub masters: usize,
    /// Members of etcd; 0 where no machine is described.
    pub etcd: usize,
    /// Seconds after which a snapshot of etcd in its store is too old; 0 where none is taken there.
    pub snapshot: u64,
    /// Seconds after which a backup of objects and volumes is too old; 0 where there is none.
    pub backup_age: u64,
}

impl Numbers {
    pub fn of(
        machines: Option<&Machines>,
        external_etcd: bool,
        snapshots: Option<&EtcdBackup>,
        backup: Option<&ClusterBackup>,
    ) -> Self {
        let count = |role| {
            machines.map_or(0, |all| all.machines.iter().filter(|one| one.role == role).count())
        };
        let masters = count(NodeRole::ControlPlane);
        Self {
            masters,
            etcd: if external_etcd { count(NodeRole::Etcd) } else { masters },
            // Two were not taken, and an hour for the second to arrive.
            snapshot: snapshots.map_or(0, |backup| (2 * u64::from(backup.hours()) + 1) * 3600),
            // One that failed, and the time that the next one takes.
            backup_age: backup.map_or(0, |backup| 2 * backup.interval + 3600),
        }
    }

    /// An expression or a time with the numbers in it; `None` where it needs one that is not known.
    fn fill(self, expr: &str) -> Option<String> {
        let mut filled = expr.to_owned();
        for (word, number, known) in [
            ("<masters>", self.masters.to_string(), self.masters > 0),
            ("<etcd>", self.etcd.to_string(), self.etcd > 0),
            ("<quorum>", (self.etcd / 2 + 1).to_string(), self.etcd > 0),
            ("<snapshot>", self.snapshot.to_string(), self.snapshot > 0),
            ("<backup-age>", self.backup_age.to_string(), self.backup_age > 0),
        ] {
            if filled.contains(word) {
                filled = known.then(|| filled.replace(word, &number))?;
            }
        }
        Some(filled)
    }
}

/// The groups of alerts, by name.
const GROUPS: &[(&str, &[Alert])] = &[
    ("control-plane", control_plane::ALERTS),
    ("nodes", nodes::ALERTS),
    ("objects", objects::ALERTS),
    ("programs", programs::ALERTS),
];

/// The alerts that what is scraped calls for, and one for each host of machines.
pub(super) fn rules(
    scraped: &BTreeSet<&str>,
    numbers: Numbers,
    machines: Option<&Machines>,
) -> PrometheusRuleSpec {
    let mut groups = Vec::new();
    for (name, alerts) in GROUPS {
        let fits =
            alerts.iter().filter(|alert| alert.reads.iter().all(|read| scraped.contains(read)));
        let mut rules: Vec<AlertRule> = fits.filter_map(|alert| alert.rule(numbers)).collect();
        if *name == "nodes" && scraped.contains("kube-state-metrics") {
            rules.extend(machines.map(nodes::hosts).unwrap_or_default());
        }
        if !rules.is_empty() {
            groups.push(RuleGroup { name: (*name).to_owned(), rules });
        }
    }
    PrometheusRuleSpec { groups }
}

impl Alert {
    fn rule(&self, numbers: Numbers) -> Option<AlertRule> {
        let hold = numbers.fill(self.hold)?;
        Some(rule(
            self.name,
            numbers.fill(self.expr)?,
            Some(hold.as_str()).filter(|hold| *hold != "0s"),
            self.severity,
            self.summary,
            self.action,
        ))
    }
}

fn rule(
    name: &str,
    expr: String,
    hold: Option<&str>,
    severity: Severity,
    summary: &str,
    action: &str,
) -> AlertRule {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    AlertRule {
        alert: name.to_owned(),
        expr,
        hold: hold.map(str::to_owned),
        labels: BTreeMap::from([text("severity", severity.word())]),
        annotations: BTreeMap::from([text("summary", summary), text("description", action)]),
    }
}
