//! What the platform's parts are called, so that policies can name both ends of a connection.
//!
//! The platform itself is installed by its own components; these are the names that they and the tenants agree
//! on. Each is the default of the project that owns it.

/// The namespace of CoreDNS, and the label of its pods (kubeadm's addon manifest).
pub const DNS: Pods = Pods { namespace: "kube-system", label: ("k8s-app", "kube-dns") };

/// The data plane of the gateway: the proxies that Envoy Gateway starts in its own namespace.
pub const GATEWAY: Pods =
    Pods { namespace: "envoy-gateway-system", label: ("app.kubernetes.io/component", "proxy") };

/// The Gateway that HTTPRoutes attach to, in the namespace of [`GATEWAY`].
pub const GATEWAY_NAME: &str = "gateway";

/// Its listener for plain HTTP: redirects, and the questions of ACME servers.
pub const GATEWAY_HTTP: &str = "http";

/// Its listener for HTTPS. Routes name it: a route without a listener is served on the one for plain HTTP too,
/// which is there to redirect.
pub const GATEWAY_LISTENER: &str = "https";

/// Prometheus, as the operator labels its pods.
pub const MONITORING: Pods =
    Pods { namespace: "monitoring", label: ("app.kubernetes.io/name", "prometheus") };

/// The unit that owns the custom resource definitions of the Prometheus operator: without it nobody would read
/// the monitors of the platform, and nobody could make them.
pub const MONITORING_CRDS: &str = "prometheus-operator-crds";

/// The unit of the container network.
pub const CNI: &str = "cni";

/// The unit that owns the definitions of the Gateway API.
pub const GATEWAY_CRDS: &str = "gateway-crds";

/// The unit of the Gateway itself, with its class and listeners.
pub const GATEWAY_UNIT: &str = "gateway";

/// The unit of the addresses that Services get.
pub const LOAD_BALANCER: &str = "load-balancer";

/// The unit of cert-manager.
pub const CERT_MANAGER: &str = "cert-manager";

/// The unit of the ClusterIssuers.
pub const ISSUERS: &str = "issuers";

/// The unit of the controller that makes Secrets.
pub const SECRETS: &str = "secrets";

/// The unit of the ClusterSecretStore.
pub const SECRET_STORE_UNIT: &str = "secret-store";

/// The unit of the controller of volume snapshots, with their definitions.
pub const SNAPSHOTS: &str = "snapshot-controller";

/// The unit of what saves objects and volumes.
pub const CLUSTER_BACKUP: &str = "velero";

/// The unit of the storage classes.
pub const STORAGE: &str = "storage";

/// What a kind of object needs before it can be applied: the unit that defines the kind, admits it or fulfils it.
pub const NEEDS: &[(&str, &str, &str)] = &[
    ("gateway.networking.k8s.io", "HTTPRoute", GATEWAY_UNIT),
    ("external-secrets.io", "ExternalSecret", SECRET_STORE_UNIT),
    ("external-secrets.io", "ClusterSecretStore", SECRETS),
    ("bitnami.com", "SealedSecret", SECRETS),
    ("monitoring.coreos.com", "ServiceMonitor", MONITORING_CRDS),
    ("monitoring.coreos.com", "PodMonitor", MONITORING_CRDS),
    ("monitoring.coreos.com", "PrometheusRule", MONITORING_CRDS),
    ("monitoring.coreos.com", "ScrapeConfig", MONITORING_CRDS),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch", LOGGING_OPERATOR),
    ("kibana.k8s.elastic.co", "Kibana", LOGGING_OPERATOR),
    ("cert-manager.io", "Certificate", ISSUERS),
    ("cert-manager.io", "ClusterIssuer", CERT_MANAGER),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass", SNAPSHOTS),
    ("", "PersistentVolumeClaim", STORAGE),
    ("apps", "StatefulSet", STORAGE),
    ("apps", "Deployment", CNI),
    ("apps", "DaemonSet", CNI),
    ("apps", "StatefulSet", CNI),
    ("batch", "CronJob", CNI),
    ("batch", "Job", CNI),
];

/// The namespaces of the platform's parts: no team's may be called so.
pub const NAMESPACES: &[&str] = &[
    "argocd",
    "calico-system",
    "cert-manager",
    "cilium-secrets",
    "cluster-autoscaler",
    "csi-driver-nfs",
    "default",
    "democratic-csi",
    "elastic-system",
    "envoy-gateway-system",
    "external-secrets",
    "kube-flannel",
    "logging",
    "logging-agents",
    "longhorn-system",
    "metallb-system",
    "metrics-server",
    "monitoring",
    "monitoring-agents",
    "sealed-secrets",
    "snapshot-controller",
    "tigera-operator",
    "velero",
];

/// The unit of the operator that makes Elasticsearch and Kibana.
pub const LOGGING_OPERATOR: &str = "eck-operator";

/// The ClusterSecretStore that ExternalSecrets read from.
pub const SECRET_STORE: &str = "estate";

/// The label by which a Prometheus selects the monitors of this estate.
pub const MONITOR_LABEL: (&str, &str) = ("groundplan.dev/monitor", "enabled");

/// Pods that are found by namespace and one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pods {
    /// Their namespace.
    pub namespace: &'static str,
    /// A label they have.
    pub label: (&'static str, &'static str),
}
