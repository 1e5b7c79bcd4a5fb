//! `backup`: stores of backups outside the cluster, the snapshots of its etcd, and what of its objects and volumes is
//! saved.

mod cluster;
mod spec;

use ipnet::IpNet;

use crate::component::{
    About, BackupPlace, BackupStore, Component, Default, Resolving, Situation, Symbols,
};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::duration::Duration;
use crate::k8s::store::Region;
use crate::path::At;
use crate::plan::nodes::EtcdTopology;
use crate::plan::{EtcdBackup, Exporter, Plan, Stage};
use crate::source::Scope;
pub use spec::{BackupSpec, ClusterSpec, EtcdSpec, StoreCredentialsSpec, StoreKind, StoreSpec};

/// A store without what its kind needs.
pub static STORE_INCOMPLETE: Rule = Rule::error(
    "backup/store-incomplete",
    "a store of backups lacks what its kind needs",
    "Backups would have nowhere to go, which is noticed when one is needed.",
    "backup: {stores: {offsite: {kind: s3, endpoint: \"https://s3.acme.internal\"}}}",
);

/// A field of the other kind.
pub static STORE_FIELD: Rule = Rule::error(
    "backup/store-field",
    "a store of backups has a field of the other kind of store",
    "The field would be ignored, and whoever wrote it would believe in it.",
    "backup: {stores: {nas: {kind: nfs, server: nas.acme.internal, share: /export, bucket: acme-backups}}}",
);

/// An endpoint without TLS.
pub static ENDPOINT_PLAIN: Rule = Rule::error(
    "backup/endpoint-plain",
    "the endpoint of a store is not served over TLS",
    "Neither pgBackRest nor WAL-G should send a database over an open wire, and pgBackRest's S3 client speaks TLS \
     only (its option repo-storage-verify-tls weakens the check, it does not remove TLS).",
    "backup: {stores: {offsite: {kind: s3, endpoint: \"http://s3.acme.internal\", bucket: acme-backups, credentials: {secret: backup/s3}}}}",
);

/// A path behind the endpoint.
pub static ENDPOINT_PATH: Rule = Rule::error(
    "backup/endpoint-path",
    "the endpoint of a store has a path",
    "S3 signs the path of every request: a prefix in front of the bucket makes every signature wrong.",
    "backup: {stores: {offsite: {kind: s3, endpoint: \"https://acme.internal/s3\", bucket: acme-backups, credentials: {secret: backup/s3}}}}",
);

/// Every address there is.
pub static STORE_EVERYWHERE: Rule = Rule::warning(
    "backup/store-everywhere",
    "the addresses of a store are every address there is",
    "The pods of databases could then send their data anywhere.",
    "backup: {stores: {offsite: {kind: s3, endpoint: \"https://s3.example.com\", bucket: acme-backups, credentials: {secret: backup/s3}, addresses: [0.0.0.0/0]}}}",
);

/// Snapshots that are gone before the next one.
pub static ETCD_KEEP: Rule = Rule::error(
    "backup/etcd-keep",
    "a snapshot of etcd is not kept for twice the time to the next one",
    "One failed snapshot and there is none at all.",
    "backup: {stores: {nas: {kind: nfs, server: 10.0.0.9, share: /export}}, etcd: {every: 24h, keep: 24h, to: nas}}",
);

/// Snapshots too rarely.
pub static ETCD_RARE: Rule = Rule::warning(
    "backup/etcd-rare",
    "snapshots of etcd are more than a day apart",
    "What controllers wrote since the last snapshot is lost with etcd: bound volumes, certificates, who leads.",
    "backup: {stores: {nas: {kind: nfs, server: 10.0.0.9, share: /export}}, etcd: {every: 7d, keep: 30d, to: nas}}",
);

static REGION: Default = Default::new(
    "backup.stores.*.region",
    "us-east-1",
    "what S3 services without regions take, and what clients sign with that are told nothing",
);
static ETCD_EVERY: Default = Default::new(
    "backup.etcd.every",
    "1h",
    "a snapshot is some hundred megabytes at most and takes seconds; what is lost is then an hour of decisions",
);
static ETCD_KEEP_FOR: Default = Default::new(
    "backup.etcd.keep",
    "7d",
    "damage to objects is noticed within a week, and an older state is of no use to a cluster that went on",
);

