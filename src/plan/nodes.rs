//! The cluster below Kubernetes as stated facts: its machines, its networks, how its control plane is to be.
//!
//! The sections `machines`, `network` and `kubernetes` each state their part; what every machine boots with is
//! derived from all three.

pub mod markers;
pub mod needs;
pub mod reserved;

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::k8s::hardware::Infrastructure;
use crate::k8s::version::SemVer;
use crate::path::At;

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRole {
    /// API server, scheduler, controller manager and, unless etcd is external, etcd.
    ControlPlane,
    /// A member of an external etcd.
    Etcd,
    /// HAProxy and keepalived before the API servers.
    LoadBalancer,
    /// Pods.
    Worker,
}

impl NodeRole {
    /// The word for it in a blueprint.
    pub fn word(self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::Etcd => "etcd",
            Self::LoadBalancer => "load-balancer",
            Self::Worker => "worker",
        }
    }
}

/// What a disk holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskUse {
    /// The operating system.
    Root,
    /// etcd's data and nothing else.
    Etcd,
    /// Anything else, by name: a storage driver's data.
    Data(String),
}

/// A virtual disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What it holds.
    pub usage: DiskUse,
    /// Bytes.
    pub size: u64,
}

impl Disk {
    /// The serial number that the hypervisor gives it, by which the machine finds it; `None` for the root disk.
    pub fn serial(&self) -> Option<&str> {
        match &self.usage {
            DiskUse::Root => None,
            DiskUse::Etcd => Some("etcd"),
            DiskUse::Data(name) => Some(name),
        }
    }
}

/// The label of nodes with the name of their pool.
pub const POOL_LABEL: &str = "groundplan.dev/pool";

/// The taint of nodes whose pool is dedicated to something.
pub const DEDICATED: &str = "dedicated";

/// A network card and its address in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// The name of the link in the machine: `management`.
    pub name: String,
    /// The segment it is attached to.
    pub segment: String,
    /// Its hardware address, in lower case with colons.
    pub mac: String,
    /// Its address with the segment's prefix length.
    pub address: IpNet,
}

/// One or more network cards that carry every segment of a machine as VLANs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Their hardware addresses, in lower case with colons; not empty. Two or more are a bond.
    pub macs: Vec<String>,
    /// Whether the switches speak LACP to them; otherwise one of them is active at a time.
    pub lacp: bool,
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeTaint {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: &'static str,
}

/// One machine, placed and addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its host name, unique in the cluster: `general-2`.
    pub name: String,
    /// The pool it is of.
    pub pool: String,
    /// What it is for.
    pub role: NodeRole,
    /// The host it runs on.
    pub host: String,
    /// The zone of that host.
    pub zone: String,
    /// Virtual CPUs.
    pub cpu: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// The disks, the root disk first.
    pub disks: Vec<Disk>,
    /// The network cards; the first one is the node's address for Kubernetes.
    pub nics: Vec<Nic>,
    /// What carries the segments as VLANs; `None` where each segment has a network card of its own.
    pub trunk: Option<Trunk>,
    /// Labels of the node beyond those of kubelet.
    pub labels: BTreeMap<String, String>,
    /// Taints of the node.
    pub taints: Vec<NodeTaint>,
    /// The pool's field.
    pub at: At,
}

/// Machines that a node autoscaler makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoscaledPool {
    /// Its name.
    pub name: String,
    /// The fewest machines.
    pub min: u32,
    /// The most machines.
    pub max: u32,
    /// Virtual CPUs of each.
    pub cpu: u32,
    /// Bytes of memory of each.
    pub memory: u64,
    /// Bytes of the root disk of each.
    pub disk: u64,
    /// The segments its machines are attached to; the first one has the node's address.
    pub segments: Vec<String>,
    /// The addresses set aside for its machines, from the first to the last, by segment.
    pub addresses: BTreeMap<String, (IpAddr, IpAddr)>,
    /// Labels of its nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of its nodes.
    pub taints: Vec<NodeTaint>,
    /// The pool's field.
    pub at: At,
}

