//! What audits look at: the plan, and its applied objects by namespace, looked up once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::labelled::Labelled;
use super::pods::Template;
use crate::diag::Diagnostics;
use crate::k8s::tree::Tree;
use crate::plan::{Plan, Resource, Stage, Tenancy, Unit};

/// The plan and its applied objects.
pub struct View<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The namespaces of all clusters, in order.
    pub(super) namespaces: Vec<Namespace<'a>>,
}

/// One namespace of one cluster.
pub(super) struct Namespace<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whose it is, if it is a team's.
    pub tenancy: Option<&'a Tenancy>,
    /// Whether a chart of the platform makes objects in it that are not in the plan.
    pub charted: bool,
    /// The Services that charts of teams are said to make in it.
    pub charted_services: BTreeSet<&'a str>,
    /// Its objects.
    pub objects: Vec<Object<'a>>,
    /// The pods among them, or that they make.
    pub pods: Vec<Template<'a>>,
    /// The same by their labels.
    pub pod_labels: Labelled<'a>,
}

/// An object, with what everybody asks of it.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    /// The object itself.
    pub resource: &'a Resource,
    /// The group of its `apiVersion`.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Object<'a> {
    /// Its tree.
    pub fn tree(self) -> &'a Tree {
        self.resource.as_tree()
    }
}

impl<'a> View<'a> {
    /// Looks at a plan.
    pub fn of(plan: &'a Plan) -> Self {
        let units: Vec<&Unit> =
            plan.units.values().filter(|unit| unit.id.stage != Stage::Base).collect();
        let by_unit: Vec<Vec<(&str, Object<'_>)>> = units
            .par_iter()
            .map(|unit| unit.resources.iter().filter_map(namespaced).collect())
            .collect();
        let mut namespaces: BTreeMap<(&str, &str), Namespace<'_>> = BTreeMap::new();
        for (unit, objects) in units.iter().zip(by_unit) {
            let cluster = unit.id.stage.cluster().unwrap_or_default();
            for (name, object) in objects {
                let namespace = namespaces.entry((cluster, name));
                namespace.or_insert_with(|| Namespace::new(cluster, name)).objects.push(object);
            }
        }
        for tenancy in plan.facts.tenancies.values() {
            let cluster = tenancy.stage.cluster().unwrap_or_default();
            if let Some(namespace) = namespaces.get_mut(&(cluster, tenancy.namespace.as_str())) {
                namespace.tenancy = Some(tenancy);
            }
        }
        for unit in units.iter().filter(|unit| unit.release.is_some() && unit.project.is_none()) {
            let cluster = unit.id.stage.cluster().unwrap_or_default();
            let name = unit.namespace.as_deref().unwrap_or_default();
            if let Some(namespace) = namespaces.get_mut(&(cluster, name)) {
                namespace.charted = true;
            }
        }
        for charted in &plan.facts.charted {
            let cluster = charted.stage.cluster().unwrap_or_default();
            if let Some(namespace) = namespaces.get_mut(&(cluster, charted.namespace.as_str())) {
                namespace.charted_services.extend(charted.service.as_deref());
            }
        }
        let mut namespaces: Vec<Namespace<'_>> = namespaces.into_values().collect();
        namespaces.par_iter_mut().for_each(Namespace::find_pods);
        Self { plan, namespaces }
    }

    /// Judges every namespace, in parallel; what is found keeps their order.
    pub(super) fn in_namespaces(
        &self,
        diags: &mut Diagnostics,
        judge: impl Fn(&Namespace<'a>, &mut Diagnostics) + Sync,
    ) {
        in_parallel(&self.namespaces, diags, judge);
    }
}

impl<'a> Namespace<'a> {
    fn new(cluster: &'a str, name: &'a str) -> Self {
        Self {
            cluster,
            name,
            tenancy: None,
            charted: false,
            charted_services: BTreeSet::new(),
            objects: Vec::new(),
            pods: Vec::new(),
            pod_labels: Labelled::default(),
        }
    }

    fn find_pods(&mut self) {
        for object in &self.objects {
            if let Some(template) = Template::of(object.resource) {
                self.pod_labels.push(template.labels());
                self.pods.push(template);
            }
        }
    }
}

fn namespaced(resource: &Resource) -> Option<(&str, Object<'_>)> {
    let object =
        Object { resource, group: resource.group(), kind: resource.kind(), name: resource.name() };
    Some((resource.namespace()?, object))
}

fn in_parallel<T: Sync>(
    all: &[T],
    diags: &mut Diagnostics,
    judge: impl Fn(&T, &mut Diagnostics) + Sync,
) {
    let found: Vec<Diagnostics> = all
        .par_iter()
        .map(|one| {
            let mut found = Diagnostics::new();
            judge(one, &mut found);
            found
        })
        .collect();
    for found in found {
        diags.append(found);
    }
}
