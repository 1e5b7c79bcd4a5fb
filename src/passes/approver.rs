//! Whoever approves the certificates that kubelets serve with.
//!
//! With `serverTLSBootstrap` a kubelet asks for its serving certificate, and Kubernetes itself approves none
//! (`kubernetes.io/kubelet-serving`). Without an approval logs, exec and metrics fail with x509 errors. The approver
//! compares each request with what the blueprint says: names of its pools, addresses of their segments.

use std::collections::BTreeSet;

use crate::k8s::tree::Tree;
use crate::plan::bootstrap::APPROVER;
use crate::plan::nodes::{ClusterNetwork, Machines, NodeRole};
use crate::plan::{ChartSource, Origin, Plan, Release, Stage, UnitId, UnitKind};

/// The pass's name in origins.
pub const NAME: &str = "approver";

/// The component that states what this pass derives from.
const COMPONENT: &str = "machines";

/// The chart, whose values are these since 1.2.
const VERSION: &str = "1.2.14";

pub(super) fn run(plan: &mut Plan) {
    let mut made = Vec::new();
    for (cluster, machines) in &plan.facts.machines {
        if let Some(network) = plan.facts.networks.get(cluster) {
            made.push((cluster.clone(), release(machines, network)));
        }
    }
    for (cluster, release) in made {
        let stage = Stage::Cluster(cluster.clone());
        let id = UnitId { kind: UnitKind::Platform, name: APPROVER.to_owned(), stage };
        plan.versions.insert(format!("{APPROVER} ({cluster})"), VERSION.to_owned());
        let unit = plan.unit(id, release.origin.at());
        // It is there from the beginning, and closed to nobody who may make pods there anyhow.
        unit.namespace = Some("kube-system".to_owned());
        unit.release = Some(release);
    }
}

fn release(machines: &Machines, network: &ClusterNetwork) -> Release {
    let nodes = |role: NodeRole| matches!(role, NodeRole::ControlPlane | NodeRole::Worker);
    let fixed = machines.machines.iter().filter(|machine| nodes(machine.role));
    let mut pools: BTreeSet<&str> = fixed.clone().map(|machine| machine.pool.as_str()).collect();
    pools.extend(machines.autoscaled.iter().map(|pool| pool.name.as_str()));
    // A node has its address in the first segment of its pool.
    let mut segments: BTreeSet<&str> =
        fixed.filter_map(|machine| machine.nics.first()).map(|nic| nic.segment.as_str()).collect();
    let autoscaled = machines.autoscaled.iter().filter_map(|pool| pool.segments.first());
    segments.extend(autoscaled.map(String::as_str));
    let prefixes: Vec<Tree> = segments
        .iter()
        .filter_map(|name| network.segments.get(*name))
        .map(|segment| segment.cidr.to_string().into())
        .collect();
    let names = pools.into_iter().collect::<Vec<_>>().join("|");
    let values = crate::tree!({
        // Machines are called `<pool>-<number>`, autoscaled ones `<pool>-<random>`.
        "providerRegex": (format!("^({names})-[a-z0-9-]+$")),
        "providerIpPrefixes": (prefixes),
        // Names of machines need not be in DNS; the address is compared with the segments instead.
        "bypassDnsResolution": true,
        "maxExpirationSeconds": "31622400",
        "ignoreNonSystemNode": true,
        "metrics": {"enable": false},
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "128Mi"},
        },
    });
    Release {
        name: APPROVER.to_owned(),
        chart: APPROVER.to_owned(),
        source: ChartSource::Repository {
            url: "https://postfinance.github.io/kubelet-csr-approver".to_owned(),
        },
        version: VERSION.to_owned(),
        values,
        requires: None,
        api_versions: Vec::new(),
        ignored: Vec::new(),
        origin: Origin::derived(COMPONENT, NAME, [machines.at.clone(), network.at.clone()]),
    }
}
