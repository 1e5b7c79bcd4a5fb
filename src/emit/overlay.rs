//! What of a unit goes into which folder: the base, the overlay that turns it into an environment, or all of it.

use super::folder::{Folder, Item, What};
use super::kustomize::{self, Patch};
use super::readme::Shape;
use crate::k8s::tree::Tree;
use crate::plan::{Body, Resource, Stage, Unit};

/// Kinds without a namespace that kustomize's namespace transformer leaves alone. It gives every kind that it does
/// not know a namespace, and writes into the webhooks and services of some that it knows.
const WITHOUT_NAMESPACE: [(&str, &str); 5] = [
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("networking.k8s.io/v1", "IngressClass"),
    ("node.k8s.io/v1", "RuntimeClass"),
];

/// The final objects of a unit; nothing for the base, which is no part of any environment.
pub(super) fn whole(unit: &Unit, path: String) -> Option<Folder<'_>> {
    if unit.id.stage == Stage::Base {
        return None;
    }
    let items = unit.resources.iter().map(Item::whole).collect();
    Some(Folder { unit, path, shape: Shape::Whole, namespace: None, items })
}

/// The base of a unit, or what turns the base into the unit of an environment; all of the unit if there is no base
/// to begin with.
pub(super) fn folder<'p>(
    base: Option<&'p Unit>,
    unit: &'p Unit,
    path: String,
) -> Option<Folder<'p>> {
    if unit.id.stage == Stage::Base {
        let items: Vec<Item> = patchable(unit).map(Item::whole).collect();
        let shape = Shape::Base;
        return (!items.is_empty()).then_some(Folder { unit, path, shape, namespace: None, items });
    }
    match base.filter(|base| patchable(base).next().is_some()) {
        Some(base) if can_overlay(base, unit) => Some(overlay(base, unit, path)),
        _ => whole(unit, path),
    }
}

/// A patch would be made of what is read from a file that is passed through, never of its bytes: such a file is
/// therefore never in the base but in the overlay of each environment that has it.
fn patchable(unit: &Unit) -> impl Iterator<Item = &Resource> {
    unit.resources.iter().filter(|resource| is_patchable(resource))
}

fn is_patchable(resource: &Resource) -> bool {
    matches!(resource.body(), Body::Object(_))
}

/// Whether the namespace transformer, which the base's objects need, leaves the environment's objects as they are.
///
/// A sealed secret can only be opened in the namespace it was sealed for, and a SOPS file not at all once a field
/// was added to it; so an environment with an object that does not carry the namespace is written without base.
fn can_overlay(base: &Unit, unit: &Unit) -> bool {
    patchable(base).all(|resource| resource.namespace().is_none())
        && unit.resources.iter().all(|resource| stays(resource, unit.namespace.as_deref()))
}

fn stays(resource: &Resource, namespace: Option<&str>) -> bool {
    let at_home = |subject: &Tree| {
        let text = |key| subject.get(key).and_then(Tree::as_str);
        text("kind") != Some("ServiceAccount") || text("namespace") == namespace
    };
    match (resource.namespace(), namespace) {
        // Service accounts among the subjects are moved to the namespace as well.
        (Some(own), Some(namespace)) if own == namespace => resource
            .as_tree()
            .get("subjects")
            .and_then(Tree::as_seq)
            .is_none_or(|subjects| subjects.iter().all(at_home)),
        (None, Some(_)) => WITHOUT_NAMESPACE.contains(&(resource.api_version(), resource.kind())),
        (own, namespace) => own.is_none() && namespace.is_none(),
    }
}

fn overlay<'p>(base: &'p Unit, unit: &'p Unit, path: String) -> Folder<'p> {
    // kustomize tells objects apart by kind and name; the namespace is the same for all.
    let mut left: Vec<bool> = base.resources.iter().map(is_patchable).collect();
    let mut items = Vec::new();
    for (at, resource) in unit.resources.iter().enumerate() {
        let twin = resource.twin(at, &base.resources).filter(|(twin, _)| left[*twin]);
        match twin.filter(|_| is_patchable(resource)) {
            None => items.push(Item::whole(resource)),
            Some((twin, base)) => {
                left[twin] = false;
                if let Some(patch) = kustomize::patch(base.as_tree(), resource.as_tree()) {
                    items.push(Item { resource, what: What::Change(patch) });
                }
            }
        }
    }
    let gone = base.resources.iter().zip(left).filter(|(_, is_left)| *is_left);
    items.extend(gone.map(|(resource, _)| Item {
        resource,
        what: What::Change(Patch::delete(resource.as_tree())),
    }));
    let namespace = unit.namespace.as_deref();
    Folder { unit, path, shape: Shape::Overlay, namespace, items }
}
