//! Argo CD: for each root a root Application, the AppProjects, and one Application for each unit.
//!
//! Runs last: the units are complete, and this is about units. What a reader should know before changing it is in
//! `docs/argocd.md`, with the places in Argo CD's sources that decided it.

mod application;
mod project;
mod root;
#[cfg(test)]
mod tests;
mod waves;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rayon::prelude::*;
use serde::Serialize;

use crate::k8s::crd::argoproj::SYNC_WAVE;
use crate::path::At;
use crate::plan::{
    ArgoCd, Origin, Plan, Repository, Resource, Stage, Tenancy, Unit, UnitId, UnitKind, delivery,
};

/// The pass's name in origins.
pub const NAME: &str = "applications";

/// The component that states what this pass derives from.
const COMPONENT: &str = "delivery";

/// Makes the units of Argo CD. A plan without a repository or an Argo CD is a part of one: there is nothing to
/// sync it with.
pub fn derive(plan: &mut Plan) {
    let units: Vec<Unit> = roots(plan).iter().map(Root::unit).collect();
    for unit in units {
        plan.units.insert(unit.id.clone(), unit);
    }
}

/// What one root Application syncs: a cluster, or an environment that has a branch of its own.
struct Root<'a> {
    estate: &'a str,
    repository: &'a Repository,
    argocd: &'a ArgoCd,
    /// The version of Kubernetes that charts are rendered for, where it is known.
    kube_version: Option<String>,
    stage: Stage,
    units: Vec<&'a Unit>,
    /// By stage and namespace.
    tenancies: BTreeMap<(&'a Stage, &'a str), &'a Tenancy>,
}

fn roots(plan: &Plan) -> Vec<Root<'_>> {
    let Some(repository) = &plan.facts.repository else { return Vec::new() };
    let layout = repository.layout;
    let root_of = |stage: &Stage| delivery::root_stage(stage, layout);
    let mut roots = BTreeMap::new();
    // A cluster's root is there before the cluster has an environment, so that adding one is only a commit.
    if layout == crate::plan::Layout::Folders {
        for cluster in plan.facts.argocd.keys() {
            start(plan, repository, Stage::Cluster(cluster.clone()), &mut roots);
        }
    }
    for unit in plan.applications() {
        if let Some(root) = root_of(&unit.id.stage)
            && let Some(root) = start(plan, repository, root, &mut roots)
        {
            root.units.push(unit);
        }
    }
    for tenancy in plan.facts.tenancies.values() {
        if let Some(root) = root_of(&tenancy.stage)
            && let Some(root) = start(plan, repository, root, &mut roots)
        {
            root.tenancies.insert((&tenancy.stage, &tenancy.namespace), tenancy);
        }
    }
    roots.into_values().collect()
}

/// The root of that stage, made when it is not there yet.
fn start<'a, 'b>(
    plan: &'a Plan,
    repository: &'a Repository,
    stage: Stage,
    roots: &'b mut BTreeMap<Stage, Root<'a>>,
) -> Option<&'b mut Root<'a>> {
    let cluster = stage.cluster()?;
    let argocd = plan.facts.argocd.get(cluster)?;
    let kubernetes = plan.facts.kubernetes.get(cluster);
    let new = || Root {
        estate: &plan.estate,
        repository,
        argocd,
        kube_version: kubernetes.map(|kubernetes| kubernetes.version.to_string()),
        stage: stage.clone(),
        units: Vec::new(),
        tenancies: BTreeMap::new(),
    };
    Some(roots.entry(stage.clone()).or_insert_with(new))
}

impl Root<'_> {
    /// The unit with everything that Argo CD is told.
    fn unit(&self) -> Unit {
        let id = self.id();
        let mut unit = Unit::new(id, self.argocd.at.clone());
        unit.namespace = Some(self.argocd.namespace.clone());
        unit.project = Some(delivery::root_project(self.estate, &self.stage));
        self.add_projects(&mut unit);
        let waves = waves::of_units(&self.units);
        let applications: Vec<Resource> = self
            .units
            .par_iter()
            .zip(&waves)
            .map(|(&member, &wave)| {
                // The fields that say what comes first are part of the reason for the wave.
                let needs = member.needs.iter().map(|(_, at)| at.clone());
                let from = [member.at.clone(), self.argocd.at.clone()].into_iter().chain(needs);
                resource(&self.application(member, wave), from)
            })
            .collect();
        unit.resources.extend(applications);
        // After everything else: see `root`.
        let last = waves.iter().max().map_or(0, |wave| wave + 1);
        unit.add(resource(&self.root_application(last), self.from()));
        unit
    }

    fn id(&self) -> UnitId {
        UnitId { kind: UnitKind::ArgoCd, name: "argocd".to_owned(), stage: self.stage.clone() }
    }

    /// The tenancy that a unit is in, if it is a tenant's or guards one.
    fn tenancy(&self, unit: &Unit) -> Option<&Tenancy> {
        let namespace = unit.namespace.as_deref()?;
        self.tenancies.get(&(&unit.id.stage, namespace)).copied()
    }

    /// Where what is of the whole root comes from.
    fn from(&self) -> [At; 2] {
        [self.argocd.at.clone(), self.repository.at.clone()]
    }

    /// The metadata of an object of Argo CD.
    fn metadata(&self, name: String, wave: i64) -> ObjectMeta {
        ObjectMeta {
            name: Some(name),
            namespace: Some(self.argocd.namespace.clone()),
            annotations: Some([(SYNC_WAVE.to_owned(), wave.to_string())].into()),
            ..ObjectMeta::default()
        }
    }
}

fn resource<T: Serialize>(object: &T, from: impl IntoIterator<Item = At>) -> Resource {
    Resource::object(object, Origin::derived(COMPONENT, NAME, from))
}

/// Adds an annotation.
fn annotate(metadata: &mut ObjectMeta, key: &str, value: impl Into<String>) {
    metadata.annotations.get_or_insert_default().insert(key.to_owned(), value.into());
}

/// Adds the labels by which people pick their Applications and projects out of a long list.
fn label(metadata: &mut ObjectMeta, tenancy: &Tenancy) {
    let labels = metadata.labels.get_or_insert_default();
    labels.insert("groundplan.dev/team".to_owned(), tenancy.team.clone());
    if let Some(environment) = tenancy.stage.environment() {
        labels.insert("groundplan.dev/environment".to_owned(), environment.to_owned());
    }
}
