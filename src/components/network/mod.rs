//! `network`: the networks of a cluster: of its machines, its pods and its Services.

mod defaults;
mod lower;
mod ranges;
mod rules;
mod spec;

use std::net::IpAddr;

use crate::component::{About, Component, Resolving, SegmentOf, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::k8s::Count;
use crate::k8s::hardware::{Asn, PrefixLength, Server};
use crate::k8s::name::{Name, Subdomain};
use crate::k8s::network::{Address, AddressRange, Cidr};
use crate::k8s::port::Port;
use crate::path::At;
use crate::plan::Plan;
use crate::plan::nodes::Segment;
use crate::source::Scope;
use defaults::{
    BALANCER, CACHE, CNI, DOMAIN, ENCAPSULATION, ENCRYPTION, MACHINES_DOMAIN, MODE, MTU, NODE_MASK,
    PODS, POLICIES, REPLICAS, SERVICES,
};
pub use spec::NetworkSpec;
use spec::{
    Balancer, CniEncryption, CniKind, Encapsulation, GatewaySpec, LoadBalancerKind,
    LoadBalancerMode, PeerSpec, SegmentSpec,
};

/// The networks of a cluster, with no default left.
#[derive(Debug)]
pub struct Network {
    domain: Subdomain,
    machines_domain: Subdomain,
    segments: Vec<(Segment, Cidr)>,
    reserved: Vec<Cidr>,
    pods: Cidr,
    services: Cidr,
    node_mask: u8,
    cni: Cni,
    upstream: Vec<Address>,
    dns_replicas: Count,
    dns_cache: bool,
    api: Option<Api>,
    load_balancer: LoadBalancer,
    gateway: Option<GatewaySpec>,
    ntp: Vec<Server>,
}

#[derive(Debug)]
struct Cni {
    kind: CniKind,
    encapsulation: Encapsulation,
    encryption: CniEncryption,
    mtu: Option<u32>,
    policies: bool,
}

#[derive(Debug)]
struct Api {
    address: Address,
    host: Subdomain,
    balancer: Balancer,
    port: Option<Port>,
}

#[derive(Debug)]
struct LoadBalancer {
    kind: LoadBalancerKind,
    pool: Option<AddressRange>,
    mode: LoadBalancerMode,
    asn: Option<Asn>,
    peers: Vec<PeerSpec>,
}

impl Component for Network {
    const ABOUT: About = About {
        section: "network",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "the networks of a cluster: of its machines, its pods and its Services",
        rules: &[
            &ranges::OVERLAP,
            &ranges::INSIDE,
            &ranges::UNUSABLE,
            &ranges::FAMILIES,
            &ranges::NODE_MASK,
            &ranges::SERVICES_SIZE,
            &ranges::SEGMENT_TOO_SMALL,
            &ranges::WELL_KNOWN,
            &rules::OUTSIDE,
            &rules::TAKEN,
            &rules::VLAN_TWICE,
            &rules::LINK_NAME,
            &rules::MTU_TOO_LARGE,
            &rules::MTU_DIFFERS,
            &rules::UNENFORCED,
            &rules::LOAD_BALANCER,
            &rules::DNS_LOOP,
            &rules::FEW_NAME_SERVERS,
            &rules::FEW_DNS_REPLICAS,
            &rules::DNS_CACHE,
            &rules::FEW_TIME_SERVERS,
            &rules::NO_CERTIFICATE,
        ],
        defaults: &[
            &DOMAIN,
            &MACHINES_DOMAIN,
            &PODS,
            &SERVICES,
            &NODE_MASK,
            &MTU,
            &CNI,
            &ENCAPSULATION,
            &ENCRYPTION,
            &POLICIES,
            &REPLICAS,
            &CACHE,
            &BALANCER,
            &MODE,
        ],
    };

    type Spec = NetworkSpec;

    fn declare(spec: &NetworkSpec, at: &At, symbols: &mut Symbols) {
        for (name, segment) in &spec.segments {
            let place = at.field("segments").key(name);
            let of = SegmentOf {
                segment: resolved(name, segment, &place),
                taken: taken(spec, segment, at, &place),
            };
            symbols.segments.declare(name.to_string(), place, of);
        }
    }

    fn resolve(spec: NetworkSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let machines_domain = spec.machines_domain.unwrap_or_else(|| MACHINES_DOMAIN.get());
        if let Some(gateway) = &spec.gateway
            && let Some(issuer) = &gateway.issuer
        {
            let at = at.field("gateway").field("issuer");
            cx.symbols.issuers.bind(issuer.as_str(), &at, cx.diags)?;
        }
        let segments = spec.segments.iter().map(|(name, segment)| {
            (resolved(name, segment, &at.field("segments").key(name)), segment.cidr)
        });
        let pods = spec.pods.unwrap_or_else(|| PODS.get());
        let default_mask =
            || if pods.is_ipv4() { NODE_MASK.get::<PrefixLength>().get() } else { 64 };
        Some(Self {
            segments: segments.collect(),
            reserved: spec.reserved,
            services: spec.services.unwrap_or_else(|| SERVICES.get()),
            node_mask: spec.node_mask.map_or_else(default_mask, PrefixLength::get),
            pods,
            domain: spec.domain.unwrap_or_else(|| DOMAIN.get()),
            cni: Cni {
                kind: spec.cni.kind.unwrap_or_else(|| CNI.get()),
                encapsulation: spec.cni.encapsulation.unwrap_or_else(|| ENCAPSULATION.get()),
                encryption: spec.cni.encryption.unwrap_or_else(|| ENCRYPTION.get()),
                mtu: spec.cni.mtu.map(|mtu| mtu.get()),
                policies: spec.cni.policies.unwrap_or_else(|| POLICIES.get()),
            },
            upstream: spec.dns.upstream,
            dns_replicas: spec.dns.replicas.unwrap_or_else(|| REPLICAS.get()),
            dns_cache: spec.dns.cache.unwrap_or_else(|| CACHE.get()),
            api: match spec.api {
                None => None,
                Some(api) => Some(Api {
                    address: api.address,
                    host: match api.host {
                        Some(host) => host,
                        None => format!("api.{machines_domain}").parse().ok()?,
                    },
                    balancer: api.balancer.unwrap_or_else(|| BALANCER.get()),
                    port: api.port,
                }),
            },
            load_balancer: match spec.load_balancer {
                None => LoadBalancer {
                    kind: LoadBalancerKind::None,
                    pool: None,
                    mode: MODE.get(),
                    asn: None,
                    peers: Vec::new(),
                },
                Some(balancer) => LoadBalancer {
                    kind: balancer.kind,
                    pool: balancer.pool,
                    mode: balancer.mode.unwrap_or_else(|| MODE.get()),
                    asn: balancer.asn,
                    peers: balancer.peers,
                },
            },
            gateway: spec.gateway,
            ntp: spec.ntp,
            machines_domain,
        })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        ranges::check(self, at, symbols, diags);
        rules::check(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        lower::lower(self, at, situation, plan);
    }
}

fn resolved(name: &Name, segment: &SegmentSpec, at: &At) -> Segment {
    let range = segment.machines.map_or_else(
        || for_machines(segment.cidr),
        |range| (range.first().ip(), range.last().ip()),
    );
    Segment {
        name: name.to_string(),
        vlan: segment.vlan.map(|vlan| vlan.get()),
        cidr: segment.cidr.net(),
        gateway: segment.gateway.map(Address::ip),
        dns: segment.dns.iter().map(|address| address.ip()).collect(),
        range,
        mtu: segment
            .mtu
            .map_or_else(|| MTU.get::<crate::k8s::hardware::Mtu>().get(), |mtu| mtu.get()),
        at: at.clone(),
    }
}

/// The addresses of a segment that machines get where nothing is said: the first fifteen are left to routers, name
/// servers and addresses that move. A segment of less than 64 has none to spare.
fn for_machines(cidr: Cidr) -> (IpAddr, IpAddr) {
    let bits =
        u32::from(if cidr.is_ipv4() { 32 - cidr.prefix_len() } else { 128 - cidr.prefix_len() });
    // More than 65,536 machines are in no segment.
    let size = 1_u128 << bits.min(16);
    let first = if size >= 64 { 16 } else { 1 };
    // The last one of IPv4 is the broadcast address; IPv6 loses nothing by it.
    let last = size.saturating_sub(2).max(first);
    let nth = |number| cidr.nth(number).unwrap_or_else(|| cidr.last()).ip();
    (nth(first), nth(last))
}

/// The addresses of a segment that something else has.
fn taken(
    spec: &NetworkSpec,
    segment: &SegmentSpec,
    at: &At,
    place: &At,
) -> Vec<((IpAddr, IpAddr), &'static str, At)> {
    let one = |address: Address| (address.ip(), address.ip());
    let mut taken = vec![
        (one(segment.cidr.first()), "the network's own address", place.field("cidr")),
        (one(segment.cidr.last()), "the broadcast address", place.field("cidr")),
    ];
    if let Some(gateway) = segment.gateway {
        taken.push((one(gateway), "the segment's router", place.field("gateway")));
    }
    let of_segments = spec.segments.iter().flat_map(|(name, other)| {
        let at = at.field("segments").key(name).field("dns");
        other.dns.iter().enumerate().map(move |(index, address)| (*address, at.index(index)))
    });
    let upstream = spec
        .dns
        .upstream
        .iter()
        .enumerate()
        .map(|(index, address)| (*address, at.field("dns").field("upstream").index(index)));
    for (address, at) in of_segments.chain(upstream) {
        taken.push((one(address), "a name server", at));
    }
    if let Some(api) = &spec.api {
        taken.push((one(api.address), "the API's address", at.field("api").field("address")));
    }
    if let Some(balancer) = &spec.load_balancer {
        let at = at.field("loadBalancer");
        if let Some(pool) = balancer.pool {
            let range = (pool.first().ip(), pool.last().ip());
            taken.push((range, "the addresses of Services", at.field("pool")));
        }
        for (index, peer) in balancer.peers.iter().enumerate() {
            let at = at.field("peers").index(index);
            taken.push((one(peer.address), "a router", at.field("address")));
        }
    }
    let servers = spec.ntp.iter().enumerate().filter_map(|(index, server)| {
        let address: Address = server.as_str().parse().ok()?;
        Some((one(address), "a time server", at.field("ntp").index(index)))
    });
    taken.extend(servers);
    let net = segment.cidr.net();
    taken.retain(|((first, last), ..)| net.contains(first) || net.contains(last));
    taken
}

#[cfg(test)]
mod tests;
