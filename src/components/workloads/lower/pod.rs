//! The pod: what runs, with which rights, next to what.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Cx, configmap, mounts, selector};
use crate::components::workloads::model::{Health, Kind, Probe, Secret, Workload};
use crate::components::workloads::spec::Spread;
use crate::k8s::quantity::Bytes;

/// How long a pod that stops waits before it is told so: until then the gateway and the Services have noticed, and
/// no new connection arrives. `lifecycle.preStop.sleep` needs no shell in the image.
const DRAIN_SECONDS: u64 = 5;

/// The fields that a pod is made of, as far as they can change it.
pub fn fields(workload: &Workload) -> Vec<&'static str> {
    let mut fields = vec!["image", "resources", "security", "terminationGrace", "apiToken"];
    let written = [
        ("command", !workload.command.is_empty()),
        ("args", !workload.args.is_empty()),
        ("ports", !workload.ports.is_empty()),
        ("health", workload.health.is_some()),
        ("config", !workload.config.is_empty()),
        ("secrets", !workload.secrets.is_empty()),
        ("connects", !workload.logins.is_empty()),
        ("files", !workload.files.is_empty()),
        ("volumes", !workload.volumes.is_empty()),
        ("nodeSelector", !workload.node_selector.is_empty()),
        ("spread", !matches!(workload.kind, Kind::CronJob(_))),
    ];
    fields.extend(written.into_iter().filter(|(_, is)| *is).map(|(field, _)| field));
    fields
}

/// The template of the pods.
pub fn template(cx: Cx<'_>) -> core::PodTemplateSpec {
    let workload = cx.workload;
    let mut labels = selector(&workload.name);
    labels.insert("app.kubernetes.io/part-of".to_owned(), cx.estate.to_owned());
    labels.insert("groundplan.dev/team".to_owned(), workload.team.to_string());
    core::PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
        spec: Some(pod(workload)),
    }
}

fn pod(workload: &Workload) -> core::PodSpec {
    let runs_once = matches!(workload.kind, Kind::CronJob(_));
    let spread = if runs_once { Vec::new() } else { spread(workload) };
    let (volumes, mounts) = mounts::volumes(workload);
    let nodes: BTreeMap<String, String> = workload
        .node_selector
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    core::PodSpec {
        service_account_name: Some(workload.name.to_string()),
        automount_service_account_token: Some(workload.api_token),
        // A variable for every Service of the namespace is of no use with DNS, and slows the start.
        enable_service_links: Some(false),
        host_network: workload.security.host_network.then_some(true),
        security_context: Some(pod_security(workload)),
        containers: vec![container(workload, mounts)],
        volumes: some(volumes),
        node_selector: (!nodes.is_empty()).then_some(nodes),
        topology_spread_constraints: some(spread),
        termination_grace_period_seconds: seconds(workload.termination_grace),
        // Each try keeps its pod and its log.
        restart_policy: runs_once.then(|| "Never".to_owned()),
        ..core::PodSpec::default()
    }
}

