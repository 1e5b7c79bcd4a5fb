//! Clusters and namespaces, which have no base: the same folders in every layout.

use super::build::holds;
use super::{at, environment, file, named, paths};
use crate::emit::{branches, folders, rendered};
use crate::plan::{Artifact, Origin, Plan, Resource, Stage, UnitId, UnitKind};

#[test]
fn clusters_and_namespaces_are_plain_folders() {
    let mut plan = Plan::default();
    let cluster = Stage::Cluster("eu".into());
    let argocd = UnitId { kind: UnitKind::ArgoCd, name: "argocd".into(), stage: cluster };
    let origin = Origin::derived(
        "environments",
        "applications",
        [at("environments.live"), at("workloads.web.connects[3].port")],
    );
    let application = named("argoproj.io/v1alpha1", "Application", "root");
    plan.unit(argocd, &at("delivery.argocd")).add(Resource::tree(application, origin));
    let namespace =
        UnitId { kind: UnitKind::Namespace, name: "shop-live".into(), stage: environment("live") };
    let origin = Origin::derived("workloads", "policies", [at("workloads.web.connects[3].port")]);
    let unit = plan.unit(namespace, &at("teams.shop"));
    unit.add(Resource::tree(named("v1", "Namespace", "shop-live"), origin));
    holds(&plan).expect("equal");

    let bundle = folders(&plan);
    assert_eq!(
        paths(&bundle),
        [
            "clusters/.gitattributes",
            "clusters/eu/argocd/README.md",
            "clusters/eu/argocd/application-root.yaml",
            "clusters/eu/argocd/kustomization.yaml",
            "clusters/eu/namespaces/shop-live/README.md",
            "clusters/eu/namespaces/shop-live/kustomization.yaml",
            "clusters/eu/namespaces/shop-live/namespace-shop-live.yaml",
        ]
    );
    let namespace = "clusters/eu/namespaces/shop-live/namespace-shop-live.yaml";
    assert_eq!(
        file(&bundle, namespace).lines().next(),
        Some("# groundplan: workloads.web.connects (policies)")
    );
    assert!(
        file(&bundle, "clusters/eu/argocd/README.md")
            .ends_with("\n\n- `environments.live`\n- `workloads.web`\n")
    );

    let branches = branches(&plan);
    let found: Vec<(&str, Vec<&str>)> =
        branches.iter().map(|(branch, bundle)| (&**branch, paths(bundle))).collect();
    assert_eq!(
        found,
        [
            (
                "clusters/eu",
                vec![
                    "clusters/.gitattributes",
                    "clusters/eu/argocd/README.md",
                    "clusters/eu/argocd/application-root.yaml",
                    "clusters/eu/argocd/kustomization.yaml",
                ]
            ),
            (
                "environments/live",
                vec![
                    "namespaces/.gitattributes",
                    "namespaces/shop-live/README.md",
                    "namespaces/shop-live/kustomization.yaml",
                    "namespaces/shop-live/namespace-shop-live.yaml",
                ]
            ),
        ]
    );
    assert_eq!(
        paths(&rendered(&plan)),
        [
            "clusters/eu/argocd/README.md",
            "clusters/eu/argocd/application-root.yaml",
            "clusters/eu/argocd/kustomization.yaml",
            "environments/live/namespaces/shop-live/README.md",
            "environments/live/namespaces/shop-live/kustomization.yaml",
            "environments/live/namespaces/shop-live/namespace-shop-live.yaml",
        ]
    );
}

#[test]
fn files_that_nothing_syncs_are_in_every_layout() {
    let mut plan = Plan::default();
    for path in ["clusters/eu/machines/web-1/user-data", "runbooks/eu/node.md"] {
        plan.artifacts.push(Artifact {
            stage: Stage::Cluster("eu".into()),
            path: path.to_owned(),
            text: "#\n".to_owned(),
            what: "a file".to_owned(),
            origin: Origin::lowered("machines", [at("machines.pools.web")]),
        });
    }
    assert_eq!(
        paths(&folders(&plan)),
        [
            "clusters/.gitattributes",
            "clusters/eu/machines/web-1/user-data",
            "runbooks/.gitattributes",
            "runbooks/eu/node.md",
        ]
    );
    // A runbook is on the branch of its cluster.
    assert_eq!(
        paths(&rendered(&plan)),
        ["clusters/eu/machines/web-1/user-data", "clusters/eu/runbooks/eu/node.md"]
    );
}
