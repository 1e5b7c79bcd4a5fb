use super::*;
use crate::passes::tests::cluster_plan;
use crate::path::{At, DocumentId};
use crate::tree;

fn here() -> Stage {
    Stage::Cluster("main".to_owned())
}

fn add(plan: &mut Plan, kind: UnitKind, name: &str, namespace: &str, chart: bool, object: Tree) {
    let at = At::root(DocumentId::BASE).key("network");
    let origin = Origin::lowered("network", [at.clone()]);
    let id = UnitId { kind, name: name.to_owned(), stage: here() };
    let unit = plan.unit(id, &at);
    unit.namespace = Some(namespace.to_owned());
    unit.release = chart.then(|| Release {
        name: name.to_owned(),
        chart: format!("{name}-chart"),
        source: ChartSource::Oci { registry: "registry.example/charts".to_owned(), digest: None },
        version: "1.2.3".to_owned(),
        values: tree!({"a": 1}),
        requires: None,
        api_versions: vec!["monitoring.coreos.com/v1"],
        ignored: Vec::new(),
        origin: origin.clone(),
    });
    unit.add(Resource::tree(object, origin));
}

/// A cluster with a network, definitions, Argo CD and something that is not for the bootstrap.
fn plan() -> Plan {
    let mut plan = cluster_plan();
    let config = |name: &'static str| tree!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let later = tree!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "later"},
    });
    add(&mut plan, UnitKind::Platform, "argo-cd", "argocd", true, config("argo"));
    add(&mut plan, UnitKind::Platform, "cni", "kube-system", true, config("cni"));
    add(&mut plan, UnitKind::Platform, "cni", "kube-system", true, later);
    add(&mut plan, UnitKind::Platform, "gateway-crds", "gateway", true, config("crds"));
    add(&mut plan, UnitKind::Platform, "longhorn", "longhorn-system", true, config("disks"));
    add(
        &mut plan,
        UnitKind::Namespace,
        "argocd",
        "argocd",
        false,
        tree!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"},
        }),
    );
    crate::passes::derive(&mut plan);
    plan
}

fn file<'a>(plan: &'a Plan, name: &str) -> &'a str {
    let path = format!("clusters/main/bootstrap/{name}");
    let found = plan.artifacts.iter().find(|artifact| artifact.path == path);
    found.map_or_else(|| panic!("{path} is not there"), |artifact| artifact.text.as_str())
}

#[test]
fn each_step_comes_after_what_it_needs() {
    let plan = plan();
    let script = file(&plan, "apply.sh");
    let order: Vec<usize> = [
        "say 'definitions of custom resources: gateway-crds'",
        "say 'the container network: cni'",
        "say 'approval of serving certificates: kubelet-csr-approver'",
        "say 'Argo CD: argo-cd'",
        "60-root.yaml",
    ]
    .map(|words| script.find(words).unwrap_or_else(|| panic!("no {words} in\n{script}")))
    .to_vec();
    assert!(order.is_sorted(), "{order:?}\n{script}");
    assert!(!script.contains("longhorn"), "{script}");
}

#[test]
fn charts_are_rendered_as_their_applications_render_them() {
    let plan = plan();
    let script = file(&plan, "apply.sh");
    let id = UnitId { kind: UnitKind::Platform, name: "cni".to_owned(), stage: here() };
    let release = plan.units[&id].release.as_ref().unwrap();
    let chart = match &release.source {
        ChartSource::Repository { url } => format!("'{}' --repo '{url}'", release.chart),
        ChartSource::Oci { registry, .. } => format!("'oci://{registry}/{}'", release.chart),
    };
    let versions: String =
        release.api_versions.iter().map(|version| format!(" --api-versions '{version}'")).collect();
    let call = format!(
        "release 'cni' '{}' {chart} --version '{}' \\\n  --namespace 'kube-system'{versions} \\\n  \
         --values \"$root/clusters/main/platform/cni/values.yaml\"",
        release.name, release.version,
    );
    assert!(script.contains(&call), "{call} is not in {script}");
    for layout in [Layout::Folders, Layout::Branches] {
        assert_eq!(unit_folder(&id, layout), "clusters/main/platform/cni");
    }
}

#[test]
fn own_objects_are_those_of_the_application_and_nothing_of_a_later_operator() {
    let plan = plan();
    let id = UnitId { kind: UnitKind::Platform, name: "cni".to_owned(), stage: here() };
    let object = plan.units[&id].resources.iter().find(|one| one.kind() == "ConfigMap").unwrap();
    assert_eq!(file(&plan, "21-cni.yaml"), yaml::print(object.as_tree()));
    assert!(file(&plan, "50-argo-cd-namespace.yaml").contains("kind: Namespace"));
}

#[test]
fn the_root_comes_with_its_project_alone() {
    let plan = plan();
    let root = file(&plan, "60-root.yaml");
    let kinds: Vec<&str> = root.lines().filter(|line| line.starts_with("kind: ")).collect();
    assert_eq!(kinds, ["kind: AppProject", "kind: Application"], "{root}");
}
