//! What components state about themselves, so that passes derive the objects and nobody can forget them.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::nodes::{ClusterNetwork, KubernetesFacts, Machines};
use super::unit::{Stage, UnitId};
use crate::k8s::pod_security::Level;
use crate::k8s::secret::SecretRef;
use crate::k8s::socket::Socket;
use crate::path::At;

/// Everything that was stated.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Where the output lives and how it is laid out.
    pub repository: Option<Repository>,
    /// The Argo CD of each cluster.
    pub argocd: BTreeMap<String, ArgoCd>,
    /// The namespaces of teams in environments, by name.
    pub tenancies: BTreeMap<(Stage, String), Tenancy>,
    /// Who talks to whom.
    pub flows: Vec<Flow>,
    /// What is reachable from outside, through the gateway.
    pub exposures: Vec<Exposure>,
    /// What is to be scraped.
    pub scrapes: Vec<Scrape>,
    /// What runs in how many copies.
    pub replicas: Vec<Replicas>,
    /// Which secrets are needed where.
    pub secrets: Vec<SecretNeed>,
    /// Who may do what.
    pub grants: Vec<Grant>,
    /// What is asked of a namespace's quota.
    pub requests: Vec<Requests>,
    /// The machines of each cluster.
    pub machines: BTreeMap<String, Machines>,
    /// The network of each cluster.
    pub networks: BTreeMap<String, ClusterNetwork>,
    /// The Kubernetes of each cluster.
    pub kubernetes: BTreeMap<String, KubernetesFacts>,
}

impl Facts {
    pub(super) fn absorb(&mut self, other: Self) {
        self.repository = self.repository.take().or(other.repository);
        self.argocd.extend(other.argocd);
        self.tenancies.extend(other.tenancies);
        self.flows.extend(other.flows);
        self.exposures.extend(other.exposures);
        self.scrapes.extend(other.scrapes);
        self.replicas.extend(other.replicas);
        self.secrets.extend(other.secrets);
        self.grants.extend(other.grants);
        self.requests.extend(other.requests);
        self.machines.extend(other.machines);
        self.networks.extend(other.networks);
        self.kubernetes.extend(other.kubernetes);
    }
}

/// Where the output lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// What Argo CD fetches.
    pub url: String,
    /// The folder in it that groundplan owns; empty for the root.
    pub path: String,
    /// How it is laid out.
    pub layout: super::Layout,
    /// The branch of the single-branch layout.
    pub branch: String,
    /// The field.
    pub at: At,
}

/// The Argo CD of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgoCd {
    /// Major and minor version, which decides the fields that may be written.
    pub version: (u64, u64),
    /// Its namespace.
    pub namespace: String,
    /// When what may not be synced.
    pub freezes: Vec<Freeze>,
    /// The field.
    pub at: At,
}

/// A time in which nothing is synced by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The environments it is for.
    pub environments: Vec<String>,
    /// When it begins: five-field cron.
    pub schedule: String,
    /// How long it lasts, in Go's spelling.
    pub duration: String,
    /// An IANA time zone.
    pub timezone: String,
    /// Whether a person may sync by hand meanwhile.
    pub manual: bool,
    /// The field.
    pub at: At,
}

/// A team's namespace in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// The stage; never the base.
    pub stage: Stage,
    /// The namespace, which is also the name of its AppProject.
    pub namespace: String,
    /// The team.
    pub team: String,
    /// Whether changes need a person's consent.
    pub protected: bool,
    /// Groups that may sync its Applications and see everything.
    pub owners: Vec<String>,
    /// Groups that may see its Applications.
    pub developers: Vec<String>,
    /// The level of Pod Security that it enforces.
    pub pod_security: Level,
    /// The quota, in milli-CPU, bytes of memory and bytes of storage; `None` where there is none.
    pub quota: Option<(u64, u64, Option<u64>)>,
    /// The team's field.
    pub at: At,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Pods of the estate.
    Pods {
        /// Their namespace.
        namespace: String,
        /// The labels that select them.
        labels: BTreeMap<String, String>,
    },
    /// Addresses outside the cluster.
    Addresses(Vec<IpNet>),
}

