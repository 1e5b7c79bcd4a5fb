//! The root Application, which syncs all others.
//!
//! Its folder holds the AppProjects, the Applications and the root itself. The root is in its own folder so that a
//! change to it arrives like every other change; once, at the beginning, a person applies it with its AppProject.
//!
//! It is the last object of its own sync. A root is as healthy as its Applications, so in an earlier wave the sync
//! would wait for its own end; the last wave is not waited for (`multiStep` in
//! `gitops-engine/pkg/sync/sync_context.go`), and Argo CD leaves the root out of its own health
//! (`isSelfReferencedApp`).

use super::application::{HISTORY, RETRY, SYNC_OPTIONS_OF_ALL};
use super::{Root, annotate};
use crate::k8s::crd::argoproj::{
    Application, ApplicationSpec, Automated, Destination, MANIFEST_GENERATE_PATHS, Retry,
    SyncPolicy,
};
use crate::plan::{delivery, unit_folder};

impl Root<'_> {
    /// The root Application. It has no finalizer: deleting it stops the deliveries and deletes nothing.
    pub(super) fn root_application(&self, wave: usize) -> Application {
        let name = delivery::root_application(self.estate, &self.stage);
        let mut metadata = self.metadata(name, wave as i64);
        annotate(&mut metadata, MANIFEST_GENERATE_PATHS, ".");
        Application::new(
            metadata,
            ApplicationSpec {
                project: delivery::root_project(self.estate, &self.stage),
                source: Some(self.source(unit_folder(&self.id(), self.repository.layout))),
                sources: Vec::new(),
                ignore_differences: Vec::new(),
                destination: Destination::here(&self.argocd.namespace),
                sync_policy: SyncPolicy {
                    automated: Automated {
                        enabled: true,
                        // An Application of a protected environment asks on its own account.
                        prune: true,
                        self_heal: true,
                        allow_empty: false,
                    },
                    sync_options: SYNC_OPTIONS_OF_ALL.to_vec(),
                    // A wave fails when one Application is degraded, which its next commit may mend; nobody
                    // should have to know that the root gave up meanwhile.
                    retry: Retry { limit: -1, ..RETRY },
                },
                revision_history_limit: HISTORY,
            },
        )
    }
}
