//! The add-ons that several sections decide about: what `network`, `autoscaling` and `backup` state becomes charts and
//! their objects.
//!
//! A pass, because it takes what other sections state: Kubernetes (who makes Services work on nodes), the machines
//! (where the API is), the environments (whose namespaces there are). Everything doubtful was refused by those sections.

mod autoscaling;
mod backup;
mod cni;
mod gateway;
mod load_balancer;

use crate::plan::nodes::{ClusterNetwork, KubernetesFacts, Machines};
use crate::plan::{Origin, Plan, UnitId};

pub(super) const NAME: &str = "addons";

/// The component that states what this pass derives from.
const COMPONENT: &str = "network";

/// A cluster whose network is known.
struct Cluster<'a> {
    name: &'a str,
    network: &'a ClusterNetwork,
    kubernetes: Option<&'a KubernetesFacts>,
    machines: Option<&'a Machines>,
}

impl Cluster<'_> {
    /// What follows from a field of the network.
    fn origin(&self, field: &'static str) -> Origin {
        Origin::derived(COMPONENT, NAME, [self.network.at.key(field)])
    }
}

pub(super) fn run(plan: &mut Plan) {
    let networks = plan.facts.networks.clone();
    let kubernetes = plan.facts.kubernetes.clone();
    let machines = plan.facts.machines.clone();
    for (name, network) in &networks {
        // Where nothing says how the API servers are reached, the cluster is somebody else's, and so is its network.
        if network.api.is_none() {
            continue;
        }
        let (kubernetes, machines) = (kubernetes.get(name), machines.get(name));
        let cluster = Cluster { name, network, kubernetes, machines };
        cni::plan(&cluster, plan);
        load_balancer::plan(&cluster, plan);
        gateway::plan(&cluster, plan);
    }
    autoscaling::plan(plan);
    backup::plan(plan);
}

/// Whether an add-on is planned.
fn is_planned(plan: &Plan, id: &UnitId) -> bool {
    plan.units.contains_key(id)
}
