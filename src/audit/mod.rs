//! Rules over the finished plan: what only the whole can show. One file a rule or a family of rules.
//!
//! An audit judges what will be applied: the environments and clusters, never the base. What components and
//! passes make passes by construction, so most findings are about what went round them, `patches` and
//! `manifests`, and about what several sections decide together.

mod alike;
mod api_versions;
mod applications;
mod capacity;
mod cluster;
mod compatibility;
mod contents;
mod hostnames;
mod labelled;
pub mod live;
mod metrics;
mod names;
mod needs;
mod objects;
mod owners;
mod pod_security;
mod pods;
mod policies;
mod providers;
mod references;
mod replicas;
mod secrets;
mod stores;
#[cfg(test)]
mod testing;
mod trail;
mod upgrades;
mod view;
mod volumes;

use rayon::prelude::*;

use crate::diag::{Diagnostics, Rule};
use crate::plan::Plan;
pub use alike::Judge;
pub use view::View;

/// An audit: its rules and what finds where they are broken.
pub type Audit = (&'static [&'static Rule], Look);

/// What an audit looks at.
#[derive(Clone, Copy)]
pub enum Look {
    /// One object at a time.
    Object(Judge),
    /// Everything.
    Plan(fn(&View<'_>, &mut Diagnostics)),
}

/// The audits, in order.
pub static AUDITS: &[Audit] = &[
    (secrets::RULES, Look::Object(secrets::judge)),
    (names::RULES, Look::Object(names::judge)),
    (api_versions::RULES, Look::Object(api_versions::judge)),
    (pod_security::RULES, Look::Plan(pod_security::audit)),
    (references::RULES, Look::Plan(references::audit)),
    (providers::RULES, Look::Plan(providers::audit)),
    (policies::RULES, Look::Plan(policies::audit)),
    (replicas::RULES, Look::Plan(replicas::audit)),
    (capacity::RULES, Look::Plan(capacity::audit)),
    (cluster::RULES, Look::Plan(cluster::audit)),
    (hostnames::RULES, Look::Plan(hostnames::audit)),
    (metrics::RULES, Look::Plan(metrics::audit)),
    (needs::RULES, Look::Plan(|view, diags| needs::audit(view.plan, diags))),
    (stores::RULES, Look::Plan(stores::audit)),
    (volumes::RULES, Look::Plan(volumes::audit)),
    (applications::RULES, Look::Plan(|view, diags| applications::audit(view.plan, diags))),
    (live::RULES, Look::Plan(|view, diags| live::audit(view.plan, diags))),
    (owners::RULES, Look::Plan(|view, diags| owners::audit(view.plan, diags))),
    (contents::RULES, Look::Object(contents::judge)),
    (compatibility::RULES, Look::Plan(|view, diags| compatibility::audit(view.plan, diags))),
    (upgrades::RULES, Look::Plan(|view, diags| upgrades::audit(view.plan, diags))),
];

/// Finds what is wrong with the plan as a whole.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    let (mut judges, mut audits) = (Vec::new(), Vec::new());
    for (_, look) in AUDITS {
        match look {
            Look::Object(judge) => judges.push(*judge),
            Look::Plan(audit) => audits.push(*audit),
        }
    }
    let (of_objects, of_plan) = rayon::join(
        || alike::judge(plan, &judges),
        || {
            let view = View::of(plan);
            let found = audits.par_iter().map(|audit| {
                let mut diags = Diagnostics::new();
                audit(&view, &mut diags);
                diags
            });
            found.collect::<Vec<_>>()
        },
    );
    let (mut of_objects, mut of_plan) = (of_objects.into_iter(), of_plan.into_iter());
    for (_, look) in AUDITS {
        let found = match look {
            Look::Object(_) => of_objects.next(),
            Look::Plan(_) => of_plan.next(),
        };
        found.into_iter().for_each(|found| diags.append(found));
    }
}

/// Every rule of the audits.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    AUDITS.iter().flat_map(|(rules, _)| rules.iter().copied())
}
