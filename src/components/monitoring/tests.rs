use super::alerts::{self, Numbers};
use super::dashboards::DASHBOARDS;
use crate::catalog::metrics::exporters;
use crate::k8s::promql;

/// Every alert and panel, as if everything of the catalogue were scraped.
#[test]
fn every_alert_and_panel_reads_what_its_exporters_serve() {
    let all = exporters().map(|exporter| exporter.name).collect();
    let numbers = Numbers { masters: 3, etcd: 3, snapshot: 10_800, backup_age: 176_400 };
    let rules = alerts::rules(&all, numbers, None);
    let rules = rules.groups.iter().flat_map(|group| &group.rules);
    for rule in rules {
        let metrics = promql::metrics(&rule.expr)
            .unwrap_or_else(|invalid| panic!("{}: {invalid}", rule.alert));
        assert!(!rule.expr.contains('<') || !rule.expr.contains("<q"), "{}", rule.alert);
        for metric in metrics.iter().filter(|metric| *metric != "up") {
            let served =
                exporters().any(|exporter| exporter.metrics().any(|known| known == metric));
            assert!(served, "{}: nobody serves {metric}", rule.alert);
        }
    }
    assert!(DASHBOARDS.iter().all(|dashboard| dashboard.config_map(&all, "monitoring").is_some()));
}

#[test]
fn what_is_not_scraped_has_no_alert() {
    let only = ["kube-state-metrics"].into();
    let rules = alerts::rules(&only, Numbers::default(), None);
    let names: Vec<&str> = rules
        .groups
        .iter()
        .flat_map(|group| group.rules.iter().map(|rule| rule.alert.as_str()))
        .collect();
    assert!(names.contains(&"NodeDown") && !names.contains(&"Watchdog"), "{names:?}");
}

#[test]
fn numbers_that_are_not_known_leave_their_alerts_out() {
    let all = ["etcd", "apiserver"].into();
    let count = |numbers| {
        let rules = alerts::rules(&all, numbers, None);
        rules.groups.iter().map(|group| group.rules.len()).sum::<usize>()
    };
    assert_eq!(
        count(Numbers { masters: 3, etcd: 3, ..Numbers::default() }) - count(Numbers::default()),
        3
    );
}
