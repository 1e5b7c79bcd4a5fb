//! Who watches a database: an exporter beside each member, alerts with the numbers of this database, a dashboard.

mod alerts;
mod dashboard;

use k8s_openapi::api::core::v1 as core;

pub use alerts::{Watched, WatchedBackup, WatchedDrill, groups};
pub use dashboard::dashboard;

use super::lower::pod;
use super::model::{Database, SOCKETS};
use super::parameters;
use crate::k8s::quantity::{Bytes, Cpu};

/// Where the exporter serves.
pub const PORT: u16 = 9187;
/// The role it logs in as; it may read statistics and nothing else.
pub const ROLE: &str = "monitor";
/// The user of its image, by whom the server knows it on its socket: `nobody`.
pub const USER: i64 = 65534;

/// Its image: the version whose metrics are in `src/catalog/metrics/postgres-exporter.txt`. Made by
/// prometheus-community/postgres_exporter#1345, and run by others since (multigres/multigres-operator#594, 2026-08-19).
const IMAGE: &str = "quay.io/prometheuscommunity/postgres-exporter:v0.20.1";

/// The container beside each member. It logs in through the socket, as whom it runs: no password is needed, and none
/// can leak.
pub fn exporter() -> core::Container {
    let collectors = ["database_wraparound", "long_running_transactions", "stat_checkpointer"];
    let args = collectors.iter().map(|name| format!("--collector.{name}"));
    let mut security = pod::security();
    security.run_as_user = Some(USER);
    security.run_as_group = Some(USER);
    core::Container {
        name: "exporter".to_owned(),
        image: Some(IMAGE.to_owned()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(args.collect()),
        env: Some(vec![pod::value(
            "DATA_SOURCE_NAME",
            format!("host={SOCKETS} user={ROLE} dbname=postgres sslmode=disable"),
        )]),
        ports: Some(vec![pod::port("exporter", PORT)]),
        resources: Some(pod::resources(Cpu::from_millicores(20), Bytes::from_mi(64), None)),
        security_context: Some(security),
        volume_mounts: Some(vec![pod::mount("sockets", SOCKETS)]),
        ..core::Container::default()
    }
}

/// The numbers of a database that alerts compare with.
pub fn watched(database: &Database, namespace: &str, runbook: String) -> Watched {
    let scope = database.scope();
    let mut claims = vec![format!("data-{scope}")];
    claims.extend(database.storage.wal.map(|_| format!("wal-{scope}")));
    let backup = database.backup.as_ref();
    Watched {
        namespace: namespace.to_owned(),
        runbook,
        members: database.members,
        synchronous: u32::from(database.durability.waits() && database.members > 1),
        ttl: database.failover.ttl.as_secs(),
        lag: database.failover.read_lag.get(),
        slot_wal: parameters::slot_wal(database),
        claims,
        backup: backup.map(|backup| WatchedBackup {
            cronjob: super::backup::lower::job_name(database),
            interval: backup.most_frequent().interval().as_secs(),
            archive_timeout: backup.archive_timeout(),
        }),
        drill: backup.map(|backup| WatchedDrill {
            cronjob: super::drill::name(database),
            namespace: super::drill::namespace(namespace),
            interval: backup.drill.interval().as_secs(),
            recovery_time: backup.recovery_time.as_secs(),
        }),
        name: scope,
    }
}
