//! PgBouncer before the database: a Deployment of its own, so that a failover of the database is none of the pooler.

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Cx, pod, service, statements};
use crate::components::databases::model::{Database, PORT, Pooler, pooler_selector};
use crate::k8s::quantity::Bytes;
use crate::plan::Resource;

/// Nobody in particular: PgBouncer needs no user of its own.
const USER: u32 = 65532;

/// The name of the Deployment and of the Service.
pub fn name(database: &Database) -> String {
    format!("{}-pooler", database.scope())
}

/// The configuration, the Deployment and the Service.
pub fn objects(cx: Cx<'_>) -> Vec<Resource> {
    let Some(pooler) = &cx.database.pooler else { return Vec::new() };
    let configuration = statements::pgbouncer(cx.database, pooler);
    let digest = super::digest(&configuration);
    let config_map = core::ConfigMap {
        // Another configuration is another ConfigMap, and so another pod: PgBouncer reads it once.
        metadata: cx.metadata(format!("{}-{digest}", name(cx.database))),
        data: Some([("pgbouncer.ini".to_owned(), configuration)].into()),
        immutable: Some(true),
        ..core::ConfigMap::default()
    };
    let origin = || cx.from(&["pooler", "users", "databases"]);
    let config_name = config_map.metadata.name.clone().unwrap_or_default();
    vec![
        Resource::object(&config_map, origin()),
        Resource::object(&account(cx), origin()),
        Resource::object(
            &deployment(cx, pooler, config_name),
            cx.from(&["pooler", "credentials", "tls"]),
        ),
        Resource::object(&self::service(cx), origin()),
    ]
}

fn account(cx: Cx<'_>) -> core::ServiceAccount {
    core::ServiceAccount {
        metadata: cx.metadata(name(cx.database)),
        automount_service_account_token: Some(false),
        ..core::ServiceAccount::default()
    }
}

fn service(cx: Cx<'_>) -> core::Service {
    core::Service {
        metadata: ObjectMeta {
            labels: Some(pooler_selector(&cx.database.name)),
            ..cx.metadata(name(cx.database))
        },
        spec: Some(core::ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(pooler_selector(&cx.database.name)),
            ports: Some(vec![service::port("postgresql", PORT)]),
            ..core::ServiceSpec::default()
        }),
        ..core::Service::default()
    }
}

fn deployment(cx: Cx<'_>, pooler: &Pooler, config_map: String) -> Deployment {
    let database = cx.database;
    let selector = LabelSelector {
        match_labels: Some(pooler_selector(&database.name)),
        ..LabelSelector::default()
    };
    let mut labels = pooler_selector(&database.name);
    labels.insert("app.kubernetes.io/part-of".to_owned(), cx.estate.to_owned());
    labels.insert("app.kubernetes.io/component".to_owned(), "pooler".to_owned());
    labels.insert("groundplan.dev/team".to_owned(), database.team.to_string());
    let constraint = |topology: &str| core::TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(selector.clone()),
        match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
        ..core::TopologySpreadConstraint::default()
    };
    let pod = core::PodSpec {
        service_account_name: Some(name(database)),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(pod::pod_security(USER)),
        containers: vec![container(database, pooler)],
        volumes: Some(vec![
            pod::of_config_map("configuration", config_map),
            pod::of_certificate("tls", format!("{}-tls", name(database))),
            pod::scratch("run", true, Bytes::from_mi(1)),
        ]),
        topology_spread_constraints: Some(
            ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(constraint).into(),
        ),
        termination_grace_period_seconds: Some(60),
        ..core::PodSpec::default()
    };
    Deployment {
        metadata: cx.metadata(name(database)),
        spec: Some(DeploymentSpec {
            replicas: Some(i32::try_from(pooler.instances).unwrap_or(i32::MAX)),
            revision_history_limit: Some(3),
            selector: selector.clone(),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::String("25%".to_owned())),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template: core::PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
                spec: Some(pod),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn container(database: &Database, pooler: &Pooler) -> core::Container {
    let script = include_str!("../templates/pooler.sh");
    let look = core::Probe {
        tcp_socket: Some(core::TCPSocketAction {
            port: IntOrString::String("postgresql".to_owned()),
            ..core::TCPSocketAction::default()
        }),
        period_seconds: Some(10),
        timeout_seconds: Some(3),
        failure_threshold: Some(3),
        ..core::Probe::default()
    };
    core::Container {
        name: "pgbouncer".to_owned(),
        image: Some(pooler.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(["sh", "-ec", script].map(str::to_owned).into()),
        env: Some(vec![
            pod::value("POOLER_USER", super::patroni::POOLER),
            pod::secret("POOLER_PASSWORD", &pooler_secret(database), "pooler"),
        ]),
        ports: Some(vec![pod::port("postgresql", PORT)]),
        resources: Some(pod::resources(pooler.cpu, pooler.memory, None)),
        volume_mounts: Some(vec![
            pod::read_only("configuration", "/etc/pgbouncer"),
            pod::read_only("tls", super::patroni::TLS_FOLDER),
            pod::mount("run", "/run/pgbouncer"),
        ]),
        security_context: Some(pod::security()),
        readiness_probe: Some(look.clone()),
        liveness_probe: Some(look),
        ..core::Container::default()
    }
}

/// The Secret with the pooler's own password and no other.
pub fn pooler_secret(database: &Database) -> String {
    format!("{}-credentials", name(database))
}
