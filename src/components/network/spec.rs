//! The section as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::Count;
use crate::k8s::hardware::{Asn, Mtu, PrefixLength, Server, VlanId};
use crate::k8s::name::{Name, Subdomain};
use crate::k8s::network::{Address, AddressRange, Cidr};
use crate::k8s::port::Port;
use crate::k8s::words::words;

/// The networks of a cluster: of its machines, its pods and its Services.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkSpec {
    /// The DNS domain of the cluster's Services.
    #[serde(default)]
    pub domain: Option<Subdomain>,
    /// The DNS domain of the machines: `general-1.<this>`.
    #[serde(default)]
    pub machines_domain: Option<Subdomain>,
    /// The networks that machines are attached to, by name. A machine has one address in each of its segments.
    #[serde(default)]
    pub segments: IndexMap<Name, SegmentSpec>,
    /// Ranges in use elsewhere, which nothing of this cluster may overlap.
    #[serde(default)]
    pub reserved: Vec<Cidr>,
    /// The range that pods get their addresses from.
    #[serde(default)]
    pub pods: Option<Cidr>,
    /// The range that Services get their addresses from.
    #[serde(default)]
    pub services: Option<Cidr>,
    /// The length of the prefix of each node's share of the pods' range: 24 is 254 addresses.
    #[serde(default)]
    pub node_mask: Option<PrefixLength>,
    /// The container network.
    #[serde(default)]
    pub cni: CniSpec,
    /// Names inside and outside the cluster.
    #[serde(default)]
    pub dns: DnsSpec,
    /// How the API servers are reached.
    #[serde(default)]
    pub api: Option<ApiSpec>,
    /// How Services get addresses that are reachable from outside.
    #[serde(default)]
    pub load_balancer: Option<LoadBalancerSpec>,
    /// How HTTP gets in from outside.
    #[serde(default)]
    pub gateway: Option<GatewaySpec>,
    /// Time servers of the machines.
    #[serde(default)]
    pub ntp: Vec<Server>,
}

/// A network that machines are attached to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SegmentSpec {
    /// The number of its VLAN, if it is one.
    #[serde(default)]
    pub vlan: Option<VlanId>,
    /// Its addresses.
    pub cidr: Cidr,
    /// The router. One segment of a machine has it: that is where the default route goes.
    #[serde(default)]
    pub gateway: Option<Address>,
    /// Name servers for the machines in it.
    #[serde(default)]
    pub dns: Vec<Address>,
    /// The largest packet, in bytes.
    #[serde(default)]
    pub mtu: Option<Mtu>,
    /// The addresses that machines get; without it all from the sixteenth on.
    #[serde(default)]
    pub machines: Option<AddressRange>,
}

/// The container network.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CniSpec {
    /// Which one.
    #[serde(default)]
    pub kind: Option<CniKind>,
    /// How packets of pods cross from node to node.
    #[serde(default)]
    pub encapsulation: Option<Encapsulation>,
    /// Whether traffic between nodes is encrypted.
    #[serde(default)]
    pub encryption: Option<CniEncryption>,
    /// The largest packet of pods; without it what is left of the segments' after encapsulation and encryption.
    #[serde(default)]
    pub mtu: Option<Mtu>,
    /// Whether an engine for NetworkPolicies runs beside Flannel, which has none of its own.
    #[serde(default)]
    pub policies: Option<bool>,
}

/// A container network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CniKind {
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
    /// Flannel.
    Flannel,
}

/// How packets of pods cross from node to node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encapsulation {
    /// In UDP; works across routers.
    Vxlan,
    /// As they are: all nodes share one segment.
    None,
}

/// Encryption between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CniEncryption {
    /// WireGuard in the kernel.
    Wireguard,
    /// None.
    None,
}

/// Names inside and outside the cluster.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DnsSpec {
    /// Name servers that are asked for names outside the cluster.
    #[serde(default)]
    pub upstream: Vec<Address>,
    /// How many copies of CoreDNS run.
    #[serde(default)]
    pub replicas: Option<Count>,
    /// Whether every node has a cache of its own (NodeLocal DNS): machines let pods in to it. It is not installed.
    #[serde(default)]
    pub cache: Option<bool>,
}

/// How the API servers are reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiSpec {
    /// The one address of all API servers.
    pub address: Address,
    /// Its name; without it `api.` and the machines' domain.
    #[serde(default)]
    pub host: Option<Subdomain>,
    /// Who holds the address.
    #[serde(default)]
    pub balancer: Option<Balancer>,
    /// The port at that address; without it 6443, or 8443 where HAProxy shares the control planes.
    #[serde(default)]
    pub port: Option<Port>,
}

/// Who holds the API's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Balancer {
    /// kube-vip on the control planes: one of them answers for the address.
    #[serde(rename = "kube-vip")]
    KubeVip,
    /// HAProxy and keepalived, on machines of the role `load-balancer` or on the control planes.
    #[serde(rename = "haproxy")]
    HaProxy,
    /// Something outside this blueprint.
    #[serde(rename = "external")]
    External,
}

/// How Services get addresses that are reachable from outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerSpec {
    /// Who gives and announces them.
    pub kind: LoadBalancerKind,
    /// The addresses.
    #[serde(default)]
    pub pool: Option<AddressRange>,
    /// How they are announced.
    #[serde(default)]
    pub mode: Option<LoadBalancerMode>,
    /// The autonomous system of the nodes, for `mode: bgp`.
    #[serde(default)]
    pub asn: Option<Asn>,
    /// The routers that are told, for `mode: bgp`.
    #[serde(default)]
    pub peers: Vec<PeerSpec>,
}

/// Who gives addresses to Services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadBalancerKind {
    /// MetalLB.
    Metallb,
    /// Cilium's own.
    Cilium,
    /// Nobody: there are no Services of type LoadBalancer.
    None,
}

/// How addresses are announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadBalancerMode {
    /// By ARP in their segment, from one node at a time.
    L2,
    /// By BGP to routers.
    Bgp,
}

/// A router.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerSpec {
    /// Its address.
    pub address: Address,
    /// Its autonomous system.
    pub asn: Asn,
}

/// How HTTP gets in from outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Who answers.
    pub kind: GatewayKind,
    /// The domains it serves, with everything below them.
    #[serde(default)]
    pub domains: Vec<Subdomain>,
    /// The issuer of its certificates.
    #[serde(default)]
    pub issuer: Option<Name>,
}

/// Who answers for the Gateway API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// Envoy Gateway.
    EnvoyGateway,
    /// Cilium's own.
    Cilium,
}

words! {
    CniKind { "cilium" => Cilium, "calico" => Calico, "flannel" => Flannel }
    Encapsulation { "vxlan" => Vxlan, "none" => None }
    CniEncryption { "wireguard" => Wireguard, "none" => None }
    Balancer { "kube-vip" => KubeVip, "haproxy" => HaProxy, "external" => External }
    LoadBalancerMode { "l2" => L2, "bgp" => Bgp }
}
