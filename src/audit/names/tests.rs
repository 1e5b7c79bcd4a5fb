use super::*;
use crate::audit::testing::{Estate, each, messages, rules_found};
use crate::k8s::tree::Tree;
use crate::tree;

fn found(object: Tree) -> Vec<String> {
    rules_found(each(judge), &Estate::new().object(object).plan())
}

fn named(version: &'static str, kind: &'static str, name: &str) -> Tree {
    tree!({
        "apiVersion": version, "kind": kind,
        "metadata": {"name": (name.to_owned()), "namespace": "shop-production"},
    })
}

#[test]
fn names_follow_the_rules_of_their_kind() {
    let long = |length| "a".repeat(length);
    let good = [
        ("v1", "ConfigMap", "a.b-c".to_owned()),
        ("v1", "ConfigMap", long(253)),
        ("v1", "Service", long(63)),
        ("v1", "Namespace", "1a".to_owned()),
        ("batch/v1", "CronJob", long(52)),
        ("apps/v1", "StatefulSet", long(52)),
        ("apps/v1", "Deployment", long(100)),
        ("rbac.authorization.k8s.io/v1", "Role", "system:Reader_1".to_owned()),
        ("acme.example/v1", "Anything", "a".to_owned()),
    ];
    for (version, kind, name) in good {
        assert_eq!(found(named(version, kind, &name)), [""; 0], "{kind} {name}");
    }
    let bad = [
        ("v1", "ConfigMap", "Web_1".to_owned()),
        ("v1", "ConfigMap", long(254)),
        ("v1", "ConfigMap", String::new()),
        ("v1", "Service", long(64)),
        ("v1", "Service", "1a".to_owned()),
        ("v1", "Service", "a.b".to_owned()),
        ("v1", "Namespace", "a.b".to_owned()),
        ("batch/v1", "CronJob", long(53)),
        ("batch/v1", "Job", long(64)),
        ("apps/v1", "StatefulSet", long(53)),
        ("rbac.authorization.k8s.io/v1", "Role", "a/b".to_owned()),
        ("acme.example/v1", "Anything", "A".to_owned()),
    ];
    for (version, kind, name) in bad {
        assert_eq!(found(named(version, kind, &name)), [INVALID.name], "{kind} {name}");
    }
}

#[test]
fn labels_and_annotations_are_checked_in_all_objects() {
    let with = |version, metadata: Tree| {
        let mut object = named(version, "Deployment", "web");
        if let (Some(Tree::Map(own)), Tree::Map(more)) = (object.get_mut("metadata"), metadata) {
            own.extend(more);
        }
        found(object)
    };
    for version in ["apps/v1", "acme.example/v1"] {
        assert_eq!(with(version, tree!({"labels": {"a.b/c": "D_1", "e": ""}})), [""; 0]);
        assert_eq!(with(version, tree!({"labels": {"a": "front end"}})), [LABEL.name]);
        assert_eq!(with(version, tree!({"labels": {"a/b/c": "x"}})), [LABEL.name]);
        assert_eq!(with(version, tree!({"labels": {"a": true}})), [LABEL.name]);
        assert_eq!(
            with(version, tree!({"annotations": {"Acme.example/Any": "thing, really"}})),
            [""; 0]
        );
        let large = Tree::from("x".repeat(ANNOTATIONS + 1));
        assert_eq!(
            with(version, tree!({"annotations": {"a": (large)}})),
            [ANNOTATIONS_TOO_LARGE.name]
        );
    }
}

/// The limit of Kubernetes, in bytes.
const ANNOTATIONS: usize = 262_144;

#[test]
fn ports_and_variables_are_checked_where_kubernetes_knows_them() {
    let pod = |container: Tree| {
        let mut object = named("v1", "Pod", "web");
        if let Tree::Map(object) = &mut object {
            object.insert("spec", tree!({"containers": [(container)]}));
        }
        object
    };
    let name = "web";
    let good = pod(tree!({
        "name": name,
        "ports": [{"name": "http", "containerPort": 8080, "hostPort": 0}, {"containerPort": 65535}],
        "readinessProbe": {"httpGet": {"port": "http"}},
        "env": [{"name": "A.b-c", "value": ""}],
    }));
    assert_eq!(found(good), [""; 0]);
    let bad = [
        (tree!({"name": name, "ports": [{"containerPort": 99999}]}), PORT.name),
        (tree!({"name": name, "livenessProbe": {"tcpSocket": {"port": 0}}}), PORT.name),
        (
            tree!({"name": name, "ports": [{"name": "the-main-http-port", "containerPort": 1}]}),
            PORT_NAME.name,
        ),
        (
            tree!({"name": name, "ports": [{"name": "a", "containerPort": 1}, {"name": "a", "containerPort": 2}]}),
            PORT_NAME.name,
        ),
        (tree!({"name": name, "env": [{"name": "A=B"}]}), VARIABLE.name),
        (tree!({"name": name, "env": [{"name": "A"}, {"name": "A"}]}), VARIABLE.name),
        (tree!({"name": "Web"}), INVALID.name),
    ];
    for (container, rule) in bad {
        assert_eq!(found(pod(container)), [rule]);
    }
    let plan =
        Estate::new().object(pod(tree!({"name": name, "ports": [{"containerPort": 99999}]})));
    assert_eq!(
        messages(each(judge), &plan.plan()),
        ["`spec.containers[0].ports[0].containerPort` of Pod `web`: 99999 is not a port"]
    );
}
