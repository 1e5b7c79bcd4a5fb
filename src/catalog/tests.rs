use super::kubernetes::{KUBERNETES, kubeadm, kubelet_fits, steps};
use super::parts::{CLUSTER_API, CONTAINERD, CONTAINERD_CHOSEN, containerd_fits};
use super::*;

fn choice(text: &str) -> VersionChoice {
    text.parse().unwrap()
}

fn minor(minor: u64) -> MinorVersion {
    MinorVersion::new(1, minor)
}

#[test]
fn a_series_is_its_newest_patch_and_the_unknown_is_said() {
    let known = |text| match choose(KUBERNETES, &choice(text)) {
        Chosen::Known(version, _) => version.to_string(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(known("1.36"), "1.36.4");
    assert_eq!(known("1.36.2"), "1.36.2");
    assert!(matches!(choose(KUBERNETES, &choice("1.36.9")), Chosen::UnknownPatch(..)));
    assert!(matches!(choose(KUBERNETES, &choice("1.36.1-rc.0")), Chosen::UnknownPatch(..)));
    assert_eq!(choose(KUBERNETES, &choice("1.99")), Chosen::UnknownSeries);
}

#[test]
fn tables_are_in_order_and_hold_real_days() {
    for table in [KUBERNETES, CONTAINERD] {
        assert!(table.is_sorted_by_key(|series| series.series));
        for series in table {
            let end = series.end_of_life.map(Day::date);
            assert!(end.is_some_and(|end| end.year() >= 2026), "{series:?}");
        }
    }
    for series in KUBERNETES {
        assert!(kubeadm(series.series).is_some(), "{series:?}");
    }
}

#[test]
fn what_nobody_said_is_unknown() {
    assert_eq!(CLUSTER_API.fits(minor(36)), Fit::Supported);
    assert_eq!(CLUSTER_API.fits(minor(37)), Fit::Unknown);
    assert_eq!(CLUSTER_API.fits(minor(30)), Fit::Refused);
    let Chosen::Known(containerd, _) =
        choose(CONTAINERD, &VersionChoice::Newest(CONTAINERD_CHOSEN))
    else {
        panic!("the chosen series is in the table")
    };
    assert_eq!(containerd_fits(&containerd, minor(36)), Fit::Supported);
    assert_eq!(containerd_fits(&containerd, minor(37)), Fit::Unknown);
    assert_eq!(containerd_fits(&SemVer::new(1, 7, 34), minor(36)), Fit::Refused);
    assert_eq!(containerd_fits(&SemVer::new(2, 1, 3), minor(35)), Fit::Refused);
    // 2.3 came after the table's last series for 1.35.
    assert_eq!(containerd_fits(&SemVer::new(2, 3, 4), minor(35)), Fit::Supported);
}

#[test]
fn what_a_chart_demands_is_in_the_head_of_its_index() {
    for (chart, version) in known() {
        let index = shipped(chart, version).expect("an index");
        assert_eq!(requires(chart, version), index.kubernetes, "{chart} {version}");
    }
    let issuers = shipped("cert-manager", "1.21.1").map(|index| index.definitions);
    assert!(issuers.iter().flatten().any(|one| one.to_string() == "cert-manager.io Issuer v1"));
}

#[test]
fn skew_and_steps_follow_the_policy() {
    assert!(kubelet_fits(minor(33), minor(36)));
    assert!(!kubelet_fits(minor(32), minor(36)));
    assert!(!kubelet_fits(minor(37), minor(36)), "never newer");
    assert_eq!(steps(minor(35), minor(37)), Some(vec![minor(36), minor(37)]));
    assert_eq!(steps(minor(36), minor(36)), Some(vec![]));
    assert_eq!(steps(minor(37), minor(36)), None, "there is no way back");
}
