//! A database's backups with every default filled in, and the arithmetic of what they promise.

use crate::component::BackupStore;
use crate::k8s::duration::Duration;
use crate::k8s::quantity::Bytes;
use crate::k8s::routine::Routine;
use crate::k8s::secret::SecretRef;

use crate::components::databases::spec::BackupTool;

/// Backups of a database.
#[derive(Clone, Debug)]
pub struct Backup {
    pub tool: BackupTool,
    /// The name of the store.
    pub to: String,
    pub store: BackupStore,
    pub full: Routine,
    pub differential: Option<Routine>,
    pub incremental: Option<Routine>,
    pub keep: Duration,
    pub recovery_point: Duration,
    pub recovery_time: Duration,
    pub drill: Routine,
    pub encryption: SecretRef,
    /// Bytes of WAL that are written in an hour.
    pub wal_per_hour: Bytes,
}

/// Seconds until a claim is bound and attached.
const PROVISION: u64 = 60;
/// Seconds to start, promote, and move the Service.
const PROMOTE: u64 = 30;
/// Seconds in which a segment, once it is switched to, is in the store.
const PUSH: u64 = 30;
/// Bytes of WAL that recovery replays in a second: one process, and random reads of the pages it changes.
const REPLAY: u64 = 100 << 20;
/// Bytes a second of a store that does not say: a gigabit link, and some other traffic on it.
const BANDWIDTH: u64 = 100 << 20;
/// The shortest time after which a segment is closed: each one costs 16 MiB on disk and a transfer.
const SHORTEST_SWITCH: u64 = 30;
/// The longest: longer saves nothing that anybody would notice.
const LONGEST_SWITCH: u64 = 300;

impl Backup {
    /// Seconds after which a segment is archived even if it is not full.
    pub fn archive_timeout(&self) -> u64 {
        self.recovery_point.as_secs().saturating_sub(PUSH).clamp(SHORTEST_SWITCH, LONGEST_SWITCH)
    }

    /// Seconds of writes that may be lost with the whole cluster.
    pub fn computed_recovery_point(&self) -> u64 {
        self.archive_timeout() + PUSH
    }

    /// The kinds of backup with their routines, the rarest first, as pgBackRest calls them.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, &Routine)> {
        [
            Some(("full", &self.full)),
            self.differential.as_ref().map(|routine| ("diff", routine)),
            self.incremental.as_ref().map(|routine| ("incr", routine)),
        ]
        .into_iter()
        .flatten()
    }

    /// The routine of the most frequent kind: the one by which the CronJob runs.
    pub fn most_frequent(&self) -> &Routine {
        self.kinds()
            .map(|(_, routine)| routine)
            .min_by_key(|routine| routine.interval())
            .unwrap_or(&self.full)
    }

    /// Bytes that can be read from the store in a second.
    pub fn bandwidth(&self) -> u64 {
        self.store.bandwidth.unwrap_or(BANDWIDTH).max(1)
    }

    /// Seconds that a restore takes in the worst case: everything is read, and all WAL since the last backup replayed.
    pub fn restore_seconds(&self, data: Bytes) -> u64 {
        PROVISION + self.copy_seconds(data) + self.replay_seconds() + PROMOTE
    }

    /// Seconds in which the data is read from the store.
    pub fn copy_seconds(&self, data: Bytes) -> u64 {
        data.get() / self.bandwidth()
    }

    /// Seconds in which the WAL since the last backup is read and replayed.
    pub fn replay_seconds(&self) -> u64 {
        let hours = u128::from(self.most_frequent().interval().as_secs());
        let wal = u128::from(self.wal_per_hour.get()) * hours / 3600;
        let rate = u128::from(REPLAY.min(self.bandwidth()));
        u64::try_from(wal / rate).unwrap_or(u64::MAX)
    }
}
