//! What the section states.

use super::pool::{Placed, Pool};
use super::{Machines, place};
use crate::component::Situation;
use crate::k8s::hardware::MacAddress;
use crate::path::At;
use crate::plan::nodes::{self, AutoscaledPool, DiskUse, Machine, MachinePool, Nic, Trunk};
use crate::plan::{Plan, Stage};

/// The label that says in which zone a node is.
const ZONE: &str = "topology.kubernetes.io/zone";

pub(super) fn lower(machines: &Machines, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
    let Stage::Cluster(cluster) = situation.stage else { return };
    if machines.pools.is_empty() {
        return;
    }
    let estate = &situation.symbols.estate;
    let mut placed: Vec<Machine> = machines
        .pools
        .iter()
        .flat_map(|pool| pool.machines.iter().map(move |machine| (pool, machine)))
        .map(|(pool, machine)| lowered(pool, machine, &format!("{estate}/{cluster}")))
        .collect();
    placed.sort_by(|a, b| a.name.cmp(&b.name));
    let [cpu_percent, memory_percent, disk_percent] = machines.percents;
    let facts = nodes::Machines {
        image: machines.image.word().to_owned(),
        administrators: machines.administrators.clone(),
        hosts: machines.hosts.clone(),
        cpu_percent,
        memory_percent,
        disk_percent,
        pools: machines
            .pools
            .iter()
            .map(|pool| MachinePool {
                name: pool.name.clone(),
                role: pool.role,
                survives: pool.survives,
                at: pool.at.clone(),
            })
            .collect(),
        machines: placed,
        autoscaled: machines.pools.iter().filter_map(autoscaled).collect(),
        at: at.clone(),
    };
    plan.facts.machines.insert(cluster.clone(), facts);
    let settings = plan.facts.node_settings.entry(cluster.clone()).or_default();
    settings.mirrors.clone_from(&machines.mirrors);
    settings.packages.clone_from(&machines.packages);
    settings.administrators_from = machines.from.iter().map(|range| range.net()).collect();
}

fn lowered(pool: &Pool, machine: &Placed, seed: &str) -> Machine {
    let mut labels = pool.labels.clone();
    labels.insert(ZONE.to_owned(), machine.host.zone.clone());
    let nics = machine.links.iter().map(|link| {
        let made = || made(&format!("{seed}/{}/{}", machine.name, link.segment));
        Nic {
            name: link.segment.clone(),
            segment: link.segment.clone(),
            mac: link.mac.unwrap_or_else(made).to_string(),
            address: link.address,
        }
    });
    Machine {
        name: machine.name.clone(),
        pool: pool.name.clone(),
        role: pool.role,
        host: machine.host.host.clone(),
        zone: machine.host.zone.clone(),
        cpu: pool.cpu,
        memory: pool.memory,
        disks: pool.disks.clone(),
        nics: nics.collect(),
        trunk: pool.trunk.map(|(cards, lacp)| Trunk {
            macs: (0..cards)
                .map(|card| made(&format!("{seed}/{}/uplink{card}", machine.name)).to_string())
                .collect(),
            lacp,
        }),
        labels,
        taints: pool.taints.clone(),
        at: pool.at.clone(),
    }
}

/// A hardware address made of a name: locally administered, of one card (IEEE 802, 8.4).
fn made(name: &str) -> MacAddress {
    let [a, b, c, d, e, ..] = place::hash(name.as_bytes());
    MacAddress::new([0x02, a, b, c, d, e])
}

fn autoscaled(pool: &Pool) -> Option<AutoscaledPool> {
    let (min, max) = pool.autoscale?;
    let root = pool.disks.iter().find(|disk| disk.usage == DiskUse::Root);
    Some(AutoscaledPool {
        name: pool.name.clone(),
        min,
        max,
        cpu: pool.cpu,
        memory: pool.memory,
        disk: root.map_or(0, |disk| disk.size),
        segments: pool.segments.clone(),
        addresses: pool.ranges.clone(),
        labels: pool.labels.clone(),
        taints: pool.taints.clone(),
        at: pool.at.clone(),
    })
}
