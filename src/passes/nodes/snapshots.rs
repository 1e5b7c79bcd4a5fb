//! Snapshots of etcd: how often each member makes one, and how they get off the machines.
//!
//! One program takes them to any store: rclone sees a bucket and a mounted export as the same remote, `store:`, so
//! the two differ in its configuration only. Nothing is filtered on the way out of a machine (`firewall`).

use minijinja::{Value, context};

use super::cluster::{Cluster, Pool};
use super::files::{CLOSED, File, OPEN, PROGRAM};
use super::texts::Texts;
use crate::plan::nodes::Encryption;
use crate::plan::nodes::markers::NodeSecret;
use crate::plan::nodes::needs::{METRICS_FOLDER, SNAPSHOT_FOLDER, SNAPSHOT_STORE, snapshots_of};
use crate::plan::{BackupPlace, EtcdBackup};

/// Hours between two snapshots where nobody says it.
const EVERY: u32 = 6;

/// Where an export is mounted while it is used. systemd names the units after it.
const MOUNT: &str = "/srv/groundplan/snapshots";
const MOUNT_UNIT: &str = "srv-groundplan-snapshots.mount";
const AUTOMOUNT_UNIT: &str = "srv-groundplan-snapshots.automount";

/// The programs and units of a pool whose machines are members of etcd.
pub(super) fn files(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    if !cluster.is_member(pool.role) {
        return Vec::new();
    }
    let values = context! { folder => SNAPSHOT_FOLDER, keep => kept(cluster.backup) };
    let service = context! { stored => cluster.backup.is_some() };
    let mut files = vec![
        File::new(
            "/usr/local/sbin/etcd-snapshot",
            PROGRAM,
            texts.render("etcd-snapshot.sh", values),
        ),
        unit("etcd-snapshot.service", texts.render("etcd-snapshot.service", service)),
    ];
    let Some(backup) = cluster.backup else { return files };
    let values = context! {
        folder => SNAPSHOT_FOLDER,
        config => SNAPSHOT_STORE,
        metrics => METRICS_FOLDER,
        store => backup.store.clone(),
        root => snapshots_of(cluster.name),
        keep => backup.keep.div_ceil(3600),
        encrypted => cluster.kubernetes.encryption != Encryption::None,
    };
    let program = texts.render("etcd-store.sh", values);
    files.push(File::new("/usr/local/sbin/etcd-store", PROGRAM, program));
    let config = texts.render("etcd-store.conf", remote(&backup.place));
    files.push(File::new(SNAPSHOT_STORE, CLOSED, config));
    if let BackupPlace::Nfs { server, share } = &backup.place {
        // An address of IPv6 has colons of its own.
        let source = match server.parse() {
            Ok(address) => super::cluster::in_url(address),
            Err(_) => server.clone(),
        };
        let values = context! { source => format!("{source}:{share}"), mount => MOUNT };
        files.push(unit(MOUNT_UNIT, texts.render("etcd-store.mount", values)));
        let values = context! { mount => MOUNT };
        files.push(unit(AUTOMOUNT_UNIT, texts.render("etcd-store.automount", values)));
    }
    files
}

fn unit(name: &str, text: String) -> File {
    File::new(format!("/etc/systemd/system/{name}"), OPEN, text)
}

/// How many stay on a machine: those of a day at most where older ones are in a store, and never one that the store
/// would give back at once.
fn kept(backup: Option<&EtcdBackup>) -> u32 {
    let Some(backup) = backup else { return 24 / EVERY };
    let every = backup.hours();
    let wanted = backup.keep / (u64::from(every) * 3600);
    u32::try_from(wanted).unwrap_or(u32::MAX).min(24 / every).max(2)
}

/// What rclone must know of a store.
fn remote(place: &BackupPlace) -> Value {
    match place {
        BackupPlace::S3 { endpoint, bucket, region, .. } => context! {
            endpoint, bucket, region,
            access_key => NodeSecret::SnapshotAccessKey.marker(),
            secret_key => NodeSecret::SnapshotSecretKey.marker(),
        },
        BackupPlace::Nfs { .. } => context! { mount => MOUNT },
    }
}

/// When a member saves etcd: each in a different minute.
pub(super) fn timer(cluster: &Cluster<'_>, position: usize, texts: &Texts) -> File {
    let hours = cluster.backup.map_or(EVERY, EtcdBackup::hours);
    let minute = format!("{:02}", position * 7 % 60);
    unit("etcd-snapshot.timer", texts.render("etcd-snapshot.timer", context! { hours, minute }))
}

/// The units that a member starts at its first boot.
pub(super) fn started(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<&'static str> {
    let mut units = Vec::new();
    if cluster.is_member(pool.role) {
        units.push("etcd-snapshot.timer");
        if cluster.backup.is_some_and(|backup| matches!(backup.place, BackupPlace::Nfs { .. })) {
            units.push(AUTOMOUNT_UNIT);
        }
    }
    units
}

/// The distribution's packages that take snapshots to their store.
pub(super) fn packages(cluster: &Cluster<'_>, pool: &Pool<'_>) -> &'static [&'static str] {
    match cluster.backup.filter(|_| cluster.is_member(pool.role)).map(|backup| &backup.place) {
        Some(BackupPlace::S3 { .. }) => &["rclone"],
        Some(BackupPlace::Nfs { .. }) => &["nfs-common", "rclone"],
        None => &[],
    }
}
