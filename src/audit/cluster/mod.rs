//! Rules over machines, networks and Kubernetes together: what survives, what fits, what goes with what.

mod addresses;
mod failures;
mod hosts;
mod pairing;
mod snapshots;

use std::collections::BTreeMap;

use super::view::View;
use crate::diag::{Diagnostics, Rule};
use crate::plan::nodes::{
    ApiBalancer, ClusterNetwork, EtcdTopology, KubernetesFacts, Machine, MachinePool, Machines,
    NodeRole,
};

/// The rules.
pub static RULES: &[&Rule] = &[
    &failures::QUORUM,
    &failures::QUORUM_IN_ZONE,
    &failures::EVEN,
    &failures::SINGLE,
    &failures::SINGLE_PROTECTED,
    &failures::API,
    &failures::POOL,
    &failures::ONE_HOST,
    &hosts::OVERSUBSCRIBED,
    &hosts::NO_ROOM_TO_GROW,
    &addresses::MAC_TWICE,
    &addresses::PODS_TOO_SMALL,
    &addresses::SHARE_TOO_SMALL,
    &addresses::SHARE_TIGHT,
    &pairing::NO_API,
    &pairing::API_UNSHARED,
    &pairing::API_PORT,
    &pairing::BALANCER_MACHINES,
    &pairing::ETCD_MACHINES,
    &pairing::PROXY,
    &pairing::L2_UNREACHABLE,
    &pairing::UNROUTED,
    &pairing::CLUSTER_API_UNTESTED,
    &snapshots::STAYS,
    &snapshots::NOBODY,
];

/// What is known of one cluster that has machines.
struct Cluster<'a> {
    name: &'a str,
    machines: &'a Machines,
    network: &'a ClusterNetwork,
    kubernetes: &'a KubernetesFacts,
    /// Whether an environment on it is protected.
    protected: bool,
}

impl<'a> Cluster<'a> {
    fn with_role(&self, role: NodeRole) -> Vec<&'a Machine> {
        self.machines.machines.iter().filter(|machine| machine.role == role).collect()
    }

    fn pools(&self, role: NodeRole) -> impl Iterator<Item = &'a MachinePool> {
        self.machines.pools.iter().filter(move |pool| pool.role == role)
    }

    /// The machines that run etcd, and their role.
    fn etcd_role(&self) -> NodeRole {
        match self.kubernetes.etcd {
            EtcdTopology::Stacked => NodeRole::ControlPlane,
            EtcdTopology::External => NodeRole::Etcd,
        }
    }

    /// The role of the machines that hold the API's address, if any of ours do.
    fn api_role(&self) -> Option<NodeRole> {
        match self.network.api.as_ref()?.balancer {
            ApiBalancer::KubeVip => Some(NodeRole::ControlPlane),
            ApiBalancer::HaProxy => {
                let dedicated = self.pools(NodeRole::LoadBalancer).next().is_some();
                Some(if dedicated { NodeRole::LoadBalancer } else { NodeRole::ControlPlane })
            }
            ApiBalancer::External => None,
        }
    }

    /// Machines that are nodes of Kubernetes from the beginning.
    fn nodes(&self) -> impl Iterator<Item = &'a Machine> {
        let node =
            |machine: &&Machine| matches!(machine.role, NodeRole::ControlPlane | NodeRole::Worker);
        self.machines.machines.iter().filter(node)
    }
}

/// Finds what is wrong with clusters as wholes.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    let facts = &view.plan.facts;
    for (name, machines) in &facts.machines {
        let (Some(network), Some(kubernetes)) =
            (facts.networks.get(name), facts.kubernetes.get(name))
        else {
            continue;
        };
        let protected = facts
            .tenancies
            .values()
            .any(|tenancy| tenancy.protected && tenancy.stage.cluster() == Some(name.as_str()));
        let cluster = Cluster { name, machines, network, kubernetes, protected };
        failures::audit(&cluster, diags);
        hosts::audit(&cluster, diags);
        addresses::audit(&cluster, diags);
        pairing::audit(&cluster, view, diags);
        snapshots::audit(&cluster, view, diags);
    }
    snapshots::elsewhere(view, diags);
    addresses::hardware(&facts.machines, diags);
}

/// Machines by what they are in.
fn by<'a>(
    machines: &[&'a Machine],
    of: fn(&Machine) -> &str,
) -> BTreeMap<&'a str, Vec<&'a Machine>> {
    let mut groups: BTreeMap<&str, Vec<&Machine>> = BTreeMap::new();
    for machine in machines {
        groups.entry(of(machine)).or_default().push(machine);
    }
    groups
}

/// `general-1, general-4 and general-7`.
fn names(machines: &[&Machine]) -> String {
    let names: Vec<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] if all.len() < 4 => format!("{} and {last}", all.join(", ")),
        [first, second, ..] => format!("{first}, {second} and {} more", names.len() - 2),
    }
}

#[cfg(test)]
mod tests;
