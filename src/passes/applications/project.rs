//! The AppProjects: the root's, the platform's, and one for each team in each environment.
//!
//! A project lists the kinds that its Applications may *ever* hold, not those that they hold today. Argo CD does
//! not see live objects of a kind that is not permitted (`controller/state.go`: "filter out all resources which
//! are not permitted in the application project"), neither to prune them nor to delete them with their
//! Application. A list that shrank together with the last autoscaler of a team would leave that autoscaler
//! running for ever.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;
use rayon::prelude::*;

use super::{Root, annotate, label, resource};
use crate::k8s::crd::argoproj::{
    AppProject, AppProjectSpec, CASCADE, Destination, GROUP, GroupKind, NamedKind,
    OrphanedResources, ProjectRole, SYNC_OPTIONS, SyncWindow,
};
use crate::plan::{Freeze, Stage, Tenancy, Unit, UnitKind, delivery};

/// Before every Application: one whose project is not there is refused.
const WAVE: i64 = -1;

/// What workloads are made of, and what Kubernetes makes of that: a kind that is missing here is also missing in
/// the tree that people look at (`docs/user-guide/projects.md`).
const TENANT_KINDS: [(&str, &str); 18] = [
    ("", "ConfigMap"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "ControllerRevision"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("bitnami.com", "SealedSecret"),
    ("external-secrets.io", "ExternalSecret"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("policy", "PodDisruptionBudget"),
];

/// What owners may have done to an object without changing what git says: `resource_customizations/` of Argo CD.
const OWNER_ACTIONS: [&str; 5] = [
    "apps/Deployment/restart",
    "apps/StatefulSet/restart",
    "batch/CronJob/create-job",
    "batch/Job/terminate",
    "external-secrets.io/ExternalSecret/refresh",
];

/// Groups and kinds by stage and project.
type Held<'a> = BTreeMap<(&'a Stage, &'a str), BTreeSet<(&'a str, &'a str)>>;

fn hold<'a>(mut held: Held<'a>, unit: &&'a Unit) -> Held<'a> {
    if let Some(project) = unit.project.as_deref() {
        let kinds = held.entry((&unit.id.stage, project)).or_default();
        kinds.extend(unit.resources.iter().map(|object| (object.group(), object.kind())));
    }
    held
}

fn join<'a>(mut held: Held<'a>, more: Held<'a>) -> Held<'a> {
    for (project, kinds) in more {
        held.entry(project).or_default().extend(kinds);
    }
    held
}

impl Root<'_> {
    /// Puts the root's project, the platform's and those of the tenants into the unit.
    pub(super) fn add_projects(&self, unit: &mut Unit) {
        unit.add(resource(&self.root_project(), self.from()));
        unit.add(resource(&self.platform_project(), self.from()));
        if let Some(project) = self.addons_project() {
            unit.add(resource(&project, self.from()));
        }
        let held = self.held();
        for &tenancy in self.tenancies.values() {
            let freezes = self.freezes(tenancy).map(|freeze| freeze.at.clone());
            let from = [tenancy.at.clone(), self.argocd.at.clone()].into_iter().chain(freezes);
            unit.add(resource(&self.tenant_project(tenancy, &held), from));
        }
    }

    /// The kinds that tenants' units hold, by stage and project.
    fn held(&self) -> Held<'_> {
        self.units.par_iter().fold(Held::new, hold).reduce(Held::new, join)
    }

    /// Who may write what this project permits decides about every project, so nothing else is in it.
    ///
    /// It is never frozen: the commit that lifts a freeze must arrive.
    fn root_project(&self) -> AppProject {
        let name = delivery::root_project(self.estate, &self.stage);
        let spec = AppProjectSpec {
            namespace_resource_whitelist: ["AppProject", "Application"]
                .map(|kind| GroupKind::new(GROUP, kind))
                .into(),
            ..self.spec(
                "The root Application and what it makes",
                [Destination::here(&self.argocd.namespace)],
            )
        };
        AppProject::new(self.metadata(name, WAVE), spec)
    }

    /// The namespaces and what guards them.
    fn platform_project(&self) -> AppProject {
        let name = delivery::platform_project(self.estate, &self.stage);
        let units = || {
            let own = |unit: &&Unit| unit.project.is_none() && unit.id.kind != UnitKind::Platform;
            self.units.iter().copied().filter(own)
        };
        let objects = || units().flat_map(|unit| &unit.resources);
        let (inside, outside): (Vec<_>, Vec<_>) =
            objects().partition(|object| object.namespace().is_some());
        let held = inside.iter().map(|object| (object.group(), object.kind()));
        let mut kinds: BTreeSet<(&str, &str)> = held.collect();
        for guard in delivery::guards() {
            kinds.insert(guard);
        }
        let kinds: BTreeSet<GroupKind> =
            kinds.into_iter().map(|(group, kind)| GroupKind::new(group, kind)).collect();
        let cluster: BTreeSet<NamedKind> = outside
            .iter()
            .map(|object| NamedKind {
                group: object.group().to_owned(),
                kind: object.kind().to_owned(),
                name: object.name().to_owned(),
            })
            .collect();
        let namespaces: BTreeSet<&str> = units()
            .filter_map(|unit| unit.namespace.as_deref())
            .chain(inside.iter().filter_map(|object| object.namespace()))
            .collect();
        let spec = AppProjectSpec {
            cluster_resource_whitelist: cluster.into_iter().collect(),
            namespace_resource_whitelist: kinds.into_iter().collect(),
            // Nobody but this repository makes policies and roles in these namespaces.
            orphaned_resources: Some(OrphanedResources { warn: true }),
            sync_windows: self.platform_windows(),
            ..self.spec(
                "Namespaces and what guards them",
                namespaces.into_iter().map(Destination::here),
            )
        };
        AppProject::new(self.metadata(name, WAVE), spec)
    }

    /// The add-ons. What a chart holds is not known here, and some hold cluster roles and webhooks: whoever writes
    /// these folders decides about the cluster. So the project says from where, and where to, and leaves Argo CD's
    /// own objects to the root.
    fn addons_project(&self) -> Option<AppProject> {
        let units = || self.units.iter().filter(|unit| unit.id.kind == UnitKind::Platform);
        units().next()?;
        let charts = units().filter_map(|unit| unit.release.as_ref());
        let mut repositories: BTreeSet<String> =
            charts.map(|release| super::application::chart(release).repo_url).collect();
        repositories.insert(self.repository.url.clone());
        let objects = units().flat_map(|unit| &unit.resources);
        let namespaces: BTreeSet<&str> = units()
            .filter_map(|unit| unit.namespace.as_deref())
            .chain(objects.filter_map(|object| object.namespace()))
            // Roles that read the cluster's own configuration, and leases.
            .chain(["kube-system"])
            .collect();
        let name = delivery::addons_project(self.estate, &self.stage);
        let any = || GroupKind::new("*", "*");
        let spec = AppProjectSpec {
            source_repos: repositories.into_iter().collect(),
            cluster_resource_whitelist: vec![NamedKind {
                group: "*".to_owned(),
                kind: "*".to_owned(),
                name: "*".to_owned(),
            }],
            namespace_resource_whitelist: vec![any()],
            namespace_resource_blacklist: ["AppProject", "Application", "ApplicationSet"]
                .map(|kind| GroupKind::new(GROUP, kind))
                .into(),
            ..self.spec("The platform's add-ons", namespaces.into_iter().map(Destination::here))
        };
        Some(AppProject::new(self.metadata(name, WAVE), spec))
    }

    fn tenant_project(&self, tenancy: &Tenancy, held: &Held<'_>) -> AppProject {
        let project = &tenancy.namespace;
        let environment = tenancy.stage.environment().unwrap_or_default();
        let mut metadata = self.metadata(project.clone(), WAVE);
        label(&mut metadata, tenancy);
        // A project waits for the last of its Applications: without it none of them could be deleted any more.
        metadata.finalizers = Some(vec![CASCADE.to_owned()]);
        if tenancy.protected {
            annotate(&mut metadata, SYNC_OPTIONS, "Prune=confirm,Delete=confirm");
        }
        let held = held.get(&(&tenancy.stage, project.as_str()));
        let held = held.into_iter().flatten().copied();
        let held = held.filter(|(group, kind)| delivery::tenant_may_hold(group, kind));
        let kinds: BTreeSet<(&str, &str)> = TENANT_KINDS.into_iter().chain(held).collect();
        let mut spec = AppProjectSpec {
            namespace_resource_whitelist: kinds
                .into_iter()
                .map(|(group, kind)| GroupKind::new(group, kind))
                .collect(),
            // What somebody made by hand, or what outlived its Application, is shown. The namespace holds
            // nothing but this team's objects, so the list is short and complete.
            orphaned_resources: Some(OrphanedResources { warn: true }),
            roles: roles(tenancy),
            sync_windows: self.tenant_windows(tenancy),
            ..self.spec(
                &format!("The workloads of {} in {environment}", tenancy.team),
                [Destination::here(project)],
            )
        };
        let own = |unit: &&&Unit| {
            unit.id.stage == tenancy.stage && unit.project.as_ref() == Some(project)
        };
        let charts = self.units.iter().filter(own).filter_map(|unit| unit.release.as_ref());
        let charts: BTreeSet<String> =
            charts.map(|release| super::application::chart(release).repo_url).collect();
        spec.source_repos.extend(charts);
        AppProject::new(metadata, spec)
    }

    /// A project that may read the one repository, reach the destinations and hold nothing.
    fn spec(
        &self,
        description: &str,
        destinations: impl IntoIterator<Item = Destination>,
    ) -> AppProjectSpec {
        AppProjectSpec {
            description: description.to_owned(),
            source_repos: vec![self.repository.url.clone()],
            destinations: destinations.into_iter().collect(),
            cluster_resource_whitelist: Vec::new(),
            namespace_resource_whitelist: Vec::new(),
            namespace_resource_blacklist: Vec::new(),
            orphaned_resources: None,
            roles: Vec::new(),
            sync_windows: Vec::new(),
        }
    }

    /// The freezes of a tenant's environment.
    fn freezes<'b>(&'b self, tenancy: &'b Tenancy) -> impl Iterator<Item = &'b Freeze> {
        let environment = tenancy.stage.environment();
        let concerns = move |freeze: &&Freeze| {
            freeze.environments.iter().any(|name| Some(name.as_str()) == environment)
        };
        self.argocd.freezes.iter().filter(concerns)
    }

    fn tenant_windows(&self, tenancy: &Tenancy) -> Vec<SyncWindow> {
        let environment = tenancy.stage.environment().unwrap_or_default();
        let window = |freeze| SyncWindow {
            applications: vec!["*".to_owned()],
            ..window(freeze, environment)
        };
        distinct(self.freezes(tenancy).map(window))
    }

    /// The platform's project serves several environments, so a window names the namespaces of the one it is for.
    fn platform_windows(&self) -> Vec<SyncWindow> {
        let freezes = self.argocd.freezes.iter();
        distinct(freezes.flat_map(|freeze| {
            freeze.environments.iter().filter_map(move |environment| {
                let frozen = self
                    .tenancies
                    .values()
                    .filter(|tenancy| tenancy.stage.environment() == Some(environment));
                let namespaces: Vec<String> =
                    frozen.map(|tenancy| tenancy.namespace.clone()).collect();
                // A window that selects nothing makes Argo CD refuse the project.
                (!namespaces.is_empty())
                    .then(|| SyncWindow { namespaces, ..window(freeze, environment) })
            })
        }))
    }
}

