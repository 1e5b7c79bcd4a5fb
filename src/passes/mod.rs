//! What crosses components, derived from stated facts. A pass never names a component and cannot fail.

mod addons;
pub mod applications;

mod approver;
mod bootstrap;
mod budgets;
mod guards;
mod inventory;
mod labels;
mod monitors;
mod namespaces;
mod needs;
mod nodes;
mod policies;
mod roles;
mod routes;
mod runbooks;
mod secrets;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rayon::prelude::*;

use crate::plan::{Plan, Resource, Stage, Unit, UnitId};

/// A pass: its name, which is part of origins, and what it does.
pub type Pass = (&'static str, fn(&mut Plan));

/// The passes in order: objects first, then what speaks about units, then what is said of every object.
///
/// - `addons` states namespaces and flows, and `namespaces` makes the units that policies go into.
/// - `routes` and `monitors` state the flows of gateway and Prometheus, so they come before `policies`.
/// - `applications` counts up what every unit holds, so all objects of units come before it.
/// - `needs` reads the kinds of all objects, and `applications` the needs.
/// - `bootstrap` and `runbooks` speak of what there is in the end.
/// - `finish` comes last of what touches objects: what a later pass adds would go without.
pub static PASSES: &[Pass] = &[
    (addons::NAME, addons::run),
    (namespaces::NAME, namespaces::run),
    (approver::NAME, approver::run),
    (secrets::NAME, secrets::run),
    (routes::NAME, routes::run),
    (monitors::NAME, monitors::run),
    (budgets::NAME, budgets::run),
    (roles::NAME, roles::run),
    (policies::NAME, policies::run),
    (inventory::NAME, inventory::run),
    (nodes::NAME, nodes::run),
    (needs::NAME, needs::run),
    (applications::NAME, applications::derive),
    ("finish", finish),
    (bootstrap::NAME, bootstrap::run),
    (runbooks::NAME, runbooks::run),
];

/// Derives everything that follows from the facts.
pub fn derive(plan: &mut Plan) {
    for (_, pass) in PASSES {
        pass(plan);
    }
}

/// What is done to every object when all are there: guards, labels, and sharing.
fn finish(plan: &mut Plan) {
    let estate = plan.estate.as_str();
    let mut units: Vec<&mut Unit> = plan.units.values_mut().collect();
    units.par_chunk_by_mut(|one, two| one.is_stage_of(two)).for_each(|stages| {
        for unit in stages.iter_mut() {
            guards::run(unit);
            labels::run(unit, estate);
        }
        // What passes made for several stages is the same for most of them.
        if let Some((base, others)) = stages.split_first_mut()
            && base.id.stage == Stage::Base
        {
            others.iter_mut().for_each(|other| other.share(base));
        }
    });
}

/// Makes a resource of each fact, on all cores, and puts it into the unit that owns it.
fn add_each<F: Sync>(
    units: &mut BTreeMap<UnitId, Unit>,
    facts: &[F],
    make: impl Fn(&F) -> Option<(&UnitId, Resource)> + Sync + Send,
) {
    let ids: Vec<&UnitId> = units.keys().collect();
    let made: Vec<(usize, Resource)> = facts
        .par_iter()
        .filter_map(make)
        .map(|(owner, resource)| match ids.binary_search(&owner) {
            Ok(at) => (at, resource),
            Err(_) => stray(owner, &resource),
        })
        .collect();
    let mut units: Vec<&mut Unit> = units.values_mut().collect();
    for (at, resource) in made {
        units[at].add(resource);
    }
}

/// Puts a resource into the unit that a fact names as its owner.
fn add(units: &mut BTreeMap<UnitId, Unit>, owner: &UnitId, resource: Resource) {
    match units.get_mut(owner) {
        Some(unit) => unit.add(resource),
        None => stray(owner, &resource),
    }
}

fn stray(owner: &UnitId, resource: &Resource) -> ! {
    let component = resource.origin.component;
    crate::bug!("{component} states a fact about the unit {owner:?}, which is not there")
}

/// The metadata of an object; one of the base has no namespace, and is never applied.
fn metadata(name: &str, namespace: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests;
