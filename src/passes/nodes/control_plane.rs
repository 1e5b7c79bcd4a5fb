//! Files that an API server reads, all in one folder that is mounted as a whole; and what kubeadm is told of CoreDNS.

use super::cluster::Cluster;
use super::files::{CLOSED, File, OPEN};
use super::kubelet::PATCHES;
use crate::k8s::tree::{Map, Tree};
use crate::plan::nodes::markers::NodeSecret;
use crate::plan::nodes::{Cni, Encryption, LoadBalancerKind};
use crate::tree;

/// The folder of these files, on the host and in the pod.
pub(super) const FOLDER: &str = "/etc/kubernetes/apiserver";
/// The folder of the audit log, on the host and in the pod.
pub(super) const AUDIT_FOLDER: &str = "/var/log/kubernetes/audit";
/// Who may ask what without saying who he is.
pub(super) const AUTHENTICATION: &str = "/etc/kubernetes/apiserver/authentication.yaml";
/// What of a request is written down.
pub(super) const AUDIT: &str = "/etc/kubernetes/apiserver/audit.yaml";
/// What a pod may be where its namespace does not say.
pub(super) const ADMISSION: &str = "/etc/kubernetes/apiserver/admission.yaml";
/// How Secrets are encrypted.
pub(super) const ENCRYPTION: &str = "/etc/kubernetes/apiserver/encryption.yaml";

/// Certificate authorities and keys: on every control plane, so that none has to fetch them from another.
pub(super) const PKI: [(&str, &str, NodeSecret); 8] = [
    ("/etc/kubernetes/pki/ca.crt", "0644", NodeSecret::ClusterCaCertificate),
    ("/etc/kubernetes/pki/ca.key", CLOSED, NodeSecret::ClusterCaKey),
    ("/etc/kubernetes/pki/etcd/ca.crt", "0644", NodeSecret::EtcdCaCertificate),
    ("/etc/kubernetes/pki/etcd/ca.key", CLOSED, NodeSecret::EtcdCaKey),
    ("/etc/kubernetes/pki/front-proxy-ca.crt", "0644", NodeSecret::FrontProxyCaCertificate),
    ("/etc/kubernetes/pki/front-proxy-ca.key", CLOSED, NodeSecret::FrontProxyCaKey),
    ("/etc/kubernetes/pki/sa.pub", "0644", NodeSecret::ServiceAccountPublicKey),
    ("/etc/kubernetes/pki/sa.key", CLOSED, NodeSecret::ServiceAccountKey),
];

/// The files of every control plane.
pub(super) fn files(cluster: &Cluster<'_>) -> Vec<File> {
    let mut files: Vec<File> =
        PKI.iter().map(|(path, mode, secret)| File::secret(path, mode, *secret)).collect();
    files.push(File::yaml(AUTHENTICATION, CLOSED, &authentication()));
    files.push(File::yaml(AUDIT, CLOSED, &audit()));
    files.push(File::yaml(ADMISSION, CLOSED, &admission(cluster)));
    if let Some(provider) = provider(cluster.kubernetes.encryption) {
        files.push(File::yaml(ENCRYPTION, CLOSED, &encryption(provider)));
    }
    files.push(File::yaml(
        &format!("{PATCHES}/corednsdeployment0+strategic.yaml"),
        OPEN,
        &dns(cluster.network.dns_replicas),
    ));
    files
}

/// What kubeadm's CoreDNS is else, at init and at every upgrade: how many, and not all in one zone. That they are not on
/// one machine is its own wish.
fn dns(replicas: u32) -> Tree {
    tree!({
        "spec": {
            "replicas": (replicas),
            "template": {"spec": {"topologySpreadConstraints": [{
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }]}},
        },
    })
}

fn provider(encryption: Encryption) -> Option<&'static str> {
    match encryption {
        Encryption::Secretbox => Some("secretbox"),
        Encryption::AesGcm => Some("aesgcm"),
        Encryption::None => None,
    }
}

/// The first provider writes; `identity` reads what was written before there was a key.
fn encryption(provider: &'static str) -> Tree {
    let keys = tree!({
        "keys": [{"name": "key1", "secret": (NodeSecret::EncryptionKey.marker())}]
    });
    let mut first = Map::new();
    first.insert(provider, keys);
    tree!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{
            "resources": ["secrets"],
            "providers": [(Tree::Map(first)), {"identity": {}}],
        }],
    })
}

/// Health checks of load balancers, and what a joining node reads before it trusts anybody: signed by the token, and
/// open to nobody but through kubeadm's own role.
fn authentication() -> Tree {
    tree!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {
            "enabled": true,
            "conditions": [
                {"path": "/livez"},
                {"path": "/readyz"},
                {"path": "/healthz"},
                {"path": "/api/v1/namespaces/kube-public/configmaps/cluster-info"},
            ],
        },
    })
}

/// Namespaces of ours say what they allow; anybody else's gets the baseline and is warned of more.
fn admission(cluster: &Cluster<'_>) -> Tree {
    let mut exempt = vec!["kube-system"];
    match cluster.network.cni {
        Cni::Cilium => {}
        Cni::Calico => exempt.extend(["calico-system", "tigera-operator"]),
        Cni::Flannel => exempt.push("kube-flannel"),
    }
    if matches!(
        cluster.network.load_balancer,
        LoadBalancerKind::MetalLbL2 | LoadBalancerKind::MetalLbBgp
    ) {
        exempt.push("metallb-system");
    }
    let namespaces: Vec<Tree> = exempt.into_iter().map(Tree::from).collect();
    tree!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{
            "name": "PodSecurity",
            "configuration": {
                "apiVersion": "pod-security.admission.config.k8s.io/v1",
                "kind": "PodSecurityConfiguration",
                "defaults": {
                    "enforce": "baseline",
                    "enforce-version": "latest",
                    "audit": "restricted",
                    "audit-version": "latest",
                    "warn": "restricted",
                    "warn-version": "latest",
                },
                "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": (namespaces)},
            },
        }],
    })
}

/// The first rule that fits decides. Noise is dropped, secrets are never written down, changes are.
fn audit() -> Tree {
    tree!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {
                "level": "None",
                "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"],
            },
            {
                "level": "None",
                "users": ["system:kube-proxy"],
                "verbs": ["watch"],
                "resources": [
                    {"group": "", "resources": ["endpoints", "services", "services/status"]},
                    {"group": "discovery.k8s.io", "resources": ["endpointslices"]},
                ],
            },
            {
                "level": "None",
                "verbs": ["get", "list", "watch", "update", "patch"],
                "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
            },
            {"level": "None", "resources": [
                {"group": "", "resources": ["events"]},
                {"group": "events.k8s.io", "resources": ["events"]},
            ]},
            {"level": "Metadata", "resources": [
                {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
            ]},
            {"level": "Metadata", "verbs": ["get", "list", "watch"]},
            {"level": "RequestResponse", "resources": [
                {"group": ""},
                {"group": "apps"},
                {"group": "batch"},
                {"group": "networking.k8s.io"},
                {"group": "policy"},
                {"group": "rbac.authorization.k8s.io"},
            ]},
            {"level": "Metadata"},
        ],
    })
}
