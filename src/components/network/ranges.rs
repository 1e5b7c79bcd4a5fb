//! Ranges of addresses: that they are disjoint, usable and large enough.

use ipnet::IpNet;

use super::{LoadBalancerMode, Network};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::network::{AddressRange, Cidr};
use crate::path::At;

/// Two ranges share addresses.
pub static OVERLAP: Rule = Rule::error(
    "network/overlap",
    "two address ranges overlap",
    "An address in both would be a pod and a Service at once; kube-proxy and the CNI route it differently, and \
     connections are lost at random (kubeadm refuses such a configuration only for some pairs).",
    "network: {pods: 10.96.0.0/12, services: 10.96.0.0/16}",
);

/// An external in the cluster's own ranges.
pub static INSIDE: Rule = Rule::error(
    "network/external-inside",
    "an external range lies inside the cluster's own ranges",
    "A policy by address does not match pods reliably: most CNIs evaluate it before or after translation, so \
     the connection would be allowed or refused by accident (NetworkPolicy documentation, ipBlock).",
    "network: {pods: 10.244.0.0/16}\nexternals: {billing: {cidrs: [10.244.1.0/24], ports: [443]}}",
);

/// A range that no host may have.
pub static UNUSABLE: Rule = Rule::error(
    "network/unusable-range",
    "a range is for something else on every host: loopback, link-local or multicast",
    "Kernels never route these addresses to another host (RFC 1122, RFC 3927, RFC 5771); NodeLocal DNS listens on \
     a link-local one.",
    "network: {pods: 169.254.0.0/16}",
);

/// IPv4 and IPv6 in one cluster.
pub static FAMILIES: Rule = Rule::error(
    "network/mixed-families",
    "ranges of IPv4 and IPv6 are mixed",
    "A cluster of one family takes the first family it finds for all; pods would have addresses that no node can \
     reach. Clusters of both families are not compiled.",
    "network: {pods: fd00:1::/56, services: 10.96.0.0/16}",
);

/// Shares of nodes that do not fit into the pods' range.
pub static NODE_MASK: Rule = Rule::error(
    "network/node-mask",
    "the nodes' shares of the pods' range are too large or too many",
    "kube-controller-manager refuses to start when a share is not smaller than the range, or more than 2^16 of \
     them fit in (`--node-cidr-mask-size`).",
    "network: {pods: 10.244.0.0/24, nodeMask: 24}",
);

/// A range of Services that kubeadm refuses.
pub static SERVICES_SIZE: Rule = Rule::error(
    "network/services-size",
    "the range of Services is too small or too large",
    "kubeadm refuses fewer than 10 addresses, because the tenth is the DNS Service's, and more than 2^20.",
    "network: {services: 10.96.0.0/30}",
);

/// A segment without room.
pub static SEGMENT_TOO_SMALL: Rule = Rule::error(
    "network/segment-too-small",
    "a segment has no room for machines",
    "A network of fewer than eight addresses holds no router, an address that moves, and the machines.",
    "network: {segments: {workers: {cidr: 10.20.0.0/30}}}",
);

/// A range that tools take for themselves.
pub static WELL_KNOWN: Rule = Rule::warning(
    "network/well-known-range",
    "a range is one that Docker or libvirt takes by itself",
    "Where either is installed, on a machine or on somebody's desk, its bridge has the same addresses and wins: \
     172.17.0.0/16 is Docker's first network, 192.168.122.0/24 libvirt's.",
    "network: {pods: 172.17.0.0/16}",
);

