//! The section as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::hardware::{MacAddress, Registry, SshKey, UserName};
use crate::k8s::name::{LabelKey, LabelValue, Name};
use crate::k8s::network::{Address, AddressRange, Cidr};
use crate::k8s::quantity::Bytes;
use crate::k8s::url::Url;
use crate::k8s::words::words;
use crate::k8s::{Count, Percent};

/// The machines of a cluster, and the hosts they run on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MachinesSpec {
    /// The operating system that machines are made from.
    #[serde(default)]
    pub image: Option<OsImage>,
    /// Who may log in, and from where.
    #[serde(default)]
    pub access: AccessSpec,
    /// What runs the machines, by name: what dies together.
    #[serde(default)]
    pub hosts: IndexMap<Name, HostSpec>,
    /// How much more than a host has may be given to its machines.
    #[serde(default)]
    pub oversubscription: OversubscriptionSpec,
    /// Machines of one kind, by name. The position of a pool decides its addresses: new pools belong at the end.
    #[serde(default)]
    pub pools: IndexMap<Name, PoolSpec>,
    /// Where images of a registry are fetched instead, by registry; `_default` is every other one.
    #[serde(default)]
    pub mirrors: IndexMap<Registry, MirrorSpec>,
    /// Where packages of Kubernetes are fetched, without the minor's folder; without it the community's repository.
    #[serde(default)]
    pub packages: Option<Url>,
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum OsImage {
    /// Ubuntu 24.04 LTS, the cloud image.
    #[serde(rename = "ubuntu-24.04")]
    Ubuntu2404,
}

/// Who may log in to machines, and from where.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessSpec {
    /// People by the name of their user, each with their public keys.
    #[serde(default)]
    pub administrators: IndexMap<UserName, AdministratorSpec>,
    /// The networks they come from; without it any that the default route reaches.
    #[serde(default)]
    pub from: Vec<Cidr>,
}

/// Somebody who may log in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdministratorSpec {
    /// Public keys, as in `authorized_keys`.
    pub ssh_keys: Vec<SshKey>,
}

/// What runs machines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostSpec {
    /// What it fails together with: a room, a rack; without it only itself.
    #[serde(default)]
    pub zone: Option<Name>,
    /// CPUs that machines may have.
    pub cpu: Count,
    /// Memory that machines may have.
    pub memory: Bytes,
    /// Disk that machines may have.
    pub disk: Bytes,
}

/// How much of a host may be given away; 100% is what it has.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OversubscriptionSpec {
    /// CPUs.
    #[serde(default)]
    pub cpu: Option<Percent>,
    /// Memory.
    #[serde(default)]
    pub memory: Option<Percent>,
    /// Disk.
    #[serde(default)]
    pub disk: Option<Percent>,
}

/// Machines of one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolSpec {
    /// What they are for.
    pub role: Role,
    /// How many there are: `<pool>-1`, `<pool>-2` and so on.
    #[serde(default)]
    pub count: Option<Count>,
    /// How many there may be, where a node autoscaler makes and removes them.
    #[serde(default)]
    pub autoscale: Option<AutoscaleSpec>,
    /// Virtual CPUs of each. Of a node 6 % of the first, 1 % of the second, 0.5 % of the next two and 0.25 % of the
    /// rest are kept for kubelet and the runtime, and 200m for the operating system.
    pub cpu: Count,
    /// Memory of each. Of a node a quarter of the first 4Gi, a fifth of the next 4, a tenth of the next 8, 6 % of the
    /// next 112 and 2 % of the rest are kept for kubelet and the runtime, 512Mi for the operating system; below 500Mi
    /// of free memory pods are evicted.
    pub memory: Bytes,
    /// The root disk of each.
    pub disk: Bytes,
    /// A disk for etcd's data and nothing else.
    #[serde(default)]
    pub etcd_disk: Option<Bytes>,
    /// Further disks by name: a storage driver's data.
    #[serde(default)]
    pub disks: IndexMap<Name, Bytes>,
    /// The segments they are attached to; the first one has the node's address.
    pub segments: Vec<Name>,
    /// Cards that carry every segment as VLANs; without it each segment has a card of its own.
    #[serde(default)]
    pub trunk: Option<TrunkSpec>,
    /// The addresses of its machines in a segment; without it 32 of the segment's by the pool's position.
    #[serde(default)]
    pub addresses: IndexMap<Name, AddressRange>,
    /// The hosts they may run on; without it all of them.
    #[serde(default)]
    pub hosts: Vec<Name>,
    /// What the pool must survive.
    #[serde(default)]
    pub survives: Option<Survives>,
    /// Only pods that tolerate the taint `dedicated=<this>` run on them.
    #[serde(default)]
    pub dedicated: Option<Name>,
    /// Labels of their nodes.
    #[serde(default)]
    pub labels: IndexMap<LabelKey, LabelValue>,
    /// Taints of their nodes.
    #[serde(default)]
    pub taints: Vec<TaintSpec>,
    /// What is said of single machines, by name.
    #[serde(default)]
    pub machines: IndexMap<Name, MachineSpec>,
}

/// Cards that carry every segment as VLANs.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrunkSpec {
    /// How many cards; two or more are a bond.
    #[serde(default)]
    pub cards: Option<Count>,
    /// Whether the switches speak LACP to them; otherwise one card is active at a time.
    #[serde(default)]
    pub lacp: Option<bool>,
}

/// What machines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// API server, scheduler, controller manager and, unless etcd is external, etcd.
    ControlPlane,
    /// Members of an external etcd.
    Etcd,
    /// HAProxy and keepalived before the API servers.
    LoadBalancer,
    /// Pods.
    Worker,
}

/// How many machines there may be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoscaleSpec {
    /// The fewest.
    pub min: Count,
    /// The most.
    pub max: Count,
}

/// What a pool must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Survives {
    /// Nothing is promised.
    Nothing,
    /// The loss of any one host: etcd keeps its quorum, another pool all machines but one.
    Host,
    /// The loss of any one zone: etcd keeps its quorum, another pool all machines but one.
    Zone,
}

/// A taint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaintSpec {
    /// The key.
    pub key: LabelKey,
    /// The value.
    #[serde(default)]
    pub value: Option<LabelValue>,
    /// What happens to pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// What happens to pods that do not tolerate a taint. Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// New ones do not come.
    NoSchedule,
    /// New ones come only where nothing else is left.
    PreferNoSchedule,
    /// Running ones are evicted too.
    NoExecute,
}

/// What is said of one machine.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MachineSpec {
    /// The host it runs on.
    #[serde(default)]
    pub host: Option<Name>,
    /// Its addresses by segment.
    #[serde(default)]
    pub addresses: IndexMap<Name, Address>,
    /// The hardware addresses of its network cards by segment.
    #[serde(default)]
    pub macs: IndexMap<Name, MacAddress>,
}

/// Where images of a registry are fetched instead.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MirrorSpec {
    /// The mirror.
    pub url: Url,
    /// Whether the registry itself is asked when the mirror does not have an image.
    #[serde(default)]
    pub fallback: bool,
}

words! {
    OsImage { "ubuntu-24.04" => Ubuntu2404 }
    Role {
        "control-plane" => ControlPlane,
        "etcd" => Etcd,
        "load-balancer" => LoadBalancer,
        "worker" => Worker
    }
    Survives { "nothing" => Nothing, "host" => Host, "zone" => Zone }
    TaintEffect {
        "NoSchedule" => NoSchedule,
        "PreferNoSchedule" => PreferNoSchedule,
        "NoExecute" => NoExecute
    }
}
