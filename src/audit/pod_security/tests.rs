use super::*;
use crate::audit::testing::{Estate, found, rules_found};
use crate::k8s::tree::Tree;
use crate::tree;

/// A Deployment that the level `restricted` admits.
fn deployment() -> Tree {
    tree!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop-production"},
        "spec": {"template": {"spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "volumes": [{"name": "tmp"}, {"name": "config", "configMap": {"name": "web"}}],
            "containers": [{
                "name": "web",
                "ports": [{"containerPort": 8080}],
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
                },
            }],
        }}},
    })
}

/// What is found when `value` stands at `pointer` of the pod's spec; the parent must be there.
fn with(level: Level, pointer: &str, value: Tree) -> Vec<String> {
    let mut object = deployment();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(&format!("/spec/template/spec{parent}")).unwrap();
    parent.as_map_mut().unwrap().insert(key.to_owned(), value);
    let plan = Estate::new().level(level).object(object).plan();
    rules_found(audit, &plan)
}

#[test]
fn what_is_hardened_is_silent() {
    let plan = Estate::new().object(deployment()).plan();
    assert_eq!(rules_found(audit, &plan), [""; 0]);
}

#[test]
fn every_control_of_baseline_fires_at_both_levels_and_not_at_privileged() {
    let container = "/containers/0";
    let cases = [
        ("/securityContext/windowsOptions", tree!({"hostProcess": true}), "host-process"),
        ("/hostPID", tree!(true), "host-namespaces"),
        (&format!("{container}/securityContext/privileged"), tree!(true), "privileged"),
        (
            &format!("{container}/securityContext/capabilities"),
            tree!({"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
            "capabilities",
        ),
        ("/volumes", tree!([{"name": "node", "hostPath": {"path": "/"}}]), "host-path"),
        (
            &format!("{container}/ports"),
            tree!([{"containerPort": 80, "hostPort": 80}]),
            "host-ports",
        ),
        (
            &format!("{container}/lifecycle"),
            tree!({"preStop": {"httpGet": {"host": "10.0.0.1", "port": 80}}}),
            "host-probes",
        ),
        ("/securityContext/appArmorProfile", tree!({"type": "Unconfined"}), "app-armor"),
        ("/securityContext/seLinuxOptions", tree!({"user": "root"}), "selinux"),
        (&format!("{container}/securityContext/procMount"), tree!("Unmasked"), "proc-mount"),
        (
            &format!("{container}/securityContext/seccompProfile"),
            tree!({"type": "Unconfined"}),
            "seccomp",
        ),
        ("/securityContext/sysctls", tree!([{"name": "kernel.msgmax", "value": "1"}]), "sysctls"),
    ];
    for (pointer, value, rule) in cases {
        let rule = format!("pod-security/{rule}");
        for level in [Level::Baseline, Level::Restricted] {
            assert_eq!(with(level, pointer, value.clone()), [rule.as_str()], "{pointer}");
        }
        assert_eq!(with(Level::Privileged, pointer, value), [""; 0], "{pointer}");
    }
}

#[test]
fn every_control_of_restricted_fires_there_only() {
    let context = "/containers/0/securityContext";
    let cases = [
        (
            "/volumes",
            tree!([{"name": "share", "nfs": {"server": "a", "path": "/"}}]),
            "volume-types",
        ),
        (&format!("{context}/allowPrivilegeEscalation"), Tree::Null, "privilege-escalation"),
        (&format!("{context}/runAsNonRoot"), tree!(false), "run-as-non-root"),
        (&format!("{context}/runAsUser"), tree!(0), "run-as-user"),
        (&format!("{context}/capabilities"), tree!({"drop": ["NET_RAW"]}), "drop-all"),
        ("/securityContext", tree!({"runAsNonRoot": true}), "seccomp"),
    ];
    for (pointer, value, rule) in cases {
        let rule = format!("pod-security/{rule}");
        assert_eq!(with(Level::Restricted, pointer, value.clone()), [rule.as_str()], "{pointer}");
        assert_eq!(with(Level::Baseline, pointer, value), [""; 0], "{pointer}");
    }
}

#[test]
fn the_exact_field_is_named_once_for_all_containers() {
    let mut object = deployment();
    let spec = object.pointer_mut("/spec/template/spec").and_then(Tree::as_map_mut).unwrap();
    spec.insert("initContainers", tree!([{"name": "a"}, {"name": "b"}]));
    let plan = Estate::new().object(object).plan();
    let found: Vec<_> = found(audit, &plan).into_iter().collect();
    assert_eq!(
        found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>(),
        [
            "`spec.template.spec.initContainers[0].securityContext.allowPrivilegeEscalation` of Deployment \
             `web` is missing",
            "`spec.template.spec.initContainers[0].securityContext.capabilities.drop` of Deployment `web` does \
             not have `ALL`",
        ]
    );
    assert_eq!(
        found[0].help.as_deref(),
        Some(
            "write `allowPrivilegeEscalation: false`; the same for \
             `spec.template.spec.initContainers[1].securityContext.allowPrivilegeEscalation`"
        )
    );
    assert_eq!(found[0].related[0].1, "the namespace `shop-production` enforces `restricted`");
}

#[test]
fn users_of_its_own_and_windows_are_excepted_as_the_standards_say() {
    assert_eq!(with(Level::Restricted, "/hostUsers", tree!(false)), [""; 0]);
    let windows = tree!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "namespace": "shop-production"},
        "spec": {
            "os": {"name": "windows"},
            "securityContext": {"runAsNonRoot": true},
            "containers": [{"name": "w"}],
        },
    });
    let plan = Estate::new().object(windows).plan();
    assert_eq!(rules_found(audit, &plan), [""; 0]);
}
