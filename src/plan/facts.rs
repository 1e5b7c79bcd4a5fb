//! What components state about themselves, so that passes derive the objects and nobody can forget them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::backup::{ClusterBackup, EtcdBackup};
use super::metrics::{Exporter, ServedMetric};
use super::nodes::needs::{NodeNeed, NodeSettings};
use super::nodes::{ClusterNetwork, KubernetesFacts, Machines, NodeAutoscaling};
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
    /// What the charts of teams make that others connect to.
    pub charted: Vec<Charted>,
    /// Which secrets are needed where.
    pub secrets: Vec<SecretNeed>,
    /// Who may do what.
    pub grants: Vec<Grant>,
    /// The keys of labels that programs write on pods while they run, by namespace: selectors may use them although
    /// no pod template has them.
    pub runtime_labels: BTreeMap<String, BTreeSet<&'static str>>,
    /// What runs for long, so that the next output knows of it.
    pub live: Vec<super::Live>,
    /// What follows from other fields although it could be written, for `explain`.
    pub derivations: Vec<super::Derivation>,
    /// Which programs may use the Kubernetes API.
    pub api_access: Vec<ApiAccess>,
    /// What is asked of a namespace's quota.
    pub requests: Vec<Requests>,
    /// The machines of each cluster.
    pub machines: BTreeMap<String, Machines>,
    /// The network of each cluster.
    pub networks: BTreeMap<String, ClusterNetwork>,
    /// The Kubernetes of each cluster.
    pub kubernetes: BTreeMap<String, KubernetesFacts>,
    /// What is chosen about the machines of each cluster beyond that; a cluster without it has the defaults.
    pub node_settings: BTreeMap<String, NodeSettings>,
    /// What parts of the platform need on machines.
    pub node_needs: Vec<NodeNeed>,
    /// Whether metrics-server runs in each cluster, and the field that says so.
    pub pod_metrics: BTreeMap<String, (bool, At)>,
    /// Who makes the machines of autoscaled pools of each cluster.
    pub node_autoscaling: BTreeMap<String, NodeAutoscaling>,
    /// The snapshots of each cluster's etcd, where there are any.
    pub etcd_backups: BTreeMap<String, EtcdBackup>,
    /// What of each cluster's objects and volumes is saved, where anything is.
    pub cluster_backups: BTreeMap<String, ClusterBackup>,
    /// The exporters that are scraped.
    pub exporters: Vec<Exporter>,
    /// What workloads are said to serve.
    pub served_metrics: Vec<ServedMetric>,
    /// The namespaces of the platform's parts, by name.
    pub platform_namespaces: BTreeMap<(Stage, String), PlatformNamespace>,
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
        self.charted.extend(other.charted);
        self.secrets.extend(other.secrets);
        self.grants.extend(other.grants);
        for (namespace, labels) in other.runtime_labels {
            self.runtime_labels.entry(namespace).or_default().extend(labels);
        }
        self.live.extend(other.live);
        self.derivations.extend(other.derivations);
        self.api_access.extend(other.api_access);
        self.requests.extend(other.requests);
        self.machines.extend(other.machines);
        self.networks.extend(other.networks);
        self.kubernetes.extend(other.kubernetes);
        self.node_settings.extend(other.node_settings);
        self.node_needs.extend(other.node_needs);
        self.pod_metrics.extend(other.pod_metrics);
        self.node_autoscaling.extend(other.node_autoscaling);
        self.etcd_backups.extend(other.etcd_backups);
        self.cluster_backups.extend(other.cluster_backups);
        self.exporters.extend(other.exporters);
        self.served_metrics.extend(other.served_metrics);
        for (_, namespace) in other.platform_namespaces {
            self.platform_namespace(namespace);
        }
    }

    /// States a namespace of the platform. Several parts may share one: it enforces what the least restricted of
    /// them needs, and is closed when one of them wants it closed.
    pub fn platform_namespace(&mut self, namespace: PlatformNamespace) {
        match self.platform_namespaces.entry((namespace.stage.clone(), namespace.name.clone())) {
            Entry::Vacant(slot) => {
                slot.insert(namespace);
            }
            Entry::Occupied(mut slot) => {
                let known = slot.get_mut();
                known.pod_security = known.pod_security.min(namespace.pod_security);
                known.closed |= namespace.closed;
            }
        }
    }
}

/// A namespace of the platform: its object, its level of Pod Security and its policies are derived from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformNamespace {
    /// The cluster.
    pub stage: Stage,
    /// Its name.
    pub name: String,
    /// The strictest level of Pod Security that its pods fit.
    pub pod_security: Level,
    /// Whether nothing is allowed in it but the flows that are stated; otherwise its chart brings policies of its
    /// own, or its pods are on the host's network, where none hold.
    pub closed: bool,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
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

/// The namespace of a team: `<team>-<environment>`; in the base, which is never applied, `<team>`.
pub fn namespace(team: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{team}-{environment}"),
        None => team.to_owned(),
    }
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
    /// Whoever it is, on the ports that are named. For the API server, which has the addresses of nodes, of the
    /// overlay or of a tunnel, by the choice of the CNI, and for names whose addresses nobody states.
    Anyone,
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

/// What the chart of a team's release makes that others connect to: it is in no object of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charted {
    /// The stage.
    pub stage: Stage,
    /// The namespace.
    pub namespace: String,
    /// The labels that its pods are said to have.
    pub pods: BTreeMap<String, String>,
    /// The Service that it is said to make, if that is exposed.
    pub service: Option<String>,
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

/// A program may use the Kubernetes API. The Role and its binding are made in the unit of the namespace, as everything
/// that guards it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAccess {
    /// The unit of the namespace, which owns the Role.
    pub unit: UnitId,
    /// The namespace.
    pub namespace: String,
    /// The ServiceAccount, and the name of the Role.
    pub account: String,
    /// What it may do.
    pub rules: Vec<ApiRule>,
    /// The component that states it.
    pub component: &'static str,
    /// The field.
    pub at: At,
}

/// Verbs on one kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRule {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The resource: `configmaps`.
    pub resource: &'static str,
    /// The objects by name; all of them when it is empty.
    pub names: Vec<String>,
    /// The verbs.
    pub verbs: &'static [&'static str],
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
