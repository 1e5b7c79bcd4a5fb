//! What the section states.

use super::{
    Api, Balancer, CniEncryption, CniKind, Encapsulation, LoadBalancerKind, LoadBalancerMode,
    Network, spec,
};
use crate::catalog::parts::KUBE_VIP;
use crate::component::{Situation, Symbols};
use crate::field;
use crate::k8s::network::Address;
use crate::path::At;
use crate::plan::nodes::{
    self, ApiBalancer, ApiEndpoint, BgpPeer, ClusterGateway, ClusterNetwork, NodeRole,
};
use crate::plan::{Plan, Stage};

pub(super) fn lower(network: &Network, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
    let Stage::Cluster(cluster) = situation.stage else { return };
    let balancer = &network.load_balancer;
    let reserved = network.reserved.iter().enumerate();
    let facts = ClusterNetwork {
        domain: network.domain.to_string(),
        machines_domain: network.machines_domain.to_string(),
        segments: network
            .segments
            .iter()
            .map(|(segment, _)| (segment.name.clone(), segment.clone()))
            .collect(),
        reserved: reserved
            .map(|(index, net)| (net.net(), field!(at, network.reserved).index(index)))
            .collect(),
        pods: network.pods.net(),
        node_prefix: network.node_mask,
        services: network.services.net(),
        // kubeadm gives DNS the tenth address; the range has at least sixteen.
        dns_service: network.services.nth(10).unwrap_or_else(|| network.services.last()).ip(),
        upstream: network.upstream.iter().map(|address| address.ip()).collect(),
        cni: match network.cni.kind {
            CniKind::Cilium => nodes::Cni::Cilium,
            CniKind::Calico => nodes::Cni::Calico,
            CniKind::Flannel => nodes::Cni::Flannel,
        },
        encapsulation: match network.cni.encapsulation {
            Encapsulation::Vxlan => nodes::Encapsulation::Vxlan,
            Encapsulation::None => nodes::Encapsulation::None,
        },
        encrypted: network.cni.encryption == CniEncryption::Wireguard,
        policies: network.cni.kind != CniKind::Flannel || network.cni.policies,
        pod_mtu: network.pod_mtu(situation.symbols),
        dns_replicas: network.dns_replicas.get(),
        dns_cache: network.dns_cache,
        api: network.api.as_ref().map(|api| endpoint(api, &at.field("api"), situation.symbols)),
        load_balancer: match (balancer.kind, balancer.mode) {
            (LoadBalancerKind::None, _) => nodes::LoadBalancerKind::None,
            (LoadBalancerKind::Cilium, _) => nodes::LoadBalancerKind::Cilium,
            (LoadBalancerKind::Metallb, LoadBalancerMode::L2) => nodes::LoadBalancerKind::MetalLbL2,
            (LoadBalancerKind::Metallb, LoadBalancerMode::Bgp) => {
                nodes::LoadBalancerKind::MetalLbBgp
            }
        },
        load_balancer_pool: balancer.pool.map(|pool| (pool.first().ip(), pool.last().ip())),
        bgp_asn: balancer.asn.map(|asn| asn.get()),
        bgp_peers: balancer
            .peers
            .iter()
            .map(|peer| BgpPeer { address: peer.address.ip(), asn: peer.asn.get() })
            .collect(),
        gateway: network.gateway.as_ref().map(|gateway| ClusterGateway {
            kind: match gateway.kind {
                spec::GatewayKind::EnvoyGateway => nodes::GatewayKind::EnvoyGateway,
                spec::GatewayKind::Cilium => nodes::GatewayKind::Cilium,
            },
            domains: gateway.domains.iter().map(ToString::to_string).collect(),
            issuer: gateway.issuer.as_ref().map(ToString::to_string),
            at: at.field("gateway"),
        }),
        ntp: network.ntp.iter().map(ToString::to_string).collect(),
        at: at.clone(),
    };
    let has_machines = situation.symbols.pools.iter().next().is_some();
    if has_machines && network.api.as_ref().is_some_and(|api| api.balancer == Balancer::KubeVip) {
        plan.versions
            .insert(format!("{} ({cluster})", KUBE_VIP.name), KUBE_VIP.version.to_string());
    }
    plan.facts.networks.insert(cluster.clone(), facts);
}

fn endpoint(api: &Api, at: &At, symbols: &Symbols) -> ApiEndpoint {
    let dedicated = symbols.pools.iter().any(|(_, _, pool)| pool.role == NodeRole::LoadBalancer);
    // HAProxy cannot have 6443 on a machine where the API server has it.
    let usual = if api.balancer == Balancer::HaProxy && !dedicated { 8443 } else { 6443 };
    ApiEndpoint {
        address: Address::ip(api.address),
        host: api.host.to_string(),
        port: api.port.map_or(usual, |port| port.get()),
        balancer: match api.balancer {
            Balancer::KubeVip => ApiBalancer::KubeVip,
            Balancer::HaProxy => ApiBalancer::HaProxy,
            Balancer::External => ApiBalancer::External,
        },
        at: at.clone(),
    }
}
