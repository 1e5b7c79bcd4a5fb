//! What a blueprint may say of a workload. The comments become the reference and the schema's descriptions.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::count::{Count, Percent};
use crate::k8s::cron::Cron;
use crate::k8s::duration::Duration;
use crate::k8s::host::HostName;
use crate::k8s::image::Image;
use crate::k8s::name::{ConfigKey, EnvName, LabelKey, LabelValue, Name};
use crate::k8s::path::{HttpPath, MountPath};
use crate::k8s::port::PortName;
use crate::k8s::postgres::SqlName;
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::reference::Reference;
use crate::k8s::secret::SecretRef;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::k8s::zone::TimeZone;
use crate::source::Short;

/// A program of a team: a Deployment; with `stateful` a StatefulSet, with `schedule` a CronJob.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// The team whose namespace it runs in.
    pub team: Name,
    /// The image, with a tag or better a digest.
    pub image: Image,
    /// What is started in place of the image's entry point.
    #[serde(default)]
    pub command: Vec<String>,
    /// The arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// The ports it listens on, by name: `{http: 8080}`, `{dns: 53/udp}`. They make its Service.
    #[serde(default)]
    pub ports: IndexMap<PortName, Socket>,
    /// How it is reached from outside the cluster.
    #[serde(default)]
    pub expose: Option<ExposeSpec>,
    /// What it opens connections to: `workload/checkout`, `external/card-network`, `database/orders`. Everything else
    /// is denied. Of a database it also gets what it needs to log in: `PGHOST`, `PGPASSWORD` and so on.
    #[serde(default)]
    pub connects: Vec<Short<Reference, ConnectSpec>>,
    /// Who of other teams may connect to it: `workload/web`, `team/storefront`.
    #[serde(default)]
    pub allows: Vec<Reference>,
    /// What one copy asks for.
    #[serde(default)]
    pub resources: Option<ResourcesSpec>,
    /// In how many copies it runs.
    #[serde(default)]
    pub scale: Option<ScaleSpec>,
    /// How one sees that it works.
    #[serde(default)]
    pub health: Option<HealthSpec>,
    /// Where it serves metrics for Prometheus.
    #[serde(default)]
    pub metrics: Option<MetricsSpec>,
    /// Environment variables. Another value restarts the pods.
    #[serde(default)]
    pub config: IndexMap<EnvName, String>,
    /// Environment variables from secrets: `path/in/store#property`, or the key of a Secret.
    #[serde(default)]
    pub secrets: IndexMap<EnvName, Short<SecretRef, SecretKeySpec>>,
    /// Encrypted manifests that make Secrets, relative to the blueprint: SealedSecrets, or SOPS files for an
    /// operator in the cluster.
    #[serde(default)]
    pub secret_files: Vec<String>,
    /// Files in the container, by path. Another content restarts the pods.
    #[serde(default)]
    pub files: IndexMap<MountPath, FileSpec>,
    /// Folders in the container that outlive it, by the name of the volume.
    #[serde(default)]
    pub volumes: IndexMap<Name, VolumeSpec>,
    /// When it runs, if it does not run always: five cron fields, or a mapping that says more.
    #[serde(default)]
    #[schemars(with = "Short<Cron, ScheduleSpec>")]
    pub schedule: Option<Short<Cron, ScheduleSpec>>,
    /// Whether each copy has a name and volumes of its own.
    #[serde(default)]
    pub stateful: bool,
    /// Whether it talks to the Kubernetes API: mounts the token of its service account.
    #[serde(default)]
    pub api_token: bool,
    /// What it may do on its node.
    #[serde(default)]
    pub security: Option<SecuritySpec>,
    /// How many copies may be away while nodes are drained.
    #[serde(default)]
    pub disruption: Option<DisruptionSpec>,
    /// How long it may take to stop.
    #[serde(default)]
    pub termination_grace: Option<Duration>,
    /// Labels that its nodes must have.
    #[serde(default)]
    pub node_selector: IndexMap<LabelKey, LabelValue>,
    /// Whether copies must be on different zones and nodes, or only should.
    #[serde(default)]
    pub spread: Option<Spread>,
    /// Changes of the objects that are made of all this, for what has no field. Checked, but listed as unproven.
    #[serde(default)]
    pub patches: Vec<PatchSpec>,
    /// More objects of its namespace, as files relative to the blueprint. Checked, but listed as unproven.
    #[serde(default)]
    pub manifests: Vec<String>,
}

