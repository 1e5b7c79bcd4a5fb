//! What patches look like, and that they make what was wanted.

use proptest::prelude::*;

use super::*;
use crate::emit::yaml;
use crate::tree;

fn deployment(spec: Tree) -> Tree {
    let pod = tree!({ "template": { "spec": spec } });
    tree!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": pod })
}

fn object(api_version: &'static str, kind: &'static str, spec: Tree) -> Tree {
    tree!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "web" }, "spec": spec })
}

/// The patch's file, after a check that it does what it should.
fn between(base: &Tree, wanted: &Tree) -> String {
    let patch = patch(base, wanted).expect("a difference");
    let made = apply(base, &patch).expect("it applies").expect("an object");
    assert!(made.same_as(wanted), "{}", yaml::print(&made));
    yaml::print(&patch.tree())
}

const HEAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";

#[test]
fn equal_objects_need_no_patch() {
    let base = object("v1", "Service", tree!({ "a": 1, "b": 2 }));
    let mut wanted = object("v1", "Service", tree!({ "b": 2, "a": 1 }));
    let metadata = wanted.get_mut("metadata").and_then(Tree::as_map_mut).expect("metadata");
    metadata.insert("namespace", "prod");
    metadata.insert("annotations", Map::new());
    assert_eq!(patch(&base, &wanted), None);
}

#[test]
fn maps_and_keyed_lists_merge() {
    let base = deployment(tree!({
        "containers": [
            { "name": "log", "image": "log:1" },
            { "name": "web", "image": "web:1", "args": ["--a"], "env": [
                { "name": "A", "value": "1" }, { "name": "B", "value": "2" },
            ], "tty": true },
            { "name": "last", "image": "last:1" },
        ],
    }));
    let wanted = deployment(tree!({
        "nodeSelector": { "zone": "a" },
        "containers": [
            { "name": "log", "image": "log:1" },
            { "name": "web", "image": "web:2", "args": ["--a", "--b"], "env": [
                { "name": "A", "value": "0" }, { "name": "B", "value": "2" },
            ] },
            { "name": "last", "image": "last:1" },
        ],
    }));
    let expected = "\
spec:
  template:
    spec:
      nodeSelector:
        zone: a
      containers:
      - name: log
      - name: web
        image: web:2
        args:
        - --a
        - --b
        env:
        - name: A
          value: \"0\"
        tty: null
";
    assert_eq!(between(&base, &wanted), format!("{HEAD}{expected}"));
}

#[test]
fn metadata_keeps_the_name_first() {
    let base = object("v1", "ConfigMap", tree!(1));
    let mut wanted = base.clone();
    *wanted.get_mut("metadata").expect("metadata") =
        tree!({ "labels": { "a": "b" }, "name": "web" });
    let expected = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  labels:
    a: b
";
    assert_eq!(between(&base, &wanted), expected);
}

#[test]
fn added_items_are_json_because_a_merge_would_put_them_first() {
    let base = deployment(tree!({ "containers": [{ "name": "web", "env": [{ "name": "A" }] }] }));
    let wanted = deployment(
        tree!({ "containers": [{ "name": "web", "env": [{ "name": "A" }, { "name": "B" }] }] }),
    );
    let expected = "\
- op: add
  path: /spec/template/spec/containers/0/env/-
  value:
    name: B
";
    assert_eq!(between(&base, &wanted), expected);
}

#[test]
fn ports_are_told_apart_by_protocol_too() {
    let ports = |udp: i64| {
        tree!({ "ports": [
            { "port": 53, "protocol": "TCP", "targetPort": 53 },
            { "port": 53, "protocol": "UDP", "targetPort": udp },
        ] })
    };
    let yaml = between(&object("v1", "Service", ports(53)), &object("v1", "Service", ports(54)));
    assert!(yaml.ends_with(
        "  ports:\n  - port: 53\n    protocol: TCP\n  - port: 53\n    protocol: UDP\n    targetPort: 54\n"
    ));

    // kustomize takes the port without protocol for both: it must not be made to merge this list.
    let base = object(
        "v1",
        "Service",
        tree!({ "x": 1, "ports": [{ "port": 53 }, { "port": 53, "protocol": "UDP" }] }),
    );
    let mut wanted = base.clone();
    *wanted.pointer_mut("/spec/x").expect("x") = 2.into();
    assert_eq!(between(&base, &wanted), "- op: replace\n  path: /spec/x\n  value: 2\n");
}

