//! Machines: whether they are there, and whether they run out of something.

use super::{Alert, Severity, Severity::*, rule};
use crate::k8s::crd::prometheus::AlertRule;
use crate::plan::nodes::{Machines, NodeRole};

/// File systems that fill up: not those in memory, and none that is read only by its nature.
macro_rules! disk {
    ($metric:literal) => {
        concat!($metric, "{job=\"node-exporter\",fstype!~\"tmpfs|ramfs|squashfs|iso9660|overlay\",mountpoint!~\"/var/lib/kubelet/.*\"}")
    };
}

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "NodeDown",
        reads: &["kube-state-metrics"],
        expr: "kube_node_status_condition{job=\"kube-state-metrics\",condition=\"Ready\",status=\"true\"} == 0",
        hold: "5m",
        severity: Critical,
        summary: "the node {{ $labels.node }} is not ready",
        action: "Look at the machine's console, its network, and journalctl -u kubelet.",
    },
    Alert {
        name: "NodeExporterDown",
        reads: &["node-exporter"],
        expr: "up{job=\"node-exporter\"} == 0",
        hold: "15m",
        severity: Warning,
        summary: "nothing is known of the machine {{ $labels.instance }}",
        action: "Look at the DaemonSet node-exporter, and at the firewall of the machine.",
    },
    Alert {
        name: "NodeDiskFilling",
        reads: &["node-exporter"],
        expr: concat!(
            disk!("node_filesystem_avail_bytes"),
            " / ",
            disk!("node_filesystem_size_bytes"),
            " < 0.2 and ",
            "predict_linear(",
            disk!("node_filesystem_avail_bytes"),
            "[6h], 86400) < 0 and ",
            disk!("node_filesystem_readonly"),
            " == 0"
        ),
        hold: "1h",
        severity: Warning,
        summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} is full within a day",
        action: "Find what grows: images, logs, a volume on the root disk.",
    },
    Alert {
        name: "NodeDiskFilling",
        reads: &["node-exporter"],
        expr: concat!(
            disk!("node_filesystem_avail_bytes"),
            " / ",
            disk!("node_filesystem_size_bytes"),
            " < 0.05 and ",
            disk!("node_filesystem_readonly"),
            " == 0"
        ),
        hold: "10m",
        severity: Critical,
        summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left",
        action: "The kubelet evicts pods soon: make room now.",
    },
    Alert {
        name: "NodeInodesFilling",
        reads: &["node-exporter"],
        expr: concat!(
            disk!("node_filesystem_files_free"),
            " / ",
            disk!("node_filesystem_files"),
            " < 0.05 and ",
            disk!("node_filesystem_readonly"),
            " == 0"
        ),
        hold: "30m",
        severity: Warning,
        summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} runs out of inodes",
        action: "Many small files: find the folder, it is full although bytes are free.",
    },
    Alert {
        name: "NodeMemoryExhausted",
        reads: &["node-exporter"],
        expr: "1 - node_memory_MemAvailable_bytes{job=\"node-exporter\"} / \
               node_memory_MemTotal_bytes{job=\"node-exporter\"} > 0.95",
        hold: "15m",
        severity: Critical,
        summary: "the memory of {{ $labels.instance }} is used by {{ $value | humanizePercentage }}",
        action: "The kernel ends processes soon: see which pods use more than they asked for.",
    },
    Alert {
        name: "NodeOutOfMemory",
        reads: &["node-exporter"],
        expr: "increase(node_vmstat_oom_kill{job=\"node-exporter\"}[10m]) > 0",
        hold: "0s",
        severity: Warning,
        summary: "the kernel of {{ $labels.instance }} ended processes for lack of memory",
        action: "journalctl -k on that machine names them; raise the limit of that pod, or find its leak.",
    },
    Alert {
        name: "NodeCpuExhausted",
        reads: &["node-exporter"],
        expr: "1 - avg by (instance) (rate(node_cpu_seconds_total{job=\"node-exporter\",mode=\"idle\"}[5m])) > 0.95",
        hold: "30m",
        severity: Warning,
        summary: "the CPUs of {{ $labels.instance }} are busy by {{ $value | humanizePercentage }}",
        action: "See which pods use more than they asked for; requests are what the scheduler believes.",
    },
    Alert {
        name: "NodeClockWrong",
        reads: &["node-exporter"],
        expr: "abs(node_timex_offset_seconds{job=\"node-exporter\"}) > 0.05 or \
               min_over_time(node_timex_sync_status{job=\"node-exporter\"}[5m]) == 0",
        hold: "10m",
        severity: Warning,
        summary: "the clock of {{ $labels.instance }} is not right",
        action: "chronyc tracking; tokens, certificates and etcd leases depend on it.",
    },
    Alert {
        name: "KubeletAbsent",
        reads: &["kubelet"],
        expr: "absent(up{job=\"kubelet\",metrics_path=\"/metrics\"} == 1)",
        hold: "10m",
        severity: Critical,
        summary: "no kubelet answers to Prometheus",
        action: "Look at the certificates of Prometheus' account and at the network policies.",
    },
    Alert {
        name: "KubeletCertificateExpiring",
        reads: &["kubelet"],
        expr: "min by (node) (kubelet_certificate_manager_client_ttl_seconds{job=\"kubelet\"}) < 604800",
        hold: "1h",
        severity: Warning,
        summary: "the certificate of the kubelet of {{ $labels.node }} was not renewed",
        action: "kubectl get csr; without a new one the node leaves the cluster.",
    },
];

/// One alert a host: all its machines are away at once, which no alert of a machine tells.
pub(super) fn hosts(machines: &Machines) -> Vec<AlertRule> {
    let in_cluster = |role| matches!(role, NodeRole::ControlPlane | NodeRole::Worker);
    let mut rules = Vec::new();
    for host in &machines.hosts {
        let there = machines.machines.iter();
        let names: Vec<&str> = there
            .filter(|machine| machine.host == host.name && in_cluster(machine.role))
            .map(|machine| machine.name.as_str())
            .collect();
        // Of one machine it is the same as the machine itself.
        if names.len() < 2 {
            continue;
        }
        let expr = format!(
            "(count(kube_node_status_condition{{job=\"kube-state-metrics\",condition=\"Ready\",status=\"true\",\
             node=~\"{}\"}} == 1) or vector(0)) == 0",
            names.join("|")
        );
        let mut alert = rule(
            "HostLost",
            expr,
            Some("3m"),
            Severity::Critical,
            &format!("the host {} and its {} machines are away", host.name, names.len()),
            &format!("Look at the host itself; it runs {}.", names.join(", ")),
        );
        alert.labels.insert("host".to_owned(), host.name.clone());
        rules.push(alert);
    }
    rules
}
