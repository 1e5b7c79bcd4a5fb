//! Which root Application syncs a unit, what its own objects are called, and what a tenant's Application may hold.
//!
//! Passes write these names and audits check them, so they stand where both can see them.

use super::{Layout, Repository, Stage, environment_branch};

/// The API groups of which a tenant holds nothing: they decide what Argo CD itself does.
const DENIED_GROUPS: [&str; 1] = ["argoproj.io"];

/// The kinds that guard a tenant's namespace. They come from the namespace's own unit, in the platform's project:
/// who could write them could lift his own limits.
const GUARDS: [(&str, &str); 5] = [
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
];

/// The kinds that guard a tenant's namespace.
pub fn guards() -> impl Iterator<Item = (&'static str, &'static str)> {
    GUARDS.into_iter()
}

/// Whether the AppProject of a tenant permits objects of this kind, if they have a namespace.
pub fn tenant_may_hold(group: &str, kind: &str) -> bool {
    !DENIED_GROUPS.contains(&group) && !GUARDS.contains(&(group, kind))
}

/// The stage whose root Application syncs what belongs to `stage`: its cluster's, unless each environment has a
/// branch, and so a root, of its own.
pub fn root_stage(stage: &Stage, layout: Layout) -> Option<Stage> {
    let cluster = stage.cluster()?;
    match layout {
        Layout::Folders => Some(Stage::Cluster(cluster.to_owned())),
        Layout::Branches => Some(stage.clone()),
    }
}

/// The full name of the branch that holds what the root Application of `root` syncs: the one that `emit` fills.
pub fn revision(repository: &Repository, root: &Stage) -> String {
    let branch = match (repository.layout, root) {
        (Layout::Folders, _) | (_, Stage::Base) => repository.branch.clone(),
        (Layout::Branches, Stage::Environment { environment, .. }) => {
            environment_branch(environment)
        }
        (Layout::Branches, Stage::Cluster(cluster)) => format!("clusters/{cluster}"),
    };
    format!("refs/heads/{branch}")
}

/// The name of a root Application. Several roots may be in one cluster, one for each environment.
pub fn root_application(estate: &str, root: &Stage) -> String {
    match root.environment() {
        Some(environment) => format!("{estate}-{environment}"),
        None => estate.to_owned(),
    }
}

/// The AppProject of a root Application.
pub fn root_project(estate: &str, root: &Stage) -> String {
    format!("{}-root", root_application(estate, root))
}

/// The AppProject of the platform's units.
pub fn platform_project(estate: &str, root: &Stage) -> String {
    format!("{}-platform", root_application(estate, root))
}

/// The AppProject of the platform's add-ons, whose charts may hold whatever they need.
pub fn addons_project(estate: &str, root: &Stage) -> String {
    format!("{}-addons", root_application(estate, root))
}
