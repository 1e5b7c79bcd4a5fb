//! The members: a StatefulSet in which each has its own volumes, and any of them may lead.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    RollingUpdateStatefulSetStrategy, StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetSpec, StatefulSetUpdateStrategy,
};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Cx, patroni, pod, storage};
use crate::components::databases::backup::lower::{self as backup, Parts};
use crate::components::databases::backup::pods::files;
use crate::components::databases::model::{Database, PORT, REST_PORT};
use crate::components::databases::{monitoring, recover};
use crate::k8s::quantity::Bytes;
use crate::plan::Resource;
use crate::plan::nodes::{DEDICATED, POOL_LABEL};

/// A member writes its buffers to disk and sends the rest of its log before it stops.
const GRACE_SECONDS: i64 = 300;

/// The fields that the StatefulSet is made of.
const FIELDS: [&str; 8] =
    ["postgres", "resources", "storage", "failover", "credentials", "tls", "backup", "recover"];

/// The StatefulSet.
pub fn stateful_set(cx: Cx<'_>) -> Resource {
    let database = cx.database;
    let object = StatefulSet {
        metadata: cx.metadata(database.scope()),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::try_from(database.members).unwrap_or(i32::MAX)),
            revision_history_limit: Some(3),
            selector: selects(database),
            service_name: Some(database.members_service()),
            // One after the other, a stale member that starts first takes the lead, or all wait for each other.
            pod_management_policy: Some("Parallel".to_owned()),
            // A member that is ready for a moment only is not taken for a good one.
            min_ready_seconds: Some(15),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateStatefulSetStrategy {
                    partition: Some(0),
                    ..RollingUpdateStatefulSetStrategy::default()
                }),
            }),
            persistent_volume_claim_retention_policy: Some(
                StatefulSetPersistentVolumeClaimRetentionPolicy {
                    when_deleted: Some("Retain".to_owned()),
                    when_scaled: Some("Retain".to_owned()),
                },
            ),
            volume_claim_templates: Some(storage::templates(database)),
            template: template(cx),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    };
    Resource::object(&object, cx.from(&FIELDS))
}

fn selects(database: &Database) -> LabelSelector {
    LabelSelector { match_labels: Some(database.selector()), ..LabelSelector::default() }
}

fn template(cx: Cx<'_>) -> core::PodTemplateSpec {
    let database = cx.database;
    let mut labels = database.selector();
    // Patroni sees no pod without it. The label of its role is Patroni's to write, so it is nowhere here.
    labels.insert("cluster-name".to_owned(), database.scope());
    labels.insert("app.kubernetes.io/part-of".to_owned(), cx.estate.to_owned());
    labels.insert("app.kubernetes.io/component".to_owned(), "database".to_owned());
    labels.insert("groundplan.dev/team".to_owned(), database.team.to_string());
    core::PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
        spec: Some(core::PodSpec {
            service_account_name: Some(database.scope()),
            // Patroni's lock is an object of Kubernetes.
            automount_service_account_token: Some(true),
            enable_service_links: Some(false),
            security_context: Some(pod::pod_security(database.image.user)),
            containers: containers(cx),
            volumes: Some(volumes(cx)),
            node_selector: node_selector(database),
            tolerations: tolerations(database),
            affinity: Some(apart(database)),
            topology_spread_constraints: Some(spread(database)),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            ..core::PodSpec::default()
        }),
    }
}

/// What archiving and backups add to a member.
fn saving(cx: Cx<'_>) -> Parts {
    match &cx.database.backup {
        Some(backup) => backup::member(cx.database, backup, cx.estate),
        None => Parts::default(),
    }
}

fn containers(cx: Cx<'_>) -> Vec<core::Container> {
    let mut containers = vec![container(cx)];
    containers.extend(saving(cx).containers);
    containers.push(monitoring::exporter());
    containers
}

