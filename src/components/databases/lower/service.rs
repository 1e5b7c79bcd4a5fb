//! Who the members are in the cluster, and under which names they are found.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServiceAccount, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Cx;
use crate::components::databases::backup::lower as backup;
use crate::components::databases::model::{Database, PORT, REST_PORT};
use crate::components::databases::monitoring;
use crate::components::databases::spec::BackupTool;
use crate::plan::Resource;

/// The label that keeps the Services of a database apart, so that a monitor selects one of them.
pub const SERVICE_LABEL: &str = "groundplan.dev/service";

/// The service account of the members, and of nothing else: who has it owns the database.
pub fn account(cx: Cx<'_>) -> Resource {
    let object = ServiceAccount {
        metadata: cx.metadata(cx.database.scope()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    Resource::object(&object, cx.from(&["postgres"]))
}

/// A Service's port of the same number as the pod's.
pub fn port(name: &str, port: u16) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: port.into(),
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(port.into())),
        ..ServicePort::default()
    }
}

fn members_ports(database: &Database) -> Vec<ServicePort> {
    let mut ports =
        vec![port("postgresql", PORT), port("rest", REST_PORT), port("exporter", monitoring::PORT)];
    let server = database.backup.as_ref().filter(|it| it.tool == BackupTool::PgBackRest);
    ports.extend(server.map(|_| port("backrest", backup::PORT)));
    ports
}

/// The Services: of each member by name, of the leader, of those that follow.
pub fn services(cx: Cx<'_>) -> Vec<Resource> {
    let database = cx.database;
    let members = ServiceSpec {
        cluster_ip: Some("None".to_owned()),
        // Members must find each other before they are ready, or they never become so.
        publish_not_ready_addresses: Some(true),
        selector: Some(database.selector()),
        ports: Some(members_ports(database)),
        ..ServiceSpec::default()
    };
    let of_role = |role: &str| {
        let mut selector: BTreeMap<String, String> = database.selector();
        selector.insert("cluster-name".to_owned(), database.scope());
        selector.insert("role".to_owned(), role.to_owned());
        ServiceSpec {
            selector: Some(selector),
            ports: Some(vec![port("postgresql", PORT)]),
            ..ServiceSpec::default()
        }
    };
    let services = [
        (database.members_service(), "members", members),
        (database.primary_service(), "primary", of_role("primary")),
        (database.replica_service(), "replica", of_role("replica")),
    ];
    let object = |(name, role, spec): (String, &str, ServiceSpec)| {
        let mut metadata = cx.metadata(name);
        let mut labels = database.selector();
        labels.insert(SERVICE_LABEL.to_owned(), role.to_owned());
        metadata.labels = Some(labels);
        let spec = ServiceSpec { type_: Some("ClusterIP".to_owned()), ..spec };
        let object = Service { metadata, spec: Some(spec), ..Service::default() };
        Resource::object(&object, cx.from(&["postgres"]))
    };
    services.into_iter().map(object).collect()
}
