//! Rules about single addresses, packets and who does what.

use super::{
    Balancer, CniEncryption, CniKind, Encapsulation, LoadBalancerKind, LoadBalancerMode, Network,
};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::network::{Address, AddressRange};
use crate::path::At;
use crate::plan::nodes::{NodeRole, Segment};

/// An address outside the network it belongs to.
pub static OUTSIDE: Rule = Rule::error(
    "network/address-outside",
    "an address is not in the network it belongs to",
    "A host asks for an address with ARP only inside its own network; elsewhere nobody answers for it. A router \
     outside the segment cannot be reached, and an API address in no segment is held by nobody.",
    "network: {segments: {workers: {cidr: 10.20.0.0/24, gateway: 10.20.1.1}}}",
);

/// An address that two things have.
pub static TAKEN: Rule = Rule::error(
    "network/address-taken",
    "an address belongs to two things at once",
    "Two answers to one ARP request: connections reach now one, now the other (RFC 5227).",
    "network: {segments: {workers: {cidr: 10.20.0.0/24, gateway: 10.20.0.1}}, api: {address: 10.20.0.1}}",
);

/// Two segments with the number of one VLAN.
pub static VLAN_TWICE: Rule = Rule::error(
    "network/vlan-twice",
    "two segments have the number of one VLAN",
    "They would be one network on the wire, with two ranges of addresses and two routers in it.",
    "network: {segments: {a: {vlan: 10, cidr: 10.1.0.0/24}, b: {vlan: 10, cidr: 10.2.0.0/24}}}",
);

/// A segment whose name is no name of a link.
pub static LINK_NAME: Rule = Rule::error(
    "network/link-name",
    "the name of a segment is longer than 15 characters, or another link's",
    "It is the name of the link in every machine; the kernel refuses longer ones, and netplan then leaves the \
     link out with a warning (IFNAMSIZ). Container networks take links by their names.",
    "network: {segments: {management-network: {cidr: 10.20.0.0/24}}}",
);

/// Packets of pods that do not fit.
pub static MTU_TOO_LARGE: Rule = Rule::error(
    "network/mtu-too-large",
    "packets of pods are larger than what is left of the segment's after encapsulation",
    "Small packets pass and large ones vanish: connections open and then hang (RFC 4459). VXLAN takes 50 bytes in \
     IPv4 and 70 in IPv6, WireGuard up to 80.",
    "network: {segments: {workers: {cidr: 10.20.0.0/24, mtu: 1500}}, cni: {mtu: 1500}}",
);

/// Nodes in segments with packets of different sizes.
pub static MTU_DIFFERS: Rule = Rule::error(
    "network/mtu-differs",
    "the segments with the nodes' addresses have packets of different sizes",
    "The nodes of a cluster must have one size: what a node with the larger one sends, the other drops, and path \
     discovery does not see inside a tunnel.",
    "network: {segments: {a: {cidr: 10.1.0.0/24, mtu: 1500}, b: {cidr: 10.2.0.0/24, mtu: 9000}}}\nmachines: {pools: \
     {x: {role: worker, segments: [a]}, y: {role: worker, segments: [b]}}}",
);

/// Policies that nobody enforces.
pub static UNENFORCED: Rule = Rule::error(
    "network/policies-not-enforced",
    "nothing enforces the NetworkPolicies of this estate",
    "Flannel applies none; the objects are accepted and do nothing, so every namespace is open to every other \
     one (kubernetes.io/docs/concepts/services-networking/network-policies).",
    "network: {cni: {kind: flannel}}",
);

/// A load balancer that cannot work as described.
pub static LOAD_BALANCER: Rule = Rule::error(
    "network/load-balancer",
    "the load balancer of Services is not completely described, or nobody can be it",
    "Services of type LoadBalancer would wait for an address for ever: without a pool there is none, without \
     routers nobody is told of it by BGP, and Cilium gives none where it is not the CNI.",
    "network: {loadBalancer: {kind: metallb}}",
);

