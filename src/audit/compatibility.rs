//! Charts and the Kubernetes that they run on: whether the maintainers say that they work together.

use crate::catalog::Fit;
use crate::catalog::compatibility::{Says, demanded, row};
use crate::diag::{Diagnostics, Rule};
use crate::k8s::version::MinorVersion;
use crate::path::At;
use crate::plan::{Plan, Release};

/// A release for which this Kubernetes was not tested.
pub static UNTESTED: Rule = Rule::warning(
    "compatibility/untested",
    "the maintainers of a chart do not name this minor of Kubernetes among those they test",
    "What nobody has tested together fails in ways nobody has seen, and its maintainers do not mend it there (each \
     project's table of versions; `src/catalog/compatibility.rs` names the pages).",
    "kubernetes: {version: \"1.36\"}\nreleases: {delivery: {chart: argo-cd, version: 10.1.1}}   # tested with 1.32 to 1.35",
);

/// A release that does not work with this Kubernetes.
pub static REFUSED: Rule = Rule::error(
    "compatibility/refused",
    "a chart says that it does not work with this minor of Kubernetes",
    "Helm does not render a chart outside of its `kubeVersion` (helm.sh/docs/topics/charts), so Argo CD syncs nothing \
     of it; a program older or newer than its cluster stops at APIs that are not there.",
    "kubernetes: {version: \"1.36\"}\nreleases: {shop: {chart: shop, version: 1.0.0}}   # its Chart.yaml: kubeVersion: \"<1.36.0-0\"",
);

/// The rules.
pub static RULES: &[&Rule] = &[&UNTESTED, &REFUSED];

/// Judges every chart by the version of the cluster that it is installed on.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    for unit in plan.units.values() {
        let Some(release) = &unit.release else { continue };
        let cluster = unit.id.stage.cluster().unwrap_or_default();
        let Some(kubernetes) = plan.facts.kubernetes.get(cluster) else { continue };
        judge(release, kubernetes.version.series(), &kubernetes.at.key("version"), diags);
    }
}

fn judge(release: &Release, minor: MinorVersion, version: &At, diags: &mut Diagnostics) {
    let at = release.origin.at();
    let name = format!("{} {}", release.chart, release.version);
    let own = release.requires.as_deref();
    if let Some(range) = demanded(&release.chart, &release.version, own)
        && !range.holds(minor)
    {
        diags
            .report(&REFUSED, at, format!("{name} wants Kubernetes {range}, not {minor}"))
            .related(version, "the version")
            .help("take a version of the chart that is made for it");
        return;
    }
    let Some(row) = row(&release.chart, &release.version) else { return };
    let rule = match (row.fits(minor), row.says) {
        (Fit::Supported, _) | (_, Says::Nothing) => return,
        (Fit::Refused, _) => &REFUSED,
        (Fit::Unknown, _) => &UNTESTED,
    };
    diags
        .report(rule, at, format!("{name} is for {}, not {minor}", row.words()))
        .related(version, "the version")
        .help(format!("take versions that fit: {} ({})", row.source, row.seen.date()));
}