fn window(freeze: &Freeze, environment: &str) -> SyncWindow {
    SyncWindow {
        kind: "deny",
        schedule: freeze.schedule.clone(),
        time_zone: freeze.timezone.clone(),
        duration: freeze.duration.clone(),
        applications: Vec::new(),
        namespaces: Vec::new(),
        manual_sync: freeze.manual,
        description: format!("freeze of {environment}"),
    }
}

/// Two windows that differ in nothing but `manualSync` are one to Argo CD, which refuses a project that has both
/// (`HashIdentity`); the stricter one stays.
fn distinct(windows: impl Iterator<Item = SyncWindow>) -> Vec<SyncWindow> {
    let mut kept: Vec<SyncWindow> = Vec::new();
    for window in windows {
        let same = |other: &&mut SyncWindow| {
            SyncWindow { manual_sync: window.manual_sync, ..(**other).clone() } == window
        };
        match kept.iter_mut().find(same) {
            Some(other) => other.manual_sync &= window.manual_sync,
            None => kept.push(window),
        }
    }
    kept
}

/// What people may do beyond reading git. Argo CD 3 grants nothing by inheritance: logs, and each kind of object
/// that may be deleted, are named.
fn roles(tenancy: &Tenancy) -> Vec<ProjectRole> {
    let namespace = &tenancy.namespace;
    let see = || ["applications, get".to_owned(), "logs, get".to_owned()].into_iter();
    let actions = OWNER_ACTIONS.map(|action| format!("applications, action/{action}"));
    let operate = ["applications, sync".to_owned()]
        .into_iter()
        .chain(actions)
        // A deleted pod is made anew: that is a restart of one copy.
        .chain([format!("applications, delete//Pod/{namespace}/*")]);
    let role = |name, description, groups: &[String], rights: Vec<String>| ProjectRole {
        name,
        description,
        policies: rights
            .iter()
            .map(|right| format!("p, proj:{namespace}:{name}, {right}, {namespace}/*, allow"))
            .collect(),
        groups: groups
            .iter()
            .map(|group| quoted(group))
            .collect::<IndexSet<_>>()
            .into_iter()
            .collect(),
    };
    [
        role(
            "owner",
            "Sees, syncs and restarts; changes go through git",
            &tenancy.owners,
            see().chain(operate).collect(),
        ),
        role("developer", "Sees", &tenancy.developers, see().collect()),
    ]
    .into_iter()
    .filter(|role| !role.groups.is_empty())
    .collect()
}

/// Groups are listed once (a project that has one twice is refused). A group with a comma, such as an LDAP name, must be in quotes (`validateGroupName`).
fn quoted(group: &str) -> String {
    if group.contains(',') { format!("\"{group}\"") } else { group.to_owned() }
}
