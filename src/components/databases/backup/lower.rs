//! What backups become: a server beside each member, the configuration of both ends, and the Job that takes them.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use minijinja::context;

use super::model::Backup;
use super::pods::{export, files, repository};
use crate::component::BackupPlace;
use crate::components::databases::lower::patroni::{REPLICATOR, TLS_FOLDER};
use crate::components::databases::lower::pod;
use crate::components::databases::model::{DATA_MOUNT, Database, SOCKETS, WAL_MOUNT};
use crate::components::databases::render::render;
use crate::components::databases::spec::BackupTool;
use crate::k8s::duration::Duration;
use crate::k8s::quantity::{Bytes, Cpu};
use crate::plan::authority;

/// Where pgBackRest serves the other members and the Job.
pub const PORT: u16 = 8432;
/// Memory of one process of pgBackRest, and what it may be with the pages it holds.
const SIDECAR_MEMORY: Bytes = Bytes::new(256 << 20);
const JOB_MEMORY: Bytes = Bytes::new(512 << 20);

/// What one part of a pod adds to the pod of a member.
#[derive(Debug, Default)]
pub struct Parts {
    /// Containers beside PostgreSQL.
    pub containers: Vec<core::Container>,
    /// Volumes of the pod.
    pub volumes: Vec<core::Volume>,
    /// What PostgreSQL's own container needs.
    pub mounts: Vec<core::VolumeMount>,
    /// Variables of PostgreSQL's own container.
    pub variables: Vec<core::EnvVar>,
}

/// The name of the ConfigMap that members read.
pub fn member_files(database: &Database) -> String {
    format!("{}-pgbackrest", database.scope())
}

/// The name of the CronJob, of its ConfigMap, and of the Secret with the keys of the repository.
pub fn job_name(database: &Database) -> String {
    format!("{}-backup", database.scope())
}

/// The claim on the export, where the store is one.
pub fn claim(database: &Database) -> String {
    format!("{}-backup", database.scope())
}

/// The Secret with the certificate that the Job shows to the members.
pub fn client_secret(database: &Database) -> String {
    format!("{}-backup-tls", database.scope())
}

/// The labels of the Job's pods; never those of a member, which Patroni would take them for.
pub fn job_labels(database: &Database) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name".to_owned(), job_name(database))].into()
}

/// Settings that archiving needs, as PostgreSQL spells them.
pub fn parameters(database: &Database, backup: &Backup) -> Vec<(&'static str, String)> {
    let push = match backup.tool {
        BackupTool::PgBackRest => {
            format!("pgbackrest --stanza={} archive-push \"%p\"", database.scope())
        }
        BackupTool::WalG => "wal-g wal-push \"%p\"".to_owned(),
    };
    vec![
        ("archive_mode", "on".to_owned()),
        ("archive_timeout", format!("{}s", backup.archive_timeout())),
        ("archive_command", push),
    ]
}

/// How a member fetches archived WAL that no other member has any more.
pub fn restore_command(database: &Database, backup: &Backup) -> String {
    match backup.tool {
        BackupTool::PgBackRest => {
            format!("pgbackrest --stanza={} archive-get %f \"%p\"", database.scope())
        }
        BackupTool::WalG => "wal-g wal-fetch \"%f\" \"%p\"".to_owned(),
    }
}

/// How a new member is filled from the store, before the leader is asked: the command for Patroni. WAL-G has no way
/// to go on with what is there, so its members come from the leader.
pub fn replica_command(database: &Database, backup: &Backup) -> Option<String> {
    let link = match database.wal_directory() {
        Some(folder) => format!(" --link-map=pg_wal={folder}"),
        None => String::new(),
    };
    (backup.tool == BackupTool::PgBackRest)
        .then(|| format!("pgbackrest --stanza={} --delta{link} restore", database.scope()))
}

