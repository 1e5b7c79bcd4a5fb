//! Labels that every object has, by which people and tools find what belongs together.
//!
//! They are on the objects only: selectors cannot be changed later, and a label on a pod template rolls its pods.
//! None says the environment: it would be one more patch for each object in each overlay, and the namespace says it.

use crate::k8s::tree::{Map, Text, Tree};
use crate::plan::{Unit, UnitKind};

pub(super) fn run(unit: &mut Unit, estate: &str) {
    let named = matches!(unit.id.kind, UnitKind::Database | UnitKind::Release | UnitKind::Workload);
    let name = named.then_some(unit.id.name.as_str());
    let labels = [
        ("app.kubernetes.io/managed-by", Some("groundplan")),
        ("app.kubernetes.io/name", name),
        ("app.kubernetes.io/part-of", Some(estate)),
    ];
    for resource in &mut unit.resources {
        if let Some(Tree::Map(object)) = resource.as_tree_mut() {
            let metadata = object.map_at("metadata");
            add(metadata.map_at("labels"), labels);
            // A reader looks for the name first; a typed object begins with its annotations.
            metadata.put_first(&["name", "namespace", "labels", "annotations"]);
        }
    }
}

fn add(labels: &mut Map, wanted: [(&'static str, Option<&str>); 3]) {
    let text = |value: &str| Tree::Str(Text::copy(value));
    labels.extend_missing(
        wanted.into_iter().filter_map(|(label, value)| Some((label, text(value?)))),
    );
    labels.sort_keys();
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
        plan.units.values_mut().for_each(|unit| run(unit, "acme"));
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
