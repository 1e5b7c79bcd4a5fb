//! Where a unit lives in the repository: the only place that knows.

use super::unit::{Stage, UnitId, UnitKind};

/// How the repository is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One branch: a base and an overlay per environment.
    #[default]
    Folders,
    /// A branch per environment that holds the final objects.
    Branches,
}

/// The folder of a unit below the owned path, without a slash at the end.
pub fn unit_folder(id: &UnitId, layout: Layout) -> String {
    let UnitId { kind, name, stage } = id;
    match (layout, kind, stage) {
        (_, UnitKind::ArgoCd, Stage::Environment { .. }) => "argocd".to_owned(),
        (_, UnitKind::ArgoCd, _) => {
            format!("clusters/{}/argocd", stage.cluster().unwrap_or_default())
        }
        (Layout::Folders, UnitKind::Namespace, _) => {
            format!("clusters/{}/namespaces/{name}", stage.cluster().unwrap_or_default())
        }
        (Layout::Branches, UnitKind::Namespace, _) => format!("namespaces/{name}"),
        (_, UnitKind::Platform, _) => {
            format!("clusters/{}/platform/{name}", stage.cluster().unwrap_or_default())
        }
        // Values are no objects that a patch could change, so a release has a folder for each environment.
        (Layout::Folders, UnitKind::Release, _) => {
            format!("releases/{name}/{}", stage.environment().unwrap_or("base"))
        }
        (Layout::Branches, UnitKind::Release, _) => format!("releases/{name}"),
        (Layout::Folders, UnitKind::Database | UnitKind::Workload, Stage::Base) => {
            format!("{}/{name}/base", tenants(*kind))
        }
        (Layout::Folders, UnitKind::Database | UnitKind::Workload, _) => {
            let environment = stage.environment().unwrap_or_default();
            format!("{}/{name}/overlays/{environment}", tenants(*kind))
        }
        (Layout::Branches, UnitKind::Database | UnitKind::Workload, _) => {
            format!("{}/{name}", tenants(*kind))
        }
    }
}

/// The folder of what teams run, by its kind.
fn tenants(kind: UnitKind) -> &'static str {
    if kind == UnitKind::Database { "databases" } else { "workloads" }
}

/// The branch that holds an environment in [`Layout::Branches`].
pub fn environment_branch(environment: &str) -> String {
    format!("environments/{environment}")
}

/// A folder as Argo CD wants it: from the repository's root.
pub fn application_folder(owned: &str, folder: &str) -> String {
    if owned.is_empty() { folder.to_owned() } else { format!("{owned}/{folder}") }
}