/// What a pool must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survives {
    /// Nothing was said.
    Nothing,
    /// The loss of any one host.
    Host,
    /// The loss of any one zone.
    Zone,
}

/// A pool of machines as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachinePool {
    /// Its name.
    pub name: String,
    /// What its machines are for.
    pub role: NodeRole,
    /// What it must survive.
    pub survives: Survives,
    /// The pool's field.
    pub at: At,
}

/// Somebody who may log in to machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// The user's name.
    pub name: String,
    /// Public keys, as in `authorized_keys`; not empty.
    pub keys: Vec<String>,
}

/// What runs machines: what dies together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineHost {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// CPUs.
    pub cpu: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of disk.
    pub disk: u64,
    /// The field.
    pub at: At,
}

/// What `machines` states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machines {
    /// The operating system's image: `ubuntu-24.04`.
    pub image: String,
    /// Who may log in.
    pub administrators: Vec<Administrator>,
    /// Where machines run.
    pub hosts: Vec<MachineHost>,
    /// How many hundredths of a host's CPUs may be given away.
    pub cpu_percent: u32,
    /// How many hundredths of a host's memory may be given away.
    pub memory_percent: u32,
    /// How many hundredths of a host's disk may be given away.
    pub disk_percent: u32,
    /// The pools, in the order of the blueprint.
    pub pools: Vec<MachinePool>,
    /// Every machine that is there from the beginning, in the order of their names.
    pub machines: Vec<Machine>,
    /// Pools that grow and shrink.
    pub autoscaled: Vec<AutoscaledPool>,
    /// The section.
    pub at: At,
}

/// A network that machines are attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// The VLAN's number, if it is one.
    pub vlan: Option<u16>,
    /// Its addresses.
    pub cidr: IpNet,
    /// The way out; one segment of a machine has it at most.
    pub gateway: Option<IpAddr>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
    /// The addresses that machines get, from the first to the last.
    pub range: (IpAddr, IpAddr),
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// The field.
    pub at: At,
}

/// The container network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cni {
    /// Cilium.
    Cilium,
    /// Calico, through the Tigera operator.
    Calico,
    /// Flannel.
    Flannel,
}

impl Cni {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cilium => "cilium",
            Self::Calico => "calico",
            Self::Flannel => "flannel",
        }
    }
}

/// How packets of pods cross from node to node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encapsulation {
    /// In UDP; works across routers.
    Vxlan,
    /// As they are: the nodes share a segment, or its routers know the way.
    None,
}

/// Who answers for the Gateway API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayKind {
    /// Envoy Gateway.
    EnvoyGateway,
    /// Cilium's own.
    Cilium,
}

/// How HTTP gets in from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterGateway {
    /// Who answers.
    pub kind: GatewayKind,
    /// The domains it serves, with everything below them.
    pub domains: Vec<String>,
    /// The issuer of its certificates.
    pub issuer: Option<String>,
    /// The field.
    pub at: At,
}

/// A router that is told of addresses by BGP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BgpPeer {
    /// Its address.
    pub address: IpAddr,
    /// Its autonomous system.
    pub asn: u32,
}

/// Who holds the API's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiBalancer {
    /// kube-vip as a static pod on control planes.
    KubeVip,
    /// HAProxy and keepalived, on machines of their own or on the control planes.
    HaProxy,
    /// Somebody else's.
    External,
}

/// How the API servers are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiEndpoint {
    /// The one address of all API servers.
    pub address: IpAddr,
    /// Its name.
    pub host: String,
    /// The port at that address: 6443, or another one where HAProxy shares the control planes.
    pub port: u16,
    /// Who holds the address.
    pub balancer: ApiBalancer,
    /// The field.
    pub at: At,
}

/// How Services get an address that is reachable from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancerKind {
    /// MetalLB, by ARP in the segment.
    MetalLbL2,
    /// MetalLB, by BGP.
    MetalLbBgp,
    /// Cilium's own.
    Cilium,
    /// None: no Service of type LoadBalancer.
    None,
}