/// Where backups are kept, the snapshots of etcd, and what of objects and volumes is saved.
#[derive(Debug)]
pub struct Backup {
    etcd: Option<(Duration, Duration, String)>,
    cluster: Option<cluster::Saved>,
}

impl Component for Backup {
    const ABOUT: About = About {
        section: "backup",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "stores of backups outside the cluster, the snapshots of its etcd, and what of its objects and volumes is saved",
        rules: &[
            &STORE_INCOMPLETE,
            &STORE_FIELD,
            &ENDPOINT_PLAIN,
            &ENDPOINT_PATH,
            &STORE_EVERYWHERE,
            &ETCD_KEEP,
            &ETCD_RARE,
            &cluster::STORE_KIND,
            &cluster::KEEP,
            &cluster::NO_SNAPSHOTS,
            &cluster::STAYS,
        ],
        defaults: &[
            &REGION,
            &ETCD_EVERY,
            &ETCD_KEEP_FOR,
            &cluster::EVERY,
            &cluster::KEEP_FOR,
            &cluster::VOLUMES,
            &cluster::ENCRYPTION,
        ],
    };

    type Spec = BackupSpec;

    fn declare(spec: &BackupSpec, at: &At, symbols: &mut Symbols) {
        for (name, store) in &spec.stores {
            // An incomplete store is reported when the section is resolved; nobody else shall be told that it
            // does not exist, so it is declared with what there is.
            let about = BackupStore {
                place: place(store),
                cidrs: addresses(store),
                bandwidth: store.bandwidth.map(|bandwidth| bandwidth.get()),
            };
            symbols.backup_stores.declare(name.to_string(), at.key("stores").key(name), about);
        }
    }

    fn resolve(spec: BackupSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        for (name, store) in &spec.stores {
            check_store(store, &at.key("stores").key(name), cx.diags);
        }
        let etcd = spec.etcd.as_ref().map(|etcd| {
            let place = field!(at, spec.etcd);
            let every = etcd.every.unwrap_or_else(|| ETCD_EVERY.get());
            let keep = etcd.keep.unwrap_or_else(|| ETCD_KEEP_FOR.get());
            let to = field!(place, etcd.to);
            cx.symbols.backup_stores.bind(etcd.to.as_str(), &to, cx.diags);
            check_etcd(every, keep, &place, cx.diags);
            (every, keep, etcd.to.to_string())
        });
        let place = field!(at, spec.cluster);
        let cluster = spec.cluster.and_then(|written| cluster::resolve(written, &place, cx));
        Some(Self { etcd, cluster })
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        if let Some(saved) = &self.cluster {
            cluster::lower(saved, &at.key("cluster"), cluster, situation.symbols, plan);
        }
        let Some((every, keep, store)) = &self.etcd else { return };
        let Some(about) = situation.symbols.backup_stores.get(store) else { return };
        let fact = EtcdBackup {
            every: every.as_secs(),
            keep: keep.as_secs(),
            store: store.clone(),
            place: about.place.clone(),
            cidrs: about.cidrs.clone(),
            at: at.key("etcd"),
        };
        plan.facts.etcd_backups.insert(cluster.clone(), fact);
        // Members on machines of their own are no nodes: no exporter reads what they leave.
        let stacked = plan.facts.kubernetes.get(cluster);
        let stacked = stacked.is_some_and(|known| known.etcd == EtcdTopology::Stacked);
        if stacked && plan.facts.machines.contains_key(cluster) {
            plan.facts.exporters.push(Exporter {
                stage: situation.stage.clone(),
                name: "etcd-snapshots",
                at: at.key("etcd"),
            });
        }
    }
}