fn container(cx: Cx<'_>) -> core::Container {
    let database = cx.database;
    let mut mounts = vec![
        pod::mount("data", patroni::data_mount()),
        pod::read_only("configuration", patroni::FOLDER),
        pod::read_only("tls", patroni::TLS_FOLDER),
        pod::mount("shared-memory", "/dev/shm"),
    ];
    mounts.extend(patroni::scratch().map(|(name, path)| pod::mount(name, path)));
    if database.storage.wal.is_some() {
        mounts.push(pod::mount("wal", crate::components::databases::model::WAL_MOUNT));
    }
    mounts.extend(saving(cx).mounts);
    mounts.extend(cx.source.map(|_| pod::read_only("recover", recover::FOLDER)));
    core::Container {
        name: "postgres".to_owned(),
        image: Some(database.image.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        // No entry point of the image: Patroni makes, joins and rewinds the data itself.
        command: Some(vec!["patroni".to_owned(), patroni::FOLDER.to_owned()]),
        env: Some(variables(cx)),
        ports: Some(vec![pod::port("postgresql", PORT), pod::port("rest", REST_PORT)]),
        resources: Some(resources(database)),
        volume_mounts: Some(mounts),
        security_context: Some(pod::security()),
        readiness_probe: Some(readiness(database)),
        liveness_probe: Some(liveness(database)),
        ..core::Container::default()
    }
}

/// The environment wins over files, and files over what the cluster agreed on.
fn variables(cx: Cx<'_>) -> Vec<core::EnvVar> {
    let database = cx.database;
    let secret = database.credentials_secret();
    let mut variables = vec![
        pod::field("POD_IP", "status.podIP"),
        pod::field("PATRONI_NAME", "metadata.name"),
        pod::field("PATRONI_KUBERNETES_NAMESPACE", "metadata.namespace"),
        pod::value("PATRONI_RESTAPI_CONNECT_ADDRESS", format!("$(POD_IP):{REST_PORT}")),
        pod::value("PATRONI_POSTGRESQL_CONNECT_ADDRESS", format!("$(POD_IP):{PORT}")),
        pod::value("PATRONI_RESTAPI_USERNAME", "patroni"),
        pod::secret("PATRONI_RESTAPI_PASSWORD", &secret, "rest-api"),
    ];
    for (part, user, key) in [
        ("SUPERUSER", "postgres", "superuser"),
        ("REPLICATION", patroni::REPLICATOR, "replication"),
        ("REWIND", patroni::REWINDER, "rewind"),
    ] {
        variables.push(pod::value(&format!("PATRONI_{part}_USERNAME"), user));
        variables.push(pod::secret(format!("PATRONI_{part}_PASSWORD"), &secret, key));
        // Members know each other by address, which no certificate names; who signed it is checked.
        variables.push(pod::value(&format!("PATRONI_{part}_SSLMODE"), "verify-ca"));
        let authority = format!("{}/ca.crt", patroni::TLS_FOLDER);
        variables.push(pod::value(&format!("PATRONI_{part}_SSLROOTCERT"), authority));
    }
    // The first process lives longest when memory runs out: it restarts the others.
    variables.push(pod::value("PG_OOM_ADJUST_FILE", "/proc/self/oom_score_adj"));
    variables.push(pod::value("PG_OOM_ADJUST_VALUE", "0"));
    variables.extend(saving(cx).variables);
    let source = cx.source.into_iter();
    variables.extend(source.flat_map(|it| recover::variables(database, it, cx.estate)));
    variables
}

fn resources(database: &Database) -> core::ResourceRequirements {
    let asked = &database.resources;
    let mut resources = pod::resources(asked.cpu, asked.memory, asked.cpu_limit);
    if let Some(pages) = asked.huge_pages {
        for amounts in [&mut resources.requests, &mut resources.limits].into_iter().flatten() {
            amounts.insert("hugepages-2Mi".to_owned(), Quantity(pages.to_string()));
        }
    }
    resources
}

fn probe(path: String, period: i32, timeout: i32, failures: i32) -> core::Probe {
    core::Probe {
        http_get: Some(core::HTTPGetAction {
            path: Some(path),
            port: IntOrString::String("rest".to_owned()),
            scheme: Some("HTTP".to_owned()),
            ..core::HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(timeout),
        failure_threshold: Some(failures),
        ..core::Probe::default()
    }
}

/// The leader, and whoever follows it closely.
fn readiness(database: &Database) -> core::Probe {
    let lag = database.failover.read_lag.get();
    probe(format!("/readiness?lag={lag}"), 5, 3, 2)
}

/// Whether Patroni goes round its loop: no SQL, because a long recovery is no fault.
fn liveness(database: &Database) -> core::Probe {
    let failures = database.failover.ttl.as_secs().div_ceil(10).max(3);
    let failures = i32::try_from(failures).unwrap_or(i32::MAX);
    core::Probe {
        initial_delay_seconds: Some(10),
        ..probe("/liveness".to_owned(), 10, 5, failures)
    }
}

fn volumes(cx: Cx<'_>) -> Vec<core::Volume> {
    let database = cx.database;
    let mut volumes = vec![
        pod::of_config_map("configuration", patroni::name(database)),
        pod::of_certificate("tls", database.tls_secret()),
        pod::scratch("shared-memory", true, database.resources.shared),
    ];
    volumes
        .extend(patroni::scratch().map(|(name, _)| pod::scratch(name, false, Bytes::from_mi(64))));
    volumes.extend(saving(cx).volumes);
    volumes.extend(cx.source.map(|_| files("recover", &recover::files(database))));
    volumes
}

fn node_selector(database: &Database) -> Option<BTreeMap<String, String>> {
    let placement = database.pool.as_ref()?;
    match &placement.pool {
        Some(pool) => Some(pool.labels.clone()).filter(|labels| !labels.is_empty()),
        None => Some([(POOL_LABEL.to_owned(), placement.name.to_string())].into()),
    }
}

fn tolerations(database: &Database) -> Option<Vec<core::Toleration>> {
    let dedicated = database.pool.as_ref()?.pool.as_ref()?.dedicated.clone()?;
    Some(vec![core::Toleration {
        key: Some(DEDICATED.to_owned()),
        operator: Some("Equal".to_owned()),
        value: Some(dedicated),
        effect: Some("NoSchedule".to_owned()),
        ..core::Toleration::default()
    }])
}

/// Never two members on a node: one failure would take both.
fn apart(database: &Database) -> core::Affinity {
    core::Affinity {
        pod_anti_affinity: Some(core::PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: Some(vec![
                core::PodAffinityTerm {
                    label_selector: Some(selects(database)),
                    topology_key: "kubernetes.io/hostname".to_owned(),
                    ..core::PodAffinityTerm::default()
                },
            ]),
            ..core::PodAntiAffinity::default()
        }),
        ..core::Affinity::default()
    }
}

/// Over zones as far as there are any: always where each member can have its own.
fn spread(database: &Database) -> Vec<core::TopologySpreadConstraint> {
    let zones = database.pool.as_ref().and_then(|of| of.pool.as_ref()).map_or(0, |pool| pool.zones);
    let constraint = |topology: &str, always: bool| core::TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        when_unsatisfiable: if always { "DoNotSchedule" } else { "ScheduleAnyway" }.to_owned(),
        label_selector: Some(selects(database)),
        ..core::TopologySpreadConstraint::default()
    };
    vec![
        constraint("topology.kubernetes.io/zone", zones >= database.members),
        constraint("kubernetes.io/hostname", true),
    ]
}
