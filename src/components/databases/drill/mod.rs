//! The restore drill: proof, on schedule, that the database can be restored to a moment of now.
//!
//! It runs in a namespace of its own, beside nothing: what it restores is production's data, so the namespace has the
//! owners of the team and lets nothing in. It marks a restore point on the leader, restores to exactly that point from
//! the store alone, and looks at what came back. It cannot write to the store: `archive_mode` is off in it.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::backup::lower::{Part, configuration, moment, scheduled};
use super::backup::model::Backup;
use super::backup::pods::{export, files, repository};
use super::lower::pod;
use super::model::Database;
use super::spec::BackupTool;
use crate::k8s::quantity::{Bytes, Cpu};

/// What the drill needs on the leader, for the Job that sets the database up: it runs as superuser.
pub const STATEMENTS: &str = include_str!("drill.sql");
/// The role that the drill logs in as. Its password is the property `drill` of the database's credentials.
pub const ROLE: &str = "drill";
/// Buffers of the server that is started to look at what came back.
const BUFFERS: Bytes = Bytes::from_mi(256);
const MEMORY: Bytes = Bytes::from_mi(1536);

/// The name of the drill's unit, CronJob, ConfigMap and Secret.
pub fn name(database: &Database) -> String {
    format!("{}-drill", database.scope())
}

/// The namespace of a team's drills.
pub fn namespace(team_namespace: &str) -> String {
    format!("{team_namespace}-drills")
}

/// The labels of its pods.
pub fn labels(database: &Database) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name".to_owned(), name(database))].into()
}

/// The scratch volume: the data, the log that is replayed, and a quarter for what both become meanwhile.
pub fn scratch_size(database: &Database) -> Bytes {
    let log = database.storage.wal.unwrap_or(Bytes::new(0)).get();
    let bytes = database.storage.data.get().saturating_add(log);
    Bytes::new(bytes.saturating_add(bytes / 4)).round_up_to(Bytes::from_mi(1024))
}

/// The files of the drill.
pub fn config_map(database: &Database, backup: &Backup) -> Vec<(&'static str, String)> {
    let mut files = vec![("drill.sh", include_str!("drill.sh").to_owned())];
    match backup.tool {
        BackupTool::PgBackRest => {
            files.push(("pgbackrest.conf", configuration(database, backup, Part::Drill)));
            files.push(("restore.sh", include_str!("restore-pgbackrest.sh").to_owned()));
        }
        BackupTool::WalG => {
            files.push(("restore.sh", include_str!("restore-wal-g.sh").to_owned()));
        }
    }
    files
}

/// The CronJob. `home` is the namespace of the database.
pub fn cron_job(
    database: &Database,
    backup: &Backup,
    estate: &str,
    home: &str,
    metadata: ObjectMeta,
) -> batch::CronJob {
    let (minute, hour) = moment(database.name.as_str());
    // Twice the time it may take, for the checks that a restore in anger would leave out.
    let deadline = 2 * backup.recovery_time.as_secs() + backup.recovery_point.as_secs();
    let job = batch::JobSpec {
        active_deadline_seconds: i64::try_from(deadline).ok(),
        // One that passes at the second try has still failed once: people shall know.
        backoff_limit: Some(0),
        template: core::PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(labels(database)), ..ObjectMeta::default() }),
            spec: Some(contents(database, backup, estate, home)),
        },
        ..batch::JobSpec::default()
    };
    // After the night's backups, when few people look.
    scheduled(backup.drill.cron(minute, hour + 5), job, metadata)
}

fn contents(database: &Database, backup: &Backup, estate: &str, home: &str) -> core::PodSpec {
    let keys = name(database);
    let leader = format!(
        "host={}.{home}.svc.cluster.local user={ROLE} dbname=postgres sslmode=require connect_timeout=10 \
         target_session_attrs=read-write",
        database.primary_service()
    );
    let mut env = vec![
        pod::value("LEADER", leader),
        pod::secret("PGPASSWORD", &keys, "password"),
        pod::value("STANZA", database.scope()),
        pod::value("SCRATCH", "/scratch"),
        pod::value("RECOVERY_POINT", backup.recovery_point.as_secs().to_string()),
        pod::value("SHARED_BUFFERS", format!("{}MB", BUFFERS.get() >> 20)),
        pod::value("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", database.binaries())),
    ];
    env.extend(database.storage.wal.map(|_| pod::value("LINK_WAL", "true")));
    env.extend(repository(database, backup, estate, home, &keys));
    let mut volumes = vec![
        files("files", &keys),
        pod::scratch("tmp", false, Bytes::from_mi(1024)),
        core::Volume {
            name: "scratch".to_owned(),
            ephemeral: Some(core::EphemeralVolumeSource {
                volume_claim_template: Some(claim(database)),
            }),
            ..core::Volume::default()
        },
    ];
    let mut mounts = vec![
        pod::read_only("files", "/etc/groundplan"),
        pod::mount("tmp", "/tmp"),
        pod::mount("scratch", "/scratch"),
    ];
    if backup.tool == BackupTool::PgBackRest {
        mounts.push(core::VolumeMount {
            sub_path: Some("pgbackrest.conf".to_owned()),
            ..pod::read_only("files", "/etc/pgbackrest/pgbackrest.conf")
        });
    }
    if let Some((volume, mount)) = export(backup, &name(database)) {
        volumes.push(volume);
        mounts.push(mount);
    }
    core::PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        restart_policy: Some("Never".to_owned()),
        security_context: Some(pod::pod_security(database.image.user)),
        containers: vec![core::Container {
            name: "drill".to_owned(),
            image: Some(database.image.image.to_string()),
            image_pull_policy: Some("IfNotPresent".to_owned()),
            command: Some(vec!["/etc/groundplan/drill.sh".to_owned()]),
            env: Some(env),
            resources: Some(pod::resources(Cpu::from_millicores(500), MEMORY, None)),
            security_context: Some(pod::security()),
            volume_mounts: Some(mounts),
            ..core::Container::default()
        }],
        volumes: Some(volumes),
        ..core::PodSpec::default()
    }
}

fn claim(database: &Database) -> core::PersistentVolumeClaimTemplate {
    let size = Quantity(scratch_size(database).to_string());
    core::PersistentVolumeClaimTemplate {
        metadata: None,
        spec: core::PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: database.storage.class.as_ref().map(ToString::to_string),
            resources: Some(core::VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), size)].into()),
                limits: None,
            }),
            ..core::PersistentVolumeClaimSpec::default()
        },
    }
}

/// What the drill asks of its namespace's quota while it runs.
pub fn requests(database: &Database) -> (Cpu, Bytes, Bytes) {
    (Cpu::from_millicores(500), MEMORY, scratch_size(database))
}
