//! Fluent Bit on every node, Fluentd as aggregator with a buffer on disk, Elasticsearch and Kibana.
//!
//! A line goes from the node to the aggregator, which alone knows the password of Elasticsearch; each hop keeps what
//! the next one does not take.

use std::collections::BTreeMap;

use minijinja::context;

use super::Logging;
use super::files::render;
use super::objects::{self, ELASTICSEARCH};
use crate::k8s::pod_security::Level;
use crate::k8s::quantity::Bytes;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::plan::nodes::needs::{NodeFile, NodeNeed};
use crate::plan::nodes::{ContainerRuntime, NodeRole};
use crate::plan::{
    API_SERVER, Addon, Channel, Exporter, Exposure, Flow, IgnoredField, Network, Origin, Peer,
    Plan, Resource, Scrape, Stage, UnitId, charts, platform,
};
use crate::tree;

const COMPONENT: &str = "logging";

/// Elasticsearch, Kibana and Fluentd.
pub(super) const NAMESPACE: &str = "logging";
/// Fluent Bit, which reads files of the hosts: nothing else may be in a namespace that allows it.
const AGENTS: &str = "logging-agents";
/// The operator.
const OPERATOR: &str = "elastic-system";

/// The units beside the operator's.
const STORE: &str = "logging";
const AGGREGATOR: &str = "fluentd";
const SHIPPER: &str = "fluent-bit";

/// The stream of all lines. Not `logs-…`: Elasticsearch has a template of its own for those.
const STREAM: &str = "estate";

pub(super) fn lower(model: &Logging, cluster: &str, at: &At, plan: &mut Plan) {
    let stage = Stage::Cluster(cluster.to_owned());
    let runtime = plan.facts.kubernetes.get(cluster).map(|facts| facts.runtime);
    let install = |addon: Addon, plan: &mut Plan| {
        addon.install(plan, cluster, COMPONENT, Origin::lowered(COMPONENT, [at.clone()]))
    };
    install(operator(), plan);
    let mapped = plan.facts.machines.contains_key(cluster);
    if mapped {
        plan.facts.node_needs.push(mappings(cluster, at));
    }
    store(model, cluster, mapped, at, plan);
    let aggregator = install(aggregator(model), plan);
    let shipper = install(shipper(runtime), plan);
    plan.facts.flows.extend(flows(&stage, at));
    plan.facts.scrapes.push(scrape(
        &aggregator,
        NAMESPACE,
        AGGREGATOR,
        "metrics",
        24231,
        "/metrics",
        at,
    ));
    plan.facts.scrapes.push(scrape(
        &shipper,
        AGENTS,
        SHIPPER,
        "http",
        2020,
        "/api/v2/metrics/prometheus",
        at,
    ));
    let exporter = |name| Exporter { stage: stage.clone(), name, at: at.clone() };
    plan.facts.exporters.extend([AGGREGATOR, SHIPPER].map(exporter));
}

