//! What a tree keeps of the values it is made from, and gives back.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use serde::{Deserialize, Serialize};

use super::*;

fn deployment() -> Tree {
    tree!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "web", "labels": { "app.kubernetes.io/name": "web" } },
        "spec": {
            "replicas": 3,
            "selector": { "matchLabels": { "app.kubernetes.io/name": "web" } },
            "template": { "spec": { "containers": [
                { "name": "web", "ports": [{ "containerPort": 80, "protocol": "TCP" }] },
            ] } },
        },
    })
}

#[test]
fn kubernetes_types_pass_unchanged() {
    let typed: Deployment = deployment().into_typed().expect("a Deployment");
    let again = Tree::of(&typed);
    assert_eq!(again.pointer("/spec/replicas"), Some(&Tree::Int(3)));
    assert_eq!(again.into_typed::<Deployment>(), Ok(typed.clone()));
    let json = serde_json::to_value(&typed).expect("JSON");
    assert_eq!(serde_json::to_value(&again).expect("JSON"), json);
    assert_eq!(serde_json::from_value::<Tree>(json).expect("a tree"), again);
}

#[test]
fn unknown_fields_are_found_and_misfits_are_placed() {
    let mut tree = deployment();
    assert_eq!(unknown_fields::<Deployment>(&tree), Ok(vec![]));
    let port = tree.pointer_mut("/spec/template/spec/containers/0/ports/0").expect("a port");
    *port = tree!({ "containerPort": 80, "protocl": "TCP" });
    let metadata = tree.get_mut("metadata").and_then(Tree::as_map_mut).expect("metadata");
    metadata.insert("lables", Tree::Map(Map::new()));
    assert_eq!(
        unknown_fields::<Deployment>(&tree),
        Ok(vec![
            "metadata.lables".to_owned(),
            "spec.template.spec.containers[0].ports[0].protocl".to_owned(),
        ])
    );
    *tree.pointer_mut("/spec/template/spec/containers/0/ports/0/containerPort").expect("a port") =
        "http".into();
    let reason = unknown_fields::<Deployment>(&tree).expect_err("a string is no port");
    assert_eq!(
        reason,
        "spec.template.spec.containers[0].ports[0].containerPort: \
         invalid type: string \"http\", expected i32"
    );
    assert_eq!(tree.into_typed::<Deployment>(), Err(reason));
}

#[test]
fn clones_share_and_what_is_equal_can() {
    let base = deployment();
    let mut other = base.clone();
    let spec = |tree: &Tree| tree.get("spec").and_then(Tree::as_map).cloned().expect("a spec");
    assert!(spec(&base).is_shared_with(&spec(&other)));
    other.get_mut("metadata").and_then(Tree::as_map_mut).expect("metadata").insert("x", 1);
    assert!(spec(&base).is_shared_with(&spec(&other)), "a change unshares no more than its way");
    assert_eq!(base, deployment(), "the other is untouched");
    let mut equal = deployment();
    *equal.pointer_mut("/spec/replicas").expect("replicas") = 4.into();
    equal.share(&base);
    assert_eq!(equal.pointer("/spec/replicas"), Some(&Tree::Int(4)));
    let selector = |tree: &Tree| {
        tree.pointer("/spec/selector").and_then(Tree::as_map).cloned().expect("a selector")
    };
    assert!(selector(&base).is_shared_with(&selector(&equal)));
}

#[test]
fn a_value_is_no_larger_than_a_string() {
    assert_eq!(size_of::<Tree>(), 24);
}