/// A name server that asks itself.
pub static DNS_LOOP: Rule = Rule::error(
    "network/dns-loop",
    "a name server is on the machine itself",
    "CoreDNS would ask itself: its loop plugin sees it and stops the pod (coredns.io/plugins/loop).",
    "network: {dns: {upstream: [127.0.0.53]}}",
);

/// One name server.
pub static FEW_NAME_SERVERS: Rule = Rule::warning(
    "network/few-name-servers",
    "there is only one name server",
    "While it restarts, no machine and no pod resolves a name outside the cluster, registries among them.",
    "network: {dns: {upstream: [10.20.0.2]}}",
);

/// CoreDNS that may be lost.
pub static FEW_DNS_REPLICAS: Rule = Rule::warning(
    "network/few-dns-replicas",
    "CoreDNS has fewer than two copies",
    "While its node is drained or lost, no pod resolves any name, those of Services among them.",
    "network: {dns: {replicas: 1}}",
);

/// A cache of names that nobody installs.
pub static DNS_CACHE: Rule = Rule::warning(
    "network/dns-cache-not-installed",
    "the DNS cache of nodes is let in, and not installed",
    "Machines open the port of the cache and no more: its DaemonSet is not among the parts that are compiled, and pods \
     ask CoreDNS until somebody installs it (kubernetes.io/docs/tasks/administer-cluster/nodelocaldns).",
    "network: {dns: {cache: true}}",
);

/// Too few clocks.
pub static FEW_TIME_SERVERS: Rule = Rule::warning(
    "network/few-time-servers",
    "there are machines and fewer than two time servers",
    "etcd and certificates need clocks that agree; with one server nobody notices when it is wrong, and with none \
     the image's public servers are asked, which a private network does not reach (RFC 8633, 3.2).",
    "network: {ntp: [10.20.0.2]}\nmachines: {pools: {control-plane: {role: control-plane, count: 3}}}",
);

/// A gateway without a certificate.
pub static NO_CERTIFICATE: Rule = Rule::warning(
    "network/gateway-no-certificate",
    "nobody makes the certificate of the gateway",
    "Its listener for HTTPS reads the Secret `gateway-certificate` in `envoy-gateway-system`. While there is none, no \
     host is reached, and Argo CD waits with everything that comes after the gateway (gateway-api, \
     ListenerReasonInvalidCertificateRef).",
    "network: {gateway: {kind: envoy-gateway, domains: [acme.example]}}  # and no issuer",
);

/// How the links of bonds, trunks and container networks begin.
const LINKS: [&str; 11] = [
    "lo",
    "bond",
    "uplink",
    "docker",
    "cilium",
    "cali",
    "cni",
    "flannel",
    "vxlan",
    "kube-",
    "nodelocaldns",
];

pub(super) fn check(network: &Network, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let has_machines = symbols.pools.iter().next().is_some();
    segments(network, diags);
    api(network, at, diags);
    load_balancer(network, at, diags);
    packets(network, at, symbols, diags);
    outside_servers(network, at, has_machines, diags);
    if let Some(gateway) = &network.gateway
        && gateway.issuer.is_none()
    {
        diags
            .report(&NO_CERTIFICATE, at.field("gateway"), "nobody makes the certificate of the gateway")
            .help("write `issuer: …`, one of `security.certificates`, or make the Secret by hand and waive this");
    }
    let cni = &network.cni;
    // Every team's namespace is closed by policies; a cluster's own document has no teams.
    if cni.kind == CniKind::Flannel && !cni.policies && symbols.teams.iter().next().is_some() {
        diags
            .report(
                &UNENFORCED,
                at.field("cni").field("kind"),
                "Flannel enforces no NetworkPolicies, and the teams' namespaces rely on them",
            )
            .help("write `cni: {kind: flannel, policies: true}`, or choose `cilium` or `calico`");
    }
}

