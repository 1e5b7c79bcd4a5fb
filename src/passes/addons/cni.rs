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
        "ipam": {"mode": "cluster-pool", "operator": {
            "clusterPoolIPv4PodCIDRList": [(network.pods.to_string())],
            "clusterPoolIPv4MaskSize": (u32::from(network.node_prefix))
        }},
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
            map.insert("ipv4NativeRoutingCIDR", network.pods.to_string());
        }
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

fn calico(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let (host, port) = api(cluster);
    let encapsulation = match network.encapsulation {
        Encapsulation::Vxlan => "VXLAN",
        Encapsulation::None => "None",
    };
    tree!({
        "installation": {
            "cni": {"type": "Calico"},
            "calicoNetwork": {
                "bgp": (if network.encapsulation == Encapsulation::None { "Enabled" } else { "Disabled" }),
                "mtu": (network.pod_mtu),
                "ipPools": [{
                    "name": "default-ipv4-ippool",
                    "cidr": (network.pods.to_string()),
                    "blockSize": 26,
                    "encapsulation": encapsulation,
                    "natOutgoing": "Enabled",
                    "nodeSelector": "all()"
                }]
            },
            "controlPlaneReplicas": 2
        },
        "kubernetesServiceEndpoint": {"host": host, "port": (port.to_string())},
        "goldmane": {"enabled": false},
        "whisker": {"enabled": false},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}
    })
}

fn flannel(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let backend = match network.encapsulation {
        Encapsulation::Vxlan => "vxlan",
        Encapsulation::None => "host-gw",
    };
    tree!({
        "podCidr": (network.pods.to_string()),
        "flannel": {"backend": backend, "mtu": (network.pod_mtu)},
        // Flannel alone enforces no policy.
        "netpol": {"enabled": true}
    })
}
