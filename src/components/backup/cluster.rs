//! Objects of teams and their volumes: what is asked for, and what of it cannot be. A pass makes the add-on of it, since
//! the namespaces are known only when all environments are.

use super::spec::ClusterSpec;
use crate::component::{BackupStore, Default, Resolving, Symbols};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::duration::Duration;
use crate::k8s::name::Name;
use crate::k8s::routine::Routine;
use crate::k8s::secret::SecretRef;
use crate::k8s::store::SavedVolumes;
use crate::path::At;
use crate::plan::{BackupPlace, ClusterBackup, Exporter, Plan, Stage};

/// A store that Velero cannot write to.
pub static STORE_KIND: Rule = Rule::error(
    "backup/cluster-store-kind",
    "objects and volumes go to a store that is no bucket",
    "Velero keeps backups in object storage and in nothing else (Velero documentation, Backup Storage Locations).",
    "backup: {stores: {nas: {kind: nfs, server: 10.0.0.9, share: /export}}, cluster: {to: nas}}",
);

/// Backups that are gone before the next one.
pub static KEEP: Rule = Rule::error(
    "backup/cluster-keep",
    "a backup of objects and volumes is not kept for twice the time to the next one",
    "One failed backup and there is none at all.",
    "backup: {stores: {offsite: {kind: s3, …}}, cluster: {to: offsite, every: weekly, keep: 7d}}",
);

/// Snapshots that nobody can take.
pub static NO_SNAPSHOTS: Rule = Rule::error(
    "backup/cluster-no-snapshots",
    "volumes are saved by snapshots, and no storage class takes any",
    "Every backup would fail in part, with the volumes missing from it (Velero documentation, CSI Snapshot Support).",
    "storage: {snapshots: false, classes: {…}}\nbackup: {stores: {offsite: {kind: s3, …}}, cluster: {to: offsite, volumes: copies}}",
);

/// Snapshots that stay where the volumes are.
pub static STAYS: Rule = Rule::warning(
    "backup/cluster-stays",
    "snapshots of volumes stay in the storage that they are of",
    "What takes the storage takes its snapshots too; only objects are in the store.",
    "backup: {stores: {offsite: {kind: s3, …}}, cluster: {to: offsite, volumes: snapshots}}",
);

pub static EVERY: Default = Default::new(
    "backup.cluster.every",
    "daily",
    "at one in the morning, UTC; what is lost is then a day of what volumes hold",
);
pub static KEEP_FOR: Default =
    Default::new("backup.cluster.keep", "30d", "damage to files is noticed within a month");
pub static VOLUMES: Default = Default::new(
    "backup.cluster.volumes",
    "copies",
    "a copy outside the cluster, of one moment, that outlives the storage",
);
pub static ENCRYPTION: Default = Default::new(
    "backup.cluster.encryption",
    "backup/cluster#password",
    "beside the keys of the store; what Velero would use otherwise is the same everywhere and published",
);

/// What is saved, with no default left.
#[derive(Debug)]
pub struct Saved {
    to: Name,
    every: Routine,
    keep: Duration,
    volumes: SavedVolumes,
    environments: Vec<Name>,
    teams: Vec<Name>,
    encryption: SecretRef,
}

/// Fills the defaults in and binds the store, the environments and the teams.
pub(super) fn resolve(spec: ClusterSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Saved> {
    for (index, name) in spec.environments.iter().enumerate() {
        let at = field!(at, spec.environments).index(index);
        cx.symbols.environments.bind(name.as_str(), &at, cx.diags);
    }
    // The document of a cluster has no teams; that of the whole estate has them all.
    if cx.symbols.teams.iter().next().is_some() {
        for (index, name) in spec.teams.iter().enumerate() {
            let at = field!(at, spec.teams).index(index);
            cx.symbols.teams.bind(name.as_str(), &at, cx.diags);
        }
    }
    let to = field!(at, spec.to);
    let store = cx.symbols.backup_stores.bind(spec.to.as_str(), &to, cx.diags)?;
    let saved = Saved {
        every: spec.every.unwrap_or_else(|| EVERY.get()),
        keep: spec.keep.unwrap_or_else(|| KEEP_FOR.get()),
        volumes: spec.volumes.unwrap_or_else(|| VOLUMES.get()),
        encryption: spec.encryption.unwrap_or_else(|| ENCRYPTION.get()),
        environments: spec.environments,
        teams: spec.teams,
        to: spec.to,
    };
    judge(&saved, store, at, cx.symbols, cx.diags);
    Some(saved)
}

fn judge(saved: &Saved, store: &BackupStore, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    if let BackupPlace::Nfs { .. } = store.place {
        let mut found = diags.report(
            &STORE_KIND,
            at.key("to"),
            format!("`{}` is an NFS export, and Velero writes to buckets only", saved.to),
        );
        if let Some(declared) = symbols.backup_stores.at(saved.to.as_str()) {
            found = found.related(declared.key("kind"), "its kind");
        }
        found.help("name a store of kind `s3`");
    }
    let interval = saved.every.interval();
    if interval.checked_mul(2).is_none_or(|twice| saved.keep < twice) {
        diags
            .report(
                &KEEP,
                at.key("keep"),
                format!(
                    "up to {interval} pass between backups, and one is kept for {}",
                    saved.keep
                ),
            )
            .related(at.key("every"), "how often one is made")
            .help("keep them for longer, or make them more often");
    }
    if saved.volumes.snapshots() && !symbols.storage_classes.iter().any(|(.., it)| it.snapshots) {
        diags
            .report(&NO_SNAPSHOTS, at.key("volumes"), "no storage class takes snapshots")
            .help("write `storage: {snapshots: true}` with a class, or `volumes: files`");
    }
    if saved.volumes == SavedVolumes::Snapshots {
        diags
            .report(&STAYS, at.key("volumes"), "what volumes hold does not leave the storage")
            .help("write `volumes: copies`, or waive this with the reason");
    }
}

/// States what is saved of a cluster; nothing where none of the environments is on it.
pub(super) fn lower(saved: &Saved, at: &At, cluster: &str, symbols: &Symbols, plan: &mut Plan) {
    let named = |name: &str| {
        saved.environments.is_empty() || saved.environments.iter().any(|it| it.as_str() == name)
    };
    let on_it = symbols.environments.iter().filter(|(.., about)| about.cluster == cluster);
    let environments: Vec<String> =
        on_it.map(|(name, ..)| name.to_owned()).filter(|name| named(name)).collect();
    let Some(store) = symbols.backup_stores.get(saved.to.as_str()) else { return };
    let BackupPlace::S3 { endpoint, bucket, region, credentials } = &store.place else { return };
    if environments.is_empty() {
        return;
    }
    // Here and not where the add-on is planned: alerts are chosen by what is scraped.
    let stage = Stage::Cluster(cluster.to_owned());
    plan.facts.exporters.push(Exporter { stage, name: "velero", at: at.clone() });
    let fact = ClusterBackup {
        schedule: saved.every.cron(0, 1),
        interval: saved.every.interval().as_secs(),
        keep: saved.keep.as_secs(),
        volumes: saved.volumes,
        environments,
        teams: saved.teams.iter().map(Name::to_string).collect(),
        endpoint: endpoint.clone(),
        bucket: bucket.clone(),
        region: region.clone(),
        access_key: credentials.property("access-key"),
        secret_key: credentials.property("secret-key"),
        encryption: saved.encryption.clone(),
        cidrs: store.cidrs.clone(),
        at: at.clone(),
    };
    plan.facts.cluster_backups.insert(cluster.to_owned(), fact);
}
