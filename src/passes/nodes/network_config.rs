//! The network of a machine, netplan version 2.
//!
//! Cards are found by their hardware address and called after their segment. One of them has the default route: two
//! would be a warning to netplan, and an outage.

use std::net::IpAddr;

use super::cluster::Cluster;
use crate::k8s::tree::{Map, Tree};
use crate::plan::nodes::{Machine, Nic, Trunk};
use crate::tree;

/// The name of the bond under VLANs.
const BOND: &str = "bond0";

/// The network-config of a machine.
pub(super) fn of(cluster: &Cluster<'_>, machine: &Machine) -> Tree {
    let links: Vec<(&str, &str)> =
        machine.nics.iter().map(|nic| (&*nic.name, &*nic.segment)).collect();
    let way_out = cluster.way_out(&links);
    let mut network = Map::new();
    network.insert("version", 2);
    network.insert("renderer", "networkd");
    match &machine.trunk {
        None => {
            let mut cards = Map::new();
            for (position, nic) in machine.nics.iter().enumerate() {
                let mut card = found_by(&nic.mac, &nic.name);
                // Only the node's own network holds up the boot.
                card.insert("optional", position > 0);
                addressed(cluster, nic, way_out, &mut card);
                cards.insert(nic.name.clone(), card);
            }
            network.insert("ethernets", cards);
        }
        Some(trunk) => trunked(cluster, machine, trunk, way_out, &mut network),
    }
    tree!({"network": (network)})
}

/// A card, found by its address and renamed.
fn found_by(mac: &str, name: &str) -> Map {
    let mut card = Map::new();
    card.insert("match", tree!({"macaddress": (mac.to_lowercase())}));
    card.insert("set-name", name.to_owned());
    card.insert("dhcp4", false);
    card.insert("dhcp6", false);
    card.insert("accept-ra", false);
    card
}

/// Address, routes and name servers of a link.
fn addressed(cluster: &Cluster<'_>, nic: &Nic, way_out: Option<(&str, IpAddr)>, link: &mut Map) {
    let segment = cluster.segment(&nic.segment);
    if let Some(segment) = segment {
        link.insert("mtu", segment.mtu);
    }
    link.insert("addresses", vec![Tree::from(nic.address.to_string())]);
    let Some((_, gateway)) = way_out.filter(|(name, _)| *name == nic.name) else { return };
    link.insert("routes", tree!([{"to": "default", "via": (gateway.to_string())}]));
    let own = segment.map_or(&[][..], |segment| &segment.dns);
    let servers = if own.is_empty() { &cluster.network.upstream } else { own };
    let servers: Vec<Tree> = servers.iter().map(|server| server.to_string().into()).collect();
    link.insert(
        "nameservers",
        tree!({
            "addresses": (servers),
            "search": [(cluster.network.machines_domain.clone())],
        }),
    );
}

/// VLANs over one card, or over several in a bond.
fn trunked(
    cluster: &Cluster<'_>,
    machine: &Machine,
    trunk: &Trunk,
    way_out: Option<(&str, IpAddr)>,
    network: &mut Map,
) {
    let largest =
        machine.nics.iter().filter_map(|nic| Some(cluster.segment(&nic.segment)?.mtu)).max();
    let mut cards = Map::new();
    let mut names: Vec<String> = Vec::new();
    for (position, mac) in trunk.macs.iter().enumerate() {
        let name = format!("uplink{position}");
        let mut card = found_by(mac, &name);
        card.insert("optional", true);
        card.insert("mtu", largest);
        cards.insert(name.clone(), card);
        names.push(name);
    }
    let carrier = if names.len() == 1 { names[0].clone() } else { BOND.to_owned() };
    network.insert("ethernets", cards);
    let mut untagged = Map::new();
    let mut vlans = Map::new();
    for nic in &machine.nics {
        let Some(vlan) = cluster.segment(&nic.segment).and_then(|segment| segment.vlan) else {
            // A segment without a number is what the trunk carries untagged.
            addressed(cluster, nic, way_out, &mut untagged);
            continue;
        };
        let mut link = Map::new();
        link.insert("id", vlan);
        link.insert("link", carrier.clone());
        addressed(cluster, nic, way_out, &mut link);
        vlans.insert(nic.name.clone(), link);
    }
    if names.len() > 1 {
        let mut bond = Map::new();
        bond.insert("interfaces", names.into_iter().map(Tree::from).collect::<Vec<_>>());
        bond.insert("mtu", largest);
        bond.insert("dhcp4", false);
        bond.insert("dhcp6", false);
        bond.insert("accept-ra", false);
        bond.insert("parameters", parameters(trunk.lacp));
        merge(&mut bond, untagged);
        network.map_at("bonds").insert(BOND, bond);
    } else if let Some(Tree::Map(card)) = network.map_at("ethernets").get_mut(&carrier) {
        merge(card, untagged);
    }
    if !vlans.is_empty() {
        network.insert("vlans", vlans);
    }
}

fn parameters(lacp: bool) -> Tree {
    if lacp {
        tree!({
            "mode": "802.3ad",
            "lacp-rate": "fast",
            "mii-monitor-interval": "100",
            "transmit-hash-policy": "layer3+4",
        })
    } else {
        tree!({"mode": "active-backup", "mii-monitor-interval": "100"})
    }
}

/// What is untagged, but for the largest packet, which is the trunk's.
fn merge(link: &mut Map, untagged: Map) {
    for (key, value) in untagged.iter().filter(|(key, _)| *key != "mtu") {
        link.insert(key.to_owned(), value.clone());
    }
}
