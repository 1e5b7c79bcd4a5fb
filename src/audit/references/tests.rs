use super::*;
use crate::audit::testing::{Estate, found, messages, rules_found};
use crate::k8s::tree::Tree;
use crate::plan::Plan;
use crate::tree;

fn object(version: &'static str, kind: &'static str, name: &'static str, more: Tree) -> Tree {
    let mut object = tree!({
        "apiVersion": version, "kind": kind,
        "metadata": {"name": name, "namespace": "shop-production", "labels": {"app": name}},
    });
    if let (Tree::Map(object), Tree::Map(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

fn pod(spec: Tree) -> Tree {
    object("v1", "Pod", "web", tree!({"spec": (spec)}))
}

fn with(container: Tree) -> Tree {
    pod(tree!({"containers": [(container)]}))
}

fn plan(objects: impl IntoIterator<Item = Tree>) -> Plan {
    objects.into_iter().fold(Estate::new(), Estate::object).plan()
}

fn rules(objects: impl IntoIterator<Item = Tree>) -> Vec<String> {
    rules_found(audit, &plan(objects))
}

fn map() -> Tree {
    object("v1", "ConfigMap", "map", tree!({"data": {"key": "value"}}))
}

fn external() -> Tree {
    let spec = tree!({"target": {"name": "keys"}, "data": [{"secretKey": "API_KEY"}]});
    object("external-secrets.io/v1", "ExternalSecret", "any", tree!({"spec": (spec)}))
}

#[test]
fn what_pods_need_must_be_there() {
    let all = [
        pod(tree!({
            "serviceAccountName": "default",
            "imagePullSecrets": [{"name": "keys"}],
            "volumes": [
                {"name": "a", "configMap": {"name": "map", "items": [{"key": "key", "path": "x"}]}},
                {"name": "b", "projected": {"sources": [{"secret": {"name": "keys"}}]}},
                {"name": "c", "secret": {"secretName": "nowhere", "optional": true}},
            ],
            "containers": [{
                "name": "web",
                "envFrom": [{"configMapRef": {"name": "map"}}],
                "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "API_KEY"}}}],
                "volumeMounts": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
            }],
        })),
        map(),
        external(),
    ];
    assert_eq!(messages(audit, &plan(all)), [""; 0]);
    let missing = [MISSING_OBJECT.name];
    assert_eq!(rules([pod(tree!({"serviceAccountName": "web"}))]), missing);
    assert_eq!(rules([pod(tree!({"imagePullSecrets": [{"name": "x"}]}))]), missing);
    let claim = tree!({"volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "x"}}]});
    assert_eq!(rules([pod(claim)]), missing);
    assert_eq!(rules([with(tree!({"envFrom": [{"secretRef": {"name": "x"}}]}))]), missing);
}

#[test]
fn keys_volumes_and_probe_ports_must_be_there() {
    let reference = |kind: Tree| with(tree!({"env": [{"name": "K", "valueFrom": (kind)}]}));
    let of_map = reference(tree!({"configMapKeyRef": {"name": "map", "key": "kye"}}));
    let diags = found(audit, &plan([of_map, map()]));
    let one = diags.iter().next().expect("a finding");
    assert_eq!((one.rule, one.help.as_deref()), (&MISSING_KEY, Some("did you mean `key`?")));
    let of_secret = reference(tree!({"secretKeyRef": {"name": "keys", "key": "x"}}));
    assert_eq!(rules([of_secret, external()]), [MISSING_KEY.name]);
    assert_eq!(rules([with(tree!({"volumeMounts": [{"name": "x"}]}))]), [MISSING_VOLUME.name]);
    let probe =
        tree!({"ports": [{"name": "web"}], "readinessProbe": {"httpGet": {"port": "http"}}});
    assert_eq!(rules([with(probe)]), [MISSING_PORT.name]);
}

#[test]
fn an_unknown_operator_may_make_secrets_but_no_claims() {
    let custom = || object("acme.example/v1", "Vending", "x", tree!({}));
    assert_eq!(
        rules([with(tree!({"envFrom": [{"secretRef": {"name": "x"}}]})), custom()]),
        [""; 0]
    );
    let claim = tree!({"volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "x"}}]});
    assert_eq!(rules([pod(claim), custom()]), [MISSING_OBJECT.name]);
    let cluster = object("postgresql.cnpg.io/v1", "Cluster", "db", tree!({}));
    let secret = |name: &'static str| with(tree!({"envFrom": [{"secretRef": {"name": name}}]}));
    assert_eq!(rules([secret("db-app"), cluster.clone()]), [""; 0]);
    assert_eq!(rules([secret("db-ap"), cluster]), [MISSING_OBJECT.name]);
}

#[test]
fn a_secret_has_one_producer() {
    let sealed = object("bitnami.com/v1alpha1", "SealedSecret", "keys", tree!({"spec": {}}));
    assert_eq!(rules([external(), sealed.clone()]), [SECRET_MADE_TWICE.name]);
    let merge = tree!({"spec": {"target": {"name": "keys", "creationPolicy": "Merge"}}});
    let merge = object("external-secrets.io/v1", "ExternalSecret", "m", merge);
    assert_eq!(rules([merge, sealed]), [""; 0]);
}

#[test]
fn selectors_select_and_ports_are_there() {
    let service = |spec: Tree| object("v1", "Service", "svc", tree!({"spec": (spec)}));
    let target =
        || with(tree!({"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}));
    let to = |port: Tree| service(tree!({"selector": {"app": "web"}, "ports": [(port)]}));
    assert_eq!(rules([target(), to(tree!({"port": 80, "targetPort": "http"}))]), [""; 0]);
    assert_eq!(rules([target(), to(tree!({"port": 8080}))]), [""; 0]);
    assert_eq!(
        rules([target(), to(tree!({"port": 80, "targetPort": "web"}))]),
        [MISSING_PORT.name]
    );
    assert_eq!(rules([target(), to(tree!({"port": 80}))]), [UNDECLARED_PORT.name]);
    assert_eq!(rules([service(tree!({"selector": {"app": "x"}}))]), [SELECTS_NOTHING.name]);
    assert_eq!(rules([service(tree!({"selector": {}}))]), [""; 0]);

    let budget = |app: &'static str| {
        let spec = tree!({"selector": {"matchLabels": {"app": app}}});
        object("policy/v1", "PodDisruptionBudget", "b", tree!({"spec": (spec)}))
    };
    assert_eq!(rules([target(), budget("web")]), [""; 0]);
    assert_eq!(rules([target(), budget("x")]), [SELECTS_NOTHING.name]);

    let monitor = |port: &'static str| {
        let spec =
            tree!({"selector": {"matchLabels": {"app": "svc"}}, "endpoints": [{"port": port}]});
        object("monitoring.coreos.com/v1", "ServiceMonitor", "m", tree!({"spec": (spec)}))
    };
    let metrics = || to(tree!({"name": "metrics", "port": 8080}));
    assert_eq!(rules([target(), metrics(), monitor("metrics")]), [""; 0]);
    assert_eq!(rules([target(), metrics(), monitor("x")]), [MISSING_PORT.name]);
    assert_eq!(rules([monitor("x")]), [SELECTS_NOTHING.name]);
}

#[test]
fn controllers_select_their_own_pods() {
    let deployment = |label: &'static str| {
        let template = tree!({"metadata": {"labels": {"app": label}}, "spec": {}});
        let spec = tree!({"selector": {"matchLabels": {"app": "a"}}, "template": (template)});
        object("apps/v1", "Deployment", "d", tree!({"spec": (spec)}))
    };
    assert_eq!(rules([deployment("a")]), [""; 0]);
    assert_eq!(rules([deployment("b")]), [SELECTOR_MISMATCH.name]);
}

#[test]
fn targets_and_backends_are_there() {
    let autoscaler = |name: &'static str| {
        let spec = tree!({"scaleTargetRef": {"kind": "Deployment", "name": name}});
        object("autoscaling/v2", "HorizontalPodAutoscaler", "h", tree!({"spec": (spec)}))
    };
    let deployment = object("apps/v1", "Deployment", "web", tree!({}));
    assert_eq!(rules([autoscaler("web"), deployment.clone()]), [""; 0]);
    let diags = found(audit, &plan([autoscaler("wbe"), deployment]));
    let one = diags.iter().next().expect("a finding");
    assert_eq!((one.rule, one.help.as_deref()), (&MISSING_OBJECT, Some("did you mean `web`?")));

    let route = |backend: Tree| {
        let spec = tree!({"rules": [{"backendRefs": [(backend)]}]});
        object("gateway.networking.k8s.io/v1", "HTTPRoute", "r", tree!({"spec": (spec)}))
    };
    let service = || object("v1", "Service", "svc", tree!({"spec": {"ports": [{"port": 80}]}}));
    assert_eq!(rules([service(), route(tree!({"name": "svc", "port": 80}))]), [""; 0]);
    assert_eq!(rules([service(), route(tree!({"name": "svc", "port": 81}))]), [MISSING_PORT.name]);
    assert_eq!(rules([route(tree!({"name": "svc", "port": 80}))]), [MISSING_OBJECT.name]);
    let other = tree!({"name": "x", "namespace": "elsewhere", "port": 80});
    assert_eq!(rules([route(other)]), [""; 0]);
    let stateful = object("apps/v1", "StatefulSet", "s", tree!({"spec": {"serviceName": "x"}}));
    assert_eq!(rules([stateful]), [MISSING_OBJECT.name]);
}