/// What nobody can have: the first addresses of each, and why.
const UNUSABLE_RANGES: [(&str, &str); 8] = [
    ("0.0.0.0/8", "this network"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/8", "reserved, with loopback"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
];

const WELL_KNOWN_RANGES: [(&str, &str); 2] =
    [("172.17.0.0/16", "Docker"), ("192.168.122.0/24", "libvirt")];

/// A range with what it is and where it stands.
struct Range {
    what: String,
    net: Cidr,
    at: At,
}

impl Network {
    /// Every range of the cluster's own: pods, Services, segments.
    fn own(&self, at: &At) -> Vec<Range> {
        let mut own = vec![
            Range { what: "the pods' range".to_owned(), net: self.pods, at: field!(at, self.pods) },
            Range {
                what: "the Services' range".to_owned(),
                net: self.services,
                at: field!(at, self.services),
            },
        ];
        for (segment, cidr) in &self.segments {
            own.push(Range {
                what: format!("the segment `{}`", segment.name),
                net: *cidr,
                at: segment.at.field("cidr"),
            });
        }
        own
    }
}

pub(super) fn check(network: &Network, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let own = network.own(at);
    disjoint(network, at, &own, diags);
    for range in &own {
        usable(range, diags);
    }
    families(&own, diags);
    sizes(network, at, diags);
    externals(network, at, symbols, diags);
}

fn disjoint(network: &Network, at: &At, own: &[Range], diags: &mut Diagnostics) {
    let report = |later: &Range, earlier: &Range, diags: &mut Diagnostics| {
        diags
            .report(
                &OVERLAP,
                &later.at,
                format!("{} {} overlaps {} {}", later.what, later.net, earlier.what, earlier.net),
            )
            .related(&earlier.at, earlier.what.clone())
            .help("choose two ranges that share no address, and none of the network around the cluster");
    };
    for (index, later) in own.iter().enumerate() {
        for earlier in &own[..index] {
            if later.net.overlaps(earlier.net) {
                report(later, earlier, diags);
            }
        }
        for (index, reserved) in network.reserved.iter().enumerate() {
            if later.net.overlaps(*reserved) {
                let reserved = Range {
                    what: "the reserved range".to_owned(),
                    net: *reserved,
                    at: field!(at, network.reserved).index(index),
                };
                report(later, &reserved, diags);
            }
        }
    }
    // A pool that is announced by BGP is in no segment; one in a segment is a part of it.
    let bgp = network.load_balancer.mode == LoadBalancerMode::Bgp;
    let Some(pool) = network.load_balancer.pool else { return };
    for range in own.iter().take(if bgp { own.len() } else { 2 }) {
        if AddressRange::from(range.net).overlaps(pool) {
            diags
                .report(
                    &OVERLAP,
                    at.field("loadBalancer").field("pool"),
                    format!(
                        "the addresses of Services {pool} overlap {} {}",
                        range.what, range.net
                    ),
                )
                .related(&range.at, range.what.clone())
                .help("choose addresses that nothing else has");
        }
    }
}

fn usable(range: &Range, diags: &mut Diagnostics) {
    let within = |table: &[(&str, &'static str)]| {
        table.iter().find_map(|(net, why)| {
            let net: IpNet = net.parse().ok()?;
            let own = range.net.net();
            (net.contains(&own) || own.contains(&net)).then_some(*why)
        })
    };
    if let Some(why) = within(&UNUSABLE_RANGES) {
        diags
            .report(&UNUSABLE, &range.at, format!("{} {} is {why}", range.what, range.net))
            .help("choose a private range: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16");
    } else if let Some(who) = within(&WELL_KNOWN_RANGES) {
        diags
            .report(
                &WELL_KNOWN,
                &range.at,
                format!("{} {} is one that {who} takes", range.what, range.net),
            )
            .help("choose another private range");
    }
}

fn families(own: &[Range], diags: &mut Diagnostics) {
    let Some((first, rest)) = own.split_first() else { return };
    for other in rest.iter().filter(|other| other.net.is_ipv4() != first.net.is_ipv4()) {
        diags
            .report(
                &FAMILIES,
                &other.at,
                format!("{} {} is not of the pods' family", other.what, other.net),
            )
            .related(&first.at, "the pods' range")
            .help("write all ranges in IPv4, or all in IPv6");
    }
}

fn sizes(network: &Network, at: &At, diags: &mut Diagnostics) {
    let (prefix, mask) = (network.pods.prefix_len(), network.node_mask);
    let most = if network.pods.is_ipv4() { 30 } else { 126 };
    if mask <= prefix || mask - prefix > 16 || mask > most {
        diags
            .report(
                &NODE_MASK,
                field!(at, network.node_mask),
                format!("shares of /{mask} do not divide the pods' range {}", network.pods),
            )
            .related(field!(at, network.pods), "the pods' range")
            .help(format!("write a mask from {} to {}", prefix + 1, (prefix + 16).min(most)));
    }
    let bits = if network.services.is_ipv4() { 32 } else { 128 } - network.services.prefix_len();
    if !(4..=20).contains(&bits) {
        diags
            .report(
                &SERVICES_SIZE,
                field!(at, network.services),
                format!("{} has 2^{bits} addresses", network.services),
            )
            .help(
                "write a prefix that leaves 4 to 20 bits: /12 to /28 in IPv4, /108 to /124 in IPv6",
            );
    }
    for (segment, cidr) in &network.segments {
        let bits = if cidr.is_ipv4() { 32 } else { 128 } - cidr.prefix_len();
        if bits < 3 {
            diags
                .report(
                    &SEGMENT_TOO_SMALL,
                    segment.at.field("cidr"),
                    format!("{cidr} has {} addresses", 1 << bits),
                )
                .help("give the segment at least eight addresses");
        }
    }
}

fn externals(network: &Network, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    for (name, external, endpoint) in symbols.endpoints.iter() {
        let crate::component::EndpointOf::Addresses(addresses) = &endpoint.of else { continue };
        for (index, address) in addresses.iter().enumerate() {
            for (whose, own, field) in [
                ("pods", network.pods, field!(at, network.pods)),
                ("Services", network.services, field!(at, network.services)),
            ] {
                if own.net().contains(address) || address.contains(&own.net()) {
                    diags
                        .report(
                            &INSIDE,
                            external.key("cidrs").index(index),
                            format!("{address} of `{name}` overlaps the {whose}' range {own}"),
                        )
                        .related(field, format!("the {whose}' range"))
                        .help("connect to a workload instead, or correct the range");
                }
            }
        }
    }
}
