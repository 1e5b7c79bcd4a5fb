//! The section as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::text::Reason;
use crate::k8s::version::VersionChoice;
use crate::k8s::words::words;
use crate::k8s::{Count, Duration};

/// The version of Kubernetes and the choices of its control plane.
///
/// Every node keeps a part of itself from pods: of memory a quarter of the first 4 GiB, a fifth of the next 4, a tenth
/// of the next 8, 6 % of the next 112 and 2 % of the rest, then 512 MiB for the operating system and 500 MiB below which pods are evicted; of
/// CPU 6 % of the first, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest, then 200m.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesSpec {
    /// The version: a series is its newest patch that is known.
    #[serde(default)]
    pub version: Option<VersionChoice>,
    /// Why a minor is used that its project mends no more.
    #[serde(default)]
    pub past_end_of_life: Option<Reason>,
    /// The store of the API servers.
    #[serde(default)]
    pub etcd: EtcdSpec,
    /// What runs containers.
    #[serde(default)]
    pub runtime: Option<Runtime>,
    /// What makes Services work on nodes.
    #[serde(default)]
    pub proxy: Option<Proxy>,
    /// The log of requests to the API.
    #[serde(default)]
    pub audit: AuditSpec,
    /// How Secrets are encrypted in etcd.
    #[serde(default)]
    pub encryption: Option<EncryptionKind>,
    /// Whether a cloud controller manager initialises nodes.
    #[serde(default)]
    pub cloud_controller: Option<CloudController>,
    /// The most pods on a node.
    #[serde(default)]
    pub pods_per_node: Option<Count>,
    /// Whether the cluster is to be made or is there.
    #[serde(default)]
    pub state: Option<State>,
}

/// The store of the API servers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EtcdSpec {
    /// Where it runs.
    #[serde(default)]
    pub topology: Option<Topology>,
}

/// Where etcd runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// On the control planes.
    Stacked,
    /// On machines of the role `etcd`.
    External,
}

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// containerd.
    Containerd,
    /// Docker Engine through cri-dockerd.
    Docker,
}

/// What makes Services work on nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    /// kube-proxy with nftables.
    Nftables,
    /// kube-proxy with iptables.
    Iptables,
    /// The CNI replaces kube-proxy.
    None,
}

/// The log of requests to the API.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditSpec {
    /// How long it is kept on the control planes.
    #[serde(default)]
    pub retention: Option<Duration>,
}

/// How Secrets are encrypted in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionKind {
    /// XSalsa20 and Poly1305.
    Secretbox,
    /// AES-GCM; its key must be changed every 200,000 writes.
    Aesgcm,
    /// Not at all.
    None,
}

/// Whether a cloud controller manager initialises nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CloudController {
    /// There is none.
    None,
    /// One that is installed apart from Kubernetes; nodes take no pods until it has seen them.
    External,
}

/// Whether the cluster is to be made or is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The first control plane begins a cluster.
    New,
    /// Every machine joins.
    Exists,
}

words! {
    Topology { "stacked" => Stacked, "external" => External }
    Runtime { "containerd" => Containerd, "docker" => Docker }
    Proxy { "nftables" => Nftables, "iptables" => Iptables, "none" => None }
    EncryptionKind { "secretbox" => Secretbox, "aesgcm" => Aesgcm, "none" => None }
    CloudController { "none" => None, "external" => External }
    State { "new" => New, "exists" => Exists }
}