/// How a workload is reached from outside the cluster, through the gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExposeSpec {
    /// The host name.
    pub host: HostName,
    /// The port, by name; the only one if there is one.
    #[serde(default)]
    pub port: Option<PortName>,
    /// The path prefix.
    #[serde(default)]
    pub path: Option<HttpPath>,
}

/// A connection that a workload opens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectSpec {
    /// What to: `workload/checkout`, `external/card-network`.
    pub to: Reference,
    /// Which of its ports; all but that of its metrics if not said. Names, or what an external lists (`443`).
    #[serde(default)]
    pub ports: Vec<PortReference>,
    /// Whether it must be healthy before this workload is applied.
    #[serde(default)]
    pub ordered: Option<bool>,
    /// The user of a database as which it logs in: the one called as the workload, or the only one, if not said.
    #[serde(default)]
    pub user: Option<SqlName>,
    /// What is put before the names of the variables with which it logs in to a database: `STOCK_` gives
    /// `STOCK_PGHOST`.
    #[serde(default)]
    pub prefix: Option<EnvName>,
}

pub use crate::k8s::reference::PortReference;

/// What one copy asks for. The limit of memory is what it asks for; CPU has no limit unless written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourcesSpec {
    /// Processor time that is reserved.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    /// Memory that is reserved, and the limit.
    #[serde(default)]
    pub memory: Option<Bytes>,
    /// Processor time beyond which it is throttled.
    #[serde(default)]
    pub cpu_limit: Option<Cpu>,
    /// Space on the node for logs and scratch files: reserved, and the limit.
    #[serde(default)]
    pub ephemeral_storage: Option<Bytes>,
}

/// In how many copies a workload runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaleSpec {
    /// The fewest copies.
    #[serde(default)]
    pub min: Option<Count>,
    /// The most copies; if it is more than the fewest, load decides.
    #[serde(default)]
    pub max: Option<Count>,
    /// The processor time, of what is reserved, that copies are added or removed to reach.
    #[serde(default)]
    pub cpu: Option<Percent>,
    /// The memory, of what is reserved, that copies are added or removed to reach.
    #[serde(default)]
    pub memory: Option<Percent>,
}

/// How one sees that a workload works: by a page (`path`), by a port that accepts connections, or by a `command`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthSpec {
    /// A page that answers 200 to 399.
    #[serde(default)]
    pub path: Option<HttpPath>,
    /// The port of the page, by name, or the only one if there is one; without `path` it is enough that it accepts
    /// connections.
    #[serde(default)]
    pub port: Option<PortName>,
    /// A command that ends with 0.
    #[serde(default)]
    pub command: Vec<String>,
    /// Time between two looks.
    #[serde(default)]
    pub period: Option<Duration>,
    /// How long an answer may take.
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// After how many failures in a row it gets no traffic; after twice as many it is restarted.
    #[serde(default)]
    pub failures: Option<Count>,
    /// How long it may take to start.
    #[serde(default)]
    pub startup: Option<Duration>,
}

/// Where a workload serves metrics.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsSpec {
    /// The port, by name.
    pub port: PortName,
    /// The page.
    #[serde(default)]
    pub path: Option<HttpPath>,
    /// Time between two scrapes.
    #[serde(default)]
    pub interval: Option<Duration>,
}

/// A key of a Secret that something else makes: a secret file, or a manifest.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeySpec {
    /// The Secret.
    pub secret: Name,
    /// The key in it.
    pub key: ConfigKey,
}

/// A file in the container: one of `content`, `file` and `secret`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSpec {
    /// What it holds.
    #[serde(default)]
    pub content: Option<String>,
    /// A file with what it holds, relative to the blueprint.
    #[serde(default)]
    pub file: Option<String>,
    /// Where in the secret store lies what it holds: `path/in/store#property`.
    #[serde(default)]
    pub secret: Option<SecretRef>,
}

/// A folder in the container that outlives it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeSpec {
    /// Where it is mounted.
    pub mount: MountPath,
    /// How much it holds.
    #[serde(default)]
    pub size: Option<Bytes>,
    /// The storage class; the cluster's default one if not said.
    #[serde(default)]
    pub class: Option<Name>,
    /// Who may mount it at once.
    #[serde(default)]
    pub access: Option<Access>,
    /// Whether it is empty again in every new pod: space on the node, not a volume.
    #[serde(default)]
    pub scratch: bool,
}

/// Who may mount a volume at once. Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "the words are Kubernetes'")]
pub enum Access {
    /// The pods of one node.
    ReadWriteOnce,
    /// One pod.
    ReadWriteOncePod,
    /// Pods anywhere.
    ReadWriteMany,
    /// Pods anywhere, without writing.
    ReadOnlyMany,
}

