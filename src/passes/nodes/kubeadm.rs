//! kubeadm's configuration, v1beta4: what makes a cluster, what joins it, what upgrades it.
//!
//! Every argument is a list entry, every file an argument names is below a mounted folder, and each machine ships what
//! its own configuration names.

use std::collections::BTreeMap;

use super::cluster::{Cluster, Pool, address, any, in_url};
use super::control_plane::{ADMISSION, AUDIT, AUDIT_FOLDER, AUTHENTICATION, ENCRYPTION, FOLDER};
use super::etcd;
use super::kubelet::{self, PATCHES};
use crate::k8s::tree::{Map, Tree};
use crate::plan::nodes::markers::NodeSecret;
use crate::plan::nodes::{Encryption, Machine, NodeRole, NodeTaint, ServiceProxy};
use crate::tree;

/// The label that names what a node dies together with.
const HOST_LABEL: &str = "groundplan.dev/host";

/// The version of the configuration's language.
pub(super) const API: &str = "kubeadm.k8s.io/v1beta4";

/// The configuration of the machine that makes the cluster, as the documents of one file.
pub(super) fn init(cluster: &Cluster<'_>, pool: &Pool<'_>, machine: &Machine) -> Vec<Tree> {
    let mut documents = vec![
        tree!({
            "apiVersion": (API),
            "kind": "InitConfiguration",
            "bootstrapTokens": [{
                "token": (NodeSecret::BootstrapToken.marker()),
                "description": "joins of the first day",
                "ttl": "24h0m0s",
                "usages": ["signing", "authentication"],
                "groups": ["system:bootstrappers:kubeadm:default-node-token"],
            }],
            "localAPIEndpoint": (local_endpoint(machine)),
            "nodeRegistration": (registration(cluster, pool, machine)),
            "patches": {"directory": (PATCHES)},
        }),
        cluster_configuration(cluster),
        kubelet::configuration(cluster),
    ];
    documents.extend(proxy(cluster));
    documents
}

/// The configuration of a machine that joins.
pub(super) fn join(cluster: &Cluster<'_>, pool: &Pool<'_>, machine: &Machine) -> Tree {
    let mut map = Map::new();
    map.insert("apiVersion", API);
    map.insert("kind", "JoinConfiguration");
    map.insert(
        "discovery",
        tree!({
            "bootstrapToken": {
                "token": (NodeSecret::BootstrapToken.marker()),
                "apiServerEndpoint": (endpoint(cluster)),
                "caCertHashes": [(NodeSecret::ClusterCaPin.marker())],
            },
            "tlsBootstrapToken": (NodeSecret::BootstrapToken.marker()),
        }),
    );
    map.insert("nodeRegistration", registration(cluster, pool, machine));
    if pool.role == NodeRole::ControlPlane {
        map.insert("controlPlane", tree!({"localAPIEndpoint": (local_endpoint(machine))}));
    }
    map.insert("patches", tree!({"directory": (PATCHES)}));
    map.insert("timeouts", tree!({"discovery": "20m0s", "tlsBootstrap": "10m0s"}));
    Tree::Map(map)
}

/// The configuration of an upgrade, of the first control plane (`apply`) and of every other node.
pub(super) fn upgrade(cluster: &Cluster<'_>) -> Tree {
    let mode = tree!({
        "certificateRenewal": true,
        "etcdUpgrade": (!cluster.external_etcd()),
        "patches": {"directory": (PATCHES)},
    });
    tree!({
        "apiVersion": (API),
        "kind": "UpgradeConfiguration",
        "apply": (mode.clone()),
        "node": (mode),
    })
}

/// The address of all API servers.
pub(super) fn endpoint(cluster: &Cluster<'_>) -> String {
    format!("{}:{}", cluster.api.host, cluster.api.port)
}

fn local_endpoint(machine: &Machine) -> Tree {
    tree!({"advertiseAddress": (address(machine).to_string()), "bindPort": 6443})
}

fn cluster_configuration(cluster: &Cluster<'_>) -> Tree {
    let network = cluster.network;
    let everywhere = any(network.pods.addr());
    let mut controller_manager = vec![
        argument("bind-address", everywhere),
        argument("node-cidr-mask-size", network.node_prefix.to_string()),
        argument("profiling", "false"),
        argument("terminated-pod-gc-threshold", "1000"),
    ];
    if cluster.kubernetes.cloud_controller {
        controller_manager.push(argument("cloud-provider", "external"));
    }
    let scheduler = vec![argument("bind-address", everywhere), argument("profiling", "false")];
    tree!({
        "apiVersion": (API),
        "kind": "ClusterConfiguration",
        "clusterName": (cluster.name.to_owned()),
        "kubernetesVersion": (format!("v{}", cluster.kubernetes.version)),
        "controlPlaneEndpoint": (endpoint(cluster)),
        "encryptionAlgorithm": "ECDSA-P256",
        "networking": {
            "dnsDomain": (network.domain.clone()),
            "podSubnet": (network.pods.to_string()),
            "serviceSubnet": (network.services.to_string()),
        },
        "etcd": (etcd::of_cluster(cluster)),
        "apiServer": (api_server(cluster)),
        "controllerManager": {"extraArgs": (controller_manager)},
        "scheduler": {"extraArgs": (scheduler)},
        "dns": {},
        "proxy": {"disabled": (cluster.kubernetes.proxy == ServiceProxy::Cni)},
    })
}