/// Where a store is; what is missing is empty, and an error of its own.
fn place(store: &StoreSpec) -> BackupPlace {
    let written = |text: Option<String>| text.unwrap_or_default();
    let nowhere = || "unknown".parse().ok();
    match store.kind {
        StoreKind::S3 => {
            let credentials = store.credentials.as_ref().map(|credentials| &credentials.secret);
            let Some(credentials) = credentials.cloned().or_else(nowhere) else {
                crate::bug!("a word is no path of a secret");
            };
            BackupPlace::S3 {
                endpoint: written(store.endpoint.as_ref().map(|it| it.to_string())),
                bucket: written(store.bucket.as_ref().map(|it| it.to_string())),
                region: store.region.clone().unwrap_or_else(|| REGION.get::<Region>()).to_string(),
                credentials,
            }
        }
        StoreKind::Nfs => BackupPlace::Nfs {
            server: written(store.server.as_ref().map(|it| it.to_string())),
            share: written(store.share.as_ref().map(|it| it.to_string())),
        },
    }
}

/// What policies must open: the addresses as written, else the one that the endpoint or the server is.
fn addresses(store: &StoreSpec) -> Vec<IpNet> {
    if !store.addresses.is_empty() {
        return store.addresses.iter().map(|cidr| cidr.net()).collect();
    }
    let endpoint = store.endpoint.as_ref().and_then(|url| url.host().parse().ok());
    let server = store.server.as_ref().and_then(|server| server.address());
    endpoint.or(server).map(IpNet::from).into_iter().collect()
}

fn check_store(store: &StoreSpec, at: &At, diags: &mut Diagnostics) {
    let s3 = store.kind == StoreKind::S3;
    // Field, whether it is of S3, whether it is written, whether its kind needs it.
    let fields = [
        ("endpoint", true, store.endpoint.is_some(), true),
        ("bucket", true, store.bucket.is_some(), true),
        ("region", true, store.region.is_some(), false),
        ("credentials", true, store.credentials.is_some(), true),
        ("server", false, store.server.is_some(), true),
        ("share", false, store.share.is_some(), true),
    ];
    let word = if s3 { "s3" } else { "nfs" };
    for (field, of_s3, written, needed) in fields {
        if of_s3 != s3 && written {
            diags
                .report(
                    &STORE_FIELD,
                    at.key(field),
                    format!("`{field}` is not a field of a store of kind `{word}`"),
                )
                .related(at.key("kind"), "its kind")
                .help("remove it, or change the kind");
        }
        if of_s3 == s3 && needed && !written {
            diags
                .report(&STORE_INCOMPLETE, at, format!("the store has no `{field}`"))
                .help(format!("a store of kind `{word}` needs `{field}`"));
        }
    }
    if let Some(endpoint) = &store.endpoint {
        let place = field!(at, store.endpoint);
        if !endpoint.is_encrypted() {
            diags
                .report(&ENDPOINT_PLAIN, &place, format!("`{endpoint}` is not served over TLS"))
                .help("write the `https://` address of the service");
        }
        if !matches!(endpoint.path(), "" | "/") {
            diags
                .report(&ENDPOINT_PATH, &place, format!("`{endpoint}` has a path"))
                .help("write scheme and host only; the bucket is a field of its own");
        }
    }
    for (index, cidr) in store.addresses.iter().enumerate() {
        if cidr.prefix_len() == 0 {
            diags
                .report(
                    &STORE_EVERYWHERE,
                    field!(at, store.addresses).index(index),
                    "these are all addresses there are",
                )
                .help("name the ranges of the service, or waive this with the reason");
        }
    }
}

fn check_etcd(every: Duration, keep: Duration, at: &At, diags: &mut Diagnostics) {
    if every.checked_mul(2).is_none_or(|twice| keep < twice) {
        diags
            .report(
                &ETCD_KEEP,
                at.field("keep"),
                format!("a snapshot is taken every {every} and kept for {keep}"),
            )
            .related(at.field("every"), "how often one is taken")
            .help("keep them for longer, or take them more often");
    }
    if every > Duration::from_days(1) {
        diags
            .report(&ETCD_RARE, at.field("every"), format!("a snapshot every {every} is rare"))
            .help("write for example `every: 1h`");
    }
}
