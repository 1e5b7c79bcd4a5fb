//! What may be chosen about machines, and what other parts of the estate need on them.

use ipnet::IpNet;

use super::NodeRole;
use crate::path::At;

/// Where images of a registry are fetched instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryMirror {
    /// The registry as image names spell it: `registry.k8s.io`; `_default` for every other one.
    pub registry: String,
    /// The mirror's address, with its scheme.
    pub url: String,
    /// Whether the registry itself is asked when the mirror does not have an image.
    pub fallback: bool,
}

/// What is chosen about the machines of a cluster; the default is right where nobody has a wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// Mirrors of registries.
    pub mirrors: Vec<RegistryMirror>,
    /// Where administrators come from. Empty: from anywhere through the segment with the default route.
    pub administrators_from: Vec<IpNet>,
    /// Where packages of Kubernetes are fetched, without the minor's folder; `None` for the community's repository.
    pub packages: Option<String>,
}

/// The folder in which etcd's machines keep its snapshots.
pub const SNAPSHOT_FOLDER: &str = "/var/backups/etcd";

/// rclone's configuration on etcd's machines: the remote `store:` is where snapshots go.
pub const SNAPSHOT_STORE: &str = "/etc/groundplan/etcd-store.conf";

/// The folder below the root of a store that holds the snapshots of a cluster, a folder for each machine.
pub fn snapshots_of(cluster: &str) -> String {
    format!("etcd/{cluster}")
}

/// The folder in which machines leave metrics for the node exporter to read.
pub const METRICS_FOLDER: &str = "/var/lib/groundplan/metrics";

/// A file on machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFile {
    /// Its absolute path; no other part writes it.
    pub path: String,
    /// Its mode, four octal digits: `0644`.
    pub mode: &'static str,
    /// Its text; secrets are markers.
    pub text: String,
}

/// Who may open a connection to a machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opener {
    /// Every machine of the cluster.
    Nodes,
    /// The control planes.
    ControlPlanes,
    /// Pods.
    Pods,
    /// Where administrators come from.
    Administrators,
    /// These addresses.
    Addresses(Vec<IpNet>),
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Ports of machines that somebody may connect to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodePort {
    /// The protocol.
    pub transport: Transport,
    /// The first port.
    pub first: u16,
    /// The last port, the same as the first where it is one.
    pub last: u16,
    /// Who may connect.
    pub from: Opener,
    /// What listens there, for the reader of the firewall.
    pub what: String,
}

/// What a part of the platform needs on machines of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeNeed {
    /// The cluster.
    pub cluster: String,
    /// The machines it is needed on.
    pub roles: Vec<NodeRole>,
    /// Packages of the operating system.
    pub packages: Vec<String>,
    /// Kernel modules.
    pub modules: Vec<String>,
    /// Files.
    pub files: Vec<NodeFile>,
    /// Ports.
    pub ports: Vec<NodePort>,
    /// The field that it follows from.
    pub at: At,
}