/// What a member's pod gets.
pub fn member(database: &Database, backup: &Backup, estate: &str) -> Parts {
    let keys = job_name(database);
    let namespace = pod::field("NAMESPACE", "metadata.namespace");
    let mut variables = vec![namespace];
    variables.extend(repository(database, backup, estate, "$(NAMESPACE)", &keys));
    let mut parts = Parts { variables, ..Parts::default() };
    if let Some((volume, mount)) = export(backup, &claim(database)) {
        parts.volumes.push(volume);
        parts.mounts.push(mount);
    }
    if backup.tool == BackupTool::WalG {
        return parts;
    }
    parts.volumes.push(files("pgbackrest", &member_files(database)));
    parts.volumes.push(pod::scratch("spool", false, Bytes::from_mi(1024)));
    parts.mounts.push(pod::read_only("pgbackrest", "/etc/pgbackrest"));
    parts.mounts.push(pod::mount("spool", "/var/spool/pgbackrest"));
    let mut mounts = parts.mounts.clone();
    mounts.push(pod::mount("data", DATA_MOUNT));
    if database.storage.wal.is_some() {
        mounts.push(pod::mount("wal", WAL_MOUNT));
    }
    mounts.extend([
        pod::mount("sockets", SOCKETS),
        pod::mount("tmp", "/tmp"),
        pod::read_only("tls", TLS_FOLDER),
    ]);
    parts.containers.push(core::Container {
        name: "backrest".to_owned(),
        image: Some(database.image.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(vec!["pgbackrest".to_owned(), "server".to_owned()]),
        env: Some(parts.variables.clone()),
        ports: Some(vec![pod::port("backrest", PORT)]),
        resources: Some(pod::resources(Cpu::from_millicores(50), SIDECAR_MEMORY, None)),
        security_context: Some(pod::security()),
        volume_mounts: Some(mounts),
        ..core::Container::default()
    });
    parts
}

/// The part of a pod that a configuration of pgBackRest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A member: archives, and serves the Job.
    Member,
    /// The Job: reads from the members.
    Client,
    /// A restore into a scratch volume: knows no member.
    Drill,
}

/// pgBackRest's configuration.
pub fn configuration(database: &Database, backup: &Backup, part: Part) -> String {
    let s3 = match &backup.store.place {
        BackupPlace::S3 { endpoint, bucket, region, .. } => {
            let (host, port) = authority(endpoint);
            Some(context! { bucket, region, host, port })
        }
        BackupPlace::Nfs { .. } => None,
    };
    let values = context! {
        s3,
        part => match part {
            Part::Member => "member",
            Part::Client => "client",
            Part::Drill => "drill",
        },
        days => backup.keep.as_days(),
        processes => (database.resources.cpu.millicores() / 1000).clamp(1, 4),
        port => PORT,
        client => job_name(database),
        stanza => database.scope(),
        data => database.data_directory(),
        sockets => SOCKETS,
        members => database.member_names().collect::<Vec<_>>(),
    };
    render("pgbackrest.conf", values)
}

/// The ConfigMaps, each with its files.
pub fn config_maps(
    database: &Database,
    backup: &Backup,
) -> Vec<(String, Vec<(&'static str, String)>)> {
    match backup.tool {
        BackupTool::PgBackRest => vec![
            (
                member_files(database),
                vec![("pgbackrest.conf", configuration(database, backup, Part::Member))],
            ),
            (
                job_name(database),
                vec![
                    ("pgbackrest.conf", configuration(database, backup, Part::Client)),
                    ("backup.py", include_str!("backup.py").to_owned()),
                ],
            ),
        ],
        BackupTool::WalG => {
            vec![(
                job_name(database),
                vec![("backup.sh", include_str!("backup-wal-g.sh").to_owned())],
            )]
        }
    }
}

/// The command of the Job; with `first`, only where there is no backup yet.
fn command(database: &Database, backup: &Backup, first: bool) -> Vec<String> {
    if backup.tool == BackupTool::WalG {
        let mut words =
            vec!["/etc/groundplan/backup.sh".to_owned(), backup.keep.as_days().to_string()];
        words.extend(first.then(|| "first".to_owned()));
        return words;
    }
    let mut words =
        vec!["python3".to_owned(), "/etc/groundplan/backup.py".to_owned(), database.scope()];
    for (kind, routine) in backup.kinds() {
        words.push(format!("{kind}={}", routine.interval().as_secs()));
    }
    // Half a round: what is due before the next run is taken in this one.
    words.push(format!("slack={}", backup.most_frequent().interval().as_secs() / 2));
    words.extend(first.then(|| "first".to_owned()));
    words
}

fn template(
    database: &Database,
    backup: &Backup,
    estate: &str,
    first: bool,
) -> core::PodTemplateSpec {
    let keys = job_name(database);
    let mut env = vec![pod::field("NAMESPACE", "metadata.namespace")];
    env.extend(repository(database, backup, estate, "$(NAMESPACE)", &keys));
    let mut volumes = vec![files("files", &keys), pod::scratch("tmp", false, Bytes::from_mi(1024))];
    let mut mounts = vec![pod::read_only("files", "/etc/groundplan"), pod::mount("tmp", "/tmp")];
    match backup.tool {
        BackupTool::PgBackRest => {
            volumes.push(pod::of_certificate("tls", client_secret(database)));
            mounts.push(pod::read_only("tls", TLS_FOLDER));
            mounts.push(core::VolumeMount {
                sub_path: Some("pgbackrest.conf".to_owned()),
                ..pod::read_only("files", "/etc/pgbackrest/pgbackrest.conf")
            });
            for (number, member) in database.member_names().enumerate() {
                let host = format!(
                    "{member}.{}.$(NAMESPACE).svc.cluster.local",
                    database.members_service()
                );
                env.push(pod::value(&format!("PGBACKREST_PG{}_HOST", number + 1), host));
            }
        }
        BackupTool::WalG => {
            env.push(pod::value("PGHOST", database.primary_service()));
            env.push(pod::value("PGUSER", REPLICATOR));
            // Beside the replication connection it opens an ordinary one, to ask for version, timeline and folder.
            env.push(pod::value("PGDATABASE", "postgres"));
            env.push(pod::value("PGSSLMODE", "require"));
            env.push(pod::secret("PGPASSWORD", &database.credentials_secret(), "replication"));
        }
    }
    if let Some((volume, mount)) = export(backup, &claim(database)) {
        volumes.push(volume);
        mounts.push(mount);
    }
    let container = core::Container {
        name: "backup".to_owned(),
        image: Some(database.image.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(command(database, backup, first)),
        env: Some(env),
        resources: Some(pod::resources(Cpu::from_millicores(200), JOB_MEMORY, None)),
        security_context: Some(pod::security()),
        volume_mounts: Some(mounts),
        ..core::Container::default()
    };
    core::PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(job_labels(database)), ..ObjectMeta::default() }),
        spec: Some(core::PodSpec {
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            restart_policy: Some("Never".to_owned()),
            security_context: Some(pod::pod_security(database.image.user)),
            containers: vec![container],
            volumes: Some(volumes),
            ..core::PodSpec::default()
        }),
    }
}

