//! Objects that take data along when they go are kept: Argo CD neither prunes them nor deletes them with their
//! Application. Who means it deletes them by hand.

use crate::k8s::tree::{Map, Tree};
use crate::plan::{Resource, Unit};

const ANNOTATION: &str = "argocd.argoproj.io/sync-options";

pub(super) fn run(unit: &mut Unit) {
    for resource in unit.resources.iter_mut().filter(|resource| holds_data(resource)) {
        if let Some(Tree::Map(object)) = resource.as_tree_mut() {
            guard(object.map_at("metadata").map_at("annotations"));
        }
    }
}

/// Whether data is lost when this object is deleted.
fn holds_data(resource: &Resource) -> bool {
    match (resource.group(), resource.kind()) {
        ("", "PersistentVolumeClaim" | "PersistentVolume" | "Namespace")
        // Every object of its kind goes with it.
        | ("apiextensions.k8s.io", "CustomResourceDefinition") => true,
        ("apps", "StatefulSet") => {
            let claims = resource.as_tree().pointer("/spec/volumeClaimTemplates");
            claims.and_then(Tree::as_seq).is_some_and(|claims| !claims.is_empty())
        }
        _ => false,
    }
}

/// Adds the options that are not decided yet: a `Prune=confirm` that somebody wrote stays.
fn guard(annotations: &mut Map) {
    let written = annotations.get(ANNOTATION).and_then(Tree::as_str).unwrap_or_default();
    let mut options: Vec<&str> = written.split(',').map(str::trim).collect();
    options.retain(|option| !option.is_empty());
    for (option, value) in [("Prune=", "Prune=false"), ("Delete=", "Delete=false")] {
        if !options.iter().any(|written| written.starts_with(option)) {
            options.push(value);
        }
    }
    let options = options.join(",");
    annotations.insert(ANNOTATION, options);
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::passes::tests::{at, estate, namespace_unit};
    use crate::plan::Origin;

    #[test]
    fn what_holds_data_is_neither_pruned_nor_deleted() {
        let mut plan = estate(&["a-prod"]);
        let unit = namespace_unit("a-prod");
        let mut add = |object| {
            let origin = Origin::lowered("workloads", [at("workloads.web")]);
            plan.unit(unit.clone(), &at("teams.a")).add(Resource::tree(object, origin));
        };
        add(crate::tree!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "annotations": {
                "argocd.argoproj.io/sync-options": "ServerSideApply=true, Prune=confirm"
            }}
        }));
        for claims in [crate::tree!([]), crate::tree!([{"metadata": {"name": "data"}}])] {
            add(crate::tree!({
                "apiVersion": "apps/v1", "kind": "StatefulSet",
                "metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": (claims)}
            }));
        }
        plan.units.values_mut().for_each(run);
        let options = plan.units[&unit].resources.iter().map(|resource| {
            let annotations = resource.as_tree().pointer("/metadata/annotations");
            annotations.and_then(|all| all.get("argocd.argoproj.io/sync-options")?.as_str())
        });
        assert_eq!(
            options.collect::<Vec<_>>(),
            [
                Some("Prune=false,Delete=false"),
                Some("ServerSideApply=true,Prune=confirm,Delete=false"),
                None,
                Some("Prune=false,Delete=false"),
            ]
        );
    }
}
