//! Which minors of Kubernetes a project says its releases are for: one row a series of releases, each with the place
//! where the project says it and the day on which somebody looked.
//!
//! A project that was asked and says nothing has a row that says so, and its answer is [`Fit::Unknown`], as is that
//! of a release without a row. containerd's table is in [`super::parts`]: it is by minor, and by patch.

use super::{Day, Fit, Range, Support};
use crate::k8s::version::{MinorVersion, SemVer};

/// What the maintainers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// They test these minors, or support these; of others they say nothing.
    Tested(Support),
    /// It works from this minor on, and not before.
    Since(MinorVersion),
    /// It works from the first of these minors on, and the project says that the second one breaks it.
    Until(MinorVersion, MinorVersion),
    /// Nothing, where somebody looked.
    Nothing,
}

/// What is said of a series of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The chart, or the program where there is no chart.
    pub name: &'static str,
    /// The first release.
    pub from: SemVer,
    /// The first one for which it does not hold.
    pub below: SemVer,
    /// What is said.
    pub says: Says,
    /// Where.
    pub source: &'static str,
    /// When somebody looked.
    pub seen: Day,
}

impl Row {
    /// Whether the releases are for a minor.
    pub fn fits(&self, minor: MinorVersion) -> Fit {
        match self.says {
            Says::Tested(support) if minor >= support.from && minor <= support.to => Fit::Supported,
            Says::Since(from) if minor >= from => Fit::Supported,
            Says::Until(from, broken) if minor >= from && minor < broken => Fit::Supported,
            Says::Since(_) | Says::Until(..) => Fit::Refused,
            Says::Tested(_) | Says::Nothing => Fit::Unknown,
        }
    }

    /// What is said, for people.
    pub fn words(&self) -> String {
        match self.says {
            Says::Tested(Support { from, to }) if from == to => format!("Kubernetes {from} only"),
            Says::Tested(Support { from, to }) => format!("Kubernetes {from} to {to}"),
            Says::Since(from) => format!("Kubernetes {from} and newer"),
            Says::Until(from, broken) => {
                format!("Kubernetes {from} and newer, before {broken}, which breaks it")
            }
            Says::Nothing => "no version of Kubernetes".to_owned(),
        }
    }
}

const fn tested(from: u64, to: u64) -> Says {
    Says::Tested(Support::minors(from, to))
}

const fn since(minor: u64) -> Says {
    Says::Since(MinorVersion::new(1, minor))
}

const fn until(minor: u64, broken: u64) -> Says {
    Says::Until(MinorVersion::new(1, minor), MinorVersion::new(1, broken))
}

const fn v(major: u64, minor: u64, patch: u64) -> SemVer {
    SemVer::new(major, minor, patch)
}

/// When the projects' pages were read; a row that was looked at on another day says so itself.
const SEEN: Day = Day::new(2026, 8, 22);

macro_rules! rows {
    ($($name:literal { $($from:expr, $below:expr => $says:expr, $source:literal;)* })*) => {
        /// The rows, by name, the oldest releases first.
        pub static ROWS: &[Row] = &[$($(
            Row { name: $name, from: $from, below: $below, says: $says, source: $source, seen: SEEN },
        )*)*];
    };
}

