//! The controls of the level `baseline` about what a pod shares with its node.

use super::{Control, Violation, baseline};
use crate::audit::objects::{list, present, text};
use crate::audit::pods::{Part, Template};
use crate::diag::Rule;
use crate::k8s::pod_security::Level;
use crate::k8s::tree::Tree;

pub(super) static CONTROLS: &[Control] = &[
    baseline(&HOST_PROCESS, host_process, "take `hostProcess` away"),
    baseline(&HOST_NAMESPACES, host_namespaces, "take it away"),
    baseline(&HOST_PATH, host_path, "use a volume of the workload, or `emptyDir`"),
    baseline(&HOST_PORTS, host_ports, "take `hostPort` away and reach the pod through its Service"),
    baseline(
        &HOST_PROBES,
        host_probes,
        "take `host` away: the pod's own address is meant without it",
    ),
];

/// A Windows container that is its node.
pub static HOST_PROCESS: Rule = Rule::error(
    "pod-security/host-process",
    "a Windows pod asks for access to its node",
    "A HostProcess container runs on the node itself; namespaces of the levels `baseline` and `restricted` refuse \
     the pod, so the workload never starts (Pod Security Standards, HostProcess).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {windowsOptions: {hostProcess: true}}}}}}}]",
);

fn host_process(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    for (part, context) in pod.contexts() {
        let windows = present(context, "windowsOptions");
        if windows.and_then(|windows| windows.get("hostProcess")).and_then(Tree::as_bool)
            == Some(true)
        {
            let field = pod.field(part, "securityContext.windowsOptions.hostProcess");
            found.push(Violation::new(field, "is true"));
        }
    }
}

/// A pod inside the node's namespaces.
pub static HOST_NAMESPACES: Rule = Rule::error(
    "pod-security/host-namespaces",
    "a pod shares the network, the processes or the memory of its node",
    "It sees traffic and processes of everything on the node; namespaces of the levels `baseline` and \
     `restricted` refuse the pod, so the workload never starts (Pod Security Standards, Host Namespaces).",
    "patches: [{merge: {spec: {template: {spec: {hostPID: true}}}}}]",
);

fn host_namespaces(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod.spec().get(key).and_then(Tree::as_bool) == Some(true) {
            found.push(Violation::new(pod.field(Part::Pod, key), "is true"));
        }
    }
}

/// A folder of the node.
pub static HOST_PATH: Rule = Rule::error(
    "pod-security/host-path",
    "a pod mounts a folder of its node",
    "From there it can read other pods' secrets and take the node over; namespaces of the levels `baseline` and \
     `restricted` refuse the pod, so the workload never starts (Pod Security Standards, HostPath Volumes).",
    "patches: [{merge: {spec: {template: {spec: {volumes: [{name: logs, hostPath: {path: /var/log}}]}}}}}]",
);

fn host_path(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    for (index, volume) in list(pod.spec(), "volumes").iter().enumerate() {
        if present(volume, "hostPath").is_some() {
            let field = pod.field(Part::Pod, &format!("volumes[{index}].hostPath"));
            found.push(Violation::new(field, "is a folder of the node"));
        }
    }
}

/// A port of the node.
pub static HOST_PORTS: Rule = Rule::error(
    "pod-security/host-ports",
    "a container takes a port of its node",
    "Network policies do not hold there, and two copies cannot share a node; namespaces of the levels `baseline` \
     and `restricted` refuse the pod (Pod Security Standards, Host Ports).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/ports/0/hostPort, value: 8080}]}]",
);

fn host_ports(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    for (part, container) in pod.containers() {
        for (index, port) in list(container, "ports").iter().enumerate() {
            if port.get("hostPort").and_then(Tree::as_i64).is_some_and(|port| port != 0) {
                let field = pod.field(part, &format!("ports[{index}].hostPort"));
                found.push(Violation::new(field, "is a port of the node"));
            }
        }
    }
}

/// A probe of somebody else.
pub static HOST_PROBES: Rule = Rule::error(
    "pod-security/host-probes",
    "a probe or a lifecycle hook names a host",
    "The node itself would open the connection, past all network policies; since Kubernetes 1.34 namespaces of \
     the levels `baseline` and `restricted` refuse the pod (Pod Security Standards, Host Probes / Lifecycle Hooks).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/readinessProbe/httpGet/host, \
     value: 10.0.0.1}]}]",
);

fn host_probes(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    const HANDLERS: &[(&str, &str)] = &[
        ("livenessProbe", ""),
        ("readinessProbe", ""),
        ("startupProbe", ""),
        ("lifecycle", "postStart"),
        ("lifecycle", "preStop"),
    ];
    for (part, container) in pod.containers() {
        for (outer, inner) in HANDLERS {
            let Some(mut handler) = present(container, outer) else { continue };
            if !inner.is_empty() {
                let Some(inner) = present(handler, inner) else { continue };
                handler = inner;
            }
            for action in ["httpGet", "tcpSocket"] {
                if present(handler, action).is_some_and(|action| !text(action, "host").is_empty()) {
                    let dot = if inner.is_empty() { "" } else { "." };
                    let field = pod.field(part, &format!("{outer}{dot}{inner}.{action}.host"));
                    found.push(Violation::new(field, "is set"));
                }
            }
        }
    }
}
