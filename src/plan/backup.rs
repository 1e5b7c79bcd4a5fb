//! Where backups are kept, and what is backed up of a cluster itself.

use ipnet::IpNet;

use crate::k8s::secret::SecretPath;
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
