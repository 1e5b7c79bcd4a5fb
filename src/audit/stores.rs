//! References to secrets, where the cluster has nothing that could fulfil them.

use super::view::View;
use crate::diag::{Diagnostics, Rule};
use crate::plan::{UnitKind, platform};

/// A reference without a store.
pub static NO_STORE: Rule = Rule::error(
    "security/no-store",
    "a secret is named by reference, and the cluster reads no store",
    "With Sealed Secrets or SOPS there is no store: the ExternalSecret that the reference becomes is of a kind that \
     the cluster does not know, and the sync fails.",
    "security: {secrets: {provider: sealed-secrets}}\nworkloads: {web: {secrets: {KEY: web/api#key}}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&NO_STORE];

/// Finds secrets that nothing would make. A cluster whose secrets are somebody else's business is none of ours.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    for unit in view.plan.units.values() {
        let Some(cluster) = unit.id.stage.cluster() else { continue };
        if view.plan.addon(platform::SECRET_STORE_UNIT, cluster).is_some() {
            continue;
        }
        let Some(controller) = view.plan.addon(platform::SECRETS, cluster) else {
            continue;
        };
        // Only workloads have files of sealed secrets.
        let help = match unit.id.kind {
            UnitKind::Workload => {
                "write a sealed file and name it in `secretFiles`, or choose `external-secrets`"
            }
            _ => "choose `external-secrets`: only workloads take sealed files",
        };
        let secrets = unit.resources.iter().filter(|it| it.kind() == "ExternalSecret");
        for at in secrets.flat_map(|secret| &secret.origin.from) {
            diags
                .report(&NO_STORE, at, "there is no store that it could be read from")
                .related(controller.at.clone(), "this reads none")
                .help(help);
        }
    }
}
