//! What crosses components, derived from stated facts. A pass never names a component and cannot fail.

pub mod applications;

mod budgets;
mod guards;
mod labels;
mod monitors;
mod policies;
mod roles;
mod routes;
mod secrets;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rayon::prelude::*;

use crate::plan::{Plan, Resource, Stage, Unit, UnitId};

/// A pass: its name, which is part of origins, and what it does.
pub type Pass = (&'static str, fn(&mut Plan));

/// The passes in order: objects first, then what speaks about units, then what is said of every object.
///
/// - `routes` and `monitors` state the flows of gateway and Prometheus, so they come before `policies`.
/// - `applications` counts up what every unit holds, so all objects of units come before it.
pub static PASSES: &[Pass] = &[
    (secrets::NAME, secrets::run),
    (routes::NAME, routes::run),
    (monitors::NAME, monitors::run),
    (budgets::NAME, budgets::run),
    (roles::NAME, roles::run),
    (policies::NAME, policies::run),
    (applications::NAME, applications::derive),
];

/// Derives everything that follows from the facts.
pub fn derive(plan: &mut Plan) {
    for (_, pass) in PASSES {
        pass(plan);
    }
    finish(plan);
}

/// What is done to every object when all are there; what a later pass adds would go without.
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
