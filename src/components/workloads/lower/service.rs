//! Who a workload is in the cluster, and under which name it is found.

use k8s_openapi::api::core::v1::{Service, ServiceAccount, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Cx, selector};
use crate::components::workloads::model::{Kind, Workload};
use crate::k8s::port::PortName;
use crate::k8s::socket::{Protocol, Socket};
use crate::plan::Resource;

/// The label that keeps the two Services of a StatefulSet apart, so that a monitor selects one of them.
pub const SERVICE_LABEL: &str = "groundplan.dev/service";

/// The service account.
pub fn account(cx: Cx<'_>) -> Resource {
    let object = ServiceAccount {
        metadata: cx.metadata(cx.workload.name.as_str()),
        automount_service_account_token: Some(cx.workload.api_token),
        ..ServiceAccount::default()
    };
    Resource::object(&object, cx.from(&["apiToken"]))
}

/// The name of the Service that gives each pod of a StatefulSet a name of its own.
pub fn headless(workload: &Workload) -> String {
    format!("{}-headless", workload.name)
}

/// The Service, if there are ports; and of a StatefulSet the one that gives its pods names.
pub fn services(cx: Cx<'_>) -> Vec<Resource> {
    let workload = cx.workload;
    let mut services = Vec::new();
    let ports = || workload.ports.iter().map(|(name, socket)| port(name, *socket)).collect();
    if !workload.ports.is_empty() && !matches!(workload.kind, Kind::CronJob(_)) {
        let spec = ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(selector(&workload.name)),
            ports: Some(ports()),
            ..ServiceSpec::default()
        };
        services.push((workload.name.to_string(), "balanced", spec, ["ports", "team"]));
    }
    if matches!(workload.kind, Kind::StatefulSet) {
        let spec = ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            cluster_ip: Some("None".to_owned()),
            // Members must find each other before they are ready, or they never become so.
            publish_not_ready_addresses: Some(true),
            selector: Some(selector(&workload.name)),
            ports: (!workload.ports.is_empty()).then(ports),
            ..ServiceSpec::default()
        };
        services.push((headless(workload), "headless", spec, ["ports", "stateful"]));
    }
    let object = |(name, role, spec, fields): (String, &str, _, [&'static str; 2])| {
        let mut metadata = cx.metadata(name);
        let mut labels = selector(&workload.name);
        labels.insert(SERVICE_LABEL.to_owned(), role.to_owned());
        metadata.labels = Some(labels);
        let object = Service { metadata, spec: Some(spec), ..Service::default() };
        Resource::object(&object, cx.from(&fields))
    };
    services.into_iter().map(object).collect()
}

fn port(name: &PortName, socket: Socket) -> ServicePort {
    ServicePort {
        name: Some(name.to_string()),
        port: socket.port.into(),
        protocol: Some(socket.protocol.word().to_owned()),
        target_port: Some(IntOrString::String(name.to_string())),
        app_protocol: app_protocol(name, socket).map(str::to_owned),
        ..ServicePort::default()
    }
}

/// What is spoken on a port, where its name says so. Gateways choose HTTP/2 by it (KEP-3726).
fn app_protocol(name: &PortName, socket: Socket) -> Option<&'static str> {
    if socket.protocol != Protocol::Tcp {
        return None;
    }
    match name.as_str().split('-').next().unwrap_or_default() {
        "http" => Some("http"),
        "https" => Some("https"),
        "grpc" | "h2c" => Some("kubernetes.io/h2c"),
        _ => None,
    }
}
