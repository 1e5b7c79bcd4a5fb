//! What machines run beside Kubernetes, and what makes machines: the runtime, kube-vip, Cluster API.
//!
//! Seen 2026-08-21, tags and compatibility pages of each project.

use super::{Day, Fit, Series, Support};
use crate::k8s::version::{MinorVersion, SemVer};

/// containerd (RELEASES.md).
pub static CONTAINERD: &[Series] = &[
    Series::new(1, 7, 34, Some(Day::new(2026, 9, 30))),
    Series::new(2, 0, 11, Some(Day::new(2027, 3, 31))),
    Series::new(2, 2, 7, Some(Day::new(2026, 11, 6))),
    Series::new(2, 3, 4, Some(Day::new(2028, 4, 30))),
];

/// The series of containerd that is installed: the one with long support.
pub const CONTAINERD_CHOSEN: MinorVersion = MinorVersion::new(2, 3);

/// The oldest patch of containerd's series that is made for a minor of Kubernetes (containerd RELEASES.md, the
/// table "Kubernetes Support").
static CONTAINERD_FOR: &[(u64, &[SemVer])] = &[
    (34, &[SemVer::new(1, 7, 28), SemVer::new(2, 0, 6), SemVer::new(2, 1, 3)]),
    (35, &[SemVer::new(1, 7, 28), SemVer::new(2, 1, 5), SemVer::new(2, 2, 0)]),
    (36, &[SemVer::new(2, 2, 0), SemVer::new(2, 3, 0)]),
];

/// Whether containerd of a version works for a minor of Kubernetes.
pub fn containerd_fits(containerd: &SemVer, kubernetes: MinorVersion) -> Fit {
    let Some((_, least)) = CONTAINERD_FOR.iter().find(|(minor, _)| *minor == kubernetes.minor())
    else {
        return Fit::Unknown;
    };
    // A series after the last one named only grows.
    match least.iter().find(|least| least.series() == containerd.series()) {
        Some(least) if containerd >= least => Fit::Supported,
        Some(_) => Fit::Refused,
        None if least.last().is_some_and(|last| containerd > last) => Fit::Supported,
        None => Fit::Refused,
    }
}

/// The node autoscaler, whose image is of the cluster's minor (kubernetes/autoscaler, tags of 2026-08-22).
pub static CLUSTER_AUTOSCALER: &[Series] =
    &[Series::new(1, 35, 2, None), Series::new(1, 36, 1, None)];

/// Something beside Kubernetes, at the version that this compiler installs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, as in the lock file.
    pub name: &'static str,
    /// The version.
    pub version: SemVer,
    /// The versions of Kubernetes it is made for, where its project says so.
    pub kubernetes: Option<Support>,
}

impl Part {
    const fn new(name: &'static str, version: SemVer, kubernetes: Option<Support>) -> Self {
        Self { name, version, kubernetes }
    }

    /// Whether it works with a minor of Kubernetes.
    pub fn fits(&self, kubernetes: MinorVersion) -> Fit {
        self.kubernetes.map_or(Fit::Unknown, |support| support.of(kubernetes))
    }
}

/// kube-vip.
pub static KUBE_VIP: Part = Part::new("kube-vip", SemVer::new(1, 2, 3), None);
/// Cluster API (docs/book/src/reference/versions.md names the versions of workload clusters).
pub static CLUSTER_API: Part =
    Part::new("cluster-api", SemVer::new(1, 14, 0), Some(Support::minors(31, 36)));
/// runc.
pub static RUNC: Part = Part::new("runc", SemVer::new(1, 4, 3), None);
/// The plugins of the container network interface.
pub static CNI_PLUGINS: Part = Part::new("cni-plugins", SemVer::new(1, 9, 1), None);
