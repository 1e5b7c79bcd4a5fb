//! The bootstrap of a cluster: from `kubeadm init` to where Argo CD takes over.
//!
//! A script renders each chart with the version, the name and the values of its Application, and applies it with the
//! field owner of Argo CD, so that Argo CD finds what it would have made itself. Own objects stand beside the script,
//! printed from the same trees as the Applications' folders.

#[cfg(test)]
mod tests;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::k8s::tree::Tree;
use crate::k8s::yaml;
use crate::plan::bootstrap::BootstrapStep;
use crate::plan::{
    Artifact, ChartSource, Layout, Origin, Plan, Release, Resource, Stage, Unit, UnitId, UnitKind,
    delivery, unit_folder,
};

/// The pass's name in origins.
pub const NAME: &str = "bootstrap";

/// The component that states what this pass derives from.
const COMPONENT: &str = "machines";

const SCRIPT: &str = include_str!("apply.sh");

/// A step of the script: a unit, or what of it there is.
#[derive(Clone, Debug, Serialize)]
struct Step {
    what: &'static str,
    word: String,
    unit: String,
    namespace: String,
    /// The file of the namespace and what guards it, beside the script.
    home: Option<String>,
    /// The file of own objects, beside the script.
    objects: Option<String>,
    release: Option<Chart>,
}

/// A chart as Helm wants it.
#[derive(Clone, Debug, Serialize)]
struct Chart {
    name: String,
    chart: String,
    /// `--repo` and its address; empty for an OCI registry.
    repository: Option<String>,
    version: Option<String>,
    values: String,
    api_versions: Vec<&'static str>,
}

pub(super) fn run(plan: &mut Plan) {
    let clusters =
        plan.facts.machines.keys().filter(|name| plan.facts.kubernetes.contains_key(*name));
    let made: Vec<Artifact> = clusters.flat_map(|cluster| bundle(plan, cluster)).collect();
    plan.artifacts.extend(made);
}

/// The files of a cluster's bootstrap.
fn bundle(plan: &Plan, cluster: &str) -> Vec<Artifact> {
    let mut files = Vec::new();
    let mut steps = Vec::new();
    for (step, unit) in units(plan, cluster) {
        let number = step as usize + 1;
        let name = &unit.id.name;
        let mut print = |file: String, objects: Vec<&Tree>| {
            let what = format!("{} before Argo CD: {name}", step.what());
            (!objects.is_empty()).then(|| {
                files.push((file.clone(), documents(&objects), what));
                file
            })
        };
        let home = print(format!("{number}0-{name}-namespace.yaml"), namespace(plan, unit));
        let objects = print(format!("{number}1-{name}.yaml"), early(&unit.resources));
        steps.push(Step {
            what: step.what(),
            word: format!("{step:?}").to_lowercase(),
            unit: unit.id.name.clone(),
            namespace: unit.namespace.clone().unwrap_or_else(|| "default".to_owned()),
            home,
            objects,
            release: unit.release.as_ref().map(|release| chart(release, &unit.id)),
        });
    }
    let (roots, names) = roots(plan, cluster);
    if !roots.is_empty() {
        let what = "the Application that syncs all others".to_owned();
        files.push(("60-root.yaml".to_owned(), documents(&roots), what));
    }
    let what = "the bootstrap up to Argo CD".to_owned();
    files.push(("apply.sh".to_owned(), script(plan, cluster, &steps, &names), what));
    let at = &plan.facts.machines[cluster].at;
    files
        .into_iter()
        .map(|(name, text, what)| Artifact {
            stage: Stage::Cluster(cluster.to_owned()),
            path: format!("clusters/{cluster}/bootstrap/{name}"),
            text,
            what: format!("{what}, of the cluster {cluster}"),
            origin: Origin::derived(COMPONENT, NAME, [at.clone()]),
        })
        .collect()
}

/// The units that must be there before Argo CD, in order.
fn units<'a>(plan: &'a Plan, cluster: &str) -> Vec<(BootstrapStep, &'a Unit)> {
    let here = Stage::Cluster(cluster.to_owned());
    let of_cluster = plan.units.values().filter(|unit| unit.id.stage == here);
    let mut units: Vec<_> =
        of_cluster.filter_map(|unit| Some((BootstrapStep::of(&unit.id)?, unit))).collect();
    units.sort_by_key(|(step, unit)| (*step, &unit.id));
    units
}

