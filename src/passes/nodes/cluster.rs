//! A cluster's facts together, and the questions that everything here asks of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::catalog::parts::{CONTAINERD, CONTAINERD_CHOSEN};
use crate::k8s::version::MinorVersion;
use crate::plan::nodes::needs::{NodeNeed, NodeSettings};
use crate::plan::nodes::{
    ApiBalancer, ApiEndpoint, ClusterNetwork, ContainerRuntime, Disk, DiskUse, EtcdTopology,
    KubernetesFacts, Machine, Machines, Nic, NodeRole, NodeTaint, Segment,
};
use crate::plan::{EtcdBackup, Facts};

/// Where kubelet finds containerd.
const CONTAINERD_SOCKET: &str = "unix:///run/containerd/containerd.sock";
/// Where it finds Docker Engine.
const CRI_DOCKERD_SOCKET: &str = "unix:///run/cri-dockerd.sock";

/// What is known of a cluster whose machines are described.
pub(super) struct Cluster<'a> {
    pub name: &'a str,
    pub machines: &'a Machines,
    pub network: &'a ClusterNetwork,
    pub kubernetes: &'a KubernetesFacts,
    pub api: &'a ApiEndpoint,
    pub settings: NodeSettings,
    /// Where snapshots of etcd go, and how often; `None` where they stay.
    pub backup: Option<&'a EtcdBackup>,
    pub needs: Vec<&'a NodeNeed>,
}

/// The machines of a pool, or those that an autoscaler will make.
pub(super) struct Pool<'a> {
    pub role: NodeRole,
    pub cpu: u32,
    pub memory: u64,
    pub disks: &'a [Disk],
    /// Names of the links and the segments they are in; the first has the node's address.
    pub links: Vec<(&'a str, &'a str)>,
    pub taints: &'a [NodeTaint],
    pub members: Vec<&'a Machine>,
}

impl<'a> Cluster<'a> {
    /// The facts of a cluster; `None` where one of them is missing, and nothing can boot.
    pub(super) fn of(facts: &'a Facts, name: &'a str) -> Option<Self> {
        let kubernetes = facts.kubernetes.get(name)?;
        let network = facts.networks.get(name)?;
        Some(Self {
            name,
            machines: facts.machines.get(name)?,
            network,
            kubernetes,
            api: network.api.as_ref()?,
            settings: facts.node_settings.get(name).cloned().unwrap_or_default(),
            backup: facts.etcd_backups.get(name),
            needs: facts.node_needs.iter().filter(|need| need.cluster == name).collect(),
        })
    }