/// Reports an address that is not in a segment, or its first or last.
fn inside(segment: &Segment, address: Address, what: &str, at: &At, diags: &mut Diagnostics) {
    let (net, ip) = (segment.cidr, address.ip());
    let edge = net.addr().is_ipv4() && (ip == net.network() || ip == net.broadcast());
    if !net.contains(&ip) || edge {
        let how = if edge { "is no host's address in" } else { "is not in" };
        diags
            .report(
                &OUTSIDE,
                at,
                format!("{what} {address} {how} the segment `{}`, {net}", segment.name),
            )
            .related(segment.at.field("cidr"), "the segment's range")
            .help("write an address inside the range");
    }
}

fn segments(network: &Network, diags: &mut Diagnostics) {
    for (index, (segment, cidr)) in network.segments.iter().enumerate() {
        let others = LINKS.iter().any(|link| segment.name.starts_with(link));
        if segment.name.len() > 15 || others {
            let message = if others {
                format!("`{}` is the name of another kind of link", segment.name)
            } else {
                format!("`{}` has {} characters", segment.name, segment.name.len())
            };
            diags
                .report(&LINK_NAME, crate::diag::Place::Key(segment.at.clone()), message)
                .help("choose a name of at most 15 characters that says what the segment is for");
        }
        if let Some(gateway) = segment.gateway {
            inside(segment, gateway.into(), "the router", &segment.at.field("gateway"), diags);
        }
        let range = (Address::from(segment.range.0), Address::from(segment.range.1));
        if !cidr.contains(range.0) || !cidr.contains(range.1) {
            diags
                .report(
                    &OUTSIDE,
                    segment.at.field("machines"),
                    format!("the machines' addresses {}-{} are not in {cidr}", range.0, range.1),
                )
                .related(segment.at.field("cidr"), "the segment's range")
                .help("write addresses inside the range");
        }
        let twin = network.segments[..index]
            .iter()
            .find(|(other, _)| segment.vlan.is_some() && other.vlan == segment.vlan);
        if let (Some((other, _)), Some(vlan)) = (twin, segment.vlan) {
            diags
                .report(
                    &VLAN_TWICE,
                    segment.at.field("vlan"),
                    format!("VLAN {vlan} is `{}` already", other.name),
                )
                .related(other.at.field("vlan"), format!("the segment `{}`", other.name))
                .help("give each segment a VLAN of its own");
        }
    }
}

fn api(network: &Network, at: &At, diags: &mut Diagnostics) {
    let Some(api) = &network.api else { return };
    let section = at.clone();
    let pool_at = at.field("loadBalancer").field("pool");
    let at = at.field("api").field("address");
    let home = network.segments.iter().find(|(_, cidr)| cidr.contains(api.address));
    match home {
        Some((segment, _)) => {
            inside(segment, api.address, "the API's address", &at, diags);
        }
        None if api.balancer != Balancer::External && !network.segments.is_empty() => {
            diags
                .report(
                    &OUTSIDE,
                    &at,
                    format!("the API's address {} is in no segment", api.address),
                )
                .help("write an address of the control planes' segment, or `balancer: external`");
        }
        None => {}
    }
    for (address, what, other) in servers(network, &section) {
        if address == api.address {
            taken(&at, &other, what, diags);
        }
    }
    if network.load_balancer.pool.is_some_and(|pool| pool.contains(api.address)) {
        taken(&at, &pool_at, "one of the addresses of Services", diags);
    }
}

/// Addresses of hosts that others rely on, each with what it is and the field.
fn servers(network: &Network, at: &At) -> Vec<(Address, &'static str, At)> {
    let mut servers = Vec::new();
    for (segment, _) in &network.segments {
        if let Some(gateway) = segment.gateway {
            servers.push((gateway.into(), "the router of a segment", segment.at.field("gateway")));
        }
    }
    for (address, at) in name_servers(network, at) {
        servers.push((address, "a name server", at));
    }
    for (index, server) in network.ntp.iter().enumerate() {
        if let Ok(address) = server.as_str().parse() {
            servers.push((address, "a time server", field!(at, network.ntp).index(index)));
        }
    }
    for (index, peer) in network.load_balancer.peers.iter().enumerate() {
        let at = at.field("loadBalancer").field("peers").index(index);
        servers.push((peer.address, "a router that is told of addresses", at.field("address")));
    }
    servers
}

