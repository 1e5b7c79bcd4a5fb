//! What saves, proves and watches a database, put into the plan.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::backup::lower as backup;
use super::backup::model::Backup;
use super::lower::tls;
use super::model::{Database, PORT};
use super::spec::BackupTool;
use super::{drill, monitoring, recover, runbook};
use crate::component::{BackupPlace, Situation};
use crate::k8s::crd::Object;
use crate::k8s::crd::cert_manager::{CertificateSpec, PrivateKey};
use crate::k8s::crd::prometheus::PrometheusRuleSpec;
use crate::k8s::secret::SecretRef;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::{
    Artifact, Exporter, Flow, Origin, Peer, Plan, Requests, Resource, SecretEntry, SecretNeed,
    Stage, Tenancy, Unit, UnitId, UnitKind, authority, platform,
};

const COMPONENT: &str = "databases";

/// One database in one stage.
struct Cx<'a> {
    database: &'a Database,
    at: &'a At,
    situation: &'a Situation<'a>,
    /// Its namespace; `None` in the base.
    namespace: Option<String>,
    id: UnitId,
}

/// Puts everything of a database that is not the cluster itself into the plan.
pub fn lower(
    database: &Database,
    all: &[Database],
    at: &At,
    situation: &Situation<'_>,
    plan: &mut Plan,
) {
    let cx = Cx::of(database, at, situation);
    if let Some(backup) = &database.backup {
        cx.backups(backup, plan);
        cx.drill(backup, plan);
    }
    if let Some(source) = recover_source(database, all) {
        cx.recovery(source, plan);
    }
    cx.watch(plan);
}

/// Puts the namespace of a team's drills into the plan, once however many databases the team has.
pub fn drill_namespace(database: &Database, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
    if database.backup.is_some() {
        Cx::of(database, at, situation).drill_namespace(plan);
    }
}

/// The database that another one begins with.
pub fn recover_source<'a>(database: &Database, all: &'a [Database]) -> Option<&'a Database> {
    let from = &database.recover.as_ref()?.from;
    all.iter().find(|other| other.name == *from)
}

impl<'a> Cx<'a> {
    fn of(database: &'a Database, at: &'a At, situation: &'a Situation<'a>) -> Self {
        let namespace =
            situation.stage.environment().is_some().then(|| situation.namespace(&database.team));
        let id = UnitId {
            kind: UnitKind::Database,
            name: database.name.to_string(),
            stage: situation.stage.clone(),
        };
        Self { database, at, situation, namespace, id }
    }

