//! The container network.
//!
//! It is installed once by hand before Argo CD can run at all, by these very values and release name; then its
//! Application adopts what is there.

use super::{COMPONENT, Cluster};
use crate::k8s::pod_security::Level;
use crate::k8s::tree::Tree;
use crate::plan::charts::{self, Chart};
use crate::plan::nodes::{Cni, Encapsulation, GatewayKind, LoadBalancerKind, ServiceProxy};
use crate::plan::{Addon, Plan, platform};
use crate::tree;

/// The definitions of Calico: a chart of their own since 3.32.
const CALICO_CRDS: &str = "calico-crds";

pub(super) fn plan(cluster: &Cluster<'_>, plan: &mut Plan) {
    let origin = || cluster.origin("cni");
    match cluster.network.cni {
        Cni::Cilium => {
            let addon = addon("kube-system", charts::CILIUM, cilium(cluster));
            addon.install(plan, cluster.name, COMPONENT, origin());
        }
        Cni::Calico => {
            let crds = Addon {
                name: CALICO_CRDS,
                needs: vec![platform::CNI],
                ..addon("tigera-operator", charts::CALICO_CRDS, tree!({}))
            };
            let crds = crds.install(plan, cluster.name, COMPONENT, origin());
            // The definitions come before everything, the operator after them.
            let unit = plan.unit(crds, &cluster.network.at);
            unit.needs.clear();
            unit.stateful = true;
            let operator = addon("tigera-operator", charts::TIGERA_OPERATOR, calico(cluster));
            let operator = Addon { needs: vec![CALICO_CRDS], ..operator };
            operator.install(plan, cluster.name, COMPONENT, origin());
        }
        Cni::Flannel => {
            let addon = addon("kube-flannel", charts::FLANNEL, flannel(cluster));
            addon.install(plan, cluster.name, COMPONENT, origin());
        }
    }
}

