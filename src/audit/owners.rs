//! Who owns an object: it is made once in a cluster.

use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use crate::diag::{Diagnostics, Rule};
use crate::plan::{Plan, Resource, Unit};

/// An object with two owners.
pub static SHARED_OBJECT: Rule = Rule::error(
    "argocd/shared-object",
    "the same object is made twice in a cluster",
    "Of two in one Application the last one wins silently; of two in two Applications each undoes the other, or \
     with FailOnSharedResource=true the second is never synced (Argo CD, docs/user-guide/sync-options.md).",
    "workloads: {web: {manifests: [config.yaml]}, api: {manifests: [config.yaml]}}  # shortened",
);

/// The rules of this audit.
pub static RULES: &[&Rule] = &[&SHARED_OBJECT];

/// What makes an object the same in a cluster; its version does not.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    name: &'a str,
    kind: &'a str,
    namespace: &'a str,
    group: &'a str,
    cluster: &'a str,
}

/// An object and its owner.
struct Owned<'a> {
    /// Of the key: numbers are sorted much faster than keys.
    hash: u64,
    unit: &'a Unit,
    object: &'a Resource,
}

/// Finds objects that are made twice.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    let units: Vec<&Unit> = plan.applications().collect();
    let mut owned: Vec<Owned<'_>> = units
        .par_iter()
        .flat_map_iter(|unit| unit.resources.iter().map(|object| Owned::new(unit, object)))
        .collect();
    // Stable: of the same objects, the one of the first unit stays first.
    owned.par_sort_by_key(|one| one.hash);
    for alike in owned.chunk_by(|one, two| one.hash == two.hash) {
        for (at, second) in alike.iter().enumerate().skip(1) {
            let key = second.key();
            if let Some(first) = alike[..at].iter().find(|first| first.key() == key) {
                diags
                    .report(&SHARED_OBJECT, second.object.origin.at(), shared(&key, first, second))
                    .related(first.object.origin.at(), "the same object is made from here")
                    .help("give one of them another name, or remove it");
            }
        }
    }
}

impl<'a> Owned<'a> {
    fn new(unit: &'a Unit, object: &'a Resource) -> Self {
        let mut hasher = DefaultHasher::new();
        Key::of(unit, object).hash(&mut hasher);
        Self { hash: hasher.finish(), unit, object }
    }

    fn key(&self) -> Key<'a> {
        Key::of(self.unit, self.object)
    }
}

impl<'a> Key<'a> {
    fn of(unit: &'a Unit, object: &'a Resource) -> Self {
        Self {
            name: object.name(),
            kind: object.kind(),
            namespace: object.namespace().unwrap_or_default(),
            group: object.group(),
            cluster: unit.id.stage.cluster().unwrap_or_default(),
        }
    }
}

fn shared(key: &Key<'_>, first: &Owned<'_>, second: &Owned<'_>) -> String {
    let (first, second) = (first.unit, second.unit);
    let what = format!("the {} `{}`", key.kind, key.name);
    if first.id == second.id {
        return format!("{what} is twice in the {} `{}`", first.id.kind.word(), first.id.name);
    }
    let owner = |unit: &Unit| format!("the {} `{}`", unit.id.kind.word(), unit.id.name);
    format!("{what} is in {} and in {}", owner(first), owner(second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, messages, unit};
    use crate::tree;

    fn map(version: &'static str, kind: &'static str, name: &str) -> crate::k8s::tree::Tree {
        tree!({
            "apiVersion": version, "kind": kind,
            "metadata": {"name": (name.to_owned()), "namespace": "shop-production"},
        })
    }

    fn found(plan: &Plan) -> Vec<String> {
        messages(|view, diags| audit(view.plan, diags), plan)
    }

    #[test]
    fn an_object_has_one_owner_in_a_cluster() {
        let mut plan = Estate::new()
            .object(map("v1", "ConfigMap", "api"))
            .object(map("v1", "ConfigMap", "web"))
            .object(map("acme.example/v1", "ConfigMap", "own"))
            .plan();
        assert_eq!(found(&plan), [""; 0]);
        let again = plan.units[&unit("api")].resources[0].clone();
        for name in ["api", "web"] {
            let at = crate::audit::testing::at("workloads").key(name);
            plan.unit(unit(name), &at).add(again.clone());
        }
        assert_eq!(
            found(&plan),
            [
                "the ConfigMap `api` is twice in the workload `api`",
                "the ConfigMap `api` is in the workload `api` and in the workload `web`",
            ]
        );
    }

    #[test]
    fn the_version_of_an_object_makes_it_no_other() {
        let both = [("autoscaling/v1", "api"), ("autoscaling/v2", "api")];
        let plan = both.into_iter().fold(Estate::new(), |estate, (version, name)| {
            estate.object(map(version, "HorizontalPodAutoscaler", name))
        });
        assert_eq!(found(&plan.plan()).len(), 1);
    }
}
