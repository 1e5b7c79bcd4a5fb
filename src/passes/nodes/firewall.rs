//! Who may open which port of a machine, by what was chosen. What is not here is dropped.
//!
//! Only connections to the machine itself are decided: what is forwarded to pods belongs to the container network
//! and to NetworkPolicies, and node ports are translated before this chain sees them.

use std::collections::BTreeSet;

use ipnet::IpNet;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::cluster::{Cluster, Pool, host};
use super::files::{File, OPEN};
use super::texts::Texts;
use crate::plan::nodes::needs::{NodePort, Opener, Transport};
use crate::plan::nodes::{
    ApiBalancer, Cni, Encapsulation, LoadBalancerKind, Machine, NodeRole, ServiceProxy,
};

/// Where the ruleset is.
pub(super) const PATH: &str = "/etc/groundplan/hostfw.nft";

/// A line of the chain.
#[derive(Serialize)]
struct Rule {
    r#match: String,
    what: String,
}

/// The ruleset of the machines of a pool.
pub(super) fn file(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> File {
    let mut rules: Vec<Rule> = proxied(cluster, pool).into_iter().collect();
    for port in ports(cluster, pool) {
        let sockets = sockets(&port);
        for from in sources(cluster, pool, &port.from) {
            rules.push(Rule { r#match: join(&from, &sockets), what: port.what.clone() });
        }
    }
    rules.extend(vrrp(cluster, pool));
    let values = context! { role => pool.role.word(), rules => Serde(rules) };
    File::new(PATH, OPEN, texts.render("hostfw.nft", values))
}

fn join(from: &str, sockets: &str) -> String {
    if from.is_empty() { sockets.to_owned() } else { format!("{from} {sockets}") }
}

fn sockets(port: &NodePort) -> String {
    let transport = match port.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    if port.first == port.last {
        format!("{transport} dport {}", port.first)
    } else {
        format!("{transport} dport {}-{}", port.first, port.last)
    }
}

/// The expressions that match an opener, one a family; an empty one matches everybody.
fn sources(cluster: &Cluster<'_>, pool: &Pool<'_>, from: &Opener) -> Vec<String> {
    match from {
        Opener::Nodes => addresses(&nodes(cluster)),
        Opener::ControlPlanes => addresses(&cards(cluster.of_role(NodeRole::ControlPlane))),
        Opener::Pods => addresses(&[cluster.network.pods].into()),
        Opener::Addresses(ranges) => addresses(&ranges.iter().copied().collect()),
        Opener::Administrators if !cluster.settings.administrators_from.is_empty() => {
            addresses(&cluster.settings.administrators_from.iter().copied().collect())
        }
        // Nobody said where they are: they come the way that everything else goes out.
        // How the links of machines that others make are called is not ours to say.
        Opener::Administrators if pool.members.is_empty() => vec![String::new()],
        Opener::Administrators => match cluster.way_out(&pool.links) {
            Some((link, _)) => vec![format!("iifname \"{link}\"")],
            None => vec![String::new()],
        },
    }
}

fn addresses(ranges: &BTreeSet<IpNet>) -> Vec<String> {
    let mut matches = Vec::new();
    for (family, v4) in [("ip", true), ("ip6", false)] {
        // nft refuses ranges that overlap in one set.
        let own = ranges.iter().filter(|range| range.addr().is_ipv4() == v4);
        let within =
            |range: &IpNet| ranges.iter().any(|other| other != range && other.contains(range));
        let own: Vec<String> = own.filter(|range| !within(range)).map(spelled).collect();
        if !own.is_empty() {
            matches.push(format!("{family} saddr {{ {} }}", own.join(", ")));
        }
    }
    matches
}

fn spelled(range: &IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() {
        range.addr().to_string()
    } else {
        range.trunc().to_string()
    }
}

/// Where machines open connections from: the segments of their own addresses, and those of their ways out.
fn nodes(cluster: &Cluster<'_>) -> BTreeSet<IpNet> {
    let mut segments: BTreeSet<&str> = BTreeSet::new();
    let pools = cluster.pools();
    let links = pools.iter().map(|pool| pool.links.clone());
    let made = cluster.machines.autoscaled.iter().map(|pool| {
        pool.segments.iter().map(|segment| (&**segment, &**segment)).collect::<Vec<_>>()
    });
    for links in links.chain(made) {
        segments.extend(links.first().map(|(_, segment)| *segment));
        let way_out = cluster.way_out(&links).map(|(link, _)| link);
        segments.extend(links.iter().filter(|(link, _)| Some(*link) == way_out).map(|(_, s)| *s));
    }
    segments.into_iter().filter_map(|name| Some(cluster.segment(name)?.cidr.trunc())).collect()
}

/// Every address of some machines: which one a connection comes from is the routing's choice.
fn cards<'a>(machines: impl Iterator<Item = &'a Machine>) -> BTreeSet<IpNet> {
    machines.flat_map(|machine| &machine.nics).map(|nic| host(nic.address.addr())).collect()
}

/// The election of who holds the API's address, between those who may.
fn vrrp(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<Rule> {
    if !cluster.balances(pool.role) {
        return Vec::new();
    }
    addresses(&cards(cluster.balancers().into_iter()))
        .into_iter()
        .map(|from| Rule { r#match: format!("{from} meta l4proto 112"), what: "VRRP".to_owned() })
        .collect()
}

/// What Cilium hands to its own proxy, which is how everything comes in that its gateway answers for: it arrives with
/// the address and port that it was sent to, marked and untracked, and Cilium's own rule that accepts it is in another
/// table, so it does not keep this one from dropping it.
fn proxied(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Option<Rule> {
    (cluster.network.cni == Cni::Cilium && pool.is_node()).then(|| Rule {
        r#match: "meta mark & 0x00000f00 == 0x00000200".to_owned(),
        what: "Cilium, for its proxy".to_owned(),
    })
}

/// Every port that is open, with its reason.
fn ports(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<NodePort> {
    let mut open = Ports::default();
    open.tcp(22, "SSH", [Opener::Administrators]);
    if cluster.balances(pool.role) {
        open.tcp(cluster.api.port, "API server, balanced", EVERYBODY);
    }
    match pool.role {
        NodeRole::ControlPlane => control_plane(cluster, &mut open),
        NodeRole::Etcd => etcd(cluster, &mut open, &[NodeRole::Etcd, NodeRole::ControlPlane]),
        NodeRole::LoadBalancer | NodeRole::Worker => {}
    }
    if pool.is_node() {
        node(cluster, &mut open);
        container_network(cluster, &mut open);
        services(cluster, &mut open);
    }
    for need in cluster.needs.iter().filter(|need| need.roles.contains(&pool.role)) {
        open.0.extend(need.ports.iter().cloned());
    }
    open.0
}

/// Those who talk to API servers.
const EVERYBODY: [Opener; 3] = [Opener::Nodes, Opener::Pods, Opener::Administrators];

/// Those who ask for metrics: pods, whose address may have become their node's on the way.
const SCRAPERS: [Opener; 2] = [Opener::Nodes, Opener::Pods];

#[derive(Default)]
struct Ports(Vec<NodePort>);

impl Ports {
    fn tcp(&mut self, port: u16, what: &str, from: impl IntoIterator<Item = Opener>) {
        self.range(Transport::Tcp, (port, port), what, from);
    }

    fn udp(&mut self, port: u16, what: &str, from: impl IntoIterator<Item = Opener>) {
        self.range(Transport::Udp, (port, port), what, from);
    }

    fn range(
        &mut self,
        transport: Transport,
        (first, last): (u16, u16),
        what: &str,
        from: impl IntoIterator<Item = Opener>,
    ) {
        let what = what.to_owned();
        self.0.extend(from.into_iter().map(|from| NodePort {
            transport,
            first,
            last,
            from,
            what: what.clone(),
        }));
    }
}

fn control_plane(cluster: &Cluster<'_>, open: &mut Ports) {
    if cluster.api.port != 6443 || !cluster.balances(NodeRole::ControlPlane) {
        open.tcp(6443, "API server", EVERYBODY);
        if cluster.api.balancer == ApiBalancer::External {
            // Whoever balances from outside stands in the segment of the address that it holds.
            let segments = cluster.network.segments.values();
            let near = segments.filter(|segment| segment.cidr.contains(&cluster.api.address));
            let near = near.map(|segment| segment.cidr.trunc()).collect();
            open.tcp(6443, "API server, for the load balancer", [Opener::Addresses(near)]);
        }
    }
    open.tcp(10257, "controller manager, metrics", SCRAPERS);
    open.tcp(10259, "scheduler, metrics", SCRAPERS);
    if !cluster.external_etcd() {
        etcd(cluster, open, &[NodeRole::ControlPlane]);
    }
}

/// etcd holds every Secret: its members and the API servers reach it, nobody else.
fn etcd(cluster: &Cluster<'_>, open: &mut Ports, peers: &[NodeRole]) {
    let peers = peers.iter().flat_map(|role| cards(cluster.of_role(*role))).collect();
    open.range(Transport::Tcp, (2379, 2380), "etcd", [Opener::Addresses(peers)]);
    open.tcp(2381, "etcd, metrics", SCRAPERS);
}

fn node(cluster: &Cluster<'_>, open: &mut Ports) {
    open.tcp(10250, "kubelet", SCRAPERS);
    open.tcp(9100, "node exporter", SCRAPERS);
    if cluster.kubernetes.proxy != ServiceProxy::Cni {
        open.tcp(10249, "kube-proxy, metrics", SCRAPERS);
    }
    open.tcp(10256, "health of the Service proxy", [Opener::Nodes]);
    if cluster.network.dns_cache {
        open.tcp(53, "DNS cache", [Opener::Pods]);
        open.udp(53, "DNS cache", [Opener::Pods]);
    }
}

fn container_network(cluster: &Cluster<'_>, open: &mut Ports) {
    let network = cluster.network;
    let tunnel = network.encapsulation == Encapsulation::Vxlan;
    match network.cni {
        Cni::Cilium => {
            if tunnel {
                open.udp(8472, "Cilium, VXLAN", [Opener::Nodes]);
            }
            if network.encrypted {
                open.udp(51871, "Cilium, WireGuard", [Opener::Nodes]);
            }
            open.tcp(4240, "Cilium, health", [Opener::Nodes]);
            open.tcp(4244, "Hubble", SCRAPERS);
            open.range(Transport::Tcp, (9962, 9964), "Cilium, metrics", SCRAPERS);
        }
        Cni::Calico => {
            if tunnel {
                open.udp(4789, "Calico, VXLAN", [Opener::Nodes]);
            } else {
                open.tcp(179, "Calico, BGP", [Opener::Nodes]);
            }
            if network.encrypted {
                open.range(Transport::Udp, (51820, 51821), "Calico, WireGuard", [Opener::Nodes]);
            }
            open.tcp(5473, "Calico, Typha", [Opener::Nodes]);
            open.tcp(9091, "Calico, metrics", SCRAPERS);
        }
        Cni::Flannel => {
            if network.encrypted {
                open.range(Transport::Udp, (51820, 51821), "Flannel, WireGuard", [Opener::Nodes]);
            } else if tunnel {
                open.udp(8472, "Flannel, VXLAN", [Opener::Nodes]);
            }
        }
    }
}

/// Of its speakers, since 0.16.
const METALLB_METRICS: u16 = 9120;

fn services(cluster: &Cluster<'_>, open: &mut Ports) {
    let network = cluster.network;
    match network.load_balancer {
        LoadBalancerKind::MetalLbL2 => {
            open.tcp(7946, "MetalLB, members", [Opener::Nodes]);
            open.udp(7946, "MetalLB, members", [Opener::Nodes]);
            open.tcp(METALLB_METRICS, "MetalLB, metrics", SCRAPERS);
        }
        LoadBalancerKind::MetalLbBgp => {
            open.tcp(METALLB_METRICS, "MetalLB, metrics", SCRAPERS);
        }
        LoadBalancerKind::Cilium | LoadBalancerKind::None => {}
    }
    if !network.bgp_peers.is_empty() {
        let routers = network.bgp_peers.iter().map(|peer| host(peer.address)).collect();
        open.tcp(179, "BGP", [Opener::Addresses(routers)]);
    }
}
