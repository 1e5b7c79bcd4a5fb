//! The values of kube-prometheus-stack.
//!
//! - No key `kube*.endpoints`: the chart would render `Endpoints`, which Argo CD leaves out.
//! - `*SelectorNilUsesHelmValues: false`: monitors and rules of every unit are taken, not only those of this release.
//! - The definitions are a release of their own: half a megabyte each, and no upgrade may prune them.

use super::{Grafana, Monitoring, Sso, SsoKind, rules};
use crate::k8s::tree::Tree;
use crate::plan::nodes::needs::METRICS_FOLDER;
use crate::plan::nodes::{EtcdTopology, KubernetesFacts, ServiceProxy};
use crate::tree;

/// Seconds between two scrapes.
pub(super) const INTERVAL: u64 = 30;

/// The namespace of node-exporter, which is on the hosts' network and sees their files: the other programs keep a
/// namespace in which nothing of that is allowed.
pub(super) const AGENTS: &str = "monitoring-agents";

/// The Service of Grafana.
pub(super) const GRAFANA: &str = "grafana";
pub(super) const ADMIN_SECRET: &str = "grafana-admin";
pub(super) const SSO_SECRET: &str = "grafana-sso";

/// What of Kubernetes can be scraped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ControlPlane {
    /// Scheduler and controller manager: where the machines are made here, they listen beyond 127.0.0.1.
    pub components: bool,
    /// etcd as static pods on the control planes.
    pub etcd: bool,
    /// etcd on machines of its own.
    pub external_etcd: bool,
    /// kube-proxy.
    pub proxy: bool,
}

impl ControlPlane {
    /// Of a cluster whose machines are made here, everything; of one that exists already, what nobody need
    /// open: kubeadm binds the others to 127.0.0.1.
    pub fn of(kubernetes: Option<&KubernetesFacts>) -> Self {
        let ours = kubernetes.filter(|kubernetes| !kubernetes.exists);
        let etcd = ours.map(|kubernetes| kubernetes.etcd);
        Self {
            components: ours.is_some(),
            etcd: etcd == Some(EtcdTopology::Stacked),
            external_etcd: etcd == Some(EtcdTopology::External),
            proxy: ours.is_some_and(|kubernetes| kubernetes.proxy != ServiceProxy::Cni),
        }
    }
}

/// The chart's own arguments, which a list of ours takes the place of, and the folder in which machines leave metrics;
/// the chart mounts the root of the host.
fn exporter_arguments() -> Vec<Tree> {
    const MOUNTS: &str =
        "^/(dev|proc|sys|run/containerd/.+|var/lib/docker/.+|var/lib/kubelet/.+)($|/)";
    const TYPES: &str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|\
                         mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|\
                         tracefs|erofs)$";
    vec![
        format!("--collector.filesystem.mount-points-exclude={MOUNTS}").into(),
        format!("--collector.filesystem.fs-types-exclude={TYPES}").into(),
        format!("--collector.textfile.directory=/host/root{METRICS_FOLDER}").into(),
    ]
}

impl Monitoring {
    pub(super) fn values(&self, cluster: &str, estate: &str, scraped: ControlPlane) -> Tree {
        let mut values = tree!({
            "fullnameOverride": "kps",
            "cleanPrometheusOperatorObjectNames": true,
            "crds": {"enabled": false},
            "defaultRules": {"create": false},
            "prometheusOperator": (self.operator()),
            "prometheus": (self.prometheus(cluster, estate)),
            "alertmanager": (self.alertmanager_values()),
            "kubeApiServer": {"enabled": true},
            "kubelet": {"enabled": true},
            "coreDns": {"enabled": true},
            "kubeControllerManager": (component(scraped.components)),
            "kubeScheduler": (component(scraped.components)),
            "kubeEtcd": (etcd(scraped.etcd)),
            "kubeProxy": {"enabled": (scraped.proxy)},
            "kube-state-metrics": {
                "fullnameOverride": "kube-state-metrics",
                "resources": (resources("20m", "256Mi")),
            },
            "prometheus-node-exporter": {
                "fullnameOverride": "node-exporter",
                "namespaceOverride": AGENTS,
                "priorityClassName": "system-node-critical",
                "resources": (resources("20m", "64Mi")),
                "extraArgs": (exporter_arguments()),
            },
        });
        if let Some(values) = values.as_map_mut() {
            let grafana = self.grafana.as_ref();
            values.insert(
                "grafana",
                grafana.map_or_else(|| tree!({"enabled": false}), Grafana::values),
            );
        }
        values
    }

