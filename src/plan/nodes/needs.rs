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

/// How often etcd is saved on its machines, and how long a snapshot stays there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotSchedule {
    /// Hours between two snapshots, a divisor of 24.
    pub every_hours: u32,
    /// How many are kept on each machine.
    pub keep: u32,
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
    /// Saving etcd; `None` for every six hours, of which the last day is kept.
    pub snapshots: Option<SnapshotSchedule>,
}

/// The folder in which etcd's machines keep its snapshots.
pub const SNAPSHOT_FOLDER: &str = "/var/backups/etcd";

/// Programs in this folder are run with the path of each new snapshot: what takes it off the machine belongs here.
pub const SNAPSHOT_HOOKS: &str = "/etc/groundplan/etcd-snapshot.d";

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