fn api_server(cluster: &Cluster<'_>) -> Tree {
    let mut arguments = vec![
        argument("admission-control-config-file", ADMISSION),
        argument("audit-log-compress", "true"),
        argument("audit-log-maxage", cluster.kubernetes.audit_days.to_string()),
        argument("audit-log-maxbackup", "10"),
        argument("audit-log-maxsize", "100"),
        argument("audit-log-path", format!("{AUDIT_FOLDER}/audit.log")),
        argument("audit-policy-file", AUDIT),
        argument("authentication-config", AUTHENTICATION),
        argument("enable-admission-plugins", "NodeRestriction"),
    ];
    if cluster.kubernetes.encryption != Encryption::None {
        arguments.push(argument("encryption-provider-config", ENCRYPTION));
        arguments.push(argument("encryption-provider-config-automatic-reload", "true"));
    }
    if cluster.of_role(NodeRole::ControlPlane).count() > 1 {
        // Behind a balancer of connections, clients must sometimes connect anew to be spread again.
        arguments.push(argument("goaway-chance", "0.001"));
    }
    arguments.push(argument("kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt"));
    arguments.push(argument("profiling", "false"));
    arguments.push(argument("tls-min-version", "VersionTLS12"));
    tree!({
        "certSANs": (names(cluster)),
        "extraArgs": (arguments),
        "extraVolumes": [
            {
                "name": "apiserver-files",
                "hostPath": (FOLDER),
                "mountPath": (FOLDER),
                "readOnly": true,
                "pathType": "Directory",
            },
            {
                "name": "audit-log",
                "hostPath": (AUDIT_FOLDER),
                "mountPath": (AUDIT_FOLDER),
                "pathType": "DirectoryOrCreate",
            },
        ],
    })
}

/// Every name under which somebody may reach an API server, each once.
fn names(cluster: &Cluster<'_>) -> Vec<Tree> {
    let mut names = vec![cluster.api.host.clone(), cluster.api.address.to_string()];
    for machine in cluster.of_role(NodeRole::ControlPlane) {
        names.push(machine.name.clone());
        names.push(fully(cluster, machine));
        names.extend(machine.nics.iter().map(|nic| nic.address.addr().to_string()));
    }
    names.extend(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.into_iter().map(Tree::from).collect()
}

/// A machine's name with the domain of machines.
pub(super) fn fully(cluster: &Cluster<'_>, machine: &Machine) -> String {
    format!("{}.{}", machine.name, cluster.network.machines_domain)
}

fn proxy(cluster: &Cluster<'_>) -> Option<Tree> {
    let mode = match cluster.kubernetes.proxy {
        ServiceProxy::Nftables => "nftables",
        ServiceProxy::Iptables => "iptables",
        ServiceProxy::Cni => return None,
    };
    let pods = cluster.network.pods;
    let metrics = format!("{}:10249", in_url(any(pods.addr()).parse().unwrap_or(pods.addr())));
    Some(tree!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": (mode),
        "clusterCIDR": (pods.to_string()),
        "conntrack": {"maxPerCore": 32768, "min": 131072},
        "metricsBindAddress": (metrics),
        "nodePortAddresses": ["primary"],
    }))
}

fn registration(cluster: &Cluster<'_>, pool: &Pool<'_>, machine: &Machine) -> Tree {
    let mut map = Map::new();
    map.insert("name", machine.name.clone());
    map.insert("criSocket", cluster.runtime_socket());
    let node_ip = Some(address(machine).to_string());
    let labels = labels(&machine.labels, Some(&machine.host));
    map.insert("kubeletExtraArgs", kubelet_arguments(cluster, node_ip, &labels));
    let taints = taints(pool.role, pool.taints);
    if !taints.is_empty() {
        map.insert("taints", taints);
    }
    Tree::Map(map)
}

/// Arguments of kubelet that are a machine's own.
pub(super) fn kubelet_arguments(
    cluster: &Cluster<'_>,
    node_ip: Option<String>,
    labels: &BTreeMap<String, String>,
) -> Vec<Tree> {
    let spelled: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut arguments: Vec<Tree> =
        node_ip.into_iter().map(|address| argument("node-ip", address)).collect();
    arguments.push(argument("node-labels", spelled.join(",")));
    if cluster.kubernetes.cloud_controller {
        arguments.push(argument("cloud-provider", "external"));
    }
    arguments
}

/// Labels that a node gives itself: what was stated, and the host under it. That kubelet may set them is checked
/// where they are written.
pub(super) fn labels(
    stated: &BTreeMap<String, String>,
    host: Option<&str>,
) -> BTreeMap<String, String> {
    let mut labels = stated.clone();
    labels.extend(host.map(|host| (HOST_LABEL.to_owned(), host.to_owned())));
    labels
}

/// A list of ours replaces kubeadm's, so the control plane's own taint is in it.
pub(super) fn taints(role: NodeRole, stated: &[NodeTaint]) -> Vec<Tree> {
    const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
    let own = (role == NodeRole::ControlPlane)
        .then(|| tree!({"key": (CONTROL_PLANE), "effect": "NoSchedule"}));
    let others = stated.iter().filter(|taint| taint.key != CONTROL_PLANE).map(|taint| {
        let mut map = Map::new();
        map.insert("key", taint.key.clone());
        if !taint.value.is_empty() {
            map.insert("value", taint.value.clone());
        }
        map.insert("effect", taint.effect);
        Tree::Map(map)
    });
    own.into_iter().chain(others).collect()
}

/// An argument of a component.
pub(super) fn argument(name: &'static str, value: impl Into<Tree>) -> Tree {
    let value: Tree = value.into();
    debug_assert!(value.as_str().is_some(), "{name} must be a string");
    tree!({"name": (name), "value": (value)})
}
