//! What counts the load of pods, and what asks for machines.

use super::{COMPONENT, NAME};
use crate::catalog::parts::CLUSTER_AUTOSCALER;
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::version::MinorVersion;
use crate::path::At;
use crate::plan::{API_SERVER, Addon, Metrics, Network, Origin, Plan, charts, platform};
use crate::tree;

/// What the API server calls metrics-server by.
const METRICS: Socket = Socket::tcp(10250);

pub(super) fn plan(plan: &mut Plan) {
    for (cluster, (wanted, at)) in plan.facts.pod_metrics.clone() {
        if wanted && plan.facts.networks.get(&cluster).is_some_and(|network| network.api.is_some())
        {
            metrics_server().install(plan, &cluster, COMPONENT, origin(&at));
        }
    }
    for (cluster, autoscaling) in plan.facts.node_autoscaling.clone() {
        let version = plan.facts.kubernetes.get(&cluster).map(|known| known.version.series());
        let addon = autoscaler(&cluster, &autoscaling.namespace, version);
        addon.install(plan, &cluster, COMPONENT, origin(&autoscaling.at.key("nodes")));
    }
}

fn origin(at: &At) -> Origin {
    Origin::derived(COMPONENT, NAME, [at.clone()])
}

/// Kubelets serve with certificates that nobody but themselves vouches for unless the cluster signs them, so their
/// certificates are not checked; the load of pods is no secret.
fn metrics_server() -> Addon {
    Addon {
        name: "metrics-server",
        namespace: "metrics-server",
        pod_security: Level::Restricted,
        network: Some(Network {
            answers: vec![METRICS],
            // The kubelets have the same port on every node.
            reaches: vec![API_SERVER, METRICS],
            among: Vec::new(),
        }),
        chart: charts::METRICS_SERVER,
        values: tree!({
            "replicas": 2,
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "args": ["--kubelet-insecure-tls"],
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "metrics-server"}}
            }]
        }),
        ignored: Vec::new(),
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
}

/// It sees the cluster's machines through Cluster API, in the same cluster. Its image is of the cluster's own minor,
/// whose scheduler it imitates; the chart's, where none is known.
fn autoscaler(cluster: &str, namespace: &str, minor: Option<MinorVersion>) -> Addon {
    let image = CLUSTER_AUTOSCALER.iter().find(|known| Some(known.series) == minor);
    let mut addon = chart_of_autoscaler(cluster, namespace);
    if let (Some(image), Some(values)) = (image, addon.values.as_map_mut()) {
        values.insert("image", tree!({"tag": (format!("v{}", image.newest()))}));
    }
    addon
}

fn chart_of_autoscaler(cluster: &str, namespace: &str) -> Addon {
    Addon {
        name: "cluster-autoscaler",
        namespace: "cluster-autoscaler",
        // Its pod says no seccomp profile.
        pod_security: Level::Baseline,
        network: Some(Network { reaches: vec![API_SERVER], ..Network::default() }),
        chart: charts::CLUSTER_AUTOSCALER,
        values: tree!({
            "cloudProvider": "clusterapi",
            "clusterAPIMode": "incluster-incluster",
            "autoDiscovery": {
                "clusterName": (cluster.to_owned()), "namespace": (namespace.to_owned())
            },
            "fullnameOverride": "cluster-autoscaler",
            "replicaCount": 2,
            "priorityClassName": "system-cluster-critical",
            "resources": {
                "requests": {"cpu": "50m", "memory": "300Mi"}, "limits": {"memory": "600Mi"}
            },
            "extraArgs": {"balance-similar-node-groups": true, "expander": "least-waste"}
        }),
        ignored: Vec::new(),
        needs: vec![platform::CNI],
        scrapes: vec![Metrics {
            name: "cluster-autoscaler",
            service: &[("app.kubernetes.io/instance", "cluster-autoscaler")],
            port: "http",
            pods: &[("app.kubernetes.io/instance", "cluster-autoscaler")],
            socket: Socket::tcp(8085),
        }],
    }
}