    /// The pools of machines that are there from the beginning, by name.
    pub(super) fn pools(&self) -> Vec<Pool<'a>> {
        let mut by_name: BTreeMap<&str, Vec<&'a Machine>> = BTreeMap::new();
        for machine in &self.machines.machines {
            by_name.entry(&machine.pool).or_default().push(machine);
        }
        by_name
            .into_values()
            .map(|members| {
                let one = members[0];
                Pool {
                    role: one.role,
                    cpu: one.cpu,
                    memory: one.memory,
                    disks: &one.disks,
                    links: one.nics.iter().map(|nic| (&*nic.name, &*nic.segment)).collect(),
                    taints: &one.taints,
                    members,
                }
            })
            .collect()
    }

    pub(super) fn minor(&self) -> MinorVersion {
        self.kubernetes.version.series()
    }

    /// The machines of a role, in the order of their names.
    pub(super) fn of_role(&self, role: NodeRole) -> impl Iterator<Item = &'a Machine> {
        self.machines.machines.iter().filter(move |machine| machine.role == role)
    }

    /// The machines that are members of etcd.
    pub(super) fn etcd_members(&self) -> impl Iterator<Item = &'a Machine> {
        self.of_role(match self.kubernetes.etcd {
            EtcdTopology::Stacked => NodeRole::ControlPlane,
            EtcdTopology::External => NodeRole::Etcd,
        })
    }

    /// Whether machines of this role are members of etcd.
    pub(super) fn is_member(&self, role: NodeRole) -> bool {
        self.etcd_members().any(|member| member.role == role)
    }

    /// Whether etcd runs on machines of its own.
    pub(super) fn external_etcd(&self) -> bool {
        self.kubernetes.etcd == EtcdTopology::External
    }

    /// The one machine that makes the cluster; none where the cluster is there already.
    pub(super) fn first(&self) -> Option<&'a Machine> {
        self.of_role(NodeRole::ControlPlane).next().filter(|_| !self.kubernetes.exists)
    }

    /// The control plane that joins before this one.
    pub(super) fn before(&self, machine: &Machine) -> Option<&'a Machine> {
        let known: Vec<&Machine> = self.of_role(NodeRole::ControlPlane).collect();
        let position = known.iter().position(|known| known.name == machine.name)?;
        known.get(position.checked_sub(1)?).copied().filter(|_| !self.kubernetes.exists)
    }

    /// The machines that HAProxy and keepalived run on; none where somebody else balances.
    pub(super) fn balancers(&self) -> Vec<&'a Machine> {
        if self.api.balancer != ApiBalancer::HaProxy {
            return Vec::new();
        }
        let own: Vec<&Machine> = self.of_role(NodeRole::LoadBalancer).collect();
        if own.is_empty() { self.of_role(NodeRole::ControlPlane).collect() } else { own }
    }

    /// Whether HAProxy and keepalived run on a machine of this role.
    pub(super) fn balances(&self, role: NodeRole) -> bool {
        self.balancers().first().is_some_and(|machine| machine.role == role)
    }

    pub(super) fn segment(&self, name: &str) -> Option<&'a Segment> {
        self.network.segments.get(name)
    }

    /// The link of a pool through which it reaches everything else: the first one whose segment has a gateway.
    pub(super) fn way_out<'l>(&self, links: &[(&'l str, &'l str)]) -> Option<(&'l str, IpAddr)> {
        links.iter().find_map(|(link, segment)| Some((*link, self.segment(segment)?.gateway?)))
    }

    /// The card whose segment the API's address is in; the node's own where none is.
    pub(super) fn api_card<'m>(&self, machine: &'m Machine) -> Option<&'m Nic> {
        let holds = |nic: &&Nic| nic.address.contains(&self.api.address);
        machine.nics.iter().find(holds).or(machine.nics.first())
    }

    /// The socket of the container runtime, as kubelet spells it.
    pub(super) fn runtime_socket(&self) -> &'static str {
        match self.kubernetes.runtime {
            ContainerRuntime::Containerd => CONTAINERD_SOCKET,
            ContainerRuntime::Docker => CRI_DOCKERD_SOCKET,
        }
    }

    /// The image of pods' sandboxes, which kubeadm, kubelet and the runtime must agree about.
    pub(super) fn sandbox_image(&self) -> String {
        let pause = crate::catalog::kubernetes::kubeadm(self.minor());
        format!("registry.k8s.io/pause:{}", pause.map_or("3.10.1", |known| known.pause))
    }

    /// The version of containerd that is installed, as apt pins it.
    pub(super) fn containerd_pin() -> String {
        debug_assert!(CONTAINERD.iter().any(|known| known.series == CONTAINERD_CHOSEN));
        format!("{CONTAINERD_CHOSEN}.*")
    }
}

impl Pool<'_> {
    /// Whether Kubernetes knows these machines as nodes.
    pub(super) fn is_node(&self) -> bool {
        matches!(self.role, NodeRole::ControlPlane | NodeRole::Worker)
    }

    /// Whether kubelet runs on them: for nodes, and for the static pod of an external etcd.
    pub(super) fn has_kubelet(&self) -> bool {
        self.role != NodeRole::LoadBalancer
    }

    /// Whether etcd has a disk of its own.
    pub(super) fn has_etcd_disk(&self) -> bool {
        self.disks.iter().any(|disk| disk.usage == DiskUse::Etcd)
    }
}

/// The address of a machine for Kubernetes.
pub(super) fn address(machine: &Machine) -> IpAddr {
    match machine.nics.first() {
        Some(nic) => nic.address.addr(),
        None => crate::bug!("the machine {} has no network card", machine.name),
    }
}

/// An address as it stands in a URL.
pub(super) fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// One address as a range.
pub(super) fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

/// The address that stands for every one of a family.
pub(super) fn any(like: IpAddr) -> &'static str {
    if like.is_ipv4() { "0.0.0.0" } else { "::" }
}
