//! The add-ons that a cluster cannot do without: what `network` and `autoscaling` state becomes charts and their
//! objects.
//!
//! A pass, because three sections decide about them: the network, Kubernetes (who makes Services work on nodes) and
//! the machines (where the API is). Everything doubtful was refused by those sections.

mod autoscaling;
mod cni;
mod gateway;
mod load_balancer;

use crate::plan::nodes::{ClusterNetwork, KubernetesFacts};
use crate::plan::{Origin, Plan, UnitId};

pub(super) const NAME: &str = "addons";

/// The component that states what this pass derives from.
const COMPONENT: &str = "network";

/// A cluster whose network is known.
struct Cluster<'a> {
    name: &'a str,
    network: &'a ClusterNetwork,
    kubernetes: Option<&'a KubernetesFacts>,
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
    for (name, network) in &networks {
        // Where nothing says how the API servers are reached, the cluster is somebody else's, and so is its network.
        if network.api.is_none() {
            continue;
        }
        let cluster = Cluster { name, network, kubernetes: kubernetes.get(name) };
        cni::plan(&cluster, plan);
        load_balancer::plan(&cluster, plan);
        gateway::plan(&cluster, plan);
    }
    autoscaling::plan(plan);
}

/// Whether an add-on is planned.
fn is_planned(plan: &Plan, id: &UnitId) -> bool {
    plan.units.contains_key(id)
}
