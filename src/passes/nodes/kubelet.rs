//! kubelet: what is the same on every node, and what follows from a machine's size.

use super::cluster::{Cluster, Pool};
use super::files::{File, OPEN};
use crate::k8s::tree::Tree;
use crate::plan::nodes::reserved::{EVICTION_MEMORY, SYSTEM_CPU, SYSTEM_MEMORY, reserved};

/// How long a node takes to shut down, at most; logind is told the same.
pub(super) const SHUTDOWN_SECONDS: u32 = 60;

/// How much of that is kept for what the node itself lives by.
const SHUTDOWN_CRITICAL_SECONDS: u32 = 20;

/// Where kubeadm finds the patches of this machine, at init, join and upgrade alike.
pub(super) const PATCHES: &str = "/etc/kubernetes/patches";

/// The bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// What kubeadm gives every kubelet of the cluster.
pub(super) fn configuration(cluster: &Cluster<'_>) -> Tree {
    crate::tree!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "clusterDNS": [(cluster.network.dns_service.to_string())],
        "clusterDomain": (cluster.network.domain.clone()),
        "containerLogMaxFiles": 5,
        "containerLogMaxSize": "50Mi",
        "enforceNodeAllocatable": ["pods"],
        "eventRecordQPS": 50,
        "evictionHard": (eviction()),
        "failSwapOn": true,
        "imageGCHighThresholdPercent": 80,
        "imageGCLowThresholdPercent": 70,
        "imageMaximumGCAge": "720h",
        "maxParallelImagePulls": 4,
        "maxPods": (cluster.kubernetes.pods_per_node),
        "podPidsLimit": 4096,
        "protectKernelDefaults": true,
        "rotateCertificates": true,
        "seccompDefault": true,
        "serializeImagePulls": false,
        "serverTLSBootstrap": true,
        "shutdownGracePeriod": (format!("{SHUTDOWN_SECONDS}s")),
        "shutdownGracePeriodCriticalPods": (format!("{SHUTDOWN_CRITICAL_SECONDS}s")),
        "tlsMinVersion": "VersionTLS12",
    })
}

/// Every signal: a list that names one sets the others to nothing.
fn eviction() -> Tree {
    crate::tree!({
        "imagefs.available": "15%",
        "memory.available": (format!("{}Mi", EVICTION_MEMORY / MIB)),
        "nodefs.available": "10%",
        "nodefs.inodesFree": "5%",
    })
}

/// What is not for pods on machines of this size, as a patch over the cluster's configuration.
pub(super) fn patch(cpu: u32, memory: u64) -> File {
    let kube = reserved(cpu, memory);
    let tree = crate::tree!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "kubeReserved": {
            "cpu": (format!("{}m", kube.cpu)),
            "ephemeral-storage": "1Gi",
            "memory": (format!("{}Mi", kube.memory / MIB)),
            "pid": "1000",
        },
        "systemReserved": {
            "cpu": (format!("{SYSTEM_CPU}m")),
            "ephemeral-storage": "2Gi",
            "memory": (format!("{}Mi", SYSTEM_MEMORY / MIB)),
        },
    });
    File::yaml(&format!("{PATCHES}/kubeletconfiguration0+merge.yaml"), OPEN, &tree)
}

/// The kubelet of a member of an external etcd: it runs one static pod, and nobody asks it anything.
pub(super) fn standalone(cluster: &Cluster<'_>, pool: &Pool<'_>) -> File {
    let kube = reserved(pool.cpu, pool.memory);
    let tree = crate::tree!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": false}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "systemd",
        "containerRuntimeEndpoint": (cluster.runtime_socket()),
        "evictionHard": (eviction()),
        "kubeReserved": {"memory": (format!("{}Mi", kube.memory / MIB))},
        "staticPodPath": "/etc/kubernetes/manifests",
    });
    File::yaml("/etc/groundplan/kubelet.yaml", OPEN, &tree)
}