#[test]
fn lists_without_keys_are_json() {
    let base = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        tree!({
            "ingress": [{ "ports": [{ "port": 80 }] }, { "ports": [{ "port": 81 }] }, { "from": [] }],
        }),
    );
    let edited = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        tree!({
            "ingress": [{ "ports": [{ "port": 80 }] }, { "ports": [{ "port": 82 }] }, { "from": [] }],
        }),
    );
    let expected = "- op: replace\n  path: /spec/ingress/1/ports/0/port\n  value: 82\n";
    assert_eq!(between(&base, &edited), expected);
    let removed = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        tree!({
            "ingress": [{ "ports": [{ "port": 80 }] }, { "from": [] }],
        }),
    );
    assert_eq!(between(&base, &removed), "- op: remove\n  path: /spec/ingress/1\n");
}

#[test]
fn custom_resources_merge_maps_only() {
    let route = |host: &'static str, weight: i64| {
        object(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            tree!({ "hostnames": [host], "x/y": { "weight": weight } }),
        )
    };
    assert_eq!(
        between(&route("a", 1), &route("a", 2)),
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\n\
         spec:\n  x/y:\n    weight: 2\n"
    );
    assert_eq!(
        between(&route("a", 1), &route("b", 2)),
        "- op: replace\n  path: /spec/hostnames/0\n  value: b\n\
         - op: replace\n  path: /spec/x~1y/weight\n  value: 2\n"
    );
}

#[test]
fn what_a_merge_would_misunderstand_is_json() {
    let with = |value: Tree| object("v1", "Service", tree!({ "x": value }));
    for (old, new) in [
        // A change of kind, which kustomize refuses.
        (tree!({ "a": 1 }), tree!("a")),
        (tree!([1]), tree!({ "a": 1 })),
        // A number inherits the quotes of the string it replaces.
        (tree!("8080"), tree!(8080)),
        // Null is a value here, and a command in a merge.
        (tree!(1), Tree::Null),
        (tree!({ "a": null }), tree!({ "a": null, "b": 1 })),
        (tree!({}), tree!({ "$patch": "delete" })),
        (tree!("a\nb\n"), tree!("\ta")),
    ] {
        let yaml = between(&with(old), &with(new));
        assert!(yaml.starts_with("- op: "), "{yaml}");
    }
}

#[test]
fn a_whole_list_is_replaced_when_that_is_shorter() {
    let route = |hosts: Tree| {
        object("gateway.networking.k8s.io/v1", "HTTPRoute", tree!({ "hosts": hosts }))
    };
    assert_eq!(
        between(&route(tree!(["a", "b", "c"])), &route(tree!(["d", "e", "f"]))),
        "- op: replace\n  path: /spec/hosts\n  value:\n  - d\n  - e\n  - f\n"
    );
}

#[test]
fn kustomizations_name_the_object_of_a_json_patch_exactly() {
    let base = object("v1", "Service", tree!({ "ports": [{ "port": 1 }] }));
    let target = Target { name: "a.b".into(), ..Target::of(&base) };
    let kustomization = Kustomization {
        namespace: Some("prod".into()),
        resources: vec!["../../base".into()],
        patches: vec![
            PatchFile { path: "Deployment-web.yaml".into(), target: None },
            PatchFile { path: "Service-web.yaml".into(), target: Some(target) },
        ],
    };
    let expected = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: prod
resources:
- ../../base
patches:
- path: Deployment-web.yaml
- path: Service-web.yaml
  target:
    group: ^$
    version: v1
    kind: Service
    name: a\\.b
";
    assert_eq!(yaml::print(&kustomization.tree()), expected);
    assert_eq!(
        yaml::print(&Kustomization::default().tree()),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"
    );
}

#[test]
fn deletion_names_the_object_only() {
    let patch = Patch::delete(&deployment(tree!({ "containers": [] })));
    assert_eq!(yaml::print(&patch.tree()), format!("{HEAD}$patch: delete\n"));
    assert_eq!(apply(&Tree::Null, &patch), Ok(None));
}