    fn operator(&self) -> Tree {
        let webhooks = if self.certificates {
            tree!({
                "failurePolicy": "Ignore",
                "patch": {"enabled": false},
                "certManager": {"enabled": true},
            })
        } else {
            // Its own certificates come from a Job on each sync; rules are judged before they are committed.
            tree!({"enabled": false})
        };
        tree!({
            "priorityClassName": "system-cluster-critical",
            "resources": (resources("50m", "256Mi")),
            "admissionWebhooks": webhooks,
            "tls": {"enabled": (self.certificates)},
            "prometheusConfigReloader": {"resources": (resources("10m", "64Mi"))},
        })
    }

    fn prometheus(&self, cluster: &str, estate: &str) -> Tree {
        tree!({
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "prometheusSpec": {
                "replicas": 2,
                "podAntiAffinity": (self.apart(2)),
                "priorityClassName": "system-cluster-critical",
                "scrapeInterval": (format!("{INTERVAL}s")),
                "evaluationInterval": "30s",
                "retention": (self.retention.to_string()),
                // Whichever is reached first: a full volume stops Prometheus.
                "retentionSize": (format!("{}MB", self.size.percent(rules::FILLED).get() >> 20)),
                "ruleSelectorNilUsesHelmValues": false,
                "serviceMonitorSelectorNilUsesHelmValues": false,
                "podMonitorSelectorNilUsesHelmValues": false,
                "probeSelectorNilUsesHelmValues": false,
                "scrapeConfigSelectorNilUsesHelmValues": false,
                "externalLabels": {"cluster": (cluster.to_owned()), "estate": (estate.to_owned())},
                "resources": (resources("500m", &format!("{}Mi", self.memory()))),
                "storageSpec": (self.claim(&self.size.to_string())),
            },
        })
    }

    fn alertmanager_values(&self) -> Tree {
        let mut spec = tree!({
            "replicas": 3,
            "podAntiAffinity": (self.apart(3)),
            "priorityClassName": "system-cluster-critical",
            "alertmanagerConfigMatcherStrategy": {"type": "None"},
            "resources": (resources("20m", "128Mi")),
            "storage": (self.claim("1Gi")),
        });
        let secrets: Vec<Tree> = self
            .receivers
            .iter()
            .filter(|receiver| !receiver.keys().is_empty())
            .map(|receiver| Tree::from(receiver.secret()))
            .collect();
        if !secrets.is_empty()
            && let Some(spec) = spec.as_map_mut()
        {
            spec.insert("secrets", secrets);
        }
        tree!({
            "podDisruptionBudget": {"enabled": true, "minAvailable": 2},
            "alertmanagerSpec": spec,
            "config": (self.alertmanager()),
        })
    }

    /// Copies are on different machines; where there are fewer machines than copies, as far as that goes.
    fn apart(&self, copies: u32) -> &'static str {
        match self.machines {
            Some((open, _)) if open < copies => "soft",
            _ => "hard",
        }
    }

    /// Mebibytes for the series in memory: some 8 KiB each with the queries on them, in steps of half a gibibyte.
    fn memory(&self) -> u64 {
        (1024 + self.series() * 8 / 1024).next_multiple_of(512)
    }

    fn claim(&self, size: &str) -> Tree {
        let mut spec = tree!({
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": (size.to_owned())}},
        });
        if let (Some(class), Some(spec)) = (&self.class, spec.as_map_mut()) {
            spec.insert("storageClassName", class.to_string());
        }
        tree!({"volumeClaimTemplate": {"spec": spec}})
    }
}

