//! What crosses components, derived from stated facts. A pass never names a component and cannot fail.

mod addons;
pub mod applications;

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
mod secrets;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rayon::prelude::*;

use crate::plan::{Plan, Resource, Unit, UnitId};

/// A pass: its name, which is part of origins, and what it does.
pub type Pass = (&'static str, fn(&mut Plan));

/// The passes in order: objects first, then what speaks about units, then what is said of every object.
///
/// - `addons` states namespaces and flows, and `namespaces` makes the units that policies go into.
/// - `routes` and `monitors` state the flows of gateway and Prometheus, so they come before `policies`.
/// - `applications` counts up what every unit holds, so all objects of units come before it.
/// - `needs` reads the kinds of all objects, and `applications` the needs.
/// - `guards` and `labels` come last: what a later pass adds would go without.
pub static PASSES: &[Pass] = &[
    (addons::NAME, addons::run),
    (namespaces::NAME, namespaces::run),
    (secrets::NAME, secrets::run),
    (routes::NAME, routes::run),
    (monitors::NAME, monitors::run),
    (budgets::NAME, budgets::run),
    (roles::NAME, roles::run),
    (policies::NAME, policies::run),
    (needs::NAME, needs::run),
    (inventory::NAME, inventory::run),
    (applications::NAME, applications::derive),
    (nodes::NAME, nodes::run),
    (guards::NAME, guards::run),
    (labels::NAME, labels::run),
];

/// Derives everything that follows from the facts.
pub fn derive(plan: &mut Plan) {
    for (_, pass) in PASSES {
        pass(plan);
    }
}

/// Makes a resource of each fact, on all cores, and puts it into the unit that owns it.
fn add_each<F: Sync>(
    units: &mut BTreeMap<UnitId, Unit>,
    facts: &[F],
    make: impl Fn(&F) -> Option<(&UnitId, Resource)> + Sync + Send,
) {
    let made: Vec<(&UnitId, Resource)> = facts.par_iter().filter_map(make).collect();
    for (owner, resource) in made {
        add(units, owner, resource);
    }
}

/// Puts a resource into the unit that a fact names as its owner.
fn add(units: &mut BTreeMap<UnitId, Unit>, owner: &UnitId, resource: Resource) {
    match units.get_mut(owner) {
        Some(unit) => unit.add(resource),
        None => crate::bug!(
            "{} states a fact about the unit {owner:?}, which is not there",
            resource.origin.component
        ),
    }
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
