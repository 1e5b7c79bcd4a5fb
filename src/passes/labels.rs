//! Labels that every object has, by which people and tools find what belongs together.
//!
//! They are on the objects only: selectors cannot be changed later, and a label on a pod template rolls its pods.
//! None says the environment: it would be one more patch for each object in each overlay, and the namespace says it.

use crate::k8s::tree::{Map, Tree};
use crate::plan::{Plan, UnitKind};

pub(super) const NAME: &str = "labels";

pub(super) fn run(plan: &mut Plan) {
    for unit in plan.units.values_mut() {
        let name = (unit.id.kind == UnitKind::Workload).then_some(unit.id.name.as_str());
        let labels = [
            ("app.kubernetes.io/name", name),
            ("app.kubernetes.io/part-of", Some(plan.estate.as_str())),
            ("app.kubernetes.io/managed-by", Some("groundplan")),
        ];
        for resource in &mut unit.resources {
            if let Some(Tree::Map(object)) = resource.as_tree_mut() {
                let metadata = object.map_at("metadata");
                add(metadata.map_at("labels"), labels);
                put_name_first(metadata);
            }
        }
    }
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
