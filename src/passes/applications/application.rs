//! The Application of a unit.

use super::{Root, annotate, label};
use crate::k8s::crd::argoproj::{
    Application, ApplicationSpec, Automated, Backoff, CASCADE, Destination, IN_CLUSTER,
    MANIFEST_GENERATE_PATHS, Retry, SYNC_OPTIONS, Source, SyncPolicy,
};
use crate::plan::{Layout, Stage, Unit, UnitKind, application_folder, delivery, unit_folder};

/// The first version in which `Prune=` and `Delete=` among an Application's options hold for all its objects
/// (`GetOptionValue` in `controller/state.go` of 3.4.0; 3.3.14 reads them from annotations only).
const CONFIRM_FOR_ALL: (u64, u64) = (3, 4);

/// Git is the history. What the object keeps is for a look at what was synced last.
pub(super) const HISTORY: u32 = 3;

/// What every Application is synced with.
///
/// - `ServerSideApply`: no object carries a copy of itself in an annotation, which ends at 262,144 bytes, and a
///   field that nobody declared, such as the replicas under an autoscaler, is left to its owner.
/// - `ApplyOutOfSyncOnly`: what is equal is not applied again.
/// - `PruneLast`: what replaces an object is there and healthy before the old one goes.
/// - `FailOnSharedResource`: an object that another Application owns is not taken from it.
pub(super) const SYNC_OPTIONS_OF_ALL: [&str; 4] = [
    "ServerSideApply=true",
    "ApplyOutOfSyncOnly=true",
    "PruneLast=true",
    "FailOnSharedResource=true",
];

/// Waits 10, 20, 40, 80 and 160 seconds; `refresh` so that the commit that mends it is taken at the next try.
pub(super) const RETRY: Retry = Retry {
    limit: 5,
    refresh: true,
    backoff: Backoff { duration: "10s", factor: 2, max_duration: "3m" },
};

impl Root<'_> {
    pub(super) fn application(&self, unit: &Unit, wave: usize) -> Application {
        let tenancy = self.tenancy(unit);
        // What is of no tenant serves them all, the protected ones too.
        let protected = tenancy.map_or_else(
            || self.tenancies.values().any(|tenancy| tenancy.protected),
            |tenancy| tenancy.protected,
        );
        let asks = self.argocd.version >= CONFIRM_FOR_ALL;
        let mut metadata = self.metadata(unit.id.application(), wave as i64);
        annotate(&mut metadata, MANIFEST_GENERATE_PATHS, self.reads(unit));
        if let Some(tenancy) = tenancy {
            label(&mut metadata, tenancy);
        }
        if protected {
            // The root asks before it deletes this object, while the answer may still be no.
            annotate(&mut metadata, SYNC_OPTIONS, "Prune=confirm,Delete=confirm");
        }
        if !protected || asks {
            // Without it a removed unit would run on, seen by nobody. In a protected environment it stands only
            // where `Delete=confirm` holds for every object: otherwise deleting the Application, by whomever,
            // would delete the workload unasked.
            metadata.finalizers = Some(vec![CASCADE.to_owned()]);
        }
        Application::new(
            metadata,
            ApplicationSpec {
                project: self.project_of(unit),
                source: self.source(unit_folder(&unit.id, self.repository.layout)),
                destination: Destination { name: IN_CLUSTER, namespace: unit.namespace.clone() },
                sync_policy: sync_policy(protected, asks),
                revision_history_limit: HISTORY,
            },
        )
    }

    /// The AppProject that a unit's Application is in.
    pub(super) fn project_of(&self, unit: &Unit) -> String {
        let platform = || delivery::platform_project(self.estate, &self.stage);
        unit.project.clone().unwrap_or_else(platform)
    }

    /// A folder of this root's branch.
    pub(super) fn source(&self, folder: String) -> Source {
        Source {
            repo_url: self.repository.url.clone(),
            target_revision: delivery::revision(self.repository, &self.stage),
            path: application_folder(&self.repository.path, &folder),
        }
    }

    /// The folders that a unit's manifests are made of, relative to its own: an overlay reads its base too.
    fn reads(&self, unit: &Unit) -> &'static str {
        let overlay = self.repository.layout == Layout::Folders
            && matches!(unit.id.kind, UnitKind::Database | UnitKind::Workload)
            && matches!(unit.id.stage, Stage::Environment { .. });
        if overlay { ".;../../base" } else { "." }
    }
}

/// Everything syncs by itself; a protected environment asks a person before anything is deleted, or, where the
/// version cannot ask for all objects of an Application, leaves deleting to a person's sync.
fn sync_policy(protected: bool, asks: bool) -> SyncPolicy {
    let mut sync_options = SYNC_OPTIONS_OF_ALL.to_vec();
    if protected && asks {
        sync_options.extend(["Prune=confirm", "Delete=confirm"]);
    }
    SyncPolicy {
        automated: Automated {
            enabled: true,
            prune: !protected || asks,
            self_heal: true,
            // A folder that came out empty by accident deletes nothing.
            allow_empty: false,
        },
        sync_options,
        retry: RETRY,
    }
}
