//! The Job that brings a running cluster in step with git after each sync: what its members agreed on, roles,
//! databases. What a Job cannot do twice it does not do.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Cx, patroni, pod, statements};
use crate::components::databases::drill;
use crate::components::databases::model::{Database, PORT, REST_PORT};
use crate::components::databases::parameters::FOLLOWED;
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::tree::Tree;
use crate::plan::Resource;
use crate::tree;

const FIELDS: [&str; 5] = ["postgres", "failover", "synchronous", "users", "databases"];

/// The name of the Job and of its ConfigMap.
pub fn name(database: &Database) -> String {
    format!("{}-reconcile", database.scope())
}

/// The labels of its pod.
pub fn selector(database: &Database) -> std::collections::BTreeMap<String, String> {
    [("app.kubernetes.io/name".to_owned(), name(database))].into()
}

/// The Secret with the passwords of the users.
pub fn users_secret(database: &Database) -> String {
    format!("{}-users", database.scope())
}

/// The Job and what it reads.
pub fn objects(cx: Cx<'_>) -> Vec<Resource> {
    let database = cx.database;
    let plan = serde_json::to_string_pretty(&plan(cx))
        .unwrap_or_else(|error| crate::bug!("a tree is not JSON: {error}"));
    let data = [
        ("plan.json", plan + "\n"),
        ("reconcile.py", include_str!("../templates/reconcile.py").to_owned()),
        ("statements.sql", statements::statements(database)),
    ];
    let config_map = core::ConfigMap {
        metadata: cx.metadata(name(database)),
        data: Some(data.map(|(file, text)| (file.to_owned(), text)).into()),
        ..core::ConfigMap::default()
    };
    let mut metadata = cx.metadata(name(database));
    metadata.annotations = Some(
        [
            ("argocd.argoproj.io/hook", "PostSync"),
            ("argocd.argoproj.io/hook-delete-policy", "BeforeHookCreation"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
    );
    let mut labels = selector(database);
    labels.insert("app.kubernetes.io/part-of".to_owned(), cx.estate.to_owned());
    labels.insert("app.kubernetes.io/component".to_owned(), "reconcile".to_owned());
    labels.insert("groundplan.dev/team".to_owned(), database.team.to_string());
    let job = Job {
        metadata,
        spec: Some(JobSpec {
            backoff_limit: Some(3),
            active_deadline_seconds: Some(7200),
            template: core::PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
                spec: Some(pod_of(database)),
            },
            ..JobSpec::default()
        }),
        ..Job::default()
    };
    vec![Resource::object(&config_map, cx.from(&FIELDS)), Resource::object(&job, cx.from(&FIELDS))]
}

/// What the cluster is to be.
fn plan(cx: Cx<'_>) -> Tree {
    let database = cx.database;
    let service = database.members_service();
    let members = database.member_names();
    let hosts = members.map(|member| Tree::from(format!("{member}.{service}:{REST_PORT}")));
    tree!({
        "members": (hosts.collect::<Vec<_>>()),
        "digest": (patroni::digest(cx)),
        "followed": (FOLLOWED.map(Tree::from).to_vec()),
        "shared": (patroni::shared(cx))
    })
}

fn pod_of(database: &Database) -> core::PodSpec {
    let secret = database.credentials_secret();
    let mut variables = vec![
        pod::value("API_USER", "patroni"),
        pod::secret("API_PASSWORD", &secret, "rest-api"),
        pod::value("PGHOST", database.primary_service()),
        pod::value("PGPORT", PORT.to_string()),
        pod::value("PGUSER", "postgres"),
        pod::value("PGDATABASE", "postgres"),
        pod::secret("PGPASSWORD", &secret, "superuser"),
        pod::value("PGSSLMODE", "verify-full"),
        pod::value("PGSSLROOTCERT", format!("{}/ca.crt", patroni::TLS_FOLDER)),
        pod::value("PGTARGETSESSIONATTRS", "read-write"),
        pod::value("PGCONNECT_TIMEOUT", "10"),
    ];
    for (index, user) in database.users.iter().enumerate() {
        let secret = users_secret(database);
        variables.push(pod::secret(format!("USER_{index}"), &secret, user.name.as_str()));
    }
    if database.pooler.is_some() {
        let secret = super::pooler::pooler_secret(database);
        variables.push(pod::secret("POOLER", &secret, "pooler"));
    }
    if database.backup.is_some() {
        variables.push(pod::secret("DRILL", &secret, drill::ROLE));
    }
    let memory = Bytes::from_mi(128);
    let container = core::Container {
        name: "reconcile".to_owned(),
        image: Some(database.image.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(
            ["sh", "-ec", include_str!("../templates/reconcile.sh")].map(str::to_owned).into(),
        ),
        env: Some(variables),
        resources: Some(pod::resources(cpu(), memory, None)),
        volume_mounts: Some(vec![
            pod::read_only("plan", "/plan"),
            pod::read_only("tls", patroni::TLS_FOLDER),
            pod::mount("tmp", "/tmp"),
        ]),
        security_context: Some(pod::security()),
        ..core::Container::default()
    };
    core::PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(pod::pod_security(database.image.user)),
        containers: vec![container],
        volumes: Some(vec![
            pod::of_config_map("plan", name(database)),
            authority(database),
            pod::scratch("tmp", false, Bytes::from_mi(16)),
        ]),
        restart_policy: Some("Never".to_owned()),
        ..core::PodSpec::default()
    }
}

fn cpu() -> Cpu {
    super::super::defaults::POOL_CPU.get()
}

/// Who signed the members' certificate, without its key.
fn authority(database: &Database) -> core::Volume {
    core::Volume {
        name: "tls".to_owned(),
        secret: Some(core::SecretVolumeSource {
            secret_name: Some(database.tls_secret()),
            default_mode: Some(0o444),
            items: Some(vec![core::KeyToPath {
                key: "ca.crt".to_owned(),
                path: "ca.crt".to_owned(),
                mode: None,
            }]),
            ..core::SecretVolumeSource::default()
        }),
        ..core::Volume::default()
    }
}