rows! {
    "argo-cd" {
        // The charts 9.1 and 9.4 brought Argo CD 3.2 and 3.3, 9.5.12 brought 3.4. Of the charts after 10.1 nobody
        // has looked which one brought 3.5.
        v(9, 1, 0), v(9, 4, 0) => tested(31, 34), "argo-cd.readthedocs.io, tested-kubernetes-versions, 3.2";
        v(9, 4, 0), v(9, 5, 12) => tested(32, 35), "argo-cd.readthedocs.io, tested-kubernetes-versions, 3.3";
        v(9, 5, 12), v(10, 2, 0) => tested(32, 35), "argo-cd.readthedocs.io, tested-kubernetes-versions, 3.4";
        v(10, 7, 2), v(10, 8, 0) => tested(33, 36), "argo-cd.readthedocs.io, tested-kubernetes-versions, 3.5";
    }
    "cert-manager" {
        v(1, 20, 0), v(1, 21, 0) => tested(32, 35), "cert-manager.io/docs/releases, tested versions";
        v(1, 21, 0), v(1, 22, 0) => tested(33, 36), "cert-manager.io/docs/releases, tested versions";
    }
    "cilium" {
        v(1, 18, 0), v(1, 19, 0) => tested(30, 33), "docs.cilium.io, v1.18, network/kubernetes/compatibility";
        v(1, 19, 0), v(1, 20, 0) => tested(32, 35), "docs.cilium.io, v1.19, network/kubernetes/compatibility";
        // Read in the notes of two who went there (thaum-xyz/ankhmorpork#1056, kubermatic#16534), not on the page itself.
        v(1, 20, 0), v(1, 21, 0) => tested(33, 36), "docs.cilium.io, v1.20, network/kubernetes/compatibility, as others cite it";
    }
    // The image is of the same minor as the cluster; of both there are releases.
    "cluster-autoscaler" {
        v(9, 54, 0), v(9, 60, 0) => tested(35, 36), "kubernetes/autoscaler, cluster-autoscaler/README.md, Releases, and its tags";
    }
    "csi-driver-nfs" {
        v(4, 11, 0), v(4, 14, 0) => since(21), "kubernetes-csi/csi-driver-nfs, README.md";
    }
    "democratic-csi" {
        v(0, 14, 0), v(0, 16, 0) => Says::Nothing, "democratic-csi/charts, README.md and Chart.yaml";
    }
    "eck-operator" {
        v(3, 3, 0), v(3, 5, 0) => tested(31, 35), "elastic/cloud-on-k8s, README.md of 3.3 and 3.4";
        v(3, 5, 0), v(3, 6, 0) => tested(32, 36), "elastic/cloud-on-k8s, README.md of 3.5";
    }
    "external-secrets" {
        v(2, 0, 0), v(2, 7, 0) => tested(34, 35), "external-secrets.io, introduction/stability-support";
        v(2, 7, 0), v(2, 8, 0) => tested(35, 35), "external-secrets.io, introduction/stability-support";
        v(2, 8, 0), v(2, 9, 0) => tested(35, 36), "external-secrets.io, introduction/stability-support";
        v(2, 9, 0), v(2, 10, 0) => tested(36, 36), "external-secrets.io, introduction/stability-support";
    }
    "flannel" {
        v(0, 28, 0), v(0, 29, 0) => since(17), "flannel-io/flannel, README.md";
    }
    "fluent-bit" {
        v(0, 50, 0), v(0, 59, 0) => Says::Nothing, "fluent/helm-charts, README.md and Chart.yaml";
    }
    "fluentd" {
        v(0, 5, 0), v(0, 7, 0) => Says::Nothing, "fluent/helm-charts, README.md and Chart.yaml";
    }
    "gateway-helm" {
        v(1, 7, 0), v(1, 9, 0) => tested(32, 35), "gateway.envoyproxy.io/news/releases/matrix";
        v(1, 9, 0), v(1, 10, 0) => tested(33, 36), "gateway.envoyproxy.io/news/releases/matrix";
    }
    "gateway-crds-helm" {
        v(1, 7, 0), v(1, 9, 0) => tested(32, 35), "gateway.envoyproxy.io/news/releases/matrix";
        v(1, 9, 0), v(1, 10, 0) => tested(33, 36), "gateway.envoyproxy.io/news/releases/matrix";
    }
    "kube-prometheus-stack" {
        v(80, 0, 0), v(89, 0, 0) => since(25), "prometheus-community/helm-charts, Chart.yaml";
    }
    "kube-vip" {
        v(1, 0, 0), v(1, 3, 0) => Says::Nothing, "kube-vip/kube-vip, README.md; its own tests run on 1.35";
    }
    "kubelet-csr-approver" {
        v(1, 2, 0), v(1, 3, 0) => Says::Nothing, "postfinance/kubelet-csr-approver, README.md";
    }
    "longhorn" {
        v(1, 10, 0), v(1, 11, 3) => since(25), "longhorn.io, deploy/install, and Chart.yaml";
        // The page of 1.12 was not read: what its chart demands.
        v(1, 12, 0), v(1, 13, 0) => since(25), "longhorn/longhorn, Chart.yaml of 1.12.1";
    }
    "metallb" {
        // "invalid maximum value in CRD validation of ASNs in Kubernetes v1.36.0", mended in 0.16.0 only (#3035).
        v(0, 15, 0), v(0, 16, 0) => until(13, 36), "metallb.io, Requirements, and release-notes of 0.16.0";
        v(0, 16, 0), v(0, 17, 0) => since(13), "metallb.io, Requirements";
    }
    "metrics-server" {
        v(3, 13, 0), v(3, 14, 0) => since(31), "kubernetes-sigs/metrics-server, README.md, Compatibility Matrix, 0.8";
    }
    "prometheus-operator-crds" {
        v(20, 0, 0), v(32, 0, 0) => since(16), "prometheus-operator/prometheus-operator, README.md";
    }
    "sealed-secrets" {
        v(2, 17, 0), v(2, 19, 0) => since(24), "bitnami-labs/sealed-secrets, README.md, Compatibility with Kubernetes versions";
    }
    "snapshot-controller" {
        v(5, 0, 0), v(6, 0, 0) => since(25), "kubernetes-csi.github.io/docs/snapshot-controller";
    }
    "tigera-operator" {
        v(3, 30, 0), v(3, 31, 0) => tested(31, 35), "docs.tigera.io/calico/3.30, requirements";
        v(3, 31, 0), v(3, 32, 0) => tested(32, 35), "docs.tigera.io/calico/3.31, requirements";
        v(3, 32, 0), v(3, 33, 0) => tested(34, 36), "docs.tigera.io/calico/3.32, requirements";
    }
    "crd.projectcalico.org.v1" {
        v(3, 32, 0), v(3, 33, 0) => tested(34, 36), "docs.tigera.io/calico/3.32, requirements";
    }
    "velero" {
        // It says that it expects all to work, and tests up to 1.35.
        v(12, 0, 0), v(13, 0, 0) => since(18), "vmware-tanzu/velero, README.md, compatibility matrix, 1.18";
    }
}

