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

/// Its listener for HTTPS. Routes name it: a route without a listener is served on the one for plain HTTP too,
/// which is there to redirect.
pub const GATEWAY_LISTENER: &str = "https";

/// Prometheus, as the operator labels its pods.
pub const MONITORING: Pods =
    Pods { namespace: "monitoring", label: ("app.kubernetes.io/name", "prometheus") };

/// The unit that owns the custom resource definitions of the Prometheus operator: without it nobody would read
/// the monitors of the platform, and nobody could make them.
pub const MONITORING_CRDS: &str = "prometheus-operator-crds";

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
