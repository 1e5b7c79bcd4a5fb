//! Backups as written to backups without doubts.

use super::model::Backup;
use crate::component::{Default, Resolving};
use crate::components::databases::spec::{BackupSpec, BackupTool};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::quantity::Bytes;
use crate::path::At;

pub static TOOL: Default = Default::new(
    "databases.*.backup.tool",
    "pgbackrest",
    "it saves from a standby, saves what changed, and is in the image; WAL-G is there should it be given up again",
);
pub static FULL: Default = Default::new(
    "databases.*.backup.full",
    "weekly",
    "each one is a chance to be rid of a damaged one; in between only changes are saved",
);
pub static KEEP: Default = Default::new(
    "databases.*.backup.keep",
    "4w",
    "mistakes in data are noticed within a month: at the next monthly closing",
);
pub static RECOVERY_POINT: Default = Default::new(
    "databases.*.backup.recoveryPoint",
    "5m",
    "a segment of WAL at least every few minutes costs nothing that is noticed",
);
pub static RECOVERY_TIME: Default = Default::new(
    "databases.*.backup.recoveryTime",
    "4h",
    "half a working day; state what the business needs and it is computed whether that holds",
);
pub static DRILL: Default = Default::new(
    "databases.*.backup.drill",
    "weekly",
    "a backup that was never restored is a hope",
);

/// Fills the defaults in and binds the store.
pub fn backup(
    spec: BackupSpec,
    (team, name): (&Name, &Name),
    data: Bytes,
    at: &At,
    cx: &mut Resolving<'_>,
) -> Option<Backup> {
    let store = cx.symbols.backup_stores.bind(spec.to.as_str(), &field!(at, spec.to), cx.diags)?;
    let encryption = spec.encryption.unwrap_or_else(|| {
        // The database's own secret, beside the passwords of the cluster.
        match format!("{team}/{name}-database#backup-encryption").parse() {
            Ok(reference) => reference,
            Err(error) => crate::bug!("names make no reference to a secret: {error}"),
        }
    });
    Some(Backup {
        tool: spec.tool.unwrap_or_else(|| TOOL.get::<BackupTool>()),
        store: store.clone(),
        full: spec.full.unwrap_or_else(|| FULL.get()),
        differential: spec.differential,
        incremental: spec.incremental,
        keep: spec.keep.unwrap_or_else(|| KEEP.get()),
        recovery_point: spec.recovery_point.unwrap_or_else(|| RECOVERY_POINT.get()),
        recovery_time: spec.recovery_time.unwrap_or_else(|| RECOVERY_TIME.get()),
        drill: spec.drill.unwrap_or_else(|| DRILL.get()),
        encryption,
        // A hundredth of the data an hour, where nobody measured it.
        wal_per_hour: spec.wal_per_hour.unwrap_or_else(|| Bytes::new(data.get() / 100)),
        to: spec.to.to_string(),
    })
}