/// What `network` states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterNetwork {
    /// The DNS domain of Services.
    pub domain: String,
    /// The domain of machines.
    pub machines_domain: String,
    /// The networks of machines by name; empty where no machine is described.
    pub segments: BTreeMap<String, Segment>,
    /// Ranges that nothing of ours may overlap, each with its field.
    pub reserved: Vec<(IpNet, At)>,
    /// Pods.
    pub pods: IpNet,
    /// The prefix length of each node's share of the pods' range.
    pub node_prefix: u8,
    /// Services.
    pub services: IpNet,
    /// The address of the cluster's DNS Service.
    pub dns_service: IpAddr,
    /// Name servers that CoreDNS asks for names outside the cluster.
    pub upstream: Vec<IpAddr>,
    /// The container network.
    pub cni: Cni,
    /// How packets of pods cross from node to node.
    pub encapsulation: Encapsulation,
    /// Whether traffic of pods between nodes is encrypted with WireGuard.
    pub encrypted: bool,
    /// Whether something enforces NetworkPolicies: the CNI itself, or an engine beside Flannel.
    pub policies: bool,
    /// The largest packet of pods, in bytes.
    pub pod_mtu: u32,
    /// How many copies of CoreDNS run.
    pub dns_replicas: u32,
    /// Whether every node has a DNS cache.
    pub dns_cache: bool,
    /// How the API servers are reached; `None` where no machine is described.
    pub api: Option<ApiEndpoint>,
    /// How Services get outside addresses.
    pub load_balancer: LoadBalancerKind,
    /// Their addresses.
    pub load_balancer_pool: Option<(IpAddr, IpAddr)>,
    /// The autonomous system of the nodes, where addresses are told by BGP.
    pub bgp_asn: Option<u32>,
    /// The routers they tell.
    pub bgp_peers: Vec<BgpPeer>,
    /// How HTTP gets in from outside.
    pub gateway: Option<ClusterGateway>,
    /// Time servers.
    pub ntp: Vec<String>,
    /// The section.
    pub at: At,
}

/// Where etcd runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtcdTopology {
    /// On the control planes.
    Stacked,
    /// On machines of the role `etcd`.
    External,
}

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRuntime {
    /// containerd.
    Containerd,
    /// Docker Engine through cri-dockerd.
    Docker,
}

/// What makes Services work on nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceProxy {
    /// kube-proxy with nftables.
    Nftables,
    /// kube-proxy with iptables.
    Iptables,
    /// The CNI; no kube-proxy.
    Cni,
}

/// How Secrets are encrypted in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// XSalsa20 and Poly1305 with a key of 32 bytes.
    Secretbox,
    /// AES-GCM; its keys must be rotated.
    AesGcm,
    /// Not at all.
    None,
}

/// What `kubernetes` states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesFacts {
    /// The exact version of Kubernetes, without a `v`: `1.36.3`.
    pub version: SemVer,
    /// Where etcd runs.
    pub etcd: EtcdTopology,
    /// What runs containers.
    pub runtime: ContainerRuntime,
    /// What makes Services work on nodes.
    pub proxy: ServiceProxy,
    /// How many days the audit log is kept.
    pub audit_days: u32,
    /// How Secrets are encrypted in etcd.
    pub encryption: Encryption,
    /// Whether a cloud controller manager from outside initialises nodes.
    pub cloud_controller: bool,
    /// The most pods on a node.
    pub pods_per_node: u32,
    /// Whether the cluster exists already: then no machine runs `kubeadm init`.
    pub exists: bool,
    /// The section.
    pub at: At,
}

/// What `autoscaling` states of nodes: who makes and removes machines of autoscaled pools.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeAutoscaling {
    /// The infrastructure provider of Cluster API.
    pub infrastructure: Infrastructure,
    /// The namespace of the Cluster API objects.
    pub namespace: String,
    /// Fields of the provider's machine template beyond those of the machine's size, as written.
    pub template: Option<crate::k8s::tree::Tree>,
    /// Fields of the provider's cluster object beyond the address of the API, as written.
    pub cluster: Option<crate::k8s::tree::Tree>,
    /// The section.
    pub at: At,
}