/// Every name server, with its field.
fn name_servers(network: &Network, at: &At) -> Vec<(Address, At)> {
    let own = network
        .upstream
        .iter()
        .enumerate()
        .map(|(index, address)| (*address, at.field("dns").field("upstream").index(index)));
    let segments = network.segments.iter().flat_map(|(segment, _)| {
        let at = segment.at.field("dns");
        let dns = segment.dns.iter().enumerate();
        dns.map(move |(index, address)| (Address::from(*address), at.index(index)))
    });
    own.chain(segments).collect()
}

fn taken(at: &At, other: &At, what: &str, diags: &mut Diagnostics) {
    diags
        .report(&TAKEN, at, format!("the address is {what} too"))
        .related(other, what.to_owned())
        .help("choose an address that nothing else has");
}

fn load_balancer(network: &Network, at: &At, diags: &mut Diagnostics) {
    let balancer = &network.load_balancer;
    let (section, at) = (at, at.field("loadBalancer"));
    let mut report = |field: At, message: String, help: &str| {
        diags.report(&LOAD_BALANCER, field, message).help(help);
    };
    if balancer.kind == LoadBalancerKind::None {
        return;
    }
    if balancer.kind == LoadBalancerKind::Cilium && network.cni.kind != CniKind::Cilium {
        let message = format!("Cilium is not the CNI, {} is", network.cni.kind.word());
        report(field!(at, balancer.kind), message, "write `kind: metallb`");
    }
    let bgp = balancer.mode == LoadBalancerMode::Bgp;
    if bgp && (balancer.peers.is_empty() || balancer.asn.is_none()) {
        report(
            field!(at, balancer.mode),
            "nobody is told of the addresses".to_owned(),
            "write the nodes' `asn` and the routers as `peers: [{address, asn}]`",
        );
    }
    let Some(pool) = balancer.pool else {
        report(at, "there are no addresses to give".to_owned(), "write `pool: first-last`");
        return;
    };
    let at = at.field("pool");
    for (address, what, other) in servers(network, section) {
        if pool.contains(address) {
            taken(&at, &other, what, diags);
        }
    }
    if bgp {
        return;
    }
    let home = network.segments.iter().find(|(_, cidr)| pool.is_within(*cidr));
    match home {
        None if network.segments.is_empty() => {}
        None => {
            diags
                .report(
                    &OUTSIDE,
                    &at,
                    format!("the addresses of Services {pool} are in no segment"),
                )
                .help("write addresses of one segment, or announce them by BGP");
        }
        Some((segment, cidr)) => {
            let edges = [cidr.first(), cidr.last()];
            if cidr.is_ipv4() && edges.into_iter().any(|edge| pool.contains(edge)) {
                taken(&at, &segment.at.field("cidr"), "the network's own", diags);
            }
            let machines = AddressRange::new(segment.range.0.into(), segment.range.1.into());
            let written = machines.is_some_and(|machines| machines.overlaps(pool))
                && segment.at.document == at.document
                && super::for_machines(*cidr) != segment.range;
            if written {
                taken(&at, &segment.at.field("machines"), "the machines' addresses", diags);
            }
        }
    }
}

impl Network {
    /// How many bytes encapsulation and encryption take of every packet.
    fn overhead(&self) -> u32 {
        let ipv4 = self.segments.first().is_none_or(|(_, cidr)| cidr.is_ipv4());
        let vxlan = match self.cni.encapsulation {
            Encapsulation::None => 0,
            Encapsulation::Vxlan if ipv4 => 50,
            Encapsulation::Vxlan => 70,
        };
        let wireguard = if self.cni.encryption == CniEncryption::Wireguard { 80 } else { 0 };
        vxlan + wireguard
    }

