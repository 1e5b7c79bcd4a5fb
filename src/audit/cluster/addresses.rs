//! Whether addresses suffice for the most nodes and pods, and whether cards are who they are.

use std::collections::BTreeMap;

use super::Cluster;
use crate::diag::{Diagnostics, Place, Rule};
use crate::plan::nodes::Machines;

/// Two cards with one address.
pub static MAC_TWICE: Rule = Rule::error(
    "machines/mac-twice",
    "two network cards have one hardware address",
    "A switch sends each packet to the port where it last saw the address: both machines lose every second one.",
    "machines: {pools: {general: {count: 2, machines: {general-1: {macs: {workers: \"52:54:00:00:00:01\"}}, \
     general-2: {macs: {workers: \"52:54:00:00:00:01\"}}}}}}",
);

/// More nodes than shares.
pub static PODS_TOO_SMALL: Rule = Rule::error(
    "network/pods-too-small",
    "the pods' range has not a share for every node",
    "A node without a share stays NotReady for ever; that shows only when the last one joins, under load. One \
     more than the most nodes is needed to replace one (kube-controller-manager, node IPAM).",
    "network: {pods: 10.244.0.0/22, nodeMask: 24}\nmachines: {pools: {general: {role: worker, count: 8}}}",
);

/// More pods than addresses.
pub static SHARE_TOO_SMALL: Rule = Rule::error(
    "kubernetes/share-too-small",
    "a node may run more pods than it has addresses for",
    "Pods that the scheduler puts there wait for an address for ever.",
    "network: {nodeMask: 26}\nkubernetes: {podsPerNode: 110}",
);

/// Hardly more addresses than pods.
pub static SHARE_TIGHT: Rule = Rule::warning(
    "kubernetes/share-tight",
    "a node has fewer than two addresses for each pod it may run",
    "While pods are replaced, old and new ones have addresses, and some CNIs let an address rest before it is used \
     again (kubernetes.io, cluster-cidr sizing: /24 for 110 pods).",
    "network: {nodeMask: 25}\nkubernetes: {podsPerNode: 110}",
);

pub fn audit(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let network = cluster.network;
    let bits = network.node_prefix.saturating_sub(network.pods.prefix_len());
    let shares = 1_u64 << bits.min(63);
    let fixed = cluster.nodes().count() as u64;
    let growing: u64 = cluster.machines.autoscaled.iter().map(|pool| u64::from(pool.max)).sum();
    let nodes = fixed + growing;
    if nodes >= shares {
        let diagnostic = diags.report(
            &PODS_TOO_SMALL,
            network.at.field("pods"),
            format!(
                "{} has {shares} shares of /{}, and there may be {nodes} nodes and one more while one is replaced",
                network.pods, network.node_prefix
            ),
        );
        diagnostic.related(
            cluster.machines.at.field("pools"),
            format!("{fixed} machines and {growing} by the autoscaler"),
        );
        diagnostic.help("widen `pods`, or write a larger `nodeMask`");
    }
    let host_bits = network.pods.max_prefix_len() - network.node_prefix;
    // A network's own address and the broadcast address are nobody's in IPv4; the CNI takes one more.
    let addresses = (1_u64 << host_bits.min(32)).saturating_sub(2);
    let pods = u64::from(cluster.kubernetes.pods_per_node);
    let (rule, enough) =
        if pods > addresses { (&SHARE_TOO_SMALL, pods) } else { (&SHARE_TIGHT, 2 * pods) };
    if addresses < enough {
        diags
            .report(
                rule,
                cluster.kubernetes.at.field("podsPerNode"),
                format!(
                    "{pods} pods on a node that has {addresses} addresses, a /{}",
                    network.node_prefix
                ),
            )
            .related(network.at.field("nodeMask"), "the share of a node")
            .help("write a smaller `nodeMask`, or fewer `podsPerNode`");
    }
}

/// Cards of all clusters: they may share a switch.
pub fn hardware(clusters: &BTreeMap<String, Machines>, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, (&str, &crate::path::At)> = BTreeMap::new();
    for machine in clusters.values().flat_map(|machines| &machines.machines) {
        // A trunk's cards are all that the machine has.
        let own = machine.nics.iter().map(|nic| (nic.segment.as_str(), nic.mac.as_str()));
        let cards: Vec<(&str, &str)> = match &machine.trunk {
            Some(trunk) => trunk.macs.iter().map(|mac| ("trunk", mac.as_str())).collect(),
            None => own.collect(),
        };
        for (segment, mac) in cards {
            if let Some((other, at)) = seen.get(mac) {
                let own = machine.at.field("machines").key(&machine.name);
                diags
                    .report(
                        &MAC_TWICE,
                        Place::Value(own.field("macs").key(segment)),
                        format!("`{}` and `{other}` both have {mac}", machine.name),
                    )
                    .related(Place::Key((*at).clone()), format!("the pool of `{other}`"))
                    .help("give each card an address of its own, or leave them out");
                continue;
            }
            seen.insert(mac, (&machine.name, &machine.at));
        }
    }
}
