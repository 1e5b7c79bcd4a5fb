//! Small plans and the very files that come of them; random plans, and what kustomize would build of their files.

mod build;
mod literal;
mod naming;
mod plain;
mod random;
mod shipped;

use super::bundle::Bundle;
use crate::k8s::tree::Tree;
use crate::path::{At, DocumentId};
use crate::plan::{Body, Origin, Plan, Resource, Stage, UnitId, UnitKind};
use crate::tree;

/// The place that a dotted path names in the blueprint.
fn at(path: &str) -> At {
    At { document: DocumentId::BASE, path: path.parse().expect("a field path") }
}

fn environment(name: &str) -> Stage {
    Stage::Environment { cluster: "eu".into(), environment: name.into() }
}

fn workload(name: &str, stage: Stage) -> UnitId {
    UnitId { kind: UnitKind::Workload, name: name.into(), stage }
}

fn named(api_version: &'static str, kind: &'static str, name: &'static str) -> Tree {
    tree!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name } })
}

/// The object in its environment: with the namespace, as a component lowers it.
fn in_namespace(mut object: Tree, namespace: &str) -> Tree {
    let metadata = object.as_map_mut().expect("an object").map_at("metadata");
    metadata.insert("namespace", namespace.to_owned());
    object
}

/// Puts objects into the unit of the workload, in the namespace `shop-<environment>` unless it is the base.
fn put(plan: &mut Plan, name: &str, stage: Stage, objects: impl IntoIterator<Item = Tree>) {
    let from = at(&format!("workloads.{name}"));
    let namespace = stage.environment().map(|environment| format!("shop-{environment}"));
    let unit = plan.unit(workload(name, stage), &from);
    unit.namespace.clone_from(&namespace);
    for object in objects {
        let object = match &namespace {
            Some(namespace) => in_namespace(object, namespace),
            None => object,
        };
        unit.add(Resource::tree(object, Origin::lowered("workloads", [from.clone()])));
    }
}

fn verbatim(file: &str, bytes: &str) -> Resource {
    let object = serde_yaml::from_str(bytes).expect("an object");
    let body = Body::Verbatim { file: file.into(), bytes: bytes.into(), object };
    Resource::new(body, Origin::lowered("workloads", [at("workloads.web.secrets")]))
}

fn paths(bundle: &Bundle) -> Vec<&str> {
    bundle.iter().map(|(path, _)| path.as_str()).collect()
}

fn file<'b>(bundle: &'b Bundle, path: &str) -> &'b str {
    let bytes = bundle.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", paths(bundle)));
    std::str::from_utf8(bytes).expect("text")
}
