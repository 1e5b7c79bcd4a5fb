//! What every machine boots with: cloud-init's user-data, meta-data and network-config.
//!
//! Files that are the same on all machines of a pool are rendered once; a machine adds what names it. Secrets are
//! markers (`plan::nodes::markers`), and `groundplan seed` puts them in outside the repository.
//!
//! The order of a first boot: cloud-init writes the files, makes etcd's file system, mounts it, makes the users and
//! installs the distribution's packages; then `node-system` loads modules, sysctls and the firewall, and starts
//! `node-packages` (pinned packages, tried until they are there) and `node-bootstrap` (kubeadm, once).

mod balancer;
mod cluster;
mod cluster_api;
mod control_plane;
mod etcd;
mod files;
mod firewall;
mod kubeadm;
mod kubelet;
mod network_config;
mod packages;
mod runtime;
mod scripts;
mod snapshots;
mod system;
mod texts;
mod user_data;

#[cfg(test)]
pub mod tests;

use rayon::prelude::*;

use crate::k8s::tree::Tree;
use crate::k8s::yaml;
use crate::plan::nodes::Machine;
use crate::plan::{Artifact, Origin, Plan, Stage};
use cluster::{Cluster, Pool};
use texts::Texts;

pub(super) const NAME: &str = "nodes";

/// The component that states machines, for origins.
const STATED_BY: &str = "machines";

pub(super) fn run(plan: &mut Plan) {
    let texts = Texts::new();
    let mut artifacts = Vec::new();
    for name in plan.facts.machines.keys() {
        let Some(cluster) = Cluster::of(&plan.facts, name) else { continue };
        for pool in cluster.pools() {
            artifacts.extend(first_boots(&cluster, &pool, &texts));
        }
    }
    let objects = cluster_api::objects(plan, &texts);
    plan.artifacts.extend(artifacts);
    for (unit, object) in objects {
        let at = object.origin.from[0].clone();
        plan.unit(unit, &at).add(object);
    }
}

/// The three files of each machine of a pool.
fn first_boots(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<Artifact> {
    let shared = user_data::shared(cluster, pool, texts);
    let each = |machine: &&Machine| {
        let user_data = user_data::of(cluster, pool, machine, &shared, texts);
        let network_config = yaml::print(&network_config::of(cluster, machine));
        [
            artifact(cluster, machine, "user-data", "first boot", user_data),
            artifact(cluster, machine, "meta-data", "identity", yaml::print(&meta_data(machine))),
            artifact(cluster, machine, "network-config", "network", network_config),
        ]
    };
    pool.members.par_iter().flat_map_iter(each).collect()
}

/// A new disk is a first boot whatever it is called, and a machine that lives must never have a second one: so the
/// instance's name does not change with what it boots.
fn meta_data(machine: &Machine) -> Tree {
    crate::tree!({
        "instance-id": (format!("groundplan-{}", machine.name)),
        "local-hostname": (machine.name.clone()),
    })
}

fn artifact(
    cluster: &Cluster<'_>,
    machine: &Machine,
    file: &str,
    what: &str,
    text: String,
) -> Artifact {
    let fields = [
        machine.at.clone(),
        cluster.machines.at.clone(),
        cluster.network.at.clone(),
        cluster.kubernetes.at.clone(),
    ];
    Artifact {
        stage: Stage::Cluster(cluster.name.to_owned()),
        path: format!("clusters/{}/machines/{}/{file}", cluster.name, machine.name),
        text,
        what: format!("{what} of the machine {}", machine.name),
        origin: Origin::derived(STATED_BY, NAME, fields),
    }
}
