//! What backups must promise, by arithmetic.

use super::model::Backup;
use crate::component::Symbols;
use crate::components::databases::model::Database;
use crate::components::databases::spec::BackupTool;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::duration::Duration;
use crate::path::At;

/// Nothing to restore from.
pub static NO_BACKUP: Rule = Rule::error(
    "databases/no-backup",
    "a database of a protected environment has no backups",
    "Replicas repeat every mistake within a second: a dropped table is dropped on all of them, and so is what a \
     faulty release overwrites.",
    "environments: {production: {cluster: main, protected: true}}\ndatabases: {orders: {team: payments, postgres: {version: 18}, storage: {data: 10Gi}}}",
);

/// A recovery point that archiving cannot keep.
pub static RECOVERY_POINT: Rule = Rule::error(
    "databases/recovery-point",
    "the recovery point is shorter than what archiving takes",
    "A segment of WAL leaves the cluster when it is full or `archive_timeout` old, and then has to reach the store: \
     30 seconds each are the least that makes sense. Less needs a synchronous standby in another place.",
    "databases: {orders: {backup: {to: offsite, recoveryPoint: 10s}}}",
);

/// A recovery time that arithmetic refutes.
pub static RECOVERY_TIME: Rule = Rule::error(
    "databases/recovery-time",
    "a restore takes longer than the recovery time",
    "All data is read from the store, then the WAL since the last backup is replayed by one process. The drill \
     measures it; this is what can be known before.",
    "databases: {orders: {storage: {data: 2Ti}, backup: {to: offsite, recoveryTime: 10m}}}",
);

/// Backups that are gone before the next.
pub static KEEP: Rule = Rule::error(
    "databases/backup-keep",
    "backups are kept for less than the time between two full ones",
    "Changes are restored on top of a full backup: without one inside the window there is nothing to restore.",
    "databases: {orders: {backup: {to: offsite, full: weekly, keep: 3d}}}",
);

/// Kinds in the wrong order.
pub static ORDER: Rule = Rule::error(
    "databases/backup-order",
    "a smaller kind of backup is not taken more often than a larger one",
    "An incremental backup holds what changed since the last one of any kind; where a larger kind is due as often, \
     it would never be taken.",
    "databases: {orders: {backup: {to: offsite, full: daily, differential: weekly}}}",
);

/// A kind that the tool does not have.
pub static KIND: Rule = Rule::error(
    "databases/backup-kind",
    "WAL-G is asked for backups of changes",
    "Without access to the data directory WAL-G takes the whole database over the replication protocol \
     (docs/PostgreSQL.md, backup-push); only pgBackRest saves changes here.",
    "databases: {orders: {backup: {to: offsite, tool: wal-g, differential: daily}}}",
);

/// A store that policies cannot let pods reach.
pub static UNREACHABLE: Rule = Rule::error(
    "databases/backup-unreachable",
    "the addresses of the store are not known",
    "A NetworkPolicy lets traffic out by address, not by name: without addresses no backup would leave the cluster.",
    "backup: {stores: {offsite: {kind: s3, endpoint: \"https://s3.acme.internal\", bucket: acme-backups, credentials: {secret: backup/s3}}}}",
);

/// A drill that is too rare.
pub static DRILL_RARE: Rule = Rule::warning(
    "databases/drill-rare",
    "restores are rehearsed less often than every month, or less often than backups are kept",
    "Every backup that could have been tried may be gone before it is known that none of them works.",
    "databases: {orders: {backup: {to: offsite, drill: \"0 3 1 1 *\"}}}",
);

/// Checks the backups of a database.
pub fn check(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let place = at.key("backup");
    let Some(backup) = &database.backup else {
        if symbols.is_protected() {
            diags
                .report(&NO_BACKUP, at, format!("`{}` has no backups", database.name))
                .help("write `backup: {to: <store>}`");
        }
        return;
    };
    objectives(database, backup, &place, at, diags);
    kinds(backup, &place, diags);
    if backup.store.cidrs.is_empty() {
        let mut found = diags.report(
            &UNREACHABLE,
            place.key("to"),
            format!("the store `{}` has no addresses", backup.to),
        );
        found = found.help("write the `addresses` of the store, such as `[10.20.50.0/24]`");
        if let Some(store) = symbols.backup_stores.at(&backup.to) {
            found.related(store.clone(), "the store");
        }
    }
    let drill = backup.drill.interval();
    if drill > Duration::from_days(31) || drill > backup.keep {
        diags
            .report(
                &DRILL_RARE,
                place.field("drill"),
                format!(
                    "a restore is rehearsed every {drill}, and backups are kept for {}",
                    backup.keep
                ),
            )
            .help("write for example `drill: weekly`");
    }
}

fn objectives(database: &Database, backup: &Backup, place: &At, at: &At, diags: &mut Diagnostics) {
    let point = backup.computed_recovery_point();
    if backup.recovery_point.as_secs() < point {
        diags
            .report(
                &RECOVERY_POINT,
                place.field("recoveryPoint"),
                format!("up to {point}s of writes are lost, {} may be", backup.recovery_point),
            )
            .help(format!("write `recoveryPoint: {point}s` or more"));
    }
    let data = database.storage.data;
    let seconds = backup.restore_seconds(data);
    if backup.recovery_time.as_secs() < seconds {
        let message = format!(
            "a restore takes {}: {} to read {data}, {} to replay",
            Duration::from_secs(seconds),
            Duration::from_secs(backup.copy_seconds(data)),
            Duration::from_secs(backup.replay_seconds()),
        );
        diags
            .report(&RECOVERY_TIME, place.field("recoveryTime"), message)
            .related(at.key("storage").key("data"), "what is read")
            .help("back up more often, state the store's `bandwidth`, or allow more time");
    }
    if backup.keep < backup.full.interval() {
        diags
            .report(
                &KEEP,
                place.field("keep"),
                format!(
                    "a full backup comes every {}, and is kept for {}",
                    backup.full.interval(),
                    backup.keep
                ),
            )
            .related(place.field("full"), "how often a full one is taken")
            .help("keep them for longer");
    }
}

fn kinds(backup: &Backup, place: &At, diags: &mut Diagnostics) {
    let field = |kind: &str| match kind {
        "diff" => place.field("differential"),
        "incr" => place.field("incremental"),
        _ => place.field("full"),
    };
    let all: Vec<_> = backup.kinds().collect();
    for (larger, smaller) in all.iter().zip(all.iter().skip(1)) {
        if smaller.1.interval() >= larger.1.interval() {
            diags
                .report(
                    &ORDER,
                    field(smaller.0),
                    format!("it is due every {}", smaller.1.interval()),
                )
                .related(field(larger.0), format!("due every {}", larger.1.interval()))
                .help("take it more often, or leave it out");
        }
    }
    if backup.tool == BackupTool::WalG {
        for (kind, _) in all.iter().skip(1) {
            diags
                .report(&KIND, field(kind), "WAL-G takes full backups only here")
                .help("remove it, or write `tool: pgbackrest`");
        }
    }
}
