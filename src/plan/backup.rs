//! Where backups are kept, and what is backed up of a cluster itself.

use ipnet::IpNet;

use crate::k8s::secret::{SecretPath, SecretRef};
use crate::k8s::store::SavedVolumes;
use crate::path::At;

/// Where backups are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupPlace {
    /// A bucket of an S3 service.
    S3 {
        /// The service: `https://s3.acme.internal`.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// The region.
        region: String,
        /// The path in the secret store of its `access-key` and `secret-key`.
        credentials: SecretPath,
    },
    /// An NFS export.
    Nfs {
        /// The server.
        server: String,
        /// The export.
        share: String,
    },
}

/// The host of an S3 service and the port that it answers at: of `https://s3.acme.internal`, 443.
pub fn authority(endpoint: &str) -> (&str, u16) {
    let authority = endpoint.trim_start_matches("https://").trim_end_matches('/');
    let written = authority.rsplit_once(':');
    let port = written.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    port.unwrap_or((authority, 443))
}

/// The snapshots of a cluster's etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdBackup {
    /// Seconds from one snapshot to the next.
    pub every: u64,
    /// Seconds for which a snapshot is kept.
    pub keep: u64,
    /// The name of the store.
    pub store: String,
    /// Where that store is.
    pub place: BackupPlace,
    /// The store's addresses; empty where its name is all that is known.
    pub cidrs: Vec<IpNet>,
    /// The field.
    pub at: At,
}

impl EtcdBackup {
    /// Hours from one snapshot to the next: timers fire at hours of the day, so this is the longest divisor of a day
    /// that is not longer than what was asked for.
    pub fn hours(&self) -> u32 {
        let asked = u32::try_from(self.every / 3600).unwrap_or(24).clamp(1, 24);
        (1..=asked).rev().find(|hours| 24_u32.is_multiple_of(*hours)).unwrap_or(1)
    }
}

/// What of a cluster's objects and volumes is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterBackup {
    /// When: five cron fields.
    pub schedule: String,
    /// The longest time between two backups, in seconds.
    pub interval: u64,
    /// Seconds for which a backup is kept.
    pub keep: u64,
    /// What becomes of volumes.
    pub volumes: SavedVolumes,
    /// The environments; never empty.
    pub environments: Vec<String>,
    /// The teams; empty for all of them.
    pub teams: Vec<String>,
    /// The service: `https://s3.acme.internal`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The region.
    pub region: String,
    /// The key that opens the bucket.
    pub access_key: SecretRef,
    /// Its secret half.
    pub secret_key: SecretRef,
    /// The password that volumes are encrypted with.
    pub encryption: SecretRef,
    /// The store's addresses; empty where its name is all that is known.
    pub cidrs: Vec<IpNet>,
    /// The field.
    pub at: At,
}
