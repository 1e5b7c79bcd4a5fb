//! Objects that take data along when they go are kept: Argo CD neither prunes them nor deletes them with their
//! Application. Who means it deletes them by hand.

use crate::k8s::tree::{Map, Tree};
use crate::plan::{Resource, Unit, UnitKind};

const ANNOTATION: &str = "argocd.argoproj.io/sync-options";

/// Neither prune nor delete.
const KEEP: [(&str, &str); 2] = [("Prune=", "Prune=false"), ("Delete=", "Delete=false")];

/// No trial of what the cluster does not know yet.
const NO_TRIAL: [(&str, &str); 1] =
    [("SkipDryRunOnMissingResource=", "SkipDryRunOnMissingResource=true")];

pub(super) fn run(unit: &mut Unit) {
    let is_platform = unit.id.kind == UnitKind::Platform;
    for resource in &mut unit.resources {
        if is_platform && is_custom(resource.group()) {
            annotate(resource, &NO_TRIAL);
        }
        if holds_data(resource) {
            annotate(resource, &KEEP);
        }
    }
}

fn annotate(resource: &mut Resource, wanted: &[(&str, &'static str)]) {
    if let Some(Tree::Map(object)) = resource.as_tree_mut() {
        add(object.map_at("metadata").map_at("annotations"), wanted);
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

/// A group whose kinds a custom resource definition of some other Application makes. On the first sync it is not
/// there yet, and a trial of all objects before the first wave would fail for ever.
fn is_custom(group: &str) -> bool {
    let built_in = group.ends_with(".k8s.io")
        && !matches!(group, "gateway.networking.k8s.io" | "snapshot.storage.k8s.io");
    group.contains('.') && !built_in
}

/// Adds the options that are not decided yet: a `Prune=confirm` that somebody wrote stays.
fn add(annotations: &mut Map, wanted: &[(&str, &'static str)]) {
    let written = annotations.get(ANNOTATION).and_then(Tree::as_str).unwrap_or_default();
    let mut options: Vec<&str> = written.split(',').map(str::trim).collect();
    options.retain(|option| !option.is_empty());
    for (option, value) in wanted {
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
