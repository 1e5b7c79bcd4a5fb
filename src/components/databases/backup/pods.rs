//! What the pods of backups, drills and members have in common: where the repository is, and how it is opened.

use k8s_openapi::api::core::v1 as core;

use super::model::Backup;
use crate::component::BackupPlace;
use crate::components::databases::lower::pod;
use crate::components::databases::model::Database;
use crate::components::databases::spec::BackupTool;

/// Where a store that is an export is mounted.
pub const EXPORT: &str = "/backup";

/// A ConfigMap as a folder; its scripts may be run.
pub fn files(name: &str, config_map: &str) -> core::Volume {
    let source = core::ConfigMapVolumeSource {
        name: config_map.to_owned(),
        default_mode: Some(0o555),
        ..core::ConfigMapVolumeSource::default()
    };
    core::Volume { name: name.to_owned(), config_map: Some(source), ..core::Volume::default() }
}

/// The export, where the store is one: its volume and where it is mounted.
pub fn export(backup: &Backup, claim: &str) -> Option<(core::Volume, core::VolumeMount)> {
    let BackupPlace::Nfs { .. } = backup.store.place else { return None };
    let source =
        core::PersistentVolumeClaimVolumeSource { claim_name: claim.to_owned(), read_only: None };
    let volume = core::Volume {
        name: "backup".to_owned(),
        persistent_volume_claim: Some(source),
        ..core::Volume::default()
    };
    Some((volume, pod::mount("backup", EXPORT)))
}

/// What tells pgBackRest or WAL-G where the repository is and how to open it. `namespace` is where the database
/// itself runs, as a value or as a reference to another variable.
pub fn repository(
    database: &Database,
    backup: &Backup,
    estate: &str,
    namespace: &str,
    from: &str,
) -> Vec<core::EnvVar> {
    let path = format!("/{estate}/{namespace}/{}-{}", database.scope(), database.major);
    let s3 = matches!(backup.store.place, BackupPlace::S3 { .. });
    let mut variables = Vec::new();
    match (backup.tool, &backup.store.place) {
        (BackupTool::PgBackRest, _) => {
            let root = if s3 { "" } else { EXPORT };
            variables.push(pod::value("PGBACKREST_REPO1_PATH", format!("{root}{path}")));
            variables.push(pod::secret("PGBACKREST_REPO1_CIPHER_PASS", from, "cipher"));
            if s3 {
                variables.push(pod::secret("PGBACKREST_REPO1_S3_KEY", from, "access-key"));
                variables.push(pod::secret("PGBACKREST_REPO1_S3_KEY_SECRET", from, "secret-key"));
            }
        }
        (BackupTool::WalG, BackupPlace::S3 { endpoint, bucket, region, .. }) => {
            variables.push(pod::value("WALG_S3_PREFIX", format!("s3://{bucket}{path}")));
            variables.push(pod::value("AWS_ENDPOINT", endpoint.clone()));
            variables.push(pod::value("AWS_REGION", region.clone()));
            variables.push(pod::value("AWS_S3_FORCE_PATH_STYLE", "true"));
            variables.push(pod::secret("AWS_ACCESS_KEY_ID", from, "access-key"));
            variables.push(pod::secret("AWS_SECRET_ACCESS_KEY", from, "secret-key"));
        }
        (BackupTool::WalG, BackupPlace::Nfs { .. }) => {
            variables.push(pod::value("WALG_FILE_PREFIX", format!("{EXPORT}{path}")));
        }
    }
    if backup.tool == BackupTool::WalG {
        variables.push(pod::secret("WALG_LIBSODIUM_KEY", from, "cipher"));
        // The cipher wants 32 bytes, which are kept as 64 digits.
        variables.push(pod::value("WALG_LIBSODIUM_KEY_TRANSFORM", "hex"));
        variables.push(pod::value("WALG_COMPRESSION_METHOD", "zstd"));
    }
    variables
}