/// The row of a release.
pub fn row(name: &str, version: &str) -> Option<&'static Row> {
    let version = super::chart_version(version)?;
    ROWS.iter().find(|row| row.name == name && version >= row.from && version < row.below)
}

/// Whether a release is for a minor of Kubernetes.
pub fn fit(name: &str, version: &str, minor: MinorVersion) -> Fit {
    row(name, version).map_or(Fit::Unknown, |row| row.fits(minor))
}

/// The versions of Kubernetes that a chart lets itself be rendered for: as an index beside the blueprint says, or one
/// that is shipped.
pub fn demanded(chart: &str, version: &str, own: Option<&str>) -> Option<Range> {
    match own {
        Some(range) => range.parse().ok(),
        None => super::requires(chart, version),
    }
}

/// Whether a chart is for a minor of Kubernetes: what it demands itself, and what its maintainers say.
pub fn chart_fits(chart: &str, version: &str, own: Option<&str>, minor: MinorVersion) -> Fit {
    if demanded(chart, version, own).is_some_and(|range| !range.holds(minor)) {
        return Fit::Refused;
    }
    fit(chart, version, minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_do_not_overlap_and_name_their_source() {
        for pair in ROWS.windows(2).filter(|pair| pair[0].name == pair[1].name) {
            assert!(pair[0].below <= pair[1].from, "{pair:?}");
        }
        for row in ROWS {
            assert!(row.from < row.below, "{row:?}");
            assert!(row.source.contains(['.', '/']) && row.seen.date().year() >= 2026, "{row:?}");
        }
    }

    #[test]
    fn what_nobody_tested_is_unknown_and_what_cannot_be_is_refused() {
        let fits = |name, version, minor| fit(name, version, MinorVersion::new(1, minor));
        assert_eq!(fits("argo-cd", "10.1.1", 35), Fit::Supported);
        assert_eq!(fits("argo-cd", "10.1.1", 36), Fit::Unknown);
        assert_eq!(fits("argo-cd", "10.7.2", 36), Fit::Supported);
        assert_eq!(fits("argo-cd", "10.3.0", 35), Fit::Unknown);
        assert_eq!(fits("cert-manager", "v1.21.1", 36), Fit::Supported);
        assert_eq!(fits("cert-manager", "1.21.1", 37), Fit::Unknown);
        assert_eq!(fits("metrics-server", "3.13.1", 37), Fit::Supported);
        assert_eq!(fits("metrics-server", "3.13.1", 30), Fit::Refused);
        assert_eq!(fits("metallb", "0.15.3", 35), Fit::Supported);
        assert_eq!(fits("metallb", "0.15.3", 36), Fit::Refused);
        assert_eq!(fits("kube-vip", "1.2.3", 36), Fit::Unknown);
        assert_eq!(fits("nothing", "1.2.3", 36), Fit::Unknown);
    }
}
