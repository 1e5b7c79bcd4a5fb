//! Random plans: every folder builds to the objects of its unit, whatever base and environments hold.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::build::holds;
use super::{at, environment, put, verbatim, workload};
use crate::emit::{folders, rendered};
use crate::k8s::tree::Tree;
use crate::plan::{Plan, Stage, UnitId, UnitKind};
use crate::tree;

/// Few words, so that base and environments often say the same, and some that YAML readers stumble over.
fn word() -> impl Strategy<Value = Tree> {
    prop::sample::select(vec!["a", "b", "on", "012", "1e3", "x: y", "", "two\nlines\n"])
        .prop_map(Tree::from)
}

fn words(keys: &'static [&'static str]) -> impl Strategy<Value = Tree> {
    prop::collection::btree_map(prop::sample::select(keys), word(), 0..keys.len())
        .prop_map(|map| Tree::Map(map.into_iter().collect()))
}

fn list() -> impl Strategy<Value = Tree> {
    prop::collection::vec(word(), 0..4).prop_map(Tree::from)
}

fn container(name: &'static str) -> impl Strategy<Value = Tree> {
    let env = subsequence(vec!["A", "B", "C"], 0..=3).prop_shuffle();
    let env = (env, word()).prop_map(|(names, value)| {
        names.iter().map(|name| tree!({ "name": (*name), "value": (value.clone()) })).collect()
    });
    let ports = subsequence(vec![80, 443, 9090], 0..=3).prop_map(|ports| {
        ports.iter().map(|port| tree!({ "containerPort": (*port), "protocol": "TCP" })).collect()
    });
    (word(), list(), env, ports).prop_map(
        move |(image, args, env, ports): (Tree, Tree, Vec<Tree>, Vec<Tree>)| {
            tree!({ "name": name, "image": image, "args": args, "env": env, "ports": ports })
        },
    )
}

fn deployment() -> impl Strategy<Value = Tree> {
    let labels = words(&["app", "app.kubernetes.io/name", "tier"]);
    let sidecar = prop::option::of(container("sidecar"));
    (1..4i64, labels, container("main"), sidecar, any::<bool>()).prop_map(
        |(replicas, labels, main, sidecar, swapped)| {
            let mut containers: Vec<Tree> = std::iter::once(main).chain(sidecar).collect();
            if swapped {
                containers.reverse();
            }
            tree!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": { "name": "web", "labels": labels },
                "spec": {
                    "replicas": replicas,
                    "template": { "spec": { "containers": containers } },
                },
            })
        },
    )
}

fn service() -> impl Strategy<Value = Tree> {
    let ports = subsequence(vec![80, 443, 9090], 1..=3).prop_shuffle();
    (ports, words(&["a", "b"])).prop_map(|(ports, selector)| {
        let ports: Vec<Tree> = ports
            .iter()
            .map(|port| tree!({ "port": (*port), "protocol": "TCP", "targetPort": (*port) }))
            .collect();
        tree!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": "web" },
            "spec": { "ports": ports, "selector": selector },
        })
    })
}

/// A custom resource: kustomize has no schema for its lists.
fn route() -> impl Strategy<Value = Tree> {
    (list(), prop::collection::vec((word(), 1..3i64), 0..3)).prop_map(|(hosts, rules)| {
        let rules: Vec<Tree> = rules
            .into_iter()
            .map(|(path, weight)| tree!({ "path": path, "backendRefs": [{ "weight": weight }] }))
            .collect();
        tree!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "web" },
            "spec": { "hostnames": hosts, "rules": rules },
        })
    })
}

/// A ConfigMap with its content's mark in the name: it is never patched but another one.
fn config() -> impl Strategy<Value = Tree> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(|mark| {
        tree!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": (format!("web-{mark}")) },
            "data": { "mark": mark },
        })
    })
}

/// What Kubernetes and another group call by one name.
fn twins() -> impl Strategy<Value = Tree> {
    let group = prop::sample::select(vec!["v1", "serving.knative.dev/v1"]);
    (group, words(&["x", "y"])).prop_map(|(api_version, spec)| {
        tree!({
            "apiVersion": api_version,
            "kind": "Service",
            "metadata": { "name": "twin" },
            "spec": spec,
        })
    })
}