fn job(template: core::PodTemplateSpec, deadline: u64) -> batch::JobSpec {
    batch::JobSpec {
        active_deadline_seconds: i64::try_from(deadline).ok(),
        backoff_limit: Some(1),
        template,
        ..batch::JobSpec::default()
    }
}

/// The longest that a full backup may take: everything is read and sent, twice over.
fn deadline(database: &Database, backup: &Backup) -> u64 {
    Duration::from_hours(1).as_secs() + 2 * backup.copy_seconds(database.storage.data)
}

/// The minute of the hour, and the hour of the night, at which a database is backed up: spread by its name, so that
/// not all of them read at once.
pub fn moment(name: &str) -> (u32, u32) {
    let sum = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    (sum % 60, sum / 60 % 4)
}

/// The CronJob. There is one for all kinds of backup, so that two never run at once: pods do not see each other's
/// locks.
pub fn cron_job(
    database: &Database,
    backup: &Backup,
    estate: &str,
    metadata: ObjectMeta,
) -> batch::CronJob {
    let (minute, hour) = moment(database.name.as_str());
    let schedule = backup.most_frequent().cron(minute, hour);
    scheduled(
        schedule,
        job(template(database, backup, estate, false), deadline(database, backup)),
        metadata,
    )
}

/// A job on a schedule, never beside the one before it.
pub fn scheduled(schedule: String, job: batch::JobSpec, metadata: ObjectMeta) -> batch::CronJob {
    batch::CronJob {
        metadata,
        spec: batch::CronJobSpec {
            schedule,
            time_zone: Some("Etc/UTC".to_owned()),
            concurrency_policy: Some("Forbid".to_owned()),
            starting_deadline_seconds: Some(3600),
            successful_jobs_history_limit: Some(3),
            failed_jobs_history_limit: Some(3),
            job_template: batch::JobTemplateSpec {
                spec: Some(job),
                ..batch::JobTemplateSpec::default()
            },
            ..batch::CronJobSpec::default()
        },
        ..batch::CronJob::default()
    }
}

/// The first backup, after the first sync: until there is one, nothing can be restored. It does nothing later.
pub fn first_job(
    database: &Database,
    backup: &Backup,
    estate: &str,
    metadata: ObjectMeta,
) -> batch::Job {
    let annotations = [
        ("argocd.argoproj.io/hook".to_owned(), "PostSync".to_owned()),
        ("argocd.argoproj.io/hook-delete-policy".to_owned(), "BeforeHookCreation".to_owned()),
    ];
    batch::Job {
        metadata: ObjectMeta { annotations: Some(annotations.into()), ..metadata },
        spec: Some(job(template(database, backup, estate, true), deadline(database, backup))),
        ..batch::Job::default()
    }
}
