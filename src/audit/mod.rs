//! Rules over the finished plan: what only the whole can show. One file a rule or a family of rules.
//!
//! An audit judges what will be applied: the environments and clusters, never the base. What components and
//! passes make passes by construction, so most findings are about what went round them, `patches` and
//! `manifests`, and about what several sections decide together.

mod api_versions;
mod applications;
mod capacity;
mod cluster;
mod contents;
mod hostnames;
mod labelled;
mod metrics;
mod names;
mod needs;
mod objects;
mod pod_security;
mod pods;
mod policies;
mod references;
mod replicas;
mod secrets;
mod stores;
#[cfg(test)]
mod testing;
mod trail;
mod view;

use rayon::prelude::*;

use crate::diag::{Diagnostics, Rule};
use crate::plan::Plan;
pub use view::View;

/// An audit: its rules and the function that finds where they are broken.
pub type Audit = (&'static [&'static Rule], fn(&View<'_>, &mut Diagnostics));

/// The audits, in order.
pub static AUDITS: &[Audit] = &[
    (secrets::RULES, secrets::audit),
    (names::RULES, names::audit),
    (api_versions::RULES, api_versions::audit),
    (pod_security::RULES, pod_security::audit),
    (references::RULES, references::audit),
    (policies::RULES, policies::audit),
    (replicas::RULES, replicas::audit),
    (capacity::RULES, capacity::audit),
    (cluster::RULES, cluster::audit),
    (hostnames::RULES, hostnames::audit),
    (metrics::RULES, metrics::audit),
    (needs::RULES, |view, diags| needs::audit(view.plan, diags)),
    (stores::RULES, stores::audit),
    (applications::RULES, |view, diags| applications::audit(view.plan, diags)),
    (contents::RULES, |view, diags| contents::audit(view.plan, diags)),
];

/// Finds what is wrong with the plan as a whole.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    let view = View::of(plan);
    let found: Vec<Diagnostics> = AUDITS
        .par_iter()
        .map(|(_, audit)| {
            let mut diags = Diagnostics::new();
            audit(&view, &mut diags);
            diags
        })
        .collect();
    found.into_iter().for_each(|found| diags.append(found));
}

/// Every rule of the audits.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    AUDITS.iter().flat_map(|(rules, _)| rules.iter().copied())
}
