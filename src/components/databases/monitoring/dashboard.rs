//! A dashboard of one database in one environment, as Grafana's sidecar picks it up from a ConfigMap.

use crate::k8s::tree::Tree;
use crate::tree;

use super::Watched;

/// A panel's title, the unit of its axis, and the expressions with their legends.
type Panel = (&'static str, &'static str, Vec<(String, &'static str)>);

/// The dashboard's JSON.
pub fn dashboard(watched: &Watched, title: &str) -> String {
    let panels: Vec<Tree> =
        panels(watched).into_iter().enumerate().map(|(number, panel)| one(number, panel)).collect();
    let uid = format!("{}-{}", watched.namespace, watched.name);
    // Grafana takes 40 characters; the end is what differs.
    let uid = uid.get(uid.len().saturating_sub(40)..).unwrap_or(&uid).to_owned();
    let board = tree!({
        "uid": uid,
        "title": (title.to_owned()),
        "tags": ["database", "groundplan"],
        "timezone": "utc",
        "refresh": "1m",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "panels": panels,
    });
    match serde_json::to_string_pretty(&board) {
        Ok(text) => text + "\n",
        Err(error) => crate::bug!("a dashboard cannot be written: {error}"),
    }
}

fn panels(watched: &Watched) -> Vec<Panel> {
    let patroni = |metric: &str| watched.patroni(metric);
    let exporter = |metric: &str| watched.exporter(metric);
    let rate = |metric: &str| format!("sum by (pod) (rate({}[5m]))", exporter(metric));
    let mut panels = vec![
        ("Who leads", "none", vec![(patroni("patroni_primary"), "{{name}}")]),
        ("Streaming", "none", vec![(patroni("patroni_postgres_streaming"), "{{name}}")]),
        (
            "Behind the leader",
            "bytes",
            vec![(
                format!(
                    "max({}) - on () group_right () ({} > 0)",
                    patroni("patroni_xlog_location"),
                    patroni("patroni_xlog_replayed_location")
                ),
                "{{name}}",
            )],
        ),
        ("Timeline", "none", vec![(patroni("patroni_postgres_timeline"), "{{name}}")]),
        (
            "Transactions a second",
            "ops",
            vec![
                (rate("pg_stat_database_xact_commit"), "committed {{pod}}"),
                (rate("pg_stat_database_xact_rollback"), "rolled back {{pod}}"),
            ],
        ),
        (
            "Connections",
            "none",
            vec![
                (format!("sum by (pod) ({})", exporter("pg_stat_database_numbackends")), "{{pod}}"),
                (format!("max({})", exporter("pg_settings_max_connections")), "most"),
            ],
        ),
        (
            "Longest transaction",
            "s",
            vec![(exporter("pg_long_running_transactions_oldest_timestamp_seconds"), "{{pod}}")],
        ),
        (
            "Transactions since the last freeze",
            "none",
            vec![(
                format!("max({})", exporter("pg_database_wraparound_age_datfrozenxid_seconds")),
                "of 2147 million",
            )],
        ),
        (
            "WAL held back by slots",
            "bytes",
            vec![(exporter("pg_replication_slots_pg_wal_lsn_diff"), "{{slot_name}} {{pod}}")],
        ),
        (
            "Free on volumes",
            "bytes",
            vec![(
                watched.volume("kubelet_volume_stats_available_bytes"),
                "{{persistentvolumeclaim}}",
            )],
        ),
    ];
    if watched.backup.is_some() {
        panels.push((
            "Since the last segment was archived",
            "s",
            vec![(exporter("pg_stat_archiver_last_archive_age"), "{{pod}}")],
        ));
    }
    let ages = watched.cronjobs().map(|(namespace, cronjob)| {
        let of = format!("{{namespace=\"{namespace}\",cronjob=\"{cronjob}\"}}");
        (format!("time() - kube_cronjob_status_last_successful_time{of}"), "{{cronjob}}")
    });
    let ages: Vec<_> = ages.collect();
    if !ages.is_empty() {
        panels.push(("Since the last good backup and drill", "s", ages));
    }
    panels
}

fn one(number: usize, (title, unit, series): Panel) -> Tree {
    let number = i64::try_from(number).unwrap_or_default();
    let targets: Vec<Tree> = series
        .into_iter()
        .zip(["A", "B", "C"])
        .map(|((expr, legend), id)| {
            tree!({"refId": (id.to_owned()), "expr": expr, "legendFormat": (legend.to_owned())})
        })
        .collect();
    tree!({
        "id": (number + 1),
        "type": "timeseries",
        "title": (title.to_owned()),
        "datasource": {"type": "prometheus"},
        "gridPos": {"h": 8, "w": 12, "x": (number % 2 * 12), "y": (number / 2 * 8)},
        "fieldConfig": {"defaults": {"unit": (unit.to_owned()), "min": 0}, "overrides": []},
        "targets": targets,
    })
}