/// A component that serves metrics with a certificate of its own making.
fn component(scraped: bool) -> Tree {
    if !scraped {
        return tree!({"enabled": false});
    }
    tree!({"enabled": true, "serviceMonitor": {"https": true, "insecureSkipVerify": true}})
}

fn etcd(scraped: bool) -> Tree {
    if !scraped {
        return tree!({"enabled": false});
    }
    tree!({"enabled": true, "service": {"enabled": true, "port": 2381, "targetPort": 2381}})
}

/// CPU as it is asked for, and as much memory as there may be.
fn resources(cpu: &str, memory: &str) -> Tree {
    tree!({
        "requests": {"cpu": (cpu.to_owned()), "memory": (memory.to_owned())},
        "limits": {"memory": (memory.to_owned())},
    })
}

impl Grafana {
    fn values(&self) -> Tree {
        let mut values = tree!({
            "fullnameOverride": GRAFANA,
            // One copy without a volume: all it has is code, and two would need a database between them.
            "replicas": 1,
            "persistence": {"enabled": false},
            "defaultDashboardsEnabled": false,
            "admin": {
                "existingSecret": ADMIN_SECRET,
                "userKey": "admin-user",
                "passwordKey": "admin-password",
            },
            "resources": (resources("50m", "512Mi")),
            "sidecar": {"dashboards": {
                "enabled": true,
                "searchNamespace": "ALL",
                "folderAnnotation": "grafana_folder",
                "provider": {"foldersFromFilesStructure": true},
            }},
            "grafana.ini": (self.ini()),
        });
        if self.sso.is_some()
            && let Some(values) = values.as_map_mut()
        {
            values.insert(
                "envValueFrom",
                tree!({"GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET": {
                    "secretKeyRef": {"name": SSO_SECRET, "key": "client-secret"},
                }}),
            );
        }
        values
    }

    fn ini(&self) -> Tree {
        let mut ini = tree!({
            "server": {"root_url": (format!("https://{}", self.host))},
            "analytics": {"reporting_enabled": false, "check_for_updates": false},
            "users": {"allow_sign_up": false},
        });
        if let (Some(sso), Some(ini)) = (&self.sso, ini.as_map_mut()) {
            ini.insert("auth", tree!({"oauth_auto_login": false, "disable_signout_menu": false}));
            ini.insert("auth.generic_oauth", sso.ini());
        }
        ini
    }
}

impl Sso {
    fn ini(&self) -> Tree {
        let [authorize, token, userinfo] = match self.kind {
            SsoKind::Keycloak => [
                "/protocol/openid-connect/auth",
                "/protocol/openid-connect/token",
                "/protocol/openid-connect/userinfo",
            ],
            SsoKind::Gitlab => ["/oauth/authorize", "/oauth/token", "/oauth/userinfo"],
            SsoKind::Dex => ["/auth", "/token", "/userinfo"],
        };
        let at = |path: &str| format!("{}{path}", self.issuer);
        // Names of groups are checked: nothing in them ends the quotes of JMESPath.
        let groups: Vec<String> = self
            .administrators
            .iter()
            .map(|group| format!("contains(groups[*], '{group}')"))
            .collect();
        let role = match groups.as_slice() {
            [] => "'Viewer'".to_owned(),
            groups => format!("{} && 'GrafanaAdmin' || 'Viewer'", groups.join(" || ")),
        };
        tree!({
            "enabled": true,
            "name": "SSO",
            "client_id": (self.client.clone()),
            "scopes": "openid profile email groups",
            "auth_url": (at(authorize)),
            "token_url": (at(token)),
            "api_url": (at(userinfo)),
            "allow_sign_up": true,
            "use_pkce": true,
            "role_attribute_path": role,
            "role_attribute_strict": false,
            "allow_assign_grafana_admin": true,
        })
    }
}