fn addon(namespace: &'static str, chart: Chart, values: Tree) -> Addon {
    Addon {
        name: platform::CNI,
        namespace,
        // It configures the network of the host.
        pod_security: Level::Privileged,
        network: None,
        chart,
        values,
        ignored: Vec::new(),
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
}

/// Where the API is reached before Services work.
fn api(cluster: &Cluster<'_>) -> (String, u16) {
    let api = cluster.network.api.as_ref();
    api.map_or_else(|| (String::new(), 6443), |api| (api.address.to_string(), api.port))
}

fn replaces_proxy(cluster: &Cluster<'_>) -> bool {
    cluster.kubernetes.is_some_and(|kubernetes| kubernetes.proxy == ServiceProxy::Cni)
}

fn cilium(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let (host, port) = api(cluster);
    let mut values = tree!({
        "k8sServiceHost": host,
        "k8sServicePort": port,
        "kubeProxyReplacement": (replaces_proxy(cluster)),
        "ipam": {"mode": "cluster-pool", "operator": (cilium_pool(cluster))},
        "cluster": {"name": (cluster.name.to_owned())},
        "MTU": (network.pod_mtu),
        // A policy by address means the nodes too: otherwise nothing could be allowed to reach the API servers.
        "policyCIDRMatchMode": ["nodes"],
        "rollOutCiliumPods": true,
        "resources": {
            "requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}
        },
        "operator": {
            "replicas": 2,
            "rollOutPods": true,
            "podDisruptionBudget": {"enabled": true, "maxUnavailable": 1},
            "resources": {
                "requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}
            }
        },
        "envoy": {
            "rollOutPods": true,
            "resources": {
                "requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}
            }
        },
        "hubble": {
            "relay": {
                "enabled": true, "replicas": 2, "rollOutPods": true,
                "podDisruptionBudget": {"enabled": true, "maxUnavailable": 1}
            },
            // By Helm the certificates would be new with every rendering.
            "tls": {"auto": {"method": "cronJob"}}
        }
    });
    let Some(map) = values.as_map_mut() else { return values };
    match network.encapsulation {
        Encapsulation::Vxlan => {
            map.insert("routingMode", "tunnel");
            map.insert("tunnelProtocol", "vxlan");
        }
        Encapsulation::None => {
            map.insert("routingMode", "native");
            map.insert("autoDirectNodeRoutes", true);
            let routed =
                if is_ipv4(cluster) { "ipv4NativeRoutingCIDR" } else { "ipv6NativeRoutingCIDR" };
            map.insert(routed, network.pods.to_string());
        }
    }
    if !is_ipv4(cluster) {
        map.insert("ipv4", tree!({"enabled": false}));
        map.insert("ipv6", tree!({"enabled": true}));
        // Of the tunnels.
        map.insert("underlayProtocol", "ipv6");
    }
    if network.encrypted {
        map.insert("encryption", tree!({"enabled": true, "type": "wireguard"}));
    }
    if network.load_balancer == LoadBalancerKind::Cilium {
        if network.bgp_asn.is_some() {
            map.insert("bgpControlPlane", tree!({"enabled": true}));
        } else {
            map.insert("l2announcements", tree!({"enabled": true}));
        }
    }
    if network.gateway.as_ref().is_some_and(|gateway| gateway.kind == GatewayKind::Cilium) {
        map.insert("gatewayAPI", tree!({"enabled": true, "gatewayClass": {"create": "true"}}));
    }
    values
}

/// Whether pods have addresses of IPv4 or of IPv6; a cluster has one family.
fn is_ipv4(cluster: &Cluster<'_>) -> bool {
    cluster.network.pods.addr().is_ipv4()
}

fn cilium_pool(cluster: &Cluster<'_>) -> Tree {
    let (pods, mask) = (cluster.network.pods.to_string(), u32::from(cluster.network.node_prefix));
    if is_ipv4(cluster) {
        tree!({"clusterPoolIPv4PodCIDRList": [pods], "clusterPoolIPv4MaskSize": mask})
    } else {
        tree!({"clusterPoolIPv6PodCIDRList": [pods], "clusterPoolIPv6MaskSize": mask})
    }
}

fn calico(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let (host, port) = api(cluster);
    let encapsulation = match network.encapsulation {
        Encapsulation::Vxlan => "VXLAN",
        Encapsulation::None => "None",
    };
    // The first card that it finds may be that of another segment than the node's address.
    let node_address = tree!({"kubernetes": "NodeInternalIP"});
    let (pool, block, detection, wireguard) = if is_ipv4(cluster) {
        ("default-ipv4-ippool", 26, "nodeAddressAutodetectionV4", "wireguardEnabled")
    } else {
        ("default-ipv6-ippool", 122, "nodeAddressAutodetectionV6", "wireguardEnabledV6")
    };
    let mut pods = tree!({
        "linuxDataplane": (if has_nftables(cluster) { "Nftables" } else { "Iptables" }),
        "bgp": (if network.encapsulation == Encapsulation::None { "Enabled" } else { "Disabled" }),
        "mtu": (network.pod_mtu),
        "ipPools": [{
            "name": pool,
            "cidr": (network.pods.to_string()),
            "blockSize": block,
            "encapsulation": encapsulation,
            "natOutgoing": "Enabled",
            "nodeSelector": "all()"
        }]
    });
    if let Some(pods) = pods.as_map_mut() {
        pods.insert(detection, node_address);
    }
    let mut values = tree!({
        "installation": {
            "cni": {"type": "Calico"},
            "calicoNetwork": pods,
            "controlPlaneReplicas": 2
        },
        "kubernetesServiceEndpoint": {"host": host, "port": (port.to_string())},
        "goldmane": {"enabled": false},
        "whisker": {"enabled": false},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}
    });
    if network.encrypted
        && let Some(map) = values.as_map_mut()
    {
        let mut felix = tree!({"enabled": true});
        if let Some(felix) = felix.as_map_mut() {
            felix.insert(wireguard, true);
        }
        map.insert("defaultFelixConfiguration", felix);
    }
    values
}

/// Whether kube-proxy speaks to nftables: the container network then does too, since rules of both kinds are passed
/// one after the other.
fn has_nftables(cluster: &Cluster<'_>) -> bool {
    cluster.kubernetes.is_some_and(|kubernetes| kubernetes.proxy == ServiceProxy::Nftables)
}

fn flannel(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let backend = match network.encapsulation {
        _ if network.encrypted => "wireguard",
        Encapsulation::Vxlan => "vxlan",
        Encapsulation::None => "host-gw",
    };
    // An empty range switches its family off.
    let none = String::new();
    let (v4, v6) = match is_ipv4(cluster) {
        true => (network.pods.to_string(), none),
        false => (none, network.pods.to_string()),
    };
    tree!({
        "podCidr": v4,
        "podCidrv6": v6,
        "flannel": {
            "backend": backend,
            "mtu": (network.pod_mtu),
            "enableNFTables": (has_nftables(cluster))
        },
        // Flannel alone enforces no policy.
        "netpol": {"enabled": true}
    })
}
