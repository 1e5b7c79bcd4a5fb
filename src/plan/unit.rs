//! A unit: one Argo CD Application, one folder, one owner.

use std::collections::BTreeSet;

use super::release::Release;
use super::resource::Resource;
use crate::path::At;

/// What a unit is of; the order is the order of folders, not of waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// The root Application, the AppProjects and the Applications of a cluster or environment.
    ArgoCd,
    /// A namespace with everything that guards it.
    Namespace,
    /// A part of the platform: an add-on with its chart and its objects.
    Platform,
    /// A team's database.
    Database,
    /// A team's workload.
    Workload,
    /// A team's own Helm release.
    Release,
}

impl UnitKind {
    /// The word for it, as in references (`workload/web`).
    pub fn word(self) -> &'static str {
        match self {
            Self::ArgoCd => "argocd",
            Self::Namespace => "namespace",
            Self::Platform => "platform",
            Self::Database => "database",
            Self::Workload => "workload",
            Self::Release => "release",
        }
    }
}

/// For which part of the estate a unit is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The blueprint without overlays: what environments are expressed as patches of. Never synced.
    Base,
    /// A cluster as a whole.
    Cluster(String),
    /// One environment, on its cluster.
    Environment {
        /// The cluster it is on.
        cluster: String,
        /// Its name.
        environment: String,
    },
}

impl Stage {
    /// The cluster, unless this is the base.
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Self::Base => None,
            Self::Cluster(cluster) | Self::Environment { cluster, .. } => Some(cluster),
        }
    }

    /// The environment, if it is one.
    pub fn environment(&self) -> Option<&str> {
        match self {
            Self::Environment { environment, .. } => Some(environment),
            _ => None,
        }
    }
}

/// The name of a unit in the estate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId {
    /// What it is of.
    pub kind: UnitKind,
    /// The name of the workload, namespace and so on.
    pub name: String,
    /// For which part of the estate.
    pub stage: Stage,
}

impl UnitId {
    /// The same unit in another stage.
    #[must_use]
    pub fn in_stage(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// The name of its Application, unique among those of a cluster: every kind but the workload says its kind.
    pub fn application(&self) -> String {
        match (self.kind, self.stage.environment()) {
            (UnitKind::Workload, Some(environment)) => format!("{}-{environment}", self.name),
            (UnitKind::Database, Some(environment)) => {
                format!("database-{}-{environment}", self.name)
            }
            (UnitKind::Release, Some(environment)) => {
                format!("release-{}-{environment}", self.name)
            }
            _ => format!("{}-{}", self.kind.word(), self.name),
        }
    }
}

/// One Argo CD Application, one folder, one owner.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its name.
    pub id: UnitId,
    /// The namespace of its objects; `None` for objects of several or of the cluster.
    pub namespace: Option<String>,
    /// The AppProject its Application is in, by what it may do: the platform's, or a tenant's namespace.
    pub project: Option<String>,
    /// Units that must be healthy before this one is applied, each with the field that says so.
    pub needs: BTreeSet<(UnitId, At)>,
    /// Whether losing its objects loses data.
    pub stateful: bool,
    /// The chart it installs, beside the objects of its own.
    pub release: Option<Release>,
    /// What will exist.
    pub resources: Vec<Resource>,
    /// Where the blueprint speaks of it.
    pub at: At,
}

impl Unit {
    /// A unit without anything in it.
    pub fn new(id: UnitId, at: At) -> Self {
        Self {
            id,
            namespace: None,
            project: None,
            needs: BTreeSet::new(),
            stateful: false,
            release: None,
            resources: Vec::new(),
            at,
        }
    }

    /// Whether both are the same unit in some stage.
    pub fn is_stage_of(&self, other: &Self) -> bool {
        (self.id.kind, &self.id.name) == (other.id.kind, &other.id.name)
    }

    /// Shares with the unit of another stage what the objects of both have in common.
    pub fn share(&mut self, other: &Self) {
        for (at, resource) in self.resources.iter_mut().enumerate() {
            if let Some((_, twin)) = resource.twin(at, &other.resources)
                && let Some(object) = resource.as_tree_mut()
            {
                object.share(twin.as_tree());
            }
        }
    }

    /// Puts a resource in.
    pub fn add(&mut self, resource: Resource) {
        self.resources.push(resource);
    }
}
