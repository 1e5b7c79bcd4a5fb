//! Labels that every object has, by which people and tools find what belongs together.
//!
//! They are on the objects only: selectors cannot be changed later, and a label on a pod template rolls its pods.
//! None says the environment: it would be one more patch for each object in each overlay, and the namespace says it.

use rayon::prelude::*;

use crate::k8s::tree::{Map, Tree};
use crate::plan::{Plan, Unit, UnitKind};

pub(super) const NAME: &str = "labels";

pub(super) fn run(plan: &mut Plan) {
    let estate = plan.estate.as_str();
    let mut units: Vec<&mut Unit> = plan.units.values_mut().collect();
    units.par_iter_mut().for_each(|unit| {
        let named =
            matches!(unit.id.kind, UnitKind::Database | UnitKind::Release | UnitKind::Workload);
        let name = named.then_some(unit.id.name.as_str());
        let labels = [
            ("app.kubernetes.io/name", name),
            ("app.kubernetes.io/part-of", Some(estate)),
            ("app.kubernetes.io/managed-by", Some("groundplan")),
        ];
        for resource in &mut unit.resources {
            if let Some(Tree::Map(object)) = resource.as_tree_mut() {
                let metadata = object.map_at("metadata");
                add(metadata.map_at("labels"), labels);
                put_name_first(metadata);
            }
        }
    });
}

fn add(labels: &mut Map, wanted: [(&'static str, Option<&str>); 3]) {
    for (label, value) in wanted {
        if let Some(value) = value {
            labels.entry(label, || Tree::from(value.to_owned()));
        }
    }
    labels.sort_keys();
}

/// A reader looks for the name first; a typed object begins with its annotations.
fn put_name_first(metadata: &mut Map) {
    let mut ordered = Map::with_capacity(metadata.len());
    for key in ["name", "namespace", "labels", "annotations"] {
        if let Some(value) = metadata.remove(key) {
            ordered.insert(key, value);
        }
    }
    ordered.extend(std::mem::take(metadata));
    *metadata = ordered;
}

#[cfg(test)]
pub mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::passes::tests::{at, estate, namespace_unit, printed, production, web};
    use crate::plan::{Origin, Resource};

    #[test]
    fn every_object_says_what_it_belongs_to_and_nothing_is_overwritten() {
        let mut plan = estate(&["a-prod"]);
        let unit = web(&mut plan, production());
        let object = crate::tree!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "annotations": {"note": "mine"},
                "labels": {"app.kubernetes.io/part-of": "shop", "tier": "front"},
                "generateName": "x-",
                "name": "web"
            },
            "spec": {
                "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
                "template": {"metadata": {"labels": {"app.kubernetes.io/name": "web"}}}
            }
        });
        let origin = Origin::lowered("workloads", [at("workloads.web")]);
        plan.unit(unit.clone(), &at("workloads.web")).add(Resource::tree(object, origin));
        run(&mut plan);
        assert_snapshot!(printed(&plan, &unit, 0), @"
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          labels:
            app.kubernetes.io/managed-by: groundplan
            app.kubernetes.io/name: web
            app.kubernetes.io/part-of: shop
            tier: front
          annotations:
            note: mine
          generateName: x-
        spec:
          selector:
            matchLabels:
              app.kubernetes.io/name: web
          template:
            metadata:
              labels:
                app.kubernetes.io/name: web
        ");
        assert_snapshot!(printed(&plan, &namespace_unit("a-prod"), 0), @"
        apiVersion: v1
        kind: Namespace
        metadata:
          name: a-prod
          labels:
            app.kubernetes.io/managed-by: groundplan
            app.kubernetes.io/part-of: acme
        ");
    }
}
