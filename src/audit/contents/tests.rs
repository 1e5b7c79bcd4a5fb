use super::*;
use crate::path::{At, DocumentId};
use crate::plan::{Origin, Plan, Stage, UnitId};
use crate::tree;

fn at(name: &str) -> At {
    At::root(DocumentId::BASE).key("workloads").key(name)
}

fn object(from: &str, api_version: &'static str, kind: &'static str, namespace: &str) -> Resource {
    let mut metadata = tree!({ "name": "config" });
    if let (false, Some(map)) = (namespace.is_empty(), metadata.as_map_mut()) {
        map.insert("namespace", namespace.to_owned());
    }
    let tree = tree!({ "apiVersion": api_version, "kind": kind, "metadata": metadata });
    Resource::tree(tree, Origin::lowered("test", [at(from).key("manifests").index(0)]))
}

/// Workloads of the team `shop`, each with an object, in an environment of a cluster.
fn plan(units: Vec<(&str, &str, &str, Vec<Resource>)>) -> Plan {
    let mut plan = Plan::default();
    for (name, cluster, environment, objects) in units {
        let stage =
            Stage::Environment { cluster: cluster.to_owned(), environment: environment.to_owned() };
        let id = UnitId { kind: UnitKind::Workload, name: name.to_owned(), stage };
        let unit = plan.unit(id, &at(name));
        unit.project = Some(format!("shop-{environment}"));
        unit.resources = objects;
    }
    plan
}

fn messages(plan: &Plan) -> Vec<String> {
    let mut diags = Diagnostics::new();
    crate::audit::testing::each(judge)(&crate::audit::View::of(plan), &mut diags);
    diags.iter().map(|found| format!("{}: {}", found.rule.name, found.message)).collect()
}

#[test]
fn what_argocd_does_not_see_is_refused() {
    for (api_version, kind) in [
        ("v1", "Endpoints"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("coordination.k8s.io/v1", "Lease"),
    ] {
        let found = messages(&plan(vec![(
            "api",
            "main",
            "test",
            vec![object("api", api_version, kind, "x")],
        )]));
        assert_eq!(
            found,
            [format!(
                "argocd/excluded-kind: Argo CD does not look at the kind {kind}, so `config` would never be applied"
            )]
        );
    }
}

#[test]
fn what_guards_a_team_is_not_its_own() {
    for (api_version, kind, namespace) in [
        ("networking.k8s.io/v1", "NetworkPolicy", "shop-test"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "shop-test"),
        ("argoproj.io/v1alpha1", "Application", "shop-test"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", ""),
        ("v1", "Namespace", ""),
    ] {
        let objects = vec![object("api", api_version, kind, namespace)];
        let found = messages(&plan(vec![("api", "main", "test", objects)]));
        assert_eq!(found.len(), 1, "{kind}");
        assert!(found[0].starts_with("argocd/forbidden-kind: "), "{found:?}");
    }
}

#[test]
fn sizes_are_those_of_the_cluster() {
    let with_data = |kind: &'static str, data: String| {
        let mut object = object("api", "v1", kind, "shop-test");
        let map = object.as_tree_mut().and_then(Tree::as_map_mut).expect("an object");
        map.insert("data", tree!({ "key": data }));
        messages(&plan(vec![("api", "main", "test", vec![object])]))
    };
    assert!(with_data("ConfigMap", "x".repeat(MOST_DATA)).is_empty());
    assert_eq!(
        with_data("ConfigMap", "x".repeat(MOST_DATA + 1)),
        ["argocd/too-large: the ConfigMap `config` has 1025 KiB, 1024 KiB are the most"]
    );
    // A Secret's data is counted decoded.
    assert!(with_data("Secret", "x".repeat(MOST_DATA + 1)).is_empty());
    assert!(with_data("Gadget", "x".repeat(MOST_DATA + 1)).is_empty());
    assert_eq!(with_data("Gadget", "x".repeat(MOST_OBJECT)).len(), 1);
}
