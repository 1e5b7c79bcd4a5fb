//! The indexes that the compiler ships, one file a chart and version; each made by `groundplan catalog add`.

macro_rules! charts {
    ($($chart:literal $version:literal)*) => {
        /// Chart, version, and the text of the index.
        pub static ALL: &[(&str, &str, &str)] = &[$((
            $chart,
            $version,
            include_str!(concat!("charts/", $chart, "-", $version, ".yaml")),
        )),*];
    };
}

charts! {
    "argo-cd" "9.5.11"
    "argo-cd" "10.1.1"
    "cert-manager" "v1.20.3"
    "cert-manager" "v1.21.1"
    "cilium" "1.19.6"
    "cilium" "1.20.0"
    "cluster-autoscaler" "9.59.0"
    "crd.projectcalico.org.v1" "v3.32.1"
    "csi-driver-nfs" "4.13.4"
    "democratic-csi" "0.15.1"
    "eck-operator" "3.5.0"
    "external-secrets" "2.8.0"
    "external-secrets" "2.9.0"
    "flannel" "v0.28.9"
    "fluent-bit" "0.58.1"
    "fluentd" "0.6.0"
    "gateway-crds-helm" "v1.9.0"
    "gateway-helm" "v1.9.0"
    "kube-prometheus-stack" "88.5.3"
    "kubelet-csr-approver" "1.2.14"
    "longhorn" "1.12.1"
    "metallb" "0.15.3"
    "metallb" "0.16.1"
    "metrics-server" "3.13.1"
    "prometheus-adapter" "5.3.0"
    "prometheus-operator-crds" "31.0.1"
    "sealed-secrets" "2.18.5"
    "snapshot-controller" "5.2.0"
    "tigera-operator" "v3.32.1"
    "velero" "12.1.0"
}