#[test]
fn every_shape_serde_knows_comes_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        New(u32),
        Pair(bool, char),
        Named { a: Option<i8>, b: () },
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        shapes: Vec<Shape>,
        numbers: (i64, u64, f64, f32),
        map: BTreeMap<String, Option<String>>,
    }
    let all = All {
        shapes: vec![
            Shape::Unit,
            Shape::New(7),
            Shape::Pair(true, 'x'),
            Shape::Named { a: None, b: () },
        ],
        numbers: (i64::MIN, 9, 1.5, 0.1),
        map: [("b".to_owned(), None), ("a".to_owned(), Some("x".to_owned()))].into(),
    };
    let tree = Tree::of(&all);
    assert_eq!(tree.pointer("/shapes/1/New"), Some(&Tree::Int(7)));
    assert_eq!(tree.pointer("/numbers/3"), Some(&Tree::Float(0.1)));
    assert_eq!(tree.into_typed::<All>(), Ok(all));
    assert_eq!(tree.into_typed::<Tree>(), Ok(tree));
}

#[test]
fn numbers_beyond_64_signed_bits_become_floats() {
    assert_eq!(Tree::of(&u64::MAX), Tree::Float(18_446_744_073_709_551_615.0));
    assert_eq!(Tree::of(&(i64::MAX as u64)), Tree::Int(i64::MAX));
    assert_eq!(Tree::of(&i128::from(i64::MIN)), Tree::Int(i64::MIN));
}

#[test]
fn only_strings_are_keys() {
    assert!(Tree::try_of(&BTreeMap::from([(1, "x")])).is_err());
    assert_eq!(Tree::try_of(&BTreeMap::from([('a', 1)])), Ok(tree!({ "a": 1 })));
}

#[test]
fn bytes_of_kubernetes_stay_base64() {
    let tree = tree!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "binaryData": { "x": "AAEC" },
    });
    let typed: ConfigMap = tree.into_typed().expect("a ConfigMap");
    assert_eq!(Tree::of(&typed).pointer("/binaryData/x"), Some(&"AAEC".into()));
}

#[test]
fn pointers_follow_the_rfc() {
    let tree = tree!({ "": 1, "a/b": { "m~n": [10, 20] } });
    assert_eq!(tree.pointer(""), Some(&tree));
    assert_eq!(tree.pointer("/"), Some(&Tree::Int(1)));
    assert_eq!(tree.pointer("/a~1b/m~0n/1"), Some(&Tree::Int(20)));
    for missing in ["a", "/a~1b/m~0n/01", "/a~1b/m~0n/+1", "/a~1b/m~0n/-", "/a~1b/m~0n/2", "//x"] {
        assert_eq!(tree.pointer(missing), None, "{missing}");
    }
    assert_eq!(escape_pointer("m~n/o"), "m~0n~1o");
}

#[test]
fn maps_keep_order_and_unique_keys() {
    let mut map: Map = [("b", 1), ("a", 2), ("b", 3)].into_iter().collect();
    assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(map.insert("b", 4), Some(Tree::Int(3)));
    map.map_at("c").insert("x", true);
    *map.entry("a", || Tree::Null) = Tree::Null;
    assert_eq!(Tree::Map(map.clone()), tree!({ "b": 4, "a": null, "c": { "x": true } }));
    assert_eq!(map.remove("b"), Some(Tree::Int(4)));
    assert_eq!(map.remove("b"), None);
    assert_eq!(map.len(), 2);
}

#[test]
fn order_matters_to_equality_and_not_to_sameness() {
    let (one, other) = (
        tree!({ "a": [{ "x": 1, "y": 2 }], "b": 2 }),
        tree!({ "b": 2, "a": [{ "y": 2, "x": 1 }] }),
    );
    assert_ne!(one, other);
    assert!(one.same_as(&other));
    assert!(!one.same_as(&tree!({ "a": [{ "x": 1, "y": 2 }], "c": 2 })));
    assert!(!one.same_as(&tree!({ "a": [{ "x": 1, "y": 2 }] })));
    assert!(!tree!([1, 2]).same_as(&tree!([2, 1])));
}

#[test]
fn a_tree_stays_small() {
    assert!(size_of::<Tree>() <= 32, "{}", size_of::<Tree>());
}