    fn metadata(&self, name: impl Into<String>, namespace: Option<&str>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: namespace.map(str::to_owned),
            ..ObjectMeta::default()
        }
    }

    fn from(&self, fields: &[&str]) -> Origin {
        Origin::lowered(COMPONENT, fields.iter().map(|field| self.at.key(field)))
    }

    fn estate(&self) -> &str {
        &self.situation.symbols.estate
    }

    fn config_map(
        &self,
        name: &str,
        namespace: Option<&str>,
        files: Vec<(&'static str, String)>,
    ) -> core::ConfigMap {
        let data = files.into_iter().map(|(file, text)| (file.to_owned(), text));
        core::ConfigMap {
            metadata: self.metadata(name, namespace),
            data: Some(data.collect()),
            ..core::ConfigMap::default()
        }
    }

    fn backups(&self, backup: &Backup, plan: &mut Plan) {
        let (database, home) = (self.database, self.namespace.as_deref());
        let mut objects = Vec::new();
        for (name, files) in backup::config_maps(database, backup) {
            let object = self.config_map(&name, home, files);
            objects.push(Resource::object(&object, self.from(&["backup", "postgres"])));
        }
        let name = backup::job_name(database);
        let job = backup::cron_job(database, backup, self.estate(), self.metadata(&name, home));
        objects.push(Resource::object(&job, self.from(&["backup", "postgres"])));
        let first = self.metadata(format!("{name}-first"), home);
        let first = backup::first_job(database, backup, self.estate(), first);
        objects.push(Resource::object(&first, self.from(&["backup"])));
        if backup.tool == BackupTool::PgBackRest {
            let certificate = self.client_certificate();
            objects.push(Resource::object(&certificate, self.from(&["backup", "tls"])));
        }
        objects.extend(self.export(backup, &backup::claim(database), home));
        let unit = plan.unit(self.id.clone(), self.at);
        objects.into_iter().for_each(|object| unit.add(object));
        if let Some(home) = home {
            self.volume(backup, home, &backup::claim(database), plan);
            self.backup_flows(backup, home, plan);
        }
        let namespace = home.unwrap_or_default().to_owned();
        self.need_keys(&self.id, namespace, name, self.database, Vec::new(), plan);
    }

    /// The certificate that the Job shows to the members, by the database's own issuer.
    fn client_certificate(&self) -> Object<CertificateSpec> {
        let name = backup::client_secret(self.database);
        let common = backup::job_name(self.database);
        let spec = CertificateSpec {
            secret_name: name.clone(),
            common_name: Some(common.clone()),
            dns_names: vec![common],
            is_ca: false,
            duration: "2160h0m0s",
            renew_before: "720h0m0s",
            usages: vec!["digital signature", "key encipherment", "client auth"],
            private_key: PrivateKey::ecdsa(),
            issuer_ref: tls::issuer(self.database),
        };
        Object::new(self.metadata(name, self.namespace.as_deref()), spec)
    }

    /// The claim on an export; the volume is found by its name.
    fn export(&self, backup: &Backup, claim: &str, home: Option<&str>) -> Option<Resource> {
        let BackupPlace::Nfs { .. } = backup.store.place else { return None };
        let volume = home.map(|home| format!("{home}-{claim}"));
        let object = core::PersistentVolumeClaim {
            metadata: self.metadata(claim, home),
            spec: Some(core::PersistentVolumeClaimSpec {
                access_modes: Some(vec!["ReadWriteMany".to_owned()]),
                // Of no class: nobody shall make a volume for it.
                storage_class_name: Some(String::new()),
                volume_name: volume,
                resources: Some(core::VolumeResourceRequirements {
                    requests: Some(export_size()),
                    limits: None,
                }),
                ..core::PersistentVolumeClaimSpec::default()
            }),
            ..core::PersistentVolumeClaim::default()
        };
        Some(Resource::object(&object, self.from(&["backup"])))
    }

    /// The volume of an export. It belongs to the cluster, so it stands with the namespace, in the platform's hands.
    fn volume(&self, backup: &Backup, home: &str, claim: &str, plan: &mut Plan) {
        let BackupPlace::Nfs { server, share } = &backup.store.place else { return };
        let object = core::PersistentVolume {
            metadata: self.metadata(format!("{home}-{claim}"), None),
            spec: Some(core::PersistentVolumeSpec {
                access_modes: Some(vec!["ReadWriteMany".to_owned()]),
                capacity: Some(export_size()),
                claim_ref: Some(core::ObjectReference {
                    api_version: Some("v1".to_owned()),
                    kind: Some("PersistentVolumeClaim".to_owned()),
                    name: Some(claim.to_owned()),
                    namespace: Some(home.to_owned()),
                    ..core::ObjectReference::default()
                }),
                mount_options: Some(vec!["nfsvers=4.1".to_owned(), "hard".to_owned()]),
                nfs: Some(core::NFSVolumeSource {
                    server: server.clone(),
                    path: share.clone(),
                    read_only: None,
                }),
                persistent_volume_reclaim_policy: Some("Retain".to_owned()),
                volume_mode: Some("Filesystem".to_owned()),
                storage_class_name: Some(String::new()),
                ..core::PersistentVolumeSpec::default()
            }),
            ..core::PersistentVolume::default()
        };
        let owner = UnitId {
            kind: UnitKind::Namespace,
            name: home.to_owned(),
            stage: self.situation.stage.clone(),
        };
        plan.unit(owner, self.at).add(Resource::object(&object, self.from(&["backup"])));
    }

    fn flow(&self, from: Peer, to: Peer, port: u16, plan: &mut Plan) {
        plan.facts.flows.push(Flow {
            stage: self.situation.stage.clone(),
            from,
            to,
            sockets: vec![Socket::tcp(port)],
            component: COMPONENT,
            at: self.at.key("backup"),
        });
    }

    fn store(backup: &Backup) -> (Peer, u16) {
        let port = match &backup.store.place {
            BackupPlace::S3 { endpoint, .. } => authority(endpoint).1,
            BackupPlace::Nfs { .. } => 2049,
        };
        (Peer::Addresses(backup.store.cidrs.clone()), port)
    }

    fn backup_flows(&self, backup: &Backup, home: &str, plan: &mut Plan) {
        let pods = |labels| Peer::Pods { namespace: home.to_owned(), labels };
        let members = pods(self.database.selector());
        let job = pods(backup::job_labels(self.database));
        let (store, port) = Self::store(backup);
        let server = match backup.tool {
            BackupTool::PgBackRest => backup::PORT,
            BackupTool::WalG => PORT,
        };
        self.flow(job.clone(), members.clone(), server, plan);
        // The nodes mount exports, not the pods.
        if matches!(backup.store.place, BackupPlace::S3 { .. }) {
            self.flow(job, store.clone(), port, plan);
            self.flow(members, store, port, plan);
        }
    }

    /// The Secret with the keys of a repository, and what else is needed beside them.
    fn need_keys(
        &self,
        unit: &UnitId,
        namespace: String,
        name: String,
        of: &Database,
        mut entries: Vec<SecretEntry>,
        plan: &mut Plan,
    ) {
        let Some(backup) = &of.backup else { return };
        let entry = |key: &str, reference: SecretRef, field: &str| SecretEntry {
            key: key.to_owned(),
            reference,
            at: self.at.key(field),
        };
        entries.push(entry("cipher", backup.encryption.clone(), "backup"));
        if let BackupPlace::S3 { credentials, .. } = &backup.store.place {
            for key in ["access-key", "secret-key"] {
                entries.push(entry(key, credentials.property(key), "backup"));
            }
        }
        let unit = unit.clone();
        plan.facts.secrets.push(SecretNeed {
            unit,
            namespace,
            name,
            entries,
            component: COMPONENT,
        });
    }

    fn drill(&self, backup: &Backup, plan: &mut Plan) {
        let Some(home) = self.namespace.as_deref() else { return };
        let (database, stage) = (self.database, self.situation.stage);
        let namespace = drill::namespace(home);
        let owner =
            UnitId { kind: UnitKind::Namespace, name: namespace.clone(), stage: stage.clone() };
        let name = drill::name(database);
        let id = UnitId { name: format!("{}-drill", database.name), ..self.id.clone() };
        let mut objects = Vec::new();
        let files = self.config_map(&name, Some(&namespace), drill::config_map(database, backup));
        objects.push(Resource::object(&files, self.from(&["backup"])));
        let metadata = self.metadata(&name, Some(&namespace));
        let job: CronJob = drill::cron_job(database, backup, self.estate(), home, metadata);
        objects.push(Resource::object(&job, self.from(&["backup", "storage", "postgres"])));
        objects.extend(self.export(backup, &name, Some(&namespace)));
        let unit: &mut Unit = plan.unit(id.clone(), self.at);
        unit.namespace = Some(namespace.clone());
        unit.project = Some(namespace.clone());
        unit.needs.insert((owner, self.at.key("team")));
        unit.needs.insert((self.id.clone(), self.at.key("backup")));
        objects.into_iter().for_each(|object| unit.add(object));
        self.volume(backup, &namespace, &name, plan);

        let password = SecretEntry {
            key: "password".to_owned(),
            reference: database.credentials.property("drill"),
            at: self.at.key("credentials"),
        };
        self.need_keys(&id, namespace.clone(), name, database, vec![password], plan);

        let job = Peer::Pods { namespace: namespace.clone(), labels: drill::labels(database) };
        let members = Peer::Pods { namespace: home.to_owned(), labels: database.selector() };
        self.flow(job.clone(), members, PORT, plan);
        let (store, port) = Self::store(backup);
        if matches!(backup.store.place, BackupPlace::S3 { .. }) {
            self.flow(job, store, port, plan);
        }
        let (cpu, memory, storage) = drill::requests(database);
        plan.facts.requests.push(Requests {
            stage: stage.clone(),
            namespace,
            cpu: cpu.millicores(),
            memory: memory.get(),
            storage: storage.get(),
            least: 1,
            most: 1,
            at: self.at.key("backup"),
        });
    }

    fn drill_namespace(&self, plan: &mut Plan) {
        let Stage::Environment { environment, .. } = self.situation.stage else { return };
        let Some(home) = self.namespace.as_deref() else { return };
        let namespace = drill::namespace(home);
        let key = (self.situation.stage.clone(), namespace.clone());
        if plan.facts.tenancies.contains_key(&key) {
            return;
        }
        let home_key = (self.situation.stage.clone(), home.to_owned());
        let (owners, developers) = match plan.facts.tenancies.get(&home_key) {
            Some(home) => (home.owners.clone(), home.developers.clone()),
            None => (Vec::new(), Vec::new()),
        };
        let level = crate::k8s::pod_security::Level::Restricted;
        let mut labels = BTreeMap::from([
            ("groundplan.dev/team".to_owned(), self.database.team.to_string()),
            ("groundplan.dev/environment".to_owned(), environment.to_owned()),
        ]);
        for mode in ["enforce", "audit", "warn"] {
            labels.insert(format!("pod-security.kubernetes.io/{mode}"), level.word().to_owned());
            labels.insert(
                format!("pod-security.kubernetes.io/{mode}-version"),
                crate::k8s::pod_security::PINNED.to_owned(),
            );
        }
        let object = core::Namespace {
            metadata: ObjectMeta { labels: Some(labels), ..self.metadata(&namespace, None) },
            ..core::Namespace::default()
        };
        let owner = UnitId {
            kind: UnitKind::Namespace,
            name: namespace.clone(),
            stage: self.situation.stage.clone(),
        };
        let unit = plan.unit(owner, self.at);
        unit.namespace = Some(namespace.clone());
        unit.add(Resource::object(&object, self.from(&["backup", "team"])));
        let tenancy = Tenancy {
            stage: self.situation.stage.clone(),
            namespace,
            team: self.database.team.to_string(),
            protected: self.situation.symbols.is_protected(),
            owners,
            developers,
            pod_security: level,
            quota: None,
            at: self.at.key("backup"),
        };
        plan.facts.tenancies.insert(key, tenancy);
    }

    fn recovery(&self, source: &Database, plan: &mut Plan) {
        let Some(script) = recover::script(self.database) else { return };
        let name = recover::files(self.database);
        let home = self.namespace.as_deref();
        let object = self.config_map(&name, home, vec![("recover.sh", script)]);
        let unit = plan.unit(self.id.clone(), self.at);
        unit.add(Resource::object(&object, self.from(&["recover"])));
        let namespace = home.unwrap_or_default().to_owned();
        self.need_keys(&self.id, namespace, name, source, Vec::new(), plan);
    }

    fn watch(&self, plan: &mut Plan) {
        let Stage::Environment { cluster, environment } = self.situation.stage else { return };
        let Some(home) = self.namespace.as_deref() else { return };
        let database = self.database;
        let path = runbook::path(database, cluster, environment);
        let watched = monitoring::watched(database, home, path.clone());
        let scope = database.scope();
        let labelled = |labels: [(&str, &str); 1], metadata: ObjectMeta| ObjectMeta {
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..metadata
        };
        let rules = PrometheusRuleSpec { groups: monitoring::groups(&watched) };
        let metadata = labelled([platform::MONITOR_LABEL], self.metadata(&scope, Some(home)));
        let fields = ["postgres", "synchronous", "failover", "backup", "storage"];
        let rules = Resource::object(&Object::new(metadata, rules), self.from(&fields));
        let title = format!("Database {} in {environment}", database.name);
        let mut board = self.config_map(
            &format!("{scope}-dashboard"),
            Some(home),
            vec![("dashboard.json", monitoring::dashboard(&watched, &title))],
        );
        board.metadata = labelled([("grafana_dashboard", "1")], board.metadata);
        let board = Resource::object(&board, self.from(&["postgres"]));
        let unit = plan.unit(self.id.clone(), self.at);
        unit.add(rules);
        unit.add(board);
        for name in ["patroni", "postgres-exporter"] {
            let stage = self.situation.stage.clone();
            plan.facts.exporters.push(Exporter { stage, name, at: self.at.clone() });
        }
        plan.artifacts.push(Artifact {
            stage: self.situation.stage.clone(),
            path,
            text: runbook::text(database, cluster, environment, home),
            what: format!("what to do about the database {} in {environment}", database.name),
            origin: Origin::lowered(COMPONENT, [self.at.clone()]),
        });
    }
}

/// What a claim on an export says: nothing counts it, and a claim cannot be without.
fn export_size() -> BTreeMap<String, Quantity> {
    [("storage".to_owned(), Quantity("1Ti".to_owned()))].into()
}
