//! The charts of the platform: where each is, and the one version that its values are written for.
//!
//! A set: every version here supports the same minor versions of Kubernetes. Raising one means a new index in
//! `src/catalog/charts`, and rendering the chart with the judges.

use super::release::ChartSource;

/// A chart of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Its name.
    pub name: &'static str,
    /// Its version, as the chart spells it.
    pub version: &'static str,
    /// Where it is: an address, or a registry with `oci://`.
    pub home: &'static str,
}

impl Chart {
    /// Where it is, as a release says it.
    pub fn source(&self) -> ChartSource {
        match self.home.strip_prefix("oci://") {
            Some(registry) => ChartSource::Oci { registry: registry.to_owned(), digest: None },
            None => ChartSource::Repository { url: self.home.to_owned() },
        }
    }
}

macro_rules! charts {
    ($($(#[$doc:meta])* $constant:ident: $name:literal $version:literal $home:literal;)*) => {
        $($(#[$doc])* pub const $constant: Chart =
            Chart { name: $name, version: $version, home: $home };)*
        /// All of them.
        pub const ALL: &[Chart] = &[$($constant),*];
    };
}

charts! {
    /// Argo CD.
    ARGO_CD: "argo-cd" "10.1.1" "https://argoproj.github.io/argo-helm";
    /// cert-manager.
    CERT_MANAGER: "cert-manager" "v1.21.1" "oci://quay.io/jetstack/charts";
    /// Cilium.
    CILIUM: "cilium" "1.20.0" "https://helm.cilium.io";
    /// The node autoscaler.
    CLUSTER_AUTOSCALER: "cluster-autoscaler" "9.59.0" "https://kubernetes.github.io/autoscaler";
    /// The NFS driver.
    CSI_DRIVER_NFS: "csi-driver-nfs" "4.13.4"
        "https://raw.githubusercontent.com/kubernetes-csi/csi-driver-nfs/master/charts";
    /// Drivers for storage appliances.
    DEMOCRATIC_CSI: "democratic-csi" "0.15.1" "https://democratic-csi.github.io/charts/";
    /// The operator of Elasticsearch and Kibana.
    ECK_OPERATOR: "eck-operator" "3.5.0" "https://helm.elastic.co";
    /// External Secrets.
    EXTERNAL_SECRETS: "external-secrets" "2.9.0" "https://charts.external-secrets.io";
    /// Flannel.
    FLANNEL: "flannel" "v0.28.9" "https://flannel-io.github.io/flannel/";
    /// The shipper of logs on every node.
    FLUENT_BIT: "fluent-bit" "0.58.1" "https://fluent.github.io/helm-charts";
    /// The aggregator of logs.
    FLUENTD: "fluentd" "0.6.0" "https://fluent.github.io/helm-charts";
    /// The definitions of the Gateway API and of Envoy Gateway: their one owner.
    GATEWAY_CRDS: "gateway-crds-helm" "v1.9.0" "oci://docker.io/envoyproxy";
    /// Envoy Gateway.
    GATEWAY: "gateway-helm" "v1.9.0" "oci://docker.io/envoyproxy";
    /// Prometheus with its operator, Alertmanager, Grafana and the exporters of Kubernetes.
    KUBE_PROMETHEUS_STACK: "kube-prometheus-stack" "88.5.3"
        "https://prometheus-community.github.io/helm-charts";
    /// Longhorn.
    LONGHORN: "longhorn" "1.12.1" "https://charts.longhorn.io";
    /// MetalLB.
    METALLB: "metallb" "0.16.1" "https://metallb.github.io/metallb";
    /// The source of CPU and memory for autoscalers and `kubectl top`.
    METRICS_SERVER: "metrics-server" "3.13.1" "https://kubernetes-sigs.github.io/metrics-server/";
    /// The definitions of the Prometheus operator, which are too large for what brings it.
    PROMETHEUS_OPERATOR_CRDS: "prometheus-operator-crds" "31.0.1"
        "https://prometheus-community.github.io/helm-charts";
    /// Sealed Secrets.
    SEALED_SECRETS: "sealed-secrets" "2.18.5" "https://bitnami-labs.github.io/sealed-secrets";
    /// The controller of volume snapshots.
    SNAPSHOT_CONTROLLER: "snapshot-controller" "5.2.0" "https://piraeus.io/helm-charts/";
    /// The operator of Calico.
    TIGERA_OPERATOR: "tigera-operator" "v3.32.1" "https://docs.tigera.io/calico/charts";
    /// The definitions of Calico, which the operator's chart does not bring since 3.32.
    CALICO_CRDS: "crd.projectcalico.org.v1" "v3.32.1" "https://docs.tigera.io/calico/charts";
    /// Backups of objects and volumes.
    VELERO: "velero" "12.1.0" "https://vmware-tanzu.github.io/helm-charts";
}
