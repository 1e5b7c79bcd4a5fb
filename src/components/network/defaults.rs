//! The defaults of the section, each with its reason.

use crate::component::Default;

pub static DOMAIN: Default =
    Default::new("network.domain", "cluster.local", "the domain of Services that charts assume");
pub static MACHINES_DOMAIN: Default = Default::new(
    "network.machinesDomain",
    "machines.internal",
    "a domain that nobody owns outside (`.internal` is reserved by ICANN)",
);
pub static PODS: Default = Default::new(
    "network.pods",
    "10.244.0.0/16",
    "65,536 pod addresses; the range most CNIs expect",
);
pub static SERVICES: Default =
    Default::new("network.services", "10.96.0.0/16", "inside kubeadm's default of 10.96.0.0/12");
pub static NODE_MASK: Default = Default::new(
    "network.nodeMask",
    "24",
    "254 addresses a node: twice the 110 pods it may run, so that addresses rest before they are used again; 64 \
     in IPv6",
);
pub static MTU: Default =
    Default::new("network.segments.*.mtu", "1500", "what Ethernet carries unless told otherwise");
pub static CNI: Default = Default::new(
    "network.cni.kind",
    "cilium",
    "enforces policies, replaces kube-proxy and can announce addresses",
);
pub static ENCAPSULATION: Default = Default::new(
    "network.cni.encapsulation",
    "vxlan",
    "works whatever routers are between the nodes",
);
pub static ENCRYPTION: Default = Default::new(
    "network.cni.encryption",
    "none",
    "the segments are private; encryption costs throughput and 80 bytes a packet",
);
pub static POLICIES: Default = Default::new(
    "network.cni.policies",
    "false",
    "Cilium and Calico enforce NetworkPolicies themselves",
);
pub static REPLICAS: Default =
    Default::new("network.dns.replicas", "2", "one may be lost; kubeadm's own number");
pub static CACHE: Default =
    Default::new("network.dns.cache", "false", "worth its memory from a few dozen nodes on");
pub static BALANCER: Default = Default::new(
    "network.api.balancer",
    "kube-vip",
    "needs no machines of its own where the control planes share a segment",
);
pub static MODE: Default =
    Default::new("network.loadBalancer.mode", "l2", "needs nothing of the routers");
