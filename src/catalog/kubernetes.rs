//! Kubernetes itself: which minors there are, until when they are mended, and what kubeadm brings along.
//!
//! Seen 2026-09-15: kubernetes.io/releases, kubeadm's constants and release notes of 1.35 to 1.37, the version
//! skew policy. Seen 2026-11-25: the end of 1.34 (kubernetes.io/releases/1.34) and its last patch (the tag v1.34.12 of
//! the module k8s.io/kubernetes, of 2026-09-23; no later one), and `cmd/kubeadm/app/constants` of v1.37.2, which has
//! etcd 3.7.0, pause 3.10.2 and CoreDNS 1.14.6.

use super::{Day, Series};
use crate::k8s::version::{MinorVersion, SemVer};

/// The minors, the oldest first.
pub static KUBERNETES: &[Series] = &[
    Series::new(1, 34, 12, Some(Day::new(2026, 10, 27))),
    Series::new(1, 35, 9, Some(Day::new(2027, 2, 28))),
    Series::new(1, 36, 4, Some(Day::new(2027, 6, 28))),
    Series::new(1, 37, 1, Some(Day::new(2027, 10, 28))),
];

/// What kubeadm of one minor installs beside Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubeadm {
    /// The minor.
    pub minor: MinorVersion,
    /// etcd.
    pub etcd: SemVer,
    /// The pause image's tag.
    pub pause: &'static str,
    /// CoreDNS; `None` where it was not seen.
    pub coredns: Option<SemVer>,
}

/// What each kubeadm installs.
pub static KUBEADM: &[Kubeadm] = &[
    Kubeadm {
        minor: MinorVersion::new(1, 34),
        etcd: SemVer::new(3, 6, 11),
        pause: "3.10.1",
        coredns: None,
    },
    Kubeadm {
        minor: MinorVersion::new(1, 35),
        etcd: SemVer::new(3, 6, 11),
        pause: "3.10.1",
        coredns: None,
    },
    Kubeadm {
        minor: MinorVersion::new(1, 36),
        etcd: SemVer::new(3, 6, 11),
        pause: "3.10.2",
        coredns: Some(SemVer::new(1, 14, 2)),
    },
    Kubeadm {
        minor: MinorVersion::new(1, 37),
        etcd: SemVer::new(3, 7, 0),
        pause: "3.10.2",
        coredns: Some(SemVer::new(1, 14, 6)),
    },
];

/// What kubeadm of a minor installs.
pub fn kubeadm(minor: MinorVersion) -> Option<&'static Kubeadm> {
    KUBEADM.iter().find(|known| known.minor == minor)
}

/// How many minors a kubelet may be older than the oldest API server (kubernetes.io/releases/version-skew-policy).
pub const KUBELET_BEHIND: u64 = 3;

/// How many minors the API servers of one cluster may differ, and kubectl from them.
pub const API_SERVERS_APART: u64 = 1;

/// Whether a kubelet of one minor may work for API servers of another.
pub const fn kubelet_fits(kubelet: MinorVersion, api_server: MinorVersion) -> bool {
    kubelet.major() == api_server.major()
        && kubelet.minor() <= api_server.minor()
        && api_server.minor() - kubelet.minor() <= KUBELET_BEHIND
}

/// The minors that an upgrade passes through, each one step: an API server may not skip one. `None` for a way
/// back or to another major, which nobody supports.
pub fn steps(from: MinorVersion, to: MinorVersion) -> Option<Vec<MinorVersion>> {
    let forward = from.major() == to.major() && from.minor() <= to.minor();
    forward.then(|| {
        (from.minor() + 1..=to.minor()).map(|minor| MinorVersion::new(to.major(), minor)).collect()
    })
}
