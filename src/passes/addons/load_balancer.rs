//! How Services get addresses that are reachable from outside.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{COMPONENT, Cluster, NAME};
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::plan::nodes::{LoadBalancerKind, Machine, NodeRole, POOL_LABEL};
use crate::plan::{
    API_SERVER, Addon, IgnoredField, Network, Origin, Plan, Resource, charts, platform,
};
use crate::tree;

/// The unit of MetalLB.
const METALLB: &str = "metallb";

/// The name of the pool and of what announces it.
const POOL: &str = "default";

pub(super) fn plan(cluster: &Cluster<'_>, plan: &mut Plan) {
    let network = cluster.network;
    let Some((first, last)) = network.load_balancer_pool else { return };
    let objects = match network.load_balancer {
        LoadBalancerKind::None => return,
        LoadBalancerKind::MetalLbL2 | LoadBalancerKind::MetalLbBgp => {
            metallb(network.load_balancer == LoadBalancerKind::MetalLbBgp).install(
                plan,
                cluster.name,
                COMPONENT,
                cluster.origin("loadBalancer"),
            );
            metallb_objects(cluster, first, last)
        }
        LoadBalancerKind::Cilium => cilium_objects(cluster, first, last),
    };
    let at = network.at.key("loadBalancer");
    // The webhook of MetalLB, or the operator of Cilium, must be there first.
    let unit = plan.unit(Addon::id(platform::LOAD_BALANCER, cluster.name), &at);
    let needs = [METALLB, platform::CNI];
    unit.needs.extend(needs.map(|name| (Addon::id(name, cluster.name), at.clone())));
    let origin = Origin::derived(COMPONENT, NAME, [at]);
    unit.resources.extend(objects.into_iter().map(|object| Resource::tree(object, origin.clone())));
}