fn operator() -> Addon {
    let webhook = IgnoredField {
        group: "admissionregistration.k8s.io",
        kind: "ValidatingWebhookConfiguration",
        jq_path: ".webhooks[]?.clientConfig.caBundle",
    };
    Addon {
        name: platform::LOGGING_OPERATOR,
        namespace: OPERATOR,
        pod_security: Level::Baseline,
        network: Some(Network {
            answers: vec![Socket::tcp(9443)],
            reaches: vec![API_SERVER],
            among: Vec::new(),
        }),
        chart: charts::ECK_OPERATOR,
        values: tree!({
            "installCRDs": true,
            "replicaCount": 2,
            "priorityClassName": "system-cluster-critical",
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "resources": (resources("100m", "512Mi")),
            "managedNamespaces": [NAMESPACE],
            "webhook": {"enabled": true, "manageCerts": true, "failurePolicy": "Ignore"},
            "telemetry": {"disabled": true},
        }),
        // It signs the certificate of its webhook by itself (cloud-on-k8s#8001).
        ignored: vec![webhook],
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
}

/// Elasticsearch and Kibana: objects that the operator fulfils, in a unit of their own.
fn store(model: &Logging, cluster: &str, mapped: bool, at: &At, plan: &mut Plan) {
    let id = Addon::id(STORE, cluster);
    let origin = || Origin::lowered(COMPONENT, [at.clone(), at.key("storage")]);
    let unit = plan.unit(id.clone(), at);
    unit.namespace = Some(NAMESPACE.to_owned());
    unit.stateful = true;
    for needed in [platform::LOGGING_OPERATOR, platform::STORAGE] {
        unit.needs.insert((Addon::id(needed, cluster), at.clone()));
    }
    unit.add(Resource::object(&objects::elasticsearch(model, mapped, NAMESPACE), origin()));
    let Some(host) = &model.kibana else { return };
    let at = at.key("kibana");
    let kibana = objects::kibana(host, NAMESPACE);
    unit.add(Resource::object(&kibana, Origin::lowered(COMPONENT, [at.clone()])));
    plan.facts.exposures.push(Exposure {
        unit: id,
        namespace: NAMESPACE.to_owned(),
        name: "kibana".to_owned(),
        service: format!("{ELASTICSEARCH}-kb-http"),
        port: 5601,
        pods: labels("common.k8s.elastic.co/type", "kibana"),
        socket: Socket::tcp(5601),
        channel: Channel { host: host.clone(), path: "/".to_owned(), at: at.key("host") },
        component: COMPONENT,
        at,
    });
}

/// Elasticsearch maps its indices into memory, in more pieces than a kernel allows by itself.
fn mappings(cluster: &str, at: &At) -> NodeNeed {
    NodeNeed {
        cluster: cluster.to_owned(),
        roles: vec![NodeRole::Worker],
        packages: Vec::new(),
        modules: Vec::new(),
        files: vec![NodeFile {
            path: "/etc/sysctl.d/90-elasticsearch.conf".to_owned(),
            mode: "0644",
            text: "vm.max_map_count = 262144\n".to_owned(),
        }],
        ports: Vec::new(),
        at: at.clone(),
    }
}

fn aggregator(model: &Logging) -> Addon {
    // What is printed in six hours, so that Elasticsearch may be away for a night's upgrade.
    let buffer =
        Bytes::new(model.volume.get() / 8).round_up_to(Bytes::from_gi(1)).max(Bytes::from_gi(5));
    let policy = objects::lifecycle(model.retention);
    let output = render(
        include_str!("files/output.conf"),
        context! {
            elasticsearch => ELASTICSEARCH,
            stream => STREAM,
            policy => policy,
            buffer => format!("{}MB", buffer.percent(90).get() >> 20),
        },
    );
    Addon {
        name: AGGREGATOR,
        namespace: NAMESPACE,
        pod_security: Level::Baseline,
        network: Some(Network {
            answers: Vec::new(),
            reaches: Vec::new(),
            among: [5601, 9200, 9300].map(Socket::tcp).to_vec(),
        }),
        chart: charts::FLUENTD,
        values: tree!({
            "fullnameOverride": AGGREGATOR,
            "kind": "StatefulSet",
            "replicaCount": 2,
            // The client of Elasticsearch refuses a server of another major version.
            "variant": "elasticsearch9",
            "resources": (resources("200m", "1Gi")),
            "mountVarLogDirectory": false,
            "mountDockerContainersDirectory": false,
            "env": [{
                "name": "ELASTICSEARCH_PASSWORD",
                "valueFrom": {"secretKeyRef": {
                    "name": (format!("{ELASTICSEARCH}-es-elastic-user")), "key": "elastic",
                }},
            }],
            "volumes": [{
                "name": "elasticsearch",
                "secret": {"secretName": (format!("{ELASTICSEARCH}-es-http-certs-public"))},
            }],
            "volumeMounts": [
                {"name": "elasticsearch", "mountPath": "/fluentd/elasticsearch", "readOnly": true},
            ],
            "persistence": (persistence(model, buffer)),
            "service": {"ports": [
                {"name": "forward", "protocol": "TCP", "containerPort": 24224},
            ]},
            "dashboards": {"enabled": false},
            "fileConfigs": {
                "01_sources.conf": (include_str!("files/sources.conf")),
                "02_filters.conf": "# Fluent Bit says where a line is from.\n",
                "03_dispatch.conf": (include_str!("files/dispatch.conf")),
                "04_outputs.conf": output,
            },
        }),
        ignored: Vec::new(),
        needs: vec![STORE],
        scrapes: Vec::new(),
    }
}

fn persistence(model: &Logging, buffer: Bytes) -> Tree {
    let mut persistence = tree!({"enabled": true, "size": (buffer.to_string())});
    if let (Some(class), Some(persistence)) = (&model.class, persistence.as_map_mut()) {
        persistence.insert("storageClass", class.clone());
    }
    persistence
}

fn shipper(runtime: Option<ContainerRuntime>) -> Addon {
    let runtime = match runtime {
        Some(ContainerRuntime::Docker) => "docker",
        _ => "containerd",
    };
    Addon {
        name: SHIPPER,
        namespace: AGENTS,
        pod_security: Level::Privileged,
        network: Some(Network {
            answers: Vec::new(),
            reaches: vec![API_SERVER],
            among: Vec::new(),
        }),
        chart: charts::FLUENT_BIT,
        values: tree!({
            "fullnameOverride": SHIPPER,
            "kind": "DaemonSet",
            "priorityClassName": "system-node-critical",
            "tolerations": [{"operator": "Exists"}],
            "resources": (resources("50m", "256Mi")),
            "config": {
                "service": (include_str!("files/service.conf")),
                "inputs": (render(
                    include_str!("files/inputs.conf"),
                    context! { namespace => NAMESPACE, runtime => runtime },
                )),
                "filters": (include_str!("files/filters.conf")),
                "outputs": (render(include_str!("files/outputs.conf"), context! { namespace => NAMESPACE })),
            },
        }),
        ignored: Vec::new(),
        needs: vec![AGGREGATOR],
        scrapes: Vec::new(),
    }
}

/// From the nodes to the aggregator, and from the operator to what it looks after.
fn flows(stage: &Stage, at: &At) -> Vec<Flow> {
    let pods = |namespace: &str, labels| Peer::Pods { namespace: namespace.to_owned(), labels };
    let flow = |from, to, port| Flow {
        stage: stage.clone(),
        from,
        to,
        sockets: vec![Socket::tcp(port)],
        component: COMPONENT,
        at: at.clone(),
    };
    let name = |name| labels("app.kubernetes.io/name", name);
    vec![
        flow(pods(AGENTS, name(SHIPPER)), pods(NAMESPACE, name(AGGREGATOR)), 24224),
        flow(
            pods(OPERATOR, name("elastic-operator")),
            pods(NAMESPACE, labels("common.k8s.elastic.co/type", "elasticsearch")),
            9200,
        ),
    ]
}

fn scrape(
    unit: &UnitId,
    namespace: &str,
    name: &str,
    port: &str,
    number: u16,
    path: &str,
    at: &At,
) -> Scrape {
    let labels = labels("app.kubernetes.io/name", name);
    Scrape {
        unit: unit.clone(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        labels: labels.clone(),
        port: port.to_owned(),
        pods: labels,
        socket: Socket::tcp(number),
        path: path.to_owned(),
        interval: 30,
        component: COMPONENT,
        at: at.clone(),
    }
}

fn labels(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

/// CPU as it is asked for, and as much memory as there may be.
fn resources(cpu: &str, memory: &str) -> Tree {
    tree!({
        "requests": {"cpu": (cpu.to_owned()), "memory": (memory.to_owned())},
        "limits": {"memory": (memory.to_owned())},
    })
}
