//! A workload with every default filled in and every name bound. Lowering reads nothing else.

use indexmap::IndexMap;

use super::secret_files::SecretFile;
use super::spec::{Access, Capability, Concurrency, Seccomp, Spread};
use crate::component::connects::Connect;
use crate::k8s::count::Percent;
use crate::k8s::cron::Cron;
use crate::k8s::duration::Duration;
use crate::k8s::image::Image;
use crate::k8s::name::{EnvName, LabelKey, LabelValue, Name};
use crate::k8s::patch::Patch;
use crate::k8s::path::{HttpPath, MountPath};
use crate::k8s::port::PortName;
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::secret::SecretRef;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::k8s::zone::TimeZone;

/// A workload.
#[derive(Debug)]
pub struct Workload {
    pub name: Name,
    pub team: Name,
    pub image: Image,
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub kind: Kind,
    pub ports: IndexMap<PortName, Socket>,
    pub expose: Option<Expose>,
    pub connects: Vec<Connect>,
    pub logins: Vec<Login>,
    pub resources: Resources,
    pub scale: Scale,
    pub health: Option<Health>,
    pub metrics: Option<Metrics>,
    pub config: IndexMap<EnvName, String>,
    pub secrets: IndexMap<EnvName, Secret>,
    pub secret_files: Vec<SecretFile>,
    pub files: Vec<File>,
    pub volumes: IndexMap<Name, Volume>,
    pub api_token: bool,
    pub security: Security,
    pub disruption: Disruption,
    pub termination_grace: Duration,
    pub node_selector: IndexMap<LabelKey, LabelValue>,
    pub spread: Spread,
    pub patches: Vec<PatchOf>,
    pub manifests: Vec<Manifest>,
    /// The written fields that only make sense for what always runs.
    pub always: Vec<&'static str>,
}

/// What runs it.
#[derive(Debug)]
pub enum Kind {
    /// Copies without identity, always.
    Deployment,
    /// Copies with names and volumes of their own, always.
    StatefulSet,
    /// Now and then.
    CronJob(Schedule),
}

impl Kind {
    /// Kubernetes' word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::CronJob(_) => "CronJob",
        }
    }
}

#[derive(Debug)]
pub struct Schedule {
    pub cron: Cron,
    pub timezone: TimeZone,
    pub concurrency: Concurrency,
    pub deadline: Duration,
    pub start_within: Duration,
    pub history: u32,
    pub retries: u32,
}

#[derive(Debug)]
pub struct Expose {
    pub host: String,
    pub path: HttpPath,
    pub port: Socket,
}

/// What it takes to log in to a database.
#[derive(Debug)]
pub struct Login {
    /// Where the connection stands in `connects`.
    pub index: usize,
    /// Variables without secrets.
    pub variables: Vec<(String, String)>,
    /// The variable of the password, and where that is kept.
    pub password: (String, SecretRef),
}

impl Login {
    /// The names of all its variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let plain = self.variables.iter().map(|(name, _)| name.as_str());
        plain.chain([self.password.0.as_str()])
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Resources {
    pub cpu: Cpu,
    pub memory: Bytes,
    pub cpu_limit: Option<Cpu>,
    pub ephemeral_storage: Option<Bytes>,
}

#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub min: u32,
    pub max: u32,
    pub cpu: Option<Percent>,
    pub memory: Option<Percent>,
}

impl Scale {
    /// Whether load decides how many copies there are.
    pub fn is_elastic(self) -> bool {
        self.max > self.min
    }
}

#[derive(Debug)]
pub struct Health {
    pub probe: Probe,
    pub period: Duration,
    pub timeout: Duration,
    pub failures: u32,
    pub startup: Duration,
}

#[derive(Debug)]
pub enum Probe {
    Http { path: HttpPath, port: PortName },
    Tcp(PortName),
    Command(Vec<String>),
}

#[derive(Debug)]
pub struct Metrics {
    pub port: PortName,
    pub socket: Socket,
    pub path: HttpPath,
    pub interval: Duration,
}

/// Where the value of a variable is kept.
#[derive(Debug)]
pub enum Secret {
    /// In the store.
    Store(SecretRef),
    /// In a Secret that something else makes.
    Key { secret: String, key: String },
}

/// A file in the container.
#[derive(Debug)]
pub struct File {
    pub path: MountPath,
    /// Its key in the ConfigMap or Secret.
    pub key: String,
    /// The field that says what it holds.
    pub field: &'static str,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Text(String),
    Binary(Vec<u8>),
    Secret(SecretRef),
}

#[derive(Debug)]
pub struct Volume {
    pub mount: MountPath,
    pub kind: VolumeKind,
}

#[derive(Debug)]
pub enum VolumeKind {
    Scratch { size: Bytes },
    Claim { size: Bytes, class: Option<Name>, access: Access },
}

impl Volume {
    /// Whether only one copy, or the copies of one node, can mount it.
    pub fn is_exclusive(&self) -> bool {
        let exclusive = [Access::ReadWriteOnce, Access::ReadWriteOncePod];
        matches!(&self.kind, VolumeKind::Claim { access, .. } if exclusive.contains(access))
    }

    /// Whether it outlives its pod.
    pub fn is_claim(&self) -> bool {
        matches!(self.kind, VolumeKind::Claim { .. })
    }
}

#[derive(Debug)]
pub struct Security {
    pub run_as_user: Option<u32>,
    pub run_as_group: Option<u32>,
    pub fs_group: u32,
    pub run_as_non_root: bool,
    pub read_only_root: bool,
    pub capabilities: Vec<Capability>,
    pub privilege_escalation: bool,
    pub privileged: bool,
    pub host_network: bool,
    pub seccomp: Seccomp,
}

#[derive(Clone, Copy, Debug)]
pub struct Disruption {
    pub max_unavailable: u32,
}

/// A patch and the object it is for.
#[derive(Debug)]
pub struct PatchOf {
    /// Where it stands in `patches`.
    pub index: usize,
    /// The kind and, if it was written, the name.
    pub target: (String, Option<String>),
    pub patch: Patch,
}

/// An object of a file.
#[derive(Debug)]
pub struct Manifest {
    /// Where its file stands in `manifests`.
    pub index: usize,
    pub object: Tree,
}

impl Workload {
    /// How many copies there may be.
    pub fn most(&self) -> u32 {
        match &self.kind {
            Kind::CronJob(_) => 1,
            _ => self.scale.max,
        }
    }

    /// How many copies there are at least.
    pub fn least(&self) -> u32 {
        match &self.kind {
            Kind::CronJob(_) => 1,
            _ => self.scale.min,
        }
    }

    /// The name of the Secret that is filled from the store.
    pub fn store_secret(&self) -> String {
        format!("{}-secrets", self.name)
    }

    /// The name of the volume claim of a volume; a StatefulSet makes its own from the volume's name.
    pub fn claim(&self, volume: &Name) -> String {
        format!("{}-{volume}", self.name)
    }
}
