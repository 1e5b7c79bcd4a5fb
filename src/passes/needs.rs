//! What objects need of the platform: the unit that defines their kind, admits it or fulfils it comes first.
//!
//! A need of a unit that is not planned orders nothing, so a platform that somebody else runs is no fault.

use crate::path::At;
use crate::plan::{Addon, Plan, Stage, Unit, UnitId, platform};

pub(super) const NAME: &str = "needs";

pub(super) fn run(plan: &mut Plan) {
    let needed: Vec<(UnitId, Vec<(UnitId, At)>)> = plan
        .units
        .values()
        .filter(|unit| unit.id.stage != Stage::Base)
        .map(|unit| (unit.id.clone(), needs(unit, plan)))
        .filter(|(_, needs)| !needs.is_empty())
        .collect();
    for (id, needs) in needed {
        if let Some(unit) = plan.units.get_mut(&id) {
            unit.needs.extend(needs);
        }
    }
}

fn needs(unit: &Unit, plan: &Plan) -> Vec<(UnitId, At)> {
    let Some(cluster) = unit.id.stage.cluster() else { return Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for resource in &unit.resources {
        let (group, kind) = (resource.group(), resource.kind());
        let of_kind =
            platform::NEEDS.iter().filter(|(of, named, _)| (*of, *named) == (group, kind));
        names.extend(of_kind.map(|(.., name)| *name));
    }
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| Addon::id(name, cluster))
        // A unit may hold both sides: what it defines and what that makes.
        .filter(|id| *id != unit.id && plan.units.contains_key(id))
        .map(|id| (id, unit.at.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::tests::{at, estate, production, web};
    use crate::plan::{Origin, Resource};

    #[test]
    fn what_an_object_is_made_of_comes_first() {
        let mut plan = estate(&[]);
        let unit = web(&mut plan, production());
        let origin = Origin::lowered("workloads", [at("workloads.web")]);
        for (version, kind) in [("external-secrets.io/v1", "ExternalSecret"), ("v1", "Service")] {
            let object = crate::tree!({
                "apiVersion": version, "kind": kind, "metadata": {"name": "web"}
            });
            plan.unit(unit.clone(), &at("workloads.web"))
                .add(Resource::tree(object, origin.clone()));
        }
        run(&mut plan);
        assert!(plan.units[&unit].needs.is_empty(), "nobody planned a store");
        let store = Addon::id(platform::SECRET_STORE_UNIT, "main");
        plan.unit(store.clone(), &at("security"));
        run(&mut plan);
        assert_eq!(plan.units[&unit].needs, [(store, at("workloads.web"))].into());
    }
}
