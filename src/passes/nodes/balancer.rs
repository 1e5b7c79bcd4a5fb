//! The one address of all API servers: kube-vip as a static pod, HAProxy with keepalived, or somebody else's.

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::cluster::{Cluster, address, any, in_url};
use super::files::{CLOSED, File, OPEN};
use super::texts::Texts;
use crate::catalog::parts::KUBE_VIP;
use crate::k8s::tree::Tree;
use crate::k8s::version::MinorVersion;
use crate::plan::nodes::{ApiBalancer, Machine, NodeRole};
use crate::tree;

/// The first minor whose `admin.conf` has no rights before `kubeadm init` is through.
const SUPER_ADMIN_SINCE: MinorVersion = MinorVersion::new(1, 29);

/// Priorities of keepalived begin here and go down by one.
const FIRST_PRIORITY: usize = 200;
/// What a machine loses that reaches no API server: more than any two priorities lie apart.
const WEIGHT: usize = 100;

/// The files of a machine that are about the API's address.
pub(super) fn files(cluster: &Cluster<'_>, machine: &Machine, texts: &Texts) -> Vec<File> {
    match cluster.api.balancer {
        ApiBalancer::KubeVip if machine.role == NodeRole::ControlPlane => {
            let path = "/etc/kubernetes/manifests/kube-vip.yaml";
            vec![File::yaml(path, CLOSED, &kube_vip(cluster, machine))]
        }
        ApiBalancer::HaProxy => {
            let holders = cluster.balancers();
            let position = holders.iter().position(|holder| holder.name == machine.name);
            position.map(|at| haproxy(cluster, &holders, at, texts)).unwrap_or_default()
        }
        ApiBalancer::KubeVip | ApiBalancer::External => Vec::new(),
    }
}

/// Whether the machine that makes the cluster must lend kube-vip its highest rights until it has made it.
pub(super) fn needs_super_admin(cluster: &Cluster<'_>) -> bool {
    cluster.api.balancer == ApiBalancer::KubeVip && cluster.minor() >= SUPER_ADMIN_SINCE
}

fn kube_vip(cluster: &Cluster<'_>, machine: &Machine) -> Tree {
    let first = cluster.first().is_some_and(|first| first.name == machine.name);
    let kubeconfig = if first && needs_super_admin(cluster) { "super-admin" } else { "admin" };
    let interface = cluster.api_card(machine).map_or("", |nic| &nic.name).to_owned();
    let length = if cluster.api.address.is_ipv4() { "32" } else { "128" };
    let settings: [(&str, String); 14] = [
        ("vip_arp", "true".to_owned()),
        ("port", cluster.api.port.to_string()),
        ("vip_interface", interface),
        ("vip_subnet", length.to_owned()),
        ("dns_mode", "first".to_owned()),
        ("cp_enable", "true".to_owned()),
        ("cp_namespace", "kube-system".to_owned()),
        // Services are somebody else's: no two may answer for one address.
        ("svc_enable", "false".to_owned()),
        ("vip_leaderelection", "true".to_owned()),
        ("vip_leasename", "plndr-cp-lock".to_owned()),
        ("vip_leaseduration", "15".to_owned()),
        ("vip_renewdeadline", "10".to_owned()),
        ("vip_retryperiod", "2".to_owned()),
        ("address", cluster.api.address.to_string()),
    ];
    let mut env: Vec<Tree> = settings
        .into_iter()
        .map(|(name, value)| tree!({"name": (name.to_owned()), "value": (value)}))
        .collect();
    env.push(tree!({
        "name": "vip_nodename",
        "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}},
    }));
    tree!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-vip", "namespace": "kube-system"},
        "spec": {
            "containers": [{
                "name": "kube-vip",
                "image": (format!("ghcr.io/kube-vip/kube-vip:v{}", KUBE_VIP.version)),
                "imagePullPolicy": "IfNotPresent",
                "args": ["manager"],
                "env": (env),
                "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
                "securityContext": {
                    "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                },
                "volumeMounts": [{"name": "kubeconfig", "mountPath": "/etc/kubernetes/admin.conf"}],
            }],
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["kubernetes"]}],
            "hostNetwork": true,
            "priorityClassName": "system-node-critical",
            // Only when the file is there: otherwise the runtime would make a folder in its place.
            "volumes": [{
                "name": "kubeconfig",
                "hostPath": {"path": (format!("/etc/kubernetes/{kubeconfig}.conf")), "type": "File"},
            }],
        },
    })
}

#[derive(Serialize)]
struct Server<'a> {
    name: &'a str,
    address: String,
}

fn haproxy(
    cluster: &Cluster<'_>,
    holders: &[&Machine],
    position: usize,
    texts: &Texts,
) -> Vec<File> {
    let machine = holders[position];
    let card = cluster.api_card(machine);
    let in_segment = |other: &Machine| {
        cluster.api_card(other).map_or(address(other), |nic| nic.address.addr()).to_string()
    };
    let servers: Vec<Server<'_>> = cluster
        .of_role(NodeRole::ControlPlane)
        .map(|server| Server { name: &server.name, address: in_url(address(server)) })
        .collect();
    let peers: Vec<String> = holders
        .iter()
        .filter(|other| other.name != machine.name)
        .map(|other| in_segment(other))
        .collect();
    let router = match cluster.api.address {
        std::net::IpAddr::V4(address) => address.octets()[3],
        std::net::IpAddr::V6(address) => address.octets()[15],
    };
    let values = context! {
        name => machine.name.clone(),
        interface => card.map_or("", |nic| &nic.name),
        own => in_segment(machine),
        peers,
        // Unique in a segment as the address is; zero is no router.
        router => router.max(1),
        priority => FIRST_PRIORITY.saturating_sub(position).max(WEIGHT + 1),
        weight => WEIGHT,
        address => cluster.api.address.to_string(),
        length => if cluster.api.address.is_ipv4() { 32 } else { 128 },
    };
    let keepalived = texts.render("keepalived.conf", values);
    let values = context! { bind => any(cluster.api.address), port => cluster.api.port, servers => Serde(servers) };
    vec![
        File::new("/etc/haproxy/haproxy.cfg", OPEN, texts.render("haproxy.cfg", values)),
        File::new("/etc/keepalived/keepalived.conf", OPEN, keepalived),
    ]
}