fn objects() -> impl Strategy<Value = [Option<Tree>; 5]> {
    let maybe = |strategy: BoxedStrategy<Tree>| prop::option::weighted(0.8, strategy);
    let all = (
        maybe(deployment().boxed()),
        maybe(service().boxed()),
        maybe(route().boxed()),
        maybe(config().boxed()),
        maybe(twins().boxed()),
    );
    all.prop_map(|(a, b, c, d, e)| [a, b, c, d, e])
}

/// The base where `coins` say so and something else elsewhere, down to single fields: environments are like that.
fn mixed(base: &Tree, other: &Tree, coins: &mut impl Iterator<Item = bool>) -> Tree {
    match (base, other) {
        (Tree::Map(base), Tree::Map(other)) => {
            let mut mixed = base.clone();
            for (key, value) in other.iter() {
                let value = match base.get(key) {
                    Some(base) => mixed_or(base, value, coins),
                    None if coins.next() == Some(true) => continue,
                    None => value.clone(),
                };
                mixed.insert(key.to_owned(), value);
            }
            Tree::Map(mixed)
        }
        (Tree::Seq(base), Tree::Seq(other)) if base.len() == other.len() => {
            let pairs = base.iter().zip(&**other);
            pairs.map(|(base, other)| mixed_or(base, other, coins)).collect::<Vec<_>>().into()
        }
        _ => other.clone(),
    }
}

fn mixed_or(base: &Tree, other: &Tree, coins: &mut impl Iterator<Item = bool>) -> Tree {
    let same_name = base.get("name") == other.get("name");
    if coins.next() == Some(true) || !same_name { base.clone() } else { mixed(base, other, coins) }
}

/// What an environment makes of the base's objects.
fn environment_of(base: &[Option<Tree>; 5], other: [Option<Tree>; 5], coins: &[bool]) -> Vec<Tree> {
    let mut coins = coins.iter().copied().cycle();
    let pairs = base.iter().zip(other);
    pairs
        .filter_map(|(base, other)| match (base, other) {
            (Some(base), Some(other)) => {
                // Of two different objects there is no mixture.
                let alike = ["/apiVersion", "/metadata/name"]
                    .iter()
                    .all(|pointer| base.pointer(pointer) == other.pointer(pointer));
                Some(if alike { mixed(base, &other, &mut coins) } else { other })
            }
            (_, other) => other,
        })
        .collect()
}

const SEALED: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: sops}\n";

fn plan() -> impl Strategy<Value = Plan> {
    let stage = || prop::option::weighted(0.9, objects());
    let coins = prop::collection::vec(prop::bool::weighted(0.3), 40);
    let sealed = prop::bool::weighted(0.2);
    (stage(), stage(), stage(), coins, sealed, any::<bool>()).prop_map(
        |(base, test, live, coins, sealed, cluster)| {
            let mut plan = Plan::default();
            let begin = base.clone().unwrap_or_default();
            if let Some(base) = base {
                put(&mut plan, "web", Stage::Base, base.into_iter().flatten());
            }
            for (name, objects) in [("test", test), ("live", live)] {
                if let Some(objects) = objects {
                    let objects = environment_of(&begin, objects, &coins);
                    put(&mut plan, "web", environment(name), objects);
                }
            }
            if let Some(unit) = plan.units.get_mut(&workload("web", environment("live")))
                && sealed
            {
                unit.add(verbatim("sops.yaml", SEALED));
            }
            if cluster {
                let id = UnitId {
                    kind: UnitKind::ArgoCd,
                    name: "argocd".into(),
                    stage: Stage::Cluster("eu".into()),
                };
                plan.unit(id, &at("clusters.eu"));
            }
            plan
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_folder_builds_to_what_the_plan_holds(plan in plan()) {
        if let Err(why) = holds(&plan) {
            return Err(TestCaseError::fail(why));
        }
    }

    #[test]
    fn the_order_of_resources_does_not_show(plan in plan()) {
        let mut turned = plan.clone();
        for unit in turned.units.values_mut() {
            unit.resources.reverse();
        }
        prop_assert!(folders(&plan) == folders(&turned));
        prop_assert!(rendered(&plan) == rendered(&turned));
        prop_assert!(folders(&plan) == folders(&plan));
    }
}

#[test]
fn an_empty_plan_has_no_files() {
    assert!(folders(&Plan::default()).is_empty());
    assert!(rendered(&Plan::default()).is_empty());
}
