//! References to secrets, where the cluster has nothing that could fulfil them.

use super::view::View;
use crate::diag::{Diagnostics, Rule};
use crate::plan::{Addon, platform};

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
    for need in &view.plan.facts.secrets {
        let Some(cluster) = need.unit.stage.cluster() else { continue };
        let is_planned = |name| view.plan.units.contains_key(&Addon::id(name, cluster));
        if !is_planned(platform::SECRETS) || is_planned(platform::SECRET_STORE_UNIT) {
            continue;
        }
        for entry in &need.entries {
            let controller = &view.plan.units[&Addon::id(platform::SECRETS, cluster)];
            diags
                .report(&NO_STORE, &entry.at, "there is no store that it could be read from")
                .related(controller.at.clone(), "this reads none")
                .help("write a sealed file and name it in `secretFiles`, or choose `external-secrets`");
        }
    }
}
