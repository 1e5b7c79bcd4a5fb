//! Dashboards as code: what somebody looks at first in an incident, each a ConfigMap that Grafana's sidecar finds.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

/// A dashboard.
pub(super) struct Dashboard {
    name: &'static str,
    title: &'static str,
    panels: &'static [Panel],
}

/// A graph: its title, the exporter it reads, its query, the legend, and Grafana's unit.
struct Panel(&'static str, &'static str, &'static str, &'static str, &'static str);

pub(super) const DASHBOARDS: &[Dashboard] = &[
    Dashboard {
        name: "control-plane",
        title: "Control plane",
        panels: &[
            Panel(
                "API servers that answer",
                "apiserver",
                "sum(up{job=\"apiserver\"})",
                "",
                "short",
            ),
            Panel(
                "Requests by code",
                "apiserver",
                "sum by (code) (rate(apiserver_request_total{job=\"apiserver\"}[5m]))",
                "{{code}}",
                "reqps",
            ),
            Panel(
                "Slowest 1 % of requests by verb",
                "apiserver",
                "histogram_quantile(0.99, sum by (verb, le) (rate(apiserver_request_sli_duration_seconds_bucket{job=\"apiserver\",verb!~\"WATCH|CONNECT\"}[5m])))",
                "{{verb}}",
                "s",
            ),
            Panel(
                "etcd: members with a leader",
                "etcd",
                "sum(etcd_server_has_leader)",
                "",
                "short",
            ),
            Panel(
                "etcd: slowest 1 % of writes",
                "etcd",
                "histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])))",
                "{{instance}}",
                "s",
            ),
            Panel(
                "etcd: size",
                "etcd",
                "etcd_mvcc_db_total_size_in_bytes",
                "{{instance}}",
                "bytes",
            ),
            Panel(
                "Pods that wait for a node",
                "scheduler",
                "sum by (queue) (scheduler_pending_pods)",
                "{{queue}}",
                "short",
            ),
            Panel(
                "DNS answers by code",
                "coredns",
                "sum by (rcode) (rate(coredns_dns_responses_total[5m]))",
                "{{rcode}}",
                "reqps",
            ),
        ],
    },
    Dashboard {
        name: "machines",
        title: "Machines",
        panels: &[
            Panel(
                "CPU in use",
                "node-exporter",
                "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))",
                "{{instance}}",
                "percentunit",
            ),
            Panel(
                "Memory in use",
                "node-exporter",
                "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
                "{{instance}}",
                "percentunit",
            ),
            Panel(
                "Disks in use",
                "node-exporter",
                "1 - node_filesystem_avail_bytes{fstype!~\"tmpfs|ramfs|overlay\"} / node_filesystem_size_bytes{fstype!~\"tmpfs|ramfs|overlay\"}",
                "{{instance}} {{mountpoint}}",
                "percentunit",
            ),
            Panel(
                "Waiting for disks",
                "node-exporter",
                "rate(node_pressure_io_waiting_seconds_total[5m])",
                "{{instance}}",
                "percentunit",
            ),
            Panel(
                "Network in",
                "node-exporter",
                "sum by (instance) (rate(node_network_receive_bytes_total{device!~\"lo|veth.*|lxc.*|cali.*\"}[5m]))",
                "{{instance}}",
                "Bps",
            ),
            Panel(
                "Network out",
                "node-exporter",
                "sum by (instance) (rate(node_network_transmit_bytes_total{device!~\"lo|veth.*|lxc.*|cali.*\"}[5m]))",
                "{{instance}}",
                "Bps",
            ),
            Panel("Pods", "kubelet", "sum by (node) (kubelet_running_pods)", "{{node}}", "short"),
        ],
    },
    Dashboard {
        name: "workloads",
        title: "Workloads",
        panels: &[
            Panel(
                "CPU by namespace",
                "cadvisor",
                "sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=\"\"}[5m]))",
                "{{namespace}}",
                "short",
            ),
            Panel(
                "Memory by namespace",
                "cadvisor",
                "sum by (namespace) (container_memory_working_set_bytes{container!=\"\"})",
                "{{namespace}}",
                "bytes",
            ),
            Panel(
                "Throttled for their CPU limit",
                "cadvisor",
                "sum by (namespace, pod) (rate(container_cpu_cfs_throttled_periods_total[5m])) / sum by (namespace, pod) (rate(container_cpu_cfs_periods_total[5m])) > 0.1",
                "{{namespace}}/{{pod}}",
                "percentunit",
            ),
            Panel(
                "Restarts within an hour",
                "kube-state-metrics",
                "sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0",
                "{{namespace}}/{{pod}}",
                "short",
            ),
            Panel(
                "Quotas in use",
                "kube-state-metrics",
                "kube_resourcequota{type=\"used\"} / ignoring (type) (kube_resourcequota{type=\"hard\"} > 0)",
                "{{namespace}} {{resource}}",
                "percentunit",
            ),
            Panel(
                "Volumes in use",
                "kubelet",
                "1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes",
                "{{namespace}}/{{persistentvolumeclaim}}",
                "percentunit",
            ),
        ],
    },
    Dashboard {
        name: "delivery",
        title: "Delivery",
        panels: &[
            Panel(
                "Applications by state",
                "argo-cd",
                "sum by (sync_status) (argocd_app_info)",
                "{{sync_status}}",
                "short",
            ),
            Panel(
                "Applications by health",
                "argo-cd",
                "sum by (health_status) (argocd_app_info)",
                "{{health_status}}",
                "short",
            ),
            Panel(
                "Syncs",
                "argo-cd",
                "sum by (phase) (increase(argocd_app_sync_total[10m]))",
                "{{phase}}",
                "short",
            ),
            Panel(
                "Certificates: days left",
                "cert-manager",
                "(certmanager_certificate_expiration_timestamp_seconds - time()) / 86400",
                "{{exported_namespace}}/{{name}}",
                "d",
            ),
        ],
    },
    Dashboard {
        name: "logging",
        title: "Logging",
        panels: &[
            Panel(
                "Lines from the nodes",
                "fluent-bit",
                "sum(rate(fluentbit_input_records_total[5m]))",
                "",
                "short",
            ),
            Panel(
                "Lines lost on the nodes",
                "fluent-bit",
                "sum(rate(fluentbit_output_dropped_records_total[5m]))",
                "",
                "short",
            ),
            Panel(
                "Buffers of the aggregator",
                "fluentd",
                "sum by (pod) (fluentd_output_status_buffer_total_bytes)",
                "{{pod}}",
                "bytes",
            ),
            Panel(
                "Errors of the aggregator",
                "fluentd",
                "sum by (pod) (increase(fluentd_output_status_num_errors[10m]))",
                "{{pod}}",
                "short",
            ),
        ],
    },
];

impl Dashboard {
    /// The ConfigMap; `None` where nothing that it shows is scraped.
    pub fn config_map(&self, scraped: &BTreeSet<&str>, namespace: &str) -> Option<ConfigMap> {
        let panels: Vec<&Panel> =
            self.panels.iter().filter(|panel| scraped.contains(panel.1)).collect();
        if panels.is_empty() {
            return None;
        }
        let text = format!("{:#}\n", self.json(&panels));
        let owned = |text: &str| text.to_owned();
        Some(ConfigMap {
            metadata: ObjectMeta {
                name: Some(format!("dashboard-{}", self.name)),
                namespace: Some(owned(namespace)),
                labels: Some(BTreeMap::from([(owned("grafana_dashboard"), owned("1"))])),
                annotations: Some(BTreeMap::from([(owned("grafana_folder"), owned("Estate"))])),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(format!("{}.json", self.name), text)])),
            ..ConfigMap::default()
        })
    }

    fn json(&self, panels: &[&Panel]) -> Value {
        let panels = panels.iter().enumerate().map(|(index, panel)| panel.json(index));
        json!({
            "uid": self.name,
            "title": self.title,
            "tags": ["estate"],
            "timezone": "browser",
            "editable": false,
            "schemaVersion": 41,
            "refresh": "1m",
            "time": {"from": "now-6h", "to": "now"},
            "panels": panels.collect::<Vec<Value>>(),
        })
    }
}

impl Panel {
    fn json(&self, index: usize) -> Value {
        let Self(title, _, expr, legend, unit) = self;
        json!({
            "id": index + 1,
            "title": title,
            "type": "timeseries",
            "datasource": {"type": "prometheus", "uid": "prometheus"},
            "gridPos": {"x": (index % 2) * 12, "y": (index / 2) * 8, "w": 12, "h": 8},
            "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
            "targets": [{"refId": "A", "expr": expr, "legendFormat": legend}],
        })
    }
}
