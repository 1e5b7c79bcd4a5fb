//! Elasticsearch and Kibana as objects of their operator, and how long an index lives.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Logging;
use crate::k8s::crd::Object;
use crate::k8s::crd::elastic::{
    ChangeBudget, ElasticsearchRef, ElasticsearchSpec, KibanaSpec, NodeSet, UpdateStrategy,
};
use crate::k8s::duration::Duration;
use crate::k8s::tree::Tree;
use crate::tree;

/// The name of the Elasticsearch, of which those of its Services and Secrets are made.
pub(super) const ELASTICSEARCH: &str = "logs";

/// The version that the operator 3.5.0 is tested with; Fluentd's variant is of the same major version.
const VERSION: &str = "9.4.3";

/// The name that the operator wants the volume to have.
const VOLUME: &str = "elasticsearch-data";

/// `mapped`: whether the machines allow as many mappings as Elasticsearch wants (`vm.max_map_count`).
pub(super) fn elasticsearch(
    model: &Logging,
    mapped: bool,
    namespace: &str,
) -> Object<ElasticsearchSpec> {
    let set = |name, count, roles: Tree, memory: &str, size: String| NodeSet {
        name,
        count,
        config: tree!({"node.roles": roles, "node.store.allow_mmap": mapped}),
        pod_template: pod_template(
            "elasticsearch",
            "elasticsearch.k8s.elastic.co/statefulset-name",
            name,
            memory,
        ),
        volume_claim_templates: vec![claim(model, &size)],
    };
    let spec = ElasticsearchSpec {
        version: VERSION,
        // Volumes outlive the object: deleting it by mistake loses nothing.
        volume_claim_delete_policy: "DeleteOnScaledownOnly",
        node_sets: vec![
            set("masters", 3, tree!(["master"]), "2Gi", "10Gi".to_owned()),
            set("data", model.nodes, tree!(["data", "ingest"]), "4Gi", model.size.to_string()),
        ],
        update_strategy: UpdateStrategy {
            change_budget: ChangeBudget { max_surge: 1, max_unavailable: 1 },
        },
    };
    Object::new(metadata(ELASTICSEARCH, namespace), spec)
}

/// Behind the gateway, which ends TLS, so Kibana itself speaks plainly; the policies of its namespace let nobody
/// else in.
pub(super) fn kibana(host: &str, namespace: &str) -> Object<KibanaSpec> {
    let spec = KibanaSpec {
        version: VERSION,
        count: 2,
        elasticsearch_ref: ElasticsearchRef { name: ELASTICSEARCH },
        http: tree!({"tls": {"selfSignedCertificate": {"disabled": true}}}),
        config: tree!({
            "server.publicBaseUrl": (format!("https://{host}")),
            "telemetry.optIn": false,
        }),
        pod_template: pod_template("kibana", "kibana.k8s.elastic.co/name", ELASTICSEARCH, "1Gi"),
    };
    Object::new(metadata(ELASTICSEARCH, namespace), spec)
}

/// How long an index lives: a new one each day or at 30 GB, and none older than the retention.
pub(super) fn lifecycle(retention: Duration) -> String {
    let policy = serde_json::json!({"policy": {"phases": {
        "hot": {"actions": {"rollover": {"max_age": "1d", "max_primary_shard_size": "30gb"}}},
        "delete": {"min_age": format!("{}h", retention.as_hours()), "actions": {"delete": {}}},
    }}});
    policy.to_string()
}

fn claim(model: &Logging, size: &str) -> Tree {
    let mut spec = tree!({
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": (size.to_owned())}},
    });
    if let (Some(class), Some(spec)) = (&model.class, spec.as_map_mut()) {
        spec.insert("storageClassName", class.clone());
    }
    tree!({"metadata": {"name": VOLUME}, "spec": spec})
}

/// What a container may use, and that copies are on different machines as far as that goes.
fn pod_template(container: &'static str, label: &'static str, value: &str, memory: &str) -> Tree {
    let value = if container == "elasticsearch" {
        format!("{ELASTICSEARCH}-es-{value}")
    } else {
        value.to_owned()
    };
    let mut labels = crate::k8s::tree::Map::new();
    labels.insert(label, value);
    tree!({"spec": {
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
        }],
        // The operator leaves out its own where there is one, so the group that may write volumes is said here: the
        // images run as 1000.
        "securityContext": {
            "runAsNonRoot": true, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}
        },
        "containers": [{
            "name": container,
            "resources": {
                "requests": {"cpu": "500m", "memory": (memory.to_owned())},
                "limits": {"memory": (memory.to_owned())},
            },
        }],
    }})
}

fn metadata(name: &str, namespace: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    }
}