/// With FRR in the speaker, BGP needs no further daemon; without BGP, no FRR at all.
fn metallb(bgp: bool) -> Addon {
    Addon {
        name: METALLB,
        namespace: "metallb-system",
        // The speaker answers for addresses on the network of the host.
        pod_security: Level::Privileged,
        network: Some(Network {
            answers: vec![Socket::tcp(9443)],
            reaches: vec![API_SERVER],
            among: Vec::new(),
        }),
        chart: charts::METALLB,
        values: tree!({
            "controller": {
                "priorityClassName": "system-cluster-critical",
                "resources": {
                    "requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}
                }
            },
            "speaker": {
                "priorityClassName": "system-node-critical",
                "resources": {
                    "requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}
                },
                "frr": {"enabled": bgp}
            },
            "frrk8s": {"enabled": false}
        }),
        ignored: vec![
            IgnoredField {
                group: "admissionregistration.k8s.io",
                kind: "ValidatingWebhookConfiguration",
                jq_path: ".webhooks[]?.clientConfig.caBundle",
            },
            IgnoredField {
                group: "apiextensions.k8s.io",
                kind: "CustomResourceDefinition",
                jq_path: ".spec.conversion.webhook.clientConfig.caBundle",
            },
        ],
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
}

/// What selects the nodes that may answer for the addresses: those in their segment. A request for the hardware address
/// of one is heard nowhere else, so a node elsewhere would be told to answer and never be asked.
fn announcers(cluster: &Cluster<'_>, first: IpAddr) -> Option<Tree> {
    let machines = cluster.machines?;
    let segments = cluster.network.segments.values();
    let segment = &*segments.into_iter().find(|segment| segment.cidr.contains(&first))?.name;
    let is_node = |machine: &&Machine| {
        matches!(machine.role, NodeRole::ControlPlane | NodeRole::Worker)
            && machine.nics.iter().any(|nic| nic.segment == segment)
    };
    let nodes = machines.machines.iter().filter(is_node).map(|machine| &machine.pool);
    let made =
        machines.autoscaled.iter().filter(|pool| pool.segments.iter().any(|of| of == segment));
    let pools: BTreeSet<&String> = nodes.chain(made.map(|pool| &pool.name)).collect();
    let pools: Vec<Tree> = pools.into_iter().map(|name| Tree::from(name.clone())).collect();
    Some(tree!({"matchExpressions": [{"key": POOL_LABEL, "operator": "In", "values": pools}]}))
}

fn metallb_objects(cluster: &Cluster<'_>, first: IpAddr, last: IpAddr) -> Vec<Tree> {
    let network = cluster.network;
    let object = |version: &'static str, kind: &'static str, name: String, spec: Tree| {
        tree!({
            "apiVersion": version, "kind": kind,
            "metadata": {"name": name, "namespace": "metallb-system"}, "spec": spec
        })
    };
    let range = format!("{first}-{last}");
    let pool = tree!({"addresses": [range], "autoAssign": true, "avoidBuggyIPs": false});
    let mut objects = vec![object("metallb.io/v1beta1", "IPAddressPool", POOL.to_owned(), pool)];
    let mut announced = tree!({"ipAddressPools": [POOL]});
    if network.load_balancer == LoadBalancerKind::MetalLbL2 {
        if let (Some(nodes), Some(map)) = (announcers(cluster, first), announced.as_map_mut()) {
            map.insert("nodeSelectors", vec![nodes]);
        }
        objects.push(object("metallb.io/v1beta1", "L2Advertisement", POOL.to_owned(), announced));
        return objects;
    }
    objects.push(object("metallb.io/v1beta1", "BGPAdvertisement", POOL.to_owned(), announced));
    for peer in &network.bgp_peers {
        let spec = tree!({
            "myASN": (network.bgp_asn.unwrap_or_default()),
            "peerASN": (peer.asn),
            "peerAddress": (peer.address.to_string())
        });
        let name = format!("peer-{}", peer.address.to_string().replace(['.', ':'], "-"));
        objects.push(object("metallb.io/v1beta2", "BGPPeer", name, spec));
    }
    objects
}

fn cilium_objects(cluster: &Cluster<'_>, first: IpAddr, last: IpAddr) -> Vec<Tree> {
    let network = cluster.network;
    let object = |version: &'static str, kind: &'static str, spec: Tree| {
        tree!({
            "apiVersion": version, "kind": kind, "metadata": {"name": POOL}, "spec": spec
        })
    };
    let pool = tree!({"blocks": [{"start": (first.to_string()), "stop": (last.to_string())}]});
    let mut objects = vec![object("cilium.io/v2", "CiliumLoadBalancerIPPool", pool)];
    let Some(asn) = network.bgp_asn else {
        let mut spec = tree!({"loadBalancerIPs": true});
        if let (Some(nodes), Some(map)) = (announcers(cluster, first), spec.as_map_mut()) {
            map.insert("nodeSelector", nodes);
        }
        objects.push(object("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", spec));
        return objects;
    };
    let peers = network.bgp_peers.iter().map(|peer| {
        tree!({
            "name": (format!("peer-{}", peer.address.to_string().replace(['.', ':'], "-"))),
            "peerASN": (peer.asn),
            "peerAddress": (peer.address.to_string()),
            "peerConfigRef": {"name": POOL}
        })
    });
    objects.push(object(
        "cilium.io/v2",
        "CiliumBGPClusterConfig",
        tree!({
            "bgpInstances": [{
                "name": POOL, "localASN": asn, "peers": (peers.collect::<Vec<_>>())
            }]
        }),
    ));
    objects.push(object(
        "cilium.io/v2",
        "CiliumBGPPeerConfig",
        tree!({
            "families": [{
                "afi": "ipv4", "safi": "unicast",
                "advertisements": {"matchLabels": {"groundplan.dev/advertise": POOL}}
            }]
        }),
    ));
    let mut advertisement = object(
        "cilium.io/v2",
        "CiliumBGPAdvertisement",
        tree!({
            "advertisements": [{
                "advertisementType": "Service",
                "service": {"addresses": ["LoadBalancerIP"]},
                // Every Service: one that no label excludes.
                "selector": {"matchExpressions": [{
                    "key": "groundplan.dev/unadvertised", "operator": "NotIn", "values": ["true"]
                }]}
            }]
        }),
    );
    if let Some(map) = advertisement.as_map_mut() {
        let metadata = map.map_at("metadata");
        metadata.insert("labels", tree!({"groundplan.dev/advertise": POOL}));
    }
    objects.push(advertisement);
    objects
}