/// When a workload runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Five cron fields: minute, hour, day of the month, month, day of the week.
    pub cron: Cron,
    /// The time zone of the cron fields.
    #[serde(default)]
    pub timezone: Option<TimeZone>,
    /// What happens when a run is due and the last one is not done.
    #[serde(default)]
    pub concurrency: Option<Concurrency>,
    /// How long a run may take.
    #[serde(default)]
    pub deadline: Option<Duration>,
    /// How late a run may still begin.
    #[serde(default)]
    pub start_within: Option<Duration>,
    /// How many finished runs are kept to be looked at, of successful and of failed ones.
    #[serde(default)]
    pub history: Option<Count>,
    /// How often a failed run is tried again.
    #[serde(default)]
    pub retries: Option<Count>,
}

/// What happens when a run is due and the last one is not done. Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Concurrency {
    /// It is left out.
    Forbid,
    /// Both run.
    Allow,
    /// The last one is stopped.
    Replace,
}

/// What a workload may do on its node. What the Pod Security level of its namespace forbids is refused.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySpec {
    /// The number of the user it runs as; the image's own if not said.
    #[serde(default)]
    pub run_as_user: Option<Count>,
    /// The number of the group it runs as.
    #[serde(default)]
    pub run_as_group: Option<Count>,
    /// The number of the group that may write its volumes; `runAsGroup` if that is said.
    #[serde(default)]
    pub fs_group: Option<Count>,
    /// Whether Kubernetes refuses to start it as root.
    #[serde(default)]
    pub run_as_non_root: Option<bool>,
    /// Whether the image's own files cannot be written; `/tmp` always can.
    #[serde(default)]
    pub read_only_root: Option<bool>,
    /// Linux capabilities that it gets back, such as `NET_BIND_SERVICE`.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// Whether a program in it may get more rights than it was started with.
    #[serde(default)]
    pub privilege_escalation: Option<bool>,
    /// Whether it may do everything that its node can.
    #[serde(default)]
    pub privileged: bool,
    /// Whether it uses the node's network.
    #[serde(default)]
    pub host_network: bool,
    /// Which calls to the kernel it may make.
    #[serde(default)]
    pub seccomp: Option<Seccomp>,
}

pub use super::reference::Capability;

/// Which calls to the kernel a container may make. Kubernetes' words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Seccomp {
    /// What the container runtime deems safe.
    #[default]
    RuntimeDefault,
    /// All of them.
    Unconfined,
}

/// How many copies may be away while nodes are drained: one of both.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisruptionSpec {
    /// So many may be away at once.
    #[serde(default)]
    pub max_unavailable: Option<Count>,
    /// So many of the fewest copies must stay.
    #[serde(default)]
    pub min_available: Option<Count>,
}

/// Whether copies must be on different zones and nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Spread {
    /// If there is room; a copy in the same zone is better than none.
    Preferred,
    /// Always; a copy that would be one too many in its zone or on its node waits.
    Required,
}

/// A change of one object: one of `merge` and `json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchSpec {
    /// The object; the Deployment, StatefulSet or CronJob if not said.
    #[serde(default)]
    pub target: Option<TargetSpec>,
    /// A part of the object that is laid over it (a strategic merge): `null` takes a key away.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub merge: Option<Tree>,
    /// Steps to be done one after the other (a JSON patch, RFC 6902).
    #[serde(default)]
    pub json: Vec<OperationSpec>,
}

/// One object of a workload.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetSpec {
    /// Its kind.
    pub kind: String,
    /// Its name, if there are several of the kind.
    #[serde(default)]
    pub name: Option<String>,
}

/// One step of a JSON patch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationSpec {
    /// What to do.
    pub op: Op,
    /// Where: a JSON pointer such as `/spec/template/spec/containers/0/stdin`.
    pub path: String,
    /// Whence, for `move` and `copy`.
    #[serde(default)]
    pub from: Option<String>,
    /// What, for `add`, `replace` and `test`.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub value: Option<Tree>,
}

/// What a step of a JSON patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Op {
    /// Sets a key, or inserts into a list before the index; `-` is the list's end.
    Add,
    /// Takes away what is there.
    Remove,
    /// Puts something in the place of what is there.
    Replace,
    /// Takes away and adds elsewhere.
    Move,
    /// Adds elsewhere as well.
    Copy,
    /// Refuses the whole patch unless the value is there.
    Test,
}
