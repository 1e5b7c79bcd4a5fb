//! etcd: on the control planes, or on machines of its own as a static pod.

use minijinja::context;

use super::cluster::{Cluster, Pool, address, any, in_url};
use super::files::{CLOSED, File, OPEN};
use super::kubeadm::{API, argument, fully};
use super::texts::Texts;
use crate::k8s::tree::Tree;
use crate::plan::nodes::markers::NodeSecret;
use crate::plan::nodes::{Machine, NodeRole};
use crate::tree;

/// Below the mount: kubeadm wants an empty folder, and a file system's root is none.
const DATA: &str = "/etcd/member-data";

fn data() -> String {
    format!("/var/lib{DATA}")
}

/// etcd in the cluster's configuration.
pub(super) fn of_cluster(cluster: &Cluster<'_>) -> Tree {
    if !cluster.external_etcd() {
        return tree!({"local": {"dataDir": (data()), "extraArgs": (arguments(cluster))}});
    }
    let endpoints: Vec<Tree> = cluster
        .etcd_members()
        .map(|member| format!("https://{}:2379", in_url(address(member))).into())
        .collect();
    tree!({
        "external": {
            "endpoints": (endpoints),
            "caFile": "/etc/kubernetes/pki/etcd/ca.crt",
            "certFile": "/etc/kubernetes/pki/apiserver-etcd-client.crt",
            "keyFile": "/etc/kubernetes/pki/apiserver-etcd-client.key",
        }
    })
}

/// Arguments that every member has: a compacted history of eight hours, room for it, and metrics without secrets.
fn arguments(cluster: &Cluster<'_>) -> Vec<Tree> {
    let everywhere: std::net::IpAddr = match any(cluster.network.pods.addr()).parse() {
        Ok(address) => address,
        Err(_) => crate::bug!("the unspecified address is no address"),
    };
    vec![
        argument("auto-compaction-mode", "periodic"),
        argument("auto-compaction-retention", "8h"),
        argument("listen-metrics-urls", format!("http://{}:2381", in_url(everywhere))),
        argument("quota-backend-bytes", "8589934592"),
    ]
}

/// The configuration by which a member of an external etcd makes its certificates and its static pod.
pub(super) fn member(cluster: &Cluster<'_>, machine: &Machine) -> Vec<Tree> {
    let own = address(machine);
    let peer =
        |member: &Machine| format!("{}=https://{}:2380", member.name, in_url(address(member)));
    let peers: Vec<String> = cluster.etcd_members().map(peer).collect();
    let state = if cluster.kubernetes.exists { "existing" } else { "new" };
    let mut extra = vec![
        argument("advertise-client-urls", format!("https://{}:2379", in_url(own))),
        argument("initial-advertise-peer-urls", format!("https://{}:2380", in_url(own))),
        argument("initial-cluster", peers.join(",")),
        argument("initial-cluster-state", state),
        argument(
            "listen-client-urls",
            format!("https://127.0.0.1:2379,https://{}:2379", in_url(own)),
        ),
        argument("listen-peer-urls", format!("https://{}:2380", in_url(own))),
        argument("name", machine.name.clone()),
    ];
    extra.extend(arguments(cluster));
    let names: Vec<Tree> =
        [machine.name.clone(), fully(cluster, machine), own.to_string()].map(Tree::from).into();
    vec![
        tree!({
            "apiVersion": (API),
            "kind": "InitConfiguration",
            "localAPIEndpoint": {"advertiseAddress": (own.to_string())},
            "nodeRegistration": {"name": (machine.name.clone()), "criSocket": (cluster.runtime_socket())},
        }),
        tree!({
            "apiVersion": (API),
            "kind": "ClusterConfiguration",
            "encryptionAlgorithm": "ECDSA-P256",
            "kubernetesVersion": (format!("v{}", cluster.kubernetes.version)),
            "etcd": {
                "local": {
                    "dataDir": (data()),
                    "serverCertSANs": (names.clone()),
                    "peerCertSANs": (names),
                    "extraArgs": (extra),
                }
            },
        }),
    ]
}

/// Where etcd is external, kubeadm makes the API server's certificate for it only if told that etcd is its own.
fn client(cluster: &Cluster<'_>) -> Tree {
    tree!({
        "apiVersion": (API),
        "kind": "ClusterConfiguration",
        "encryptionAlgorithm": "ECDSA-P256",
        "kubernetesVersion": (format!("v{}", cluster.kubernetes.version)),
    })
}

/// Files that a pool has because of etcd.
pub(super) fn files(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    let mut files = Vec::new();
    if pool.has_etcd_disk() {
        let text = texts.render("kubelet-etcd-disk.conf", context! {});
        files.push(File::new(
            "/etc/systemd/system/kubelet.service.d/20-etcd-disk.conf",
            OPEN,
            text,
        ));
    }
    if pool.role == NodeRole::Etcd {
        let text = texts.render("kubelet-etcd.conf", context! {});
        files.push(File::new("/etc/systemd/system/kubelet.service.d/30-etcd.conf", OPEN, text));
        files.push(super::kubelet::standalone(cluster, pool));
        files.push(File::secret(
            "/etc/kubernetes/pki/etcd/ca.crt",
            OPEN,
            NodeSecret::EtcdCaCertificate,
        ));
        files.push(File::secret("/etc/kubernetes/pki/etcd/ca.key", CLOSED, NodeSecret::EtcdCaKey));
    }
    if pool.role == NodeRole::ControlPlane && cluster.external_etcd() {
        files.push(File::yaml("/etc/groundplan/etcd-client.yaml", OPEN, &client(cluster)));
    }
    files
}