fn container(workload: &Workload, mounts: Vec<core::VolumeMount>) -> core::Container {
    let probes = workload.health.as_ref();
    core::Container {
        name: workload.name.to_string(),
        image: Some(workload.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: some(workload.command.clone()),
        args: some(workload.args.clone()),
        ports: some(ports(workload)),
        env_from: configmap::variables_name(workload).map(|name| {
            vec![core::EnvFromSource {
                config_map_ref: Some(core::ConfigMapEnvSource { name, ..Default::default() }),
                ..Default::default()
            }]
        }),
        env: some([secrets(workload), logins(workload)].concat()),
        resources: Some(resources(workload)),
        startup_probe: probes.map(startup),
        readiness_probe: probes.map(|health| probe(health, health.failures)),
        // A copy that is slow gets no traffic before it is restarted: restarting a slow one makes the others slower.
        liveness_probe: probes.map(|health| probe(health, health.failures.saturating_mul(2))),
        lifecycle: drain(workload),
        security_context: Some(security(workload)),
        volume_mounts: some(mounts),
        ..core::Container::default()
    }
}

fn ports(workload: &Workload) -> Vec<core::ContainerPort> {
    let port = |(name, socket): (&crate::k8s::port::PortName, &crate::k8s::socket::Socket)| {
        core::ContainerPort {
            name: Some(name.to_string()),
            container_port: socket.port.into(),
            protocol: Some(socket.protocol.word().to_owned()),
            // In the node's network each port of the pod is the node's; Kubernetes writes it in if we do not.
            host_port: workload.security.host_network.then(|| socket.port.into()),
            ..core::ContainerPort::default()
        }
    };
    workload.ports.iter().map(port).collect()
}

fn secrets(workload: &Workload) -> Vec<core::EnvVar> {
    let variable = |(name, secret): (&crate::k8s::name::EnvName, &Secret)| {
        let (secret, key) = match secret {
            Secret::Store(_) => (workload.store_secret(), name.to_string()),
            Secret::Key { secret, key } => (secret.clone(), key.clone()),
        };
        core::EnvVar {
            name: name.to_string(),
            value_from: Some(core::EnvVarSource {
                secret_key_ref: Some(core::SecretKeySelector { name: secret, key, optional: None }),
                ..Default::default()
            }),
            ..Default::default()
        }
    };
    workload.secrets.iter().map(variable).collect()
}

/// What it logs in to databases with.
fn logins(workload: &Workload) -> Vec<core::EnvVar> {
    let mut variables = Vec::new();
    for login in &workload.logins {
        variables.extend(login.variables.iter().map(|(name, value)| core::EnvVar {
            name: name.clone(),
            value: Some(value.clone()),
            value_from: None,
        }));
        variables.push(stored(workload, login.password.0.clone()));
    }
    variables
}

/// A variable from the Secret that is filled from the store.
fn stored(workload: &Workload, name: String) -> core::EnvVar {
    core::EnvVar {
        value_from: Some(core::EnvVarSource {
            secret_key_ref: Some(core::SecretKeySelector {
                name: workload.store_secret(),
                key: name.clone(),
                optional: None,
            }),
            ..Default::default()
        }),
        name,
        ..Default::default()
    }
}

fn resources(workload: &Workload) -> core::ResourceRequirements {
    let quantity = |bytes: Bytes| Quantity(bytes.to_string());
    let resources = &workload.resources;
    let mut requests = BTreeMap::from([
        ("cpu".to_owned(), Quantity(resources.cpu.to_string())),
        ("memory".to_owned(), quantity(resources.memory)),
    ]);
    let mut limits = BTreeMap::from([("memory".to_owned(), quantity(resources.memory))]);
    if let Some(cpu) = resources.cpu_limit {
        limits.insert("cpu".to_owned(), Quantity(cpu.to_string()));
    }
    if let Some(bytes) = resources.ephemeral_storage {
        requests.insert("ephemeral-storage".to_owned(), quantity(bytes));
        limits.insert("ephemeral-storage".to_owned(), quantity(bytes));
    }
    core::ResourceRequirements {
        requests: Some(requests),
        limits: Some(limits),
        ..core::ResourceRequirements::default()
    }
}

fn probe(health: &Health, failures: u32) -> core::Probe {
    let number = |count: u64| Some(i32::try_from(count).unwrap_or(i32::MAX));
    let mut probe = core::Probe {
        period_seconds: number(health.period.as_secs()),
        timeout_seconds: number(health.timeout.as_secs()),
        failure_threshold: number(failures.into()),
        ..core::Probe::default()
    };
    match &health.probe {
        Probe::Http { path, port } => {
            probe.http_get = Some(core::HTTPGetAction {
                path: Some(path.to_string()),
                port: IntOrString::String(port.to_string()),
                // Kubernetes' own default, written out so that Argo CD sees no difference.
                scheme: Some("HTTP".to_owned()),
                ..Default::default()
            });
        }
        Probe::Tcp(port) => {
            probe.tcp_socket = Some(core::TCPSocketAction {
                port: IntOrString::String(port.to_string()),
                ..Default::default()
            });
        }
        Probe::Command(command) => {
            probe.exec = Some(core::ExecAction { command: Some(command.clone()) });
        }
    }
    probe
}

/// As often as the others, for as long as it may take to start.
fn startup(health: &Health) -> core::Probe {
    let looks = health.startup.as_millis().div_ceil(health.period.as_millis().max(1)).max(1);
    probe(health, u32::try_from(looks).unwrap_or(u32::MAX))
}

fn drain(workload: &Workload) -> Option<core::Lifecycle> {
    // What nobody connects to has nothing to drain, and the pause must leave time to stop.
    let pause = DRAIN_SECONDS.min(workload.termination_grace.as_secs() / 2);
    if workload.ports.is_empty() || pause == 0 {
        return None;
    }
    let sleep = core::SleepAction { seconds: i64::try_from(pause).unwrap_or_default() };
    Some(core::Lifecycle {
        pre_stop: Some(core::LifecycleHandler { sleep: Some(sleep), ..Default::default() }),
        ..Default::default()
    })
}

fn pod_security(workload: &Workload) -> core::PodSecurityContext {
    let security = &workload.security;
    let claims = workload.volumes.values().any(super::super::model::Volume::is_claim);
    core::PodSecurityContext {
        run_as_non_root: Some(security.run_as_non_root),
        run_as_user: security.run_as_user.map(i64::from),
        run_as_group: security.run_as_group.map(i64::from),
        fs_group: claims.then(|| security.fs_group.into()),
        // Walking every file of a large volume at each start takes hours.
        fs_group_change_policy: claims.then(|| "OnRootMismatch".to_owned()),
        seccomp_profile: Some(core::SeccompProfile {
            type_: security.seccomp.word().to_owned(),
            ..core::SeccompProfile::default()
        }),
        ..core::PodSecurityContext::default()
    }
}

fn security(workload: &Workload) -> core::SecurityContext {
    let security = &workload.security;
    let add: Vec<String> = security.capabilities.iter().map(ToString::to_string).collect();
    core::SecurityContext {
        allow_privilege_escalation: Some(security.privilege_escalation),
        privileged: security.privileged.then_some(true),
        read_only_root_filesystem: Some(security.read_only_root),
        capabilities: Some(core::Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: some(add),
        }),
        ..core::SecurityContext::default()
    }
}

/// Copies go apart, zones first; a rollout counts only its own pods.
fn spread(workload: &Workload) -> Vec<core::TopologySpreadConstraint> {
    let constraint = |topology: &str| core::TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        when_unsatisfiable: match workload.spread {
            Spread::Preferred => "ScheduleAnyway",
            Spread::Required => "DoNotSchedule",
        }
        .to_owned(),
        label_selector: Some(LabelSelector {
            match_labels: Some(selector(&workload.name)),
            ..LabelSelector::default()
        }),
        match_label_keys: matches!(workload.kind, Kind::Deployment)
            .then(|| vec!["pod-template-hash".to_owned()]),
        ..core::TopologySpreadConstraint::default()
    };
    ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(constraint).into()
}

fn seconds(time: crate::k8s::duration::Duration) -> Option<i64> {
    i64::try_from(time.as_secs()).ok()
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