#[test]
fn a_merge_does_what_kustomize_does() {
    let merged = |base: Tree, patch: Tree| {
        let all = apply(&deployment(base), &Patch::StrategicMerge(deployment(patch)))?;
        Ok::<_, String>(all.and_then(|all| all.pointer("/spec/template/spec").cloned()))
    };
    let containers =
        tree!({ "containers": [{ "name": "a", "x": 1 }, { "name": "b", "args": ["1"] }] });
    assert_eq!(
        merged(
            containers.clone(),
            tree!({ "containers": [{ "name": "c", "y": null }, { "name": "b", "args": ["2"] }] })
        ),
        Ok(Some(tree!({ "containers": [
            { "name": "c" }, { "name": "b", "args": ["2"] }, { "name": "a", "x": 1 },
        ] })))
    );
    assert_eq!(
        merged(containers.clone(), tree!({ "containers": [{ "name": "a", "$patch": "delete" }] })),
        Ok(Some(tree!({ "containers": [{ "name": "b", "args": ["1"] }] })))
    );
    assert_eq!(
        merged(
            containers.clone(),
            tree!({ "containers": [{ "$patch": "replace" }, { "name": "z" }] })
        ),
        Ok(Some(tree!({ "containers": [{ "name": "z" }] })))
    );
    for wrong in [
        tree!({ "containers": "a" }),
        tree!({ "containers": [{ "image": "x" }] }),
        tree!({ "$retainKeys": [] }),
        tree!({ "$patch": "merg" }),
    ] {
        assert!(merged(containers.clone(), wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn json_steps_follow_the_rfc_and_refuse_misspelt_paths() {
    let base = tree!({ "a": [1, 2], "b/c": { "d": 1 } });
    let run = |operations: Tree| {
        let operations = operations.into_typed::<Vec<Operation>>()?;
        apply(&base, &Patch::Json6902 { target: Target::default(), operations })
    };
    assert_eq!(
        run(tree!([
            { "op": "test", "path": "/a/1", "value": 2 },
            { "op": "add", "path": "/a/0", "value": 0 },
            { "op": "move", "from": "/b~1c/d", "path": "/a/-" },
            { "op": "copy", "from": "/a/0", "path": "/e" },
            { "op": "remove", "path": "/b~1c" },
            { "op": "replace", "path": "/a/1", "value": "x" },
        ])),
        Ok(Some(tree!({ "a": [0, "x", 2, 1], "e": 0 })))
    );
    for wrong in [
        tree!({ "op": "replace", "path": "/spec", "value": 1 }),
        tree!({ "op": "remove", "path": "/a/2" }),
        tree!({ "op": "add", "path": "/a/3", "value": 1 }),
        tree!({ "op": "add", "path": "/x/y", "value": 1 }),
        tree!({ "op": "test", "path": "/a/0", "value": 2 }),
        tree!({ "op": "add", "path": "/x" }),
        tree!({ "op": "set", "path": "/x", "value": 1 }),
    ] {
        assert!(run(tree!([(wrong.clone())])).is_err(), "{wrong:?}");
    }
}

fn value() -> impl Strategy<Value = Tree> {
    let word = prop::sample::select(vec!["a", "b", "on", "80", "x\ny\n", "\ta", ""]);
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        (0..3_i64).prop_map(Tree::from),
        word.clone().prop_map(Tree::from),
        word.prop_map(Tree::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let key =
            prop::sample::select(vec!["a", "b", "c/d", "e~f", "", "name", "finalizers", "$x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|all| Tree::Map(all.into_iter().collect())),
        ]
    })
}

/// Items that are often keyed well, and sometimes not.
fn items(keys: &'static [&'static str]) -> impl Strategy<Value = Tree> {
    let item = (prop::collection::vec(0..4_usize, keys.len()), prop::option::of(value()));
    prop::collection::vec(item, 0..4).prop_map(move |items| {
        let item = |(chosen, more): (Vec<usize>, Option<Tree>)| {
            let keyed = keys.iter().zip(chosen).filter(|(_, at)| *at < 3);
            let mut map: Map = keyed.map(|(key, at)| (*key, ["p", "q", "r"][at])).collect();
            if let Some(more) = more {
                map.insert("more", more);
            }
            Tree::Map(map)
        };
        items.into_iter().map(item).collect::<Vec<_>>().into()
    })
}

fn any_object() -> impl Strategy<Value = Tree> {
    let container = (items(&["containerPort", "protocol"]), items(&["name"]), value()).prop_map(
        |(ports, env, args)| tree!([{ "name": "web", "ports": ports, "env": env, "args": args }]),
    );
    let pod = (container, items(&["name"]), items(&["topologyKey", "whenUnsatisfiable"]), value());
    let kinds = [
        ("apps/v1", "Deployment"),
        ("v1", "Service"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ];
    (prop::sample::select(kinds.to_vec()), pod, items(&["port", "protocol"]), value()).prop_map(
        |((api_version, kind), (containers, volumes, spread, other), ports, more)| {
            let pod = tree!({
                "containers": containers, "volumes": volumes,
                "topologySpreadConstraints": spread, "other": other,
            });
            let spec = tree!({ "template": { "spec": pod }, "ports": ports, "more": more });
            object(api_version, kind, spec)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_patch_makes_what_was_wanted(base in any_object(), other in any_object(), spec in any::<bool>()) {
        // Either all of the spec is another one, or one part of it.
        let part = if spec { "/spec" } else { "/spec/template/spec/volumes" };
        let mut wanted = base.clone();
        *wanted.pointer_mut(part).expect("a part") = other.pointer(part).expect("a part").clone();
        match patch(&base, &wanted) {
            None => prop_assert!(base.same_as(&wanted)),
            Some(patch) => {
                let made = apply(&base, &patch);
                prop_assert!(
                    made.as_ref().is_ok_and(|made| made.as_ref().is_some_and(|made| made.same_as(&wanted))),
                    "{:?}\n{}", made, yaml::print(&patch.tree())
                );
            }
        }
    }
}