/// The namespace of a unit, with what guards it.
fn namespace<'a>(plan: &'a Plan, unit: &Unit) -> Vec<&'a Tree> {
    let name = unit.namespace.clone().unwrap_or_default();
    let id = UnitId { kind: UnitKind::Namespace, name, stage: unit.id.stage.clone() };
    plan.units.get(&id).map(|unit| early(&unit.resources)).unwrap_or_default()
}

/// Objects of kinds that are there this early: what an operator of the platform defines comes with that operator,
/// after Argo CD.
fn early(resources: &[Resource]) -> Vec<&Tree> {
    const DEFINED_HERE: [&str; 3] = ["operator.tigera.io", "argoproj.io", "cilium.io"];
    let is_early = |resource: &&Resource| {
        let group = resource.group();
        let built_in = !group.contains('.') || group.ends_with(".k8s.io");
        built_in && group != "gateway.networking.k8s.io" || DEFINED_HERE.contains(&group)
    };
    resources.iter().filter(is_early).map(Resource::as_tree).collect()
}

/// The root Applications of a cluster with their AppProjects, and their names.
fn roots<'a>(plan: &'a Plan, cluster: &str) -> (Vec<&'a Tree>, Vec<String>) {
    let mut objects = Vec::new();
    let mut names = Vec::new();
    for unit in plan.units.values() {
        let stage = &unit.id.stage;
        if unit.id.kind != UnitKind::ArgoCd || stage.cluster() != Some(cluster) {
            continue;
        }
        let name = delivery::root_application(&plan.estate, stage);
        let project = delivery::root_project(&plan.estate, stage);
        let belongs = |resource: &&Resource| match resource.kind() {
            "Application" => resource.name() == name,
            "AppProject" => resource.name() == project,
            _ => false,
        };
        objects.extend(unit.resources.iter().filter(belongs).map(Resource::as_tree));
        names.push(name);
    }
    (objects, names)
}

fn documents(objects: &[&Tree]) -> String {
    objects.iter().map(|object| yaml::print(object)).collect::<Vec<_>>().join("---\n")
}

fn chart(release: &Release, id: &UnitId) -> Chart {
    let (chart, repository, version) = match &release.source {
        ChartSource::Repository { url } => {
            (release.chart.clone(), Some(url.clone()), Some(release.version.clone()))
        }
        ChartSource::Oci { registry, digest: None } => {
            (format!("oci://{registry}/{}", release.chart), None, Some(release.version.clone()))
        }
        ChartSource::Oci { registry, digest: Some(digest) } => {
            (format!("oci://{registry}/{}@{digest}", release.chart), None, None)
        }
    };
    Chart {
        name: release.name.clone(),
        chart,
        repository,
        version,
        // The same in both layouts.
        values: format!("{}/values.yaml", unit_folder(id, Layout::Folders)),
        api_versions: release.api_versions.clone(),
    }
}

fn script(plan: &Plan, cluster: &str, steps: &[Step], roots: &[String]) -> String {
    let api = plan.facts.networks.get(cluster).and_then(|network| network.api.as_ref());
    let argocd = plan.facts.argocd.get(cluster);
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    let values = context! {
        cluster,
        steps => Serde(steps),
        roots => Serde(roots),
        version => plan.facts.kubernetes[cluster].version.to_string(),
        servers => api.map(|api| {
            let hosts = [api.host.clone(), api.address.to_string()];
            hosts.map(|host| format!("https://{host}:{}", api.port)).to_vec()
        }),
        argocd => argocd.map(|argocd| argocd.namespace.clone()),
        installs_argocd => steps.iter().any(|step| step.word == "delivery"),
    };
    match templates.render_str(SCRIPT, values) {
        // minijinja takes the last line break away.
        Ok(text) => text + "\n",
        Err(fault) => crate::bug!("the bootstrap's script: {fault:#}"),
    }
}
