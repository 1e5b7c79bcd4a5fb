//! The Application of a unit.

use std::collections::BTreeMap;

use super::{Root, annotate, label};
use crate::k8s::crd::argoproj::{
    Application, ApplicationSpec, Automated, Backoff, CASCADE, COMPARE_OPTIONS, Destination, Helm,
    IN_CLUSTER, IgnoredDifference, MANIFEST_GENERATE_PATHS, Retry, SYNC_OPTIONS, Source,
    SyncPolicy,
};
use crate::plan::{
    ChartSource, IgnoredField, Layout, Release, Stage, Unit, UnitKind, application_folder,
    delivery, unit_folder,
};

/// The name by which a chart's source finds the values in this repository.
const VALUES_SOURCE: &str = "values";

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
        let mut sync_policy = sync_policy(protected, asks);
        let mut ignore_differences = Vec::new();
        if let Some(release) = &unit.release {
            // A chart brings objects that others complete, and custom resource definitions of half a megabyte: only
            // the API server itself can say what a sync would change.
            annotate(&mut metadata, COMPARE_OPTIONS, "ServerSideDiff=true");
            ignore_differences = ignored(&release.ignored);
            if !ignore_differences.is_empty() {
                sync_policy.sync_options.push("RespectIgnoreDifferences=true");
            }
        }
        let folder = self.source(unit_folder(&unit.id, self.repository.layout));
        let (source, sources) = match &unit.release {
            None => (Some(folder), Vec::new()),
            Some(release) => (None, self.sources(unit, release, folder)),
        };
        Application::new(
            metadata,
            ApplicationSpec {
                project: self.project_of(unit),
                source,
                sources,
                destination: Destination { name: IN_CLUSTER, namespace: unit.namespace.clone() },
                sync_policy,
                ignore_differences,
                revision_history_limit: HISTORY,
            },
        )
    }

    /// A chart, and this repository with its values and the unit's own objects.
    fn sources(&self, unit: &Unit, release: &Release, mut folder: Source) -> Vec<Source> {
        let path = folder.path.clone().unwrap_or_default();
        folder.reference = Some(VALUES_SOURCE);
        if unit.resources.is_empty() {
            // A folder without objects is nothing that kustomize would build.
            folder.path = None;
        }
        let chart = chart(release);
        let helm = Helm {
            release_name: release.name.clone(),
            value_files: vec![format!("${VALUES_SOURCE}/{path}/values.yaml")],
            kube_version: self.kube_version.clone(),
            api_versions: release.api_versions.clone(),
            skip_tests: true,
        };
        vec![Source { helm: Some(helm), ..chart }, folder]
    }

    /// The AppProject that a unit's Application is in.
    pub(super) fn project_of(&self, unit: &Unit) -> String {
        unit.project.clone().unwrap_or_else(|| match unit.id.kind {
            UnitKind::Platform => delivery::addons_project(self.estate, &self.stage),
            _ => delivery::platform_project(self.estate, &self.stage),
        })
    }

    /// A folder of this root's branch.
    pub(super) fn source(&self, folder: String) -> Source {
        Source {
            repo_url: self.repository.url.clone(),
            chart: None,
            target_revision: delivery::revision(self.repository, &self.stage),
            path: Some(application_folder(&self.repository.path, &folder)),
            reference: None,
            helm: None,
        }
    }

    /// The folders that a unit's manifests are made of, relative to its own: an overlay reads its base too.
    fn reads(&self, unit: &Unit) -> String {
        if unit.release.is_some() {
            // A source of values alone has no path that a relative one could begin at.
            let folder = unit_folder(&unit.id, self.repository.layout);
            return format!("/{}", application_folder(&self.repository.path, &folder));
        }
        let overlay = self.repository.layout == Layout::Folders
            && matches!(unit.id.kind, UnitKind::Database | UnitKind::Workload)
            && matches!(unit.id.stage, Stage::Environment { .. });
        if overlay { ".;../../base".to_owned() } else { ".".to_owned() }
    }
}

/// The repository that Argo CD reads a chart from.
///
/// By a version, an OCI registry is read as Helm reads it; only as an OCI artifact it takes a digest
/// (argo-cd#23234).
pub(super) fn chart(release: &Release) -> Source {
    let (repo_url, chart, target_revision, path) = match &release.source {
        ChartSource::Repository { url } => {
            (url.clone(), Some(release.chart.clone()), release.version.clone(), None)
        }
        ChartSource::Oci { registry, digest: None } => {
            (registry.clone(), Some(release.chart.clone()), release.version.clone(), None)
        }
        ChartSource::Oci { registry, digest: Some(digest) } => {
            let url = format!("oci://{registry}/{}", release.chart);
            (url, None, digest.clone(), Some(".".to_owned()))
        }
    };
    Source { repo_url, chart, target_revision, path, reference: None, helm: None }
}

/// What controllers write, by kind.
fn ignored(fields: &[IgnoredField]) -> Vec<IgnoredDifference> {
    let mut kinds: BTreeMap<(&'static str, &'static str), Vec<&'static str>> = BTreeMap::new();
    for field in fields {
        kinds.entry((field.group, field.kind)).or_default().push(field.jq_path);
    }
    kinds
        .into_iter()
        .map(|((group, kind), jq_path_expressions)| IgnoredDifference {
            group,
            kind,
            jq_path_expressions,
        })
        .collect()
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