impl Peer {
    /// Pods of the platform.
    pub fn platform(pods: super::platform::Pods) -> Self {
        let labels = [(pods.label.0.to_owned(), pods.label.1.to_owned())].into();
        Self::Pods { namespace: pods.namespace.to_owned(), labels }
    }
}

/// `from` talks to `to`. The policies of both ends are derived from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The stage; never the base.
    pub stage: Stage,
    /// Who opens the connection.
    pub from: Peer,
    /// Who answers.
    pub to: Peer,
    /// On which ports; not empty.
    pub sockets: Vec<Socket>,
    /// The component that states it.
    pub component: &'static str,
    /// The field that says so.
    pub at: At,
}

impl Flow {
    /// From pods of the platform to those that a fact is about.
    pub fn from_platform(
        platform: super::platform::Pods,
        stage: &Stage,
        to: Peer,
        socket: Socket,
        (component, at): (&'static str, &At),
    ) -> Self {
        Self {
            stage: stage.clone(),
            from: Peer::platform(platform),
            to,
            sockets: vec![socket],
            component,
            at: at.clone(),
        }
    }
}

/// How an exposure is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The host name.
    pub host: String,
    /// The path prefix.
    pub path: String,
    /// The host's field.
    pub at: At,
}

/// A Service that is reachable from outside through the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The unit that owns it.
    pub unit: UnitId,
    /// The namespace; empty in the base.
    pub namespace: String,
    /// The name of the route.
    pub name: String,
    /// The Service behind it.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// The labels that select the pods behind the Service.
    pub pods: BTreeMap<String, String>,
    /// Where those pods listen: policies see a connection after the Service's port was translated.
    pub socket: Socket,
    /// How it is reached.
    pub channel: Channel,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
}

/// Something that serves metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// The unit that owns it.
    pub unit: UnitId,
    /// The namespace; empty in the base.
    pub namespace: String,
    /// The name of the monitor.
    pub name: String,
    /// The labels of the Service.
    pub labels: BTreeMap<String, String>,
    /// The name of the Service's port.
    pub port: String,
    /// The labels that select the pods behind the Service.
    pub pods: BTreeMap<String, String>,
    /// Where those pods serve the metrics: Prometheus connects to pods, not to Services.
    pub socket: Socket,
    /// The HTTP path.
    pub path: String,
    /// Seconds between scrapes.
    pub interval: u64,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
}

/// Something that runs in copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// The unit that owns it.
    pub unit: UnitId,
    /// The namespace; empty in the base.
    pub namespace: String,
    /// The name of the budget.
    pub name: String,
    /// The labels that select the pods.
    pub labels: BTreeMap<String, String>,
    /// The fewest copies there are.
    pub least: u32,
    /// How many may be away at once.
    pub unavailable: u32,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
}

/// One key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretEntry {
    /// The key in the Secret.
    pub key: String,
    /// Where its value is kept.
    pub reference: SecretRef,
    /// The field.
    pub at: At,
}

/// A Secret that must exist, filled from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNeed {
    /// The unit that owns it.
    pub unit: UnitId,
    /// The namespace; empty in the base.
    pub namespace: String,
    /// The name of the Secret.
    pub name: String,
    /// Its keys; not empty.
    pub entries: Vec<SecretEntry>,
    /// The component that states it.
    pub component: &'static str,
}

/// A set of rights in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything but secrets, may restart, scale and debug; changes go through git.
    Owner,
    /// Sees everything but secrets.
    Developer,
}

/// Somebody may do something in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The unit that owns the roles.
    pub unit: UnitId,
    /// The namespace.
    pub namespace: String,
    /// What.
    pub role: Role,
    /// Who; not empty.
    pub subjects: Vec<crate::k8s::subject::Subject>,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
}

/// What a workload asks of its namespace's quota, at its fewest and at its most copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// The stage; never the base.
    pub stage: Stage,
    /// The namespace.
    pub namespace: String,
    /// Milli-CPU of one copy.
    pub cpu: u64,
    /// Bytes of memory of one copy.
    pub memory: u64,
    /// Bytes of storage in all.
    pub storage: u64,
    /// The fewest copies.
    pub least: u32,
    /// The most copies.
    pub most: u32,
    /// The field.
    pub at: At,
}
