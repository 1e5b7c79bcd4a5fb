//! The rules of the section.

use super::Kubernetes;
use crate::catalog::kubernetes::KUBERNETES;
use crate::catalog::parts::{CONTAINERD, CONTAINERD_CHOSEN, containerd_fits};
use crate::catalog::{Chosen, Fit, Series, choose};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::date::Date;
use crate::k8s::text::Reason;
use crate::k8s::version::{SemVer, VersionChoice};
use crate::path::At;
use crate::plan::nodes::{ContainerRuntime, Encryption};

/// A minor that the catalogue does not hold.
pub static UNKNOWN: Rule = Rule::error(
    "kubernetes/unknown-version",
    "a minor of Kubernetes is not in the catalogue",
    "Nothing is known of it: neither which etcd and runtime it needs, nor which fields it still reads.",
    "kubernetes: {version: \"1.99\"}",
);

/// A patch that the catalogue does not hold.
pub static UNKNOWN_PATCH: Rule = Rule::warning(
    "kubernetes/unknown-patch",
    "a patch of Kubernetes is newer than the catalogue, or no release",
    "Nobody has seen its packages; a version that does not exist stops every machine at its first boot.",
    "kubernetes: {version: 1.36.99}",
);

/// A minor that is mended no more.
pub static END_OF_LIFE: Rule = Rule::error(
    "kubernetes/end-of-life",
    "a minor of Kubernetes is past its end of life",
    "Its holes are published and not mended (kubernetes.io/releases).",
    "kubernetes: {version: \"1.34\"}",
);

/// A minor that soon is mended no more.
pub static ENDS_SOON: Rule = Rule::warning(
    "kubernetes/end-of-life-near",
    "a minor of Kubernetes has less than six months to its end of life",
    "An upgrade takes a step for every minor; begun too late, it is done in a hurry.",
    "kubernetes: {version: \"1.35\"}",
);

/// A runtime that nobody says works.
pub static UNTESTED: Rule = Rule::warning(
    "kubernetes/untested-runtime",
    "containerd does not say that it works for this minor of Kubernetes",
    "What nobody has tested together fails in ways nobody has seen (containerd RELEASES.md, \"Kubernetes Support\").",
    "kubernetes: {version: \"1.37\"}",
);

/// Secrets in plain text.
pub static PLAIN: Rule = Rule::warning(
    "kubernetes/secrets-in-plain-text",
    "Secrets are not encrypted in etcd",
    "Whoever has a copy of a disk or of a snapshot has every password (kubernetes.io/docs/tasks/administer-cluster/\
     encrypt-data).",
    "kubernetes: {encryption: none}",
);

/// More pods on a node than Kubernetes is tested with, or none.
pub static PODS: Rule = Rule::warning(
    "kubernetes/pods-per-node",
    "a node may run more pods than Kubernetes is tested with, or hardly any",
    "Above 110 pods kubelet, the runtime and the node's probes fall behind (kubernetes.io/docs/setup/best-practices/\
     cluster-large); the platform's own pods alone are a dozen.",
    "kubernetes: {podsPerNode: 500}",
);

/// An audit log that is not kept.
pub static RETENTION: Rule = Rule::error(
    "kubernetes/audit-retention",
    "the audit log is kept for less than a day or more than ten years",
    "kube-apiserver counts whole days (`--audit-log-maxage`), and takes 0 for ever.",
    "kubernetes: {audit: {retention: 0s}}",
);

/// All rules of the section.
pub static RULES: &[&Rule] =
    &[&UNKNOWN, &UNKNOWN_PATCH, &END_OF_LIFE, &ENDS_SOON, &UNTESTED, &PLAIN, &PODS, &RETENTION];

pub fn unknown(choice: &VersionChoice, at: &At, diags: &mut Diagnostics) {
    let known: Vec<String> = KUBERNETES.iter().map(|series| series.series.to_string()).collect();
    diags
        .report(
            &UNKNOWN,
            at.field("version"),
            format!("Kubernetes {choice} is not in the catalogue"),
        )
        .help(format!("choose one of {}", known.join(", ")));
}

pub fn unknown_patch(version: &SemVer, series: &Series, at: &At, diags: &mut Diagnostics) {
    diags
        .report(
            &UNKNOWN_PATCH,
            at.field("version"),
            format!(
                "the newest {} that was seen is {}, not {version}",
                series.series,
                series.newest()
            ),
        )
        .help(format!("write \"{}\" for the newest known one", series.series));
}

/// Whether a minor is still mended, and for how long.
pub fn life(
    series: &Series,
    excuse: Option<&Reason>,
    today: &str,
    at: &At,
    diags: &mut Diagnostics,
) {
    let (Some(end), Ok(today)) = (series.end_of_life, today.parse::<Date>()) else { return };
    let end = end.date();
    let left = today.days_until(end);
    let newest = KUBERNETES.last().map_or(series.series, |newest| newest.series);
    let at = at.field("version");
    if left < 0 && excuse.is_none() {
        diags
            .report(&END_OF_LIFE, at, format!("Kubernetes {} ended on {end}", series.series))
            .help(format!("upgrade step by step to {newest}, or say why not: `pastEndOfLife`"));
    } else if (0..183).contains(&left) {
        diags
            .report(&ENDS_SOON, at, format!("Kubernetes {} ends on {end}", series.series))
            .help(format!("plan the upgrade; the newest minor is {newest}"));
    }
}

pub(super) fn check(kubernetes: &Kubernetes, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let choices = &kubernetes.facts;
    let has_machines = symbols.pools.iter().next().is_some();
    let minor = kubernetes.version.series();
    let containerd = choose(CONTAINERD, &VersionChoice::Newest(CONTAINERD_CHOSEN));
    if let (Chosen::Known(containerd, _), ContainerRuntime::Containerd, true) =
        (containerd, choices.runtime, has_machines)
        && containerd_fits(&containerd, minor) != Fit::Supported
    {
        diags
            .report(
                &UNTESTED,
                at.field("version"),
                format!("containerd {containerd} says nothing of Kubernetes {minor}"),
            )
            .help("choose a minor that it names, or waive this with a reason");
    }
    if choices.encryption == Encryption::None {
        diags
            .report(&PLAIN, at.field("encryption"), "Secrets are stored as they are")
            .help("write `encryption: secretbox`");
    }
    if !(20..=110).contains(&choices.pods_per_node) {
        diags
            .report(
                &PODS,
                field!(at, choices.pods_per_node),
                format!("{} pods on a node", choices.pods_per_node),
            )
            .help("write 20 to 110");
    }
    if !(1..=3650).contains(&choices.audit_days) {
        diags
            .report(
                &RETENTION,
                at.field("audit").field("retention"),
                format!("{} days", choices.audit_days),
            )
            .help("write a number of days such as `30d`");
    }
}