    /// The segments with the addresses of nodes; all of them where no machine says.
    fn of_nodes<'a>(&'a self, symbols: &Symbols) -> Vec<&'a Segment> {
        let nodes: Vec<&str> = symbols
            .pools
            .iter()
            .filter(|(_, _, pool)| matches!(pool.role, NodeRole::ControlPlane | NodeRole::Worker))
            .filter_map(|(_, _, pool)| pool.segments.first().map(String::as_str))
            .collect();
        let all = self.segments.iter().map(|(segment, _)| segment);
        all.filter(|segment| nodes.is_empty() || nodes.contains(&segment.name.as_str())).collect()
    }

    /// The largest packet of pods: as written, or what the smallest of the nodes' segments leaves.
    pub(super) fn pod_mtu(&self, symbols: &Symbols) -> u32 {
        let nodes = self.of_nodes(symbols);
        let least = nodes.iter().map(|segment| segment.mtu).min().unwrap_or(1500);
        self.cni.mtu.unwrap_or(least - self.overhead())
    }
}

fn packets(network: &Network, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let nodes = network.of_nodes(symbols);
    let Some(least) = nodes.iter().min_by_key(|segment| segment.mtu) else { return };
    let overhead = network.overhead();
    if let Some(mtu) = network.cni.mtu
        && mtu > least.mtu - overhead
    {
        diags
            .report(
                &MTU_TOO_LARGE,
                at.field("cni").field("mtu"),
                format!(
                    "{mtu} bytes and {overhead} of the network around them are more than the {} of `{}`",
                    least.mtu, least.name
                ),
            )
            .related(least.at.field("mtu"), format!("the segment `{}`", least.name))
            .help(format!("write {} or less, or leave it out", least.mtu - overhead));
    }
    let has_machines = symbols.pools.iter().next().is_some();
    if let Some(other) = nodes.iter().find(|segment| has_machines && segment.mtu != least.mtu) {
        diags
            .report(
                &MTU_DIFFERS,
                other.at.field("mtu"),
                format!(
                    "`{}` has packets of {} bytes, `{}` of {}, and both have nodes",
                    other.name, other.mtu, least.name, least.mtu
                ),
            )
            .related(least.at.field("mtu"), format!("the segment `{}`", least.name))
            .help("give both the same `mtu`");
    }
}

fn outside_servers(network: &Network, at: &At, has_machines: bool, diags: &mut Diagnostics) {
    for (address, at) in name_servers(network, at) {
        if address.ip().is_loopback() {
            diags
                .report(&DNS_LOOP, at, format!("{address} is the machine itself"))
                .help("write the address of a name server of your network");
        }
    }
    if network.upstream.len() == 1 {
        diags
            .report(
                &FEW_NAME_SERVERS,
                at.field("dns").field("upstream"),
                "one name server is asked for all names outside the cluster",
            )
            .help("write a second one");
    }
    if network.dns_replicas.get() < 2 {
        diags
            .report(
                &FEW_DNS_REPLICAS,
                at.field("dns").field("replicas"),
                format!("{} copies of CoreDNS", network.dns_replicas),
            )
            .help("write `replicas: 2` or more");
    }
    if network.dns_cache {
        diags
            .report(
                &DNS_CACHE,
                at.field("dns").field("cache"),
                "nothing here installs the cache of each node",
            )
            .help("install NodeLocal DNS yourself and waive this, or leave `cache` out");
    }
    if has_machines && network.ntp.len() < 2 {
        diags
            .report(
                &FEW_TIME_SERVERS,
                field!(at, network.ntp),
                format!("the machines have {} time servers", network.ntp.len()),
            )
            .help("write three servers, or the two of your network");
    }
}
