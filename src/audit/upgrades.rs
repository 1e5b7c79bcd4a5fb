//! From one compilation to the next: what may not change at once.

use crate::catalog::kubernetes::steps;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::version::SemVer;
use crate::plan::Plan;

/// A minor is left out.
pub static SKIPS: Rule = Rule::error(
    "upgrade/skips-a-minor",
    "Kubernetes would skip a minor since the last compilation",
    "API servers may not skip a minor, and new machines would boot with a kubelet for which the cluster is not made \
     (kubernetes.io/releases/version-skew-policy).",
    "kubernetes: {version: \"1.37\"}   # groundplan.lock says 1.35.9",
);

/// An older minor.
pub static BACK: Rule = Rule::error(
    "upgrade/goes-back",
    "Kubernetes would go back to an older minor",
    "etcd was written in a newer form, and an older API server does not read it: there is no way back but a snapshot \
     (kubernetes.io/releases/version-skew-policy).",
    "kubernetes: {version: \"1.35\"}   # groundplan.lock says 1.36.4",
);

/// The rules.
pub static RULES: &[&Rule] = &[&SKIPS, &BACK];

/// Compares what was chosen with what the lock file says was chosen before.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    for (cluster, kubernetes) in &plan.facts.kubernetes {
        let before = plan.previous.get(&format!("kubernetes ({cluster})"));
        let before = before.and_then(|version| version.parse::<SemVer>().ok());
        let Some(before) = before else { continue };
        let now = &kubernetes.version;
        let at = kubernetes.at.key("version");
        match steps(before.series(), now.series()).as_deref() {
            Some([] | [_]) => {}
            Some([next, ..]) => {
                diags
                    .report(
                        &SKIPS,
                        &at,
                        format!("`{cluster}` is at {before}, and {now} is not next"),
                    )
                    .help(format!(
                        "go to {next} first; `groundplan upgrade --to {}` tells all steps",
                        now.series()
                    ));
            }
            None => {
                diags
                    .report(
                        &BACK,
                        &at,
                        format!("`{cluster}` is at {before}, which is newer than {now}"),
                    )
                    .help(format!("write `version: \"{}\"` or newer", before.series()));
            }
        }
    }
}
