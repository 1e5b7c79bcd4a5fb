//! Whether the machines fit on their hosts, and what may still grow there.

use super::{Cluster, names};
use crate::diag::{Diagnostics, Place, Rule};
use crate::k8s::quantity::Bytes;
use crate::plan::nodes::{Machine, MachineHost, Machines};

/// A host that is given away more than once.
pub static OVERSUBSCRIBED: Rule = Rule::error(
    "machines/host-oversubscribed",
    "the machines of a host have more than the host",
    "Memory that is not there stops machines, disks that fill up stop all of them at once, and CPUs that are \
     shared make etcd miss its heartbeats. How much is meant to be shared can be said.",
    "machines: {hosts: {hv-a: {cpu: 8, memory: 32Gi, disk: 1Ti}}, pools: {general: {role: worker, count: 3, cpu: 4}}}",
);

/// An autoscaler that asks for what no host has.
pub static NO_ROOM_TO_GROW: Rule = Rule::error(
    "machines/no-room-to-grow",
    "the hosts have no room for the most machines of the autoscaled pools",
    "The autoscaler counts on machines that are never made; pods wait for them, and none of it is an error \
     anywhere.",
    "machines: {pools: {burst: {role: worker, autoscale: {min: 0, max: 1000}, cpu: 8}}}",
);

/// One thing that a host has.
struct Resource {
    word: &'static str,
    of_host: fn(&MachineHost) -> u64,
    of_machine: fn(&Machine) -> u64,
    percent: fn(&Machines) -> u32,
    show: fn(u64) -> String,
}

const fn resources() -> [Resource; 3] {
    [
        Resource {
            word: "cpu",
            of_host: |host| host.cpu as u64,
            of_machine: |machine| machine.cpu as u64,
            percent: |machines| machines.cpu_percent,
            show: |count| count.to_string(),
        },
        Resource {
            word: "memory",
            of_host: |host| host.memory,
            of_machine: |machine| machine.memory,
            percent: |machines| machines.memory_percent,
            show: |bytes| Bytes::new(bytes).to_string(),
        },
        Resource {
            word: "disk",
            of_host: |host| host.disk,
            of_machine: |machine| {
                machine.disks.iter().fold(0, |sum, disk| sum.saturating_add(disk.size))
            },
            percent: |machines| machines.disk_percent,
            show: |bytes| Bytes::new(bytes).to_string(),
        },
    ]
}

/// What may be given away of an amount.
fn share(amount: u64, percent: u32) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

pub fn audit(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let machines = cluster.machines;
    let mut left: Vec<[u64; 3]> = Vec::new();
    for host in &machines.hosts {
        let here: Vec<&Machine> =
            machines.machines.iter().filter(|machine| machine.host == host.name).collect();
        let mut free = [0; 3];
        for (slot, resource) in free.iter_mut().zip(resources()) {
            let has = (resource.of_host)(host);
            let may = share(has, (resource.percent)(machines));
            let asked: u64 = here
                .iter()
                .fold(0, |sum, machine| sum.saturating_add((resource.of_machine)(machine)));
            *slot = may.saturating_sub(asked);
            if asked <= may {
                continue;
            }
            let show = resource.show;
            let factor = u128::from(asked) * 100 / u128::from(has.max(1)) + 1;
            diags
                .report(
                    &OVERSUBSCRIBED,
                    host.at.field(resource.word),
                    format!(
                        "{} have {} of {} together, `{}` may give {}",
                        names(&here),
                        show(asked),
                        resource.word,
                        host.name,
                        show(may)
                    ),
                )
                .related(machines.at.field("pools"), "the pools")
                .help(format!(
                    "add a host, make machines smaller, or write `oversubscription: {{{}: {factor}%}}`",
                    resource.word
                ));
        }
        left.push(free);
    }
    growth(cluster, left, diags);
}

/// Puts the most machines of the autoscaled pools on what is left, pool by pool, wherever one fits.
fn growth(cluster: &Cluster<'_>, mut left: Vec<[u64; 3]>, diags: &mut Diagnostics) {
    for pool in &cluster.machines.autoscaled {
        let needs = [u64::from(pool.cpu), pool.memory, pool.disk];
        let mut placed: u64 = 0;
        for free in &mut left {
            let fits = free
                .iter()
                .zip(needs)
                .map(|(free, needs)| free.checked_div(needs).unwrap_or(u64::MAX))
                .min()
                .unwrap_or_default()
                .min(u64::from(pool.max) - placed);
            for (free, needs) in free.iter_mut().zip(needs) {
                *free -= fits * needs;
            }
            placed += fits;
        }
        if placed < u64::from(pool.max) {
            diags
                .report(
                    &NO_ROOM_TO_GROW,
                    Place::Value(pool.at.field("autoscale").field("max")),
                    format!(
                        "`{}` may grow to {} machines, beside the others the hosts have room for {placed}",
                        pool.name, pool.max
                    ),
                )
                .related(cluster.machines.at.field("hosts"), "the hosts")
                .help(format!("write `max: {placed}`, or add hosts"));
        }
    }
}
