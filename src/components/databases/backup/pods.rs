//! What the pods of backups, drills and members have in common: volumes, variables, and the rights of none.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::model::Backup;
use crate::component::BackupPlace;
use crate::components::databases::model::Database;
use crate::components::databases::spec::BackupTool;
use crate::k8s::quantity::{Bytes, Cpu};

/// Where a store that is an export is mounted.
pub const EXPORT: &str = "/backup";

pub fn variable(name: &str, value: impl Into<String>) -> core::EnvVar {
    core::EnvVar { name: name.to_owned(), value: Some(value.into()), value_from: None }
}

pub fn field(name: &str, path: &str) -> core::EnvVar {
    let field_ref = core::ObjectFieldSelector { field_path: path.to_owned(), api_version: None };
    let from = core::EnvVarSource { field_ref: Some(field_ref), ..core::EnvVarSource::default() };
    core::EnvVar { name: name.to_owned(), value: None, value_from: Some(from) }
}

pub fn secret(name: &str, secret: &str, key: &str) -> core::EnvVar {
    let selector = core::SecretKeySelector {
        name: secret.to_owned(),
        key: key.to_owned(),
        optional: None,
    };
    let from =
        core::EnvVarSource { secret_key_ref: Some(selector), ..core::EnvVarSource::default() };
    core::EnvVar { name: name.to_owned(), value: None, value_from: Some(from) }
}

pub fn mount(name: &str, path: &str) -> core::VolumeMount {
    core::VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        ..core::VolumeMount::default()
    }
}

pub fn read(name: &str, path: &str) -> core::VolumeMount {
    core::VolumeMount { read_only: Some(true), ..mount(name, path) }
}

/// A folder that lasts as long as the pod.
pub fn scratch(name: &str, size: &str) -> core::Volume {
    let size_limit = Some(Quantity(size.to_owned()));
    core::Volume {
        name: name.to_owned(),
        empty_dir: Some(core::EmptyDirVolumeSource { size_limit, medium: None }),
        ..core::Volume::default()
    }
}

/// A ConfigMap as a folder; its scripts may be run.
pub fn files(name: &str, config_map: &str) -> core::Volume {
    let source = core::ConfigMapVolumeSource {
        name: config_map.to_owned(),
        default_mode: Some(0o555),
        ..core::ConfigMapVolumeSource::default()
    };
    core::Volume { name: name.to_owned(), config_map: Some(source), ..core::Volume::default() }
}

/// A certificate and its key, which only the group may read.
pub fn certificate(name: &str, secret: &str) -> core::Volume {
    let source = core::SecretVolumeSource {
        secret_name: Some(secret.to_owned()),
        default_mode: Some(0o440),
        ..core::SecretVolumeSource::default()
    };
    core::Volume { name: name.to_owned(), secret: Some(source), ..core::Volume::default() }
}

/// The export, where the store is one: its volume and where it is mounted.
pub fn export(backup: &Backup, claim: &str) -> Option<(core::Volume, core::VolumeMount)> {
    let BackupPlace::Nfs { .. } = backup.store.place else { return None };
    let source = core::PersistentVolumeClaimVolumeSource {
        claim_name: claim.to_owned(),
        read_only: None,
    };
    let volume = core::Volume {
        name: "backup".to_owned(),
        persistent_volume_claim: Some(source),
        ..core::Volume::default()
    };
    Some((volume, mount("backup", EXPORT)))
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
            variables.push(variable("PGBACKREST_REPO1_PATH", format!("{root}{path}")));
            variables.push(secret("PGBACKREST_REPO1_CIPHER_PASS", from, "cipher"));
            if s3 {
                variables.push(secret("PGBACKREST_REPO1_S3_KEY", from, "access-key"));
                variables.push(secret("PGBACKREST_REPO1_S3_KEY_SECRET", from, "secret-key"));
            }
        }
        (BackupTool::WalG, BackupPlace::S3 { endpoint, bucket, region, .. }) => {
            variables.push(variable("WALG_S3_PREFIX", format!("s3://{bucket}{path}")));
            variables.push(variable("AWS_ENDPOINT", endpoint.clone()));
            variables.push(variable("AWS_REGION", region.clone()));
            variables.push(variable("AWS_S3_FORCE_PATH_STYLE", "true"));
            variables.push(secret("AWS_ACCESS_KEY_ID", from, "access-key"));
            variables.push(secret("AWS_SECRET_ACCESS_KEY", from, "secret-key"));
        }
        (BackupTool::WalG, BackupPlace::Nfs { .. }) => {
            variables.push(variable("WALG_FILE_PREFIX", format!("{EXPORT}{path}")));
        }
    }
    if backup.tool == BackupTool::WalG {
        variables.push(secret("WALG_LIBSODIUM_KEY", from, "cipher"));
        // The cipher wants 32 bytes, which are kept as 64 digits.
        variables.push(variable("WALG_LIBSODIUM_KEY_TRANSFORM", "hex"));
        variables.push(variable("WALG_COMPRESSION_METHOD", "zstd"));
    }
    variables
}

/// A container without any right, on a file system it cannot write to.
pub fn confined() -> core::SecurityContext {
    core::SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(core::Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            ..core::Capabilities::default()
        }),
        ..core::SecurityContext::default()
    }
}

/// The user of the image, in a pod of the level `restricted`.
pub fn pod_security(user: u32) -> core::PodSecurityContext {
    let user = i64::from(user);
    core::PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user),
        run_as_group: Some(user),
        fs_group: Some(user),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(core::SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..core::PodSecurityContext::default()
    }
}

/// Memory is reserved and the limit in one; processor time is reserved.
pub fn resources(cpu: Cpu, memory: Bytes) -> core::ResourceRequirements {
    let memory = ("memory".to_owned(), Quantity(memory.to_string()));
    let cpu = ("cpu".to_owned(), Quantity(cpu.to_string()));
    core::ResourceRequirements {
        requests: Some([cpu, memory.clone()].into()),
        limits: Some([memory].into()),
        ..core::ResourceRequirements::default()
    }
}
