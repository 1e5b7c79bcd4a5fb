//! `argoproj.io/v1alpha1`: Application and AppProject.
//!
//! Field names and their meaning: `pkg/apis/application/v1alpha1/types.go` of Argo CD 3.3 to 3.5, which all have
//! every field here.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// The API group.
pub const GROUP: &str = "argoproj.io";

const API_VERSION: &str = "argoproj.io/v1alpha1";

/// Deleting the Application deletes its objects first, in the order of their waves.
pub const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// The wave of an object in the sync of its Application: a whole number, written as text.
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";

/// What the files of an Application are: a commit elsewhere does not make its manifests anew.
pub const MANIFEST_GENERATE_PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";

/// How the objects of an Application are compared with git.
pub const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";

/// How one object is synced.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// The name that Argo CD has for the cluster it runs in.
pub const IN_CLUSTER: &str = "in-cluster";

/// A folder that is synced to a namespace.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    api_version: &'static str,
    kind: &'static str,
    /// Name, annotations, finalizers.
    pub metadata: ObjectMeta,
    /// What is synced where, and how.
    pub spec: ApplicationSpec,
}

impl Application {
    /// An Application.
    pub fn new(metadata: ObjectMeta, spec: ApplicationSpec) -> Self {
        Self { api_version: API_VERSION, kind: "Application", metadata, spec }
    }
}

/// What is synced where, and how.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSpec {
    /// The AppProject whose limits hold.
    pub project: String,
    /// Where the manifests are, when that is one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Where the manifests are, when a chart is among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Where the objects go.
    pub destination: Destination,
    /// How they get there.
    pub sync_policy: SyncPolicy,
    /// Fields that controllers write, in which a difference from git is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<IgnoredDifference>,
    /// How many past syncs are remembered in the object.
    pub revision_history_limit: u32,
}

/// A folder of a git repository, or a chart.
///
/// No `kustomize` and no `directory` block: an empty one is dropped by Argo CD and then differs from git
/// (`NormalizeSource`); without them it finds the `kustomization.yaml`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The repository.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// The chart's name, in a repository of charts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// The full name of the branch (a short one makes Argo CD look through all refs), a chart's version or digest.
    pub target_revision: String,
    /// The folder, from the root of the repository; `None` for a source of values alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name by which the values of another source are found here.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'static str>,
    /// How the chart is rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm: Option<Helm>,
}

/// How a chart is rendered. Everything that would otherwise depend on the cluster at hand is pinned.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Helm {
    /// The release's name.
    pub release_name: String,
    /// Files of values, the later ones win; `$values` is the source of that name.
    pub value_files: Vec<String>,
    /// `Capabilities.KubeVersion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_version: Option<String>,
    /// What `Capabilities.APIVersions` has beyond the built-in ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_versions: Vec<&'static str>,
    /// Whether the chart's test pods are left out.
    pub skip_tests: bool,
}

/// Fields of one kind that a controller writes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredDifference {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Where, as jq paths.
    pub jq_path_expressions: Vec<&'static str>,
}

/// A namespace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Destination {
    /// The cluster's name in Argo CD.
    pub name: &'static str,
    /// The namespace; in an AppProject a glob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl Destination {
    /// A namespace of the cluster that Argo CD runs in.
    pub fn here(namespace: impl Into<String>) -> Self {
        Self { name: IN_CLUSTER, namespace: Some(namespace.into()) }
    }
}

/// When and how an Application is synced.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncPolicy {
    /// What happens without a person.
    pub automated: Automated,
    /// Options, as `Name=value`.
    pub sync_options: Vec<&'static str>,
    /// What happens after a failed sync.
    pub retry: Retry,
}

/// What happens without a person.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Automated {
    /// Whether anything does.
    pub enabled: bool,
    /// Whether objects that are no longer in git are deleted.
    pub prune: bool,
    /// Whether changes made in the cluster are undone.
    pub self_heal: bool,
    /// Whether a folder without any object may delete everything.
    pub allow_empty: bool,
}

/// What happens after a failed sync.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Retry {
    /// How often it is tried again; -1 for ever.
    pub limit: i64,
    /// Whether a newer commit is taken for the next try.
    pub refresh: bool,
    /// How long to wait.
    pub backoff: Backoff,
}

/// How long to wait between tries.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    /// Before the second try.
    pub duration: &'static str,
    /// What each wait is multiplied by.
    pub factor: i64,
    /// The longest wait.
    pub max_duration: &'static str,
}

/// What the Applications in it may read, hold and touch, and who may do what with them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppProject {
    api_version: &'static str,
    kind: &'static str,
    /// Name, annotations, finalizers.
    pub metadata: ObjectMeta,
    /// The limits.
    pub spec: AppProjectSpec,
}

impl AppProject {
    /// An AppProject.
    pub fn new(metadata: ObjectMeta, spec: AppProjectSpec) -> Self {
        Self { api_version: API_VERSION, kind: "AppProject", metadata, spec }
    }
}

/// The limits of an AppProject.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppProjectSpec {
    /// For people; 255 characters at most.
    pub description: String,
    /// The repositories that may be read.
    pub source_repos: Vec<String>,
    /// Where objects may go.
    pub destinations: Vec<Destination>,
    /// The objects without a namespace that are allowed; none when it is empty.
    pub cluster_resource_whitelist: Vec<NamedKind>,
    /// The kinds of objects with a namespace that are allowed; none when it is empty, **all** when it is absent.
    pub namespace_resource_whitelist: Vec<GroupKind>,
    /// The kinds of objects with a namespace that are refused although the list above has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespace_resource_blacklist: Vec<GroupKind>,
    /// Whether objects are shown that no Application owns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphaned_resources: Option<OrphanedResources>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ProjectRole>,
    /// When what is not synced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sync_windows: Vec<SyncWindow>,
}

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupKind {
    /// The API group; empty for the core.
    pub group: String,
    /// The kind.
    pub kind: String,
}

impl GroupKind {
    /// A kind of a group.
    pub fn new(group: &str, kind: &str) -> Self {
        Self { group: group.to_owned(), kind: kind.to_owned() }
    }
}

/// One object of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NamedKind {
    /// The API group; empty for the core.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The object's name; a glob.
    pub name: String,
}

/// What is done about objects in the project's namespaces that no Application owns.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OrphanedResources {
    /// Whether its Applications carry a warning.
    pub warn: bool,
}

/// Who may do what with the Applications of a project.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectRole {
    /// The role's name.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// Casbin lines.
    pub policies: Vec<String>,
    /// Groups of the identity provider.
    pub groups: Vec<String>,
}

/// A time in which Applications are, or are not, synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    /// `allow` or `deny`.
    pub kind: &'static str,
    /// When it begins: five-field cron.
    pub schedule: String,
    /// In which time zone. One that Argo CD does not know silently means UTC.
    pub time_zone: String,
    /// How long it lasts, in Go's spelling.
    pub duration: String,
    /// The Applications it is for, by name; globs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// The Applications it is for, by the namespace they go to; globs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Whether a person may sync meanwhile.
    pub manual_sync: bool,
    /// For people; 255 characters at most.
    pub description: String,
}
