//! How Services get addresses that are reachable from outside.

use super::{COMPONENT, Cluster, NAME};
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::plan::nodes::LoadBalancerKind;
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
            metallb_objects(cluster, format!("{first}-{last}"))
        }
        LoadBalancerKind::Cilium => cilium_objects(cluster, first.to_string(), last.to_string()),
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

fn metallb_objects(cluster: &Cluster<'_>, range: String) -> Vec<Tree> {
    let network = cluster.network;
    let object = |version: &'static str, kind: &'static str, name: String, spec: Tree| {
        tree!({
            "apiVersion": version, "kind": kind,
            "metadata": {"name": name, "namespace": "metallb-system"}, "spec": spec
        })
    };
    let pool = tree!({"addresses": [range], "autoAssign": true, "avoidBuggyIPs": false});
    let mut objects = vec![object("metallb.io/v1beta1", "IPAddressPool", POOL.to_owned(), pool)];
    let announced = tree!({"ipAddressPools": [POOL]});
    if network.load_balancer == LoadBalancerKind::MetalLbL2 {
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

fn cilium_objects(cluster: &Cluster<'_>, first: String, last: String) -> Vec<Tree> {
    let network = cluster.network;
    let object = |version: &'static str, kind: &'static str, spec: Tree| {
        tree!({
            "apiVersion": version, "kind": kind, "metadata": {"name": POOL}, "spec": spec
        })
    };
    let pool = tree!({"blocks": [{"start": first, "stop": last}]});
    let mut objects = vec![object("cilium.io/v2", "CiliumLoadBalancerIPPool", pool)];
    let Some(asn) = network.bgp_asn else {
        let spec = tree!({"loadBalancerIPs": true});
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
