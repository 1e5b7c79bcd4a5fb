//! What a newer version of a chart does otherwise, where its keys do not show it: as the project's own notes say.
//!
//! Keys that are read no more are not here: the indexes of the two versions tell them.

use super::Day;
use crate::k8s::version::SemVer;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The chart.
    pub chart: &'static str,
    /// The first version that has it.
    pub version: SemVer,
    /// What is otherwise, as a short sentence.
    pub what: &'static str,
    /// The keys that it is about: it concerns whoever writes one of them. Everybody, where there is none.
    pub keys: &'static [&'static str],
    /// What is not served any more: `apiVersion` and kind.
    pub removed: &'static [(&'static str, &'static str)],
    /// Where it is said.
    pub source: &'static str,
    /// When somebody looked.
    pub seen: Day,
}

/// When the projects' notes were read.
const SEEN: Day = Day::new(2026, 8, 22);

macro_rules! changes {
    ($($chart:literal $version:expr, $what:literal, keys $keys:expr, removed $removed:expr, $source:literal;)*) => {
        /// The changes, by chart, the oldest first.
        pub static CHANGES: &[Change] = &[$(Change {
            chart: $chart, version: $version, what: $what, keys: &$keys, removed: &$removed, source: $source,
            seen: SEEN,
        }),*];
    };
}

const fn v(major: u64, minor: u64, patch: u64) -> SemVer {
    SemVer::new(major, minor, patch)
}

changes! {
    "argo-cd" v(9, 0, 0), "`configs.params` has no defaults of the chart any more, and ApplicationSets follow their own policies", keys ["configs.params"], removed [],
        "argoproj/argo-helm, charts/argo-cd/README.md, 9.0.0";
    "argo-cd" v(10, 0, 0), "NetworkPolicies are made unless `global.networkPolicy.create` is false", keys [], removed [],
        "argoproj/argo-helm, charts/argo-cd/README.md, 10.0.0";
    "cilium" v(1, 19, 0), "BGP by CiliumBGPPeeringPolicy is gone, and pools of addresses are of cilium.io/v2", keys [],
        removed [
            ("cilium.io/v2alpha1", "CiliumBGPPeeringPolicy"),
            ("cilium.io/v2alpha1", "CiliumLoadBalancerIPPool"),
        ],
        "docs.cilium.io, v1.19, operations/upgrade, as thaum-xyz/ankhmorpork#1054 cites it";
    "cilium" v(1, 20, 0), "settings of nodes are of cilium.io/v2", keys [],
        removed [("cilium.io/v2alpha1", "CiliumNodeConfig")], "docs.cilium.io, v1.20, operations/upgrade, as thaum-xyz/ankhmorpork#1056 cites it";
    "kube-prometheus-stack" v(79, 0, 0), "Grafana's password is random on each rendering unless one is given", keys [],
        removed [], "prometheus-community/helm-charts, kube-prometheus-stack/UPGRADE.md, 79.x";
    "longhorn" v(1, 10, 0), "longhorn.io/v1beta1 is served no more", keys [],
        removed [
            ("longhorn.io/v1beta1", "Volume"),
            ("longhorn.io/v1beta1", "BackingImage"),
            ("longhorn.io/v1beta1", "RecurringJob"),
            ("longhorn.io/v1beta1", "Setting"),
        ],
        "longhorn/longhorn, CHANGELOG-1.10.0.md";
    "metallb" v(0, 16, 0), "frr-k8s is on unless `frrk8s.enabled` is false, and excludes `speaker.frr.enabled`",
        keys ["speaker.frr"], removed [], "metallb.io/release-notes, 0.16.0";
    "metallb" v(0, 16, 0), "metrics are served by TLS only", keys ["prometheus"], removed [],
        "metallb.io/release-notes, 0.16.0";
    "snapshot-controller" v(5, 0, 0), "the chart owns the definitions of snapshots: label those that are there", keys [],
        removed [], "piraeusdatastore/helm-charts, snapshot-controller/README.md, Upgrading from v4";
}

/// What changes from one version of a chart to a newer one.
pub fn between<'a>(
    chart: &'a str,
    from: &'a SemVer,
    to: &'a SemVer,
) -> impl Iterator<Item = &'static Change> + 'a {
    CHANGES.iter().filter(move |change| {
        change.chart == chart && change.version > *from && change.version <= *to
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_those_behind_the_old_version_up_to_the_new_one() {
        let of = |from, to| between("metallb", &from, &to).count();
        assert_eq!(of(v(0, 15, 3), v(0, 16, 1)), 2);
        assert_eq!(of(v(0, 16, 0), v(0, 16, 1)), 0);
        assert_eq!(of(v(0, 14, 0), v(0, 15, 3)), 0);
    }

    #[test]
    fn every_change_has_a_source() {
        for change in CHANGES {
            assert!(change.source.contains('/') && change.seen.date().year() >= 2026, "{change:?}");
        }
    }
}
