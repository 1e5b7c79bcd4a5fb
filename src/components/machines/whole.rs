//! Rules about the machines together, once each has its place: addresses, sizes, what must be there at all.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Machines;
use super::pool::Pool;
use crate::component::Symbols;
use crate::diag::{Diagnostics, Place, Rule};
use crate::k8s::quantity::Bytes;
use crate::path::At;
use crate::plan::nodes::{DiskUse, NodeRole};

/// Two machines with one address.
pub static TWICE: Rule = Rule::error(
    "machines/address-twice",
    "two machines have one address",
    "Connections reach now one, now the other (RFC 5227); two kubelets with one address evict each other's pods.",
    "machines: {pools: {general: {count: 2, machines: {general-2: {addresses: {workers: 10.20.0.16}}}}}}",
);

/// A machine whose name is too long.
pub static NAME_TOO_LONG: Rule = Rule::error(
    "machines/name-too-long",
    "the name of a machine is longer than 63 characters",
    "It is the host name and the node's name, a DNS label (RFC 1123); Linux refuses more than 64.",
    "machines: {pools: {a-pool-with-a-name-so-long-that-no-number-has-any-room-behind-it-: {count: 1}}}",
);

/// Too small for what it is.
pub static TOO_SMALL: Rule = Rule::error(
    "machines/too-small",
    "a machine is too small for its role",
    "kubeadm refuses control planes with fewer than 2 CPUs or less than 1700 MB; a node that keeps more for itself \
     than it has runs no pods.",
    "machines: {pools: {control-plane: {role: control-plane, count: 3, cpu: 1, memory: 1Gi}}}",
);

/// Small for so many nodes.
pub static CONTROL_PLANE_SMALL: Rule = Rule::warning(
    "machines/control-plane-small",
    "the control planes are small for the number of nodes",
    "API server and etcd grow with the cluster; etcd's own table asks for 4 CPUs and 16 GiB at 250 nodes, and the \
     API server wants as much again (etcd.io/docs, hardware).",
    "machines: {pools: {control-plane: {role: control-plane, count: 3, cpu: 2, memory: 4Gi}, general: {role: worker, count: 200}}}",
);

/// A disk for etcd where no etcd is.
pub static ETCD_DISK: Rule = Rule::error(
    "machines/etcd-disk",
    "a pool without etcd has a disk for it",
    "Nothing would use the disk; perhaps the role is wrong.",
    "machines: {pools: {general: {role: worker, etcdDisk: 40Gi}}}",
);

/// etcd on the root disk.
pub static ETCD_SHARES_DISK: Rule = Rule::warning(
    "machines/etcd-shares-disk",
    "etcd shares the root disk",
    "etcd writes each change through to the disk before it answers; pulled images and logs on the same disk make \
     it miss heartbeats and elect again (etcd.io/docs, hardware: disks).",
    "machines: {pools: {control-plane: {role: control-plane, count: 3, disk: 60Gi}}}",
);

/// A disk with a name that means something else.
pub static DISK_NAME: Rule = Rule::error(
    "machines/disk-name",
    "a further disk has the name of one that every machine has, or one too long for a serial number",
    "A machine finds a disk by its serial number, which is its name and has 20 characters at most (virtio); two of \
     one name are one of the two, which one is chance.",
    "machines: {pools: {general: {disks: {root: 10Gi}}}}",
);

/// Workers without anybody to work for.
pub static NO_CONTROL_PLANE: Rule = Rule::error(
    "machines/no-control-plane",
    "there are machines but no control plane",
    "Somebody must hold the API that the others join.",
    "machines: {pools: {general: {role: worker, count: 3}}}",
);

/// Nobody to log in.
pub static NOBODY: Rule = Rule::warning(
    "machines/no-administrator",
    "nobody may log in to the machines",
    "A machine that does not join cannot be looked at; passwords are off.",
    "machines: {access: {administrators: {}}, pools: {control-plane: {role: control-plane, count: 3}}}",
);

pub(super) fn check(machines: &Machines, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let mut roles = symbols.pools.iter().map(|(_, _, pool)| pool.role).peekable();
    // A pool that was refused above still says what its machines are for.
    if roles.peek().is_some() && !roles.any(|role| role == NodeRole::ControlPlane) {
        diags
            .report(&NO_CONTROL_PLANE, at.field("pools"), "no pool has the role `control-plane`")
            .help("write `control-plane: {role: control-plane, count: 3, …}`");
    }
    if machines.pools.is_empty() {
        return;
    }
    for pool in &machines.pools {
        single(pool, diags);
    }
    twice(machines, diags);
    as_a_whole(machines, at, diags);
}

fn single(pool: &Pool, diags: &mut Diagnostics) {
    let at = &pool.at;
    if let Some(longest) = pool.machines.last().filter(|machine| machine.name.len() > 63) {
        diags
            .report(
                &NAME_TOO_LONG,
                Place::Key(at.clone()),
                format!("`{}` has {} characters", longest.name, longest.name.len()),
            )
            .help("shorten the pool's name");
    }
    let has_etcd = matches!(pool.role, NodeRole::ControlPlane | NodeRole::Etcd);
    let etcd_disk = pool.disks.iter().any(|disk| disk.usage == DiskUse::Etcd);
    if etcd_disk && !has_etcd {
        diags
            .report(
                &ETCD_DISK,
                at.field("etcdDisk"),
                format!("machines of the role `{}` run no etcd", pool.role.word()),
            )
            .help("leave it out, or use `disks` for other data");
    }
    for disk in &pool.disks {
        let DiskUse::Data(name) = &disk.usage else { continue };
        let message = match name.as_str() {
            "root" | "etcd" => format!("`{name}` is a disk of its own kind"),
            name if name.len() > 20 => format!("`{name}` has {} characters", name.len()),
            _ => continue,
        };
        diags
            .report(&DISK_NAME, Place::Key(at.field("disks").key(name)), message)
            .help("choose a name of at most 20 characters other than `root` and `etcd`");
    }
    floor(pool, diags);
}

/// What kubeadm and kubelet ask for at least.
fn floor(pool: &Pool, diags: &mut Diagnostics) {
    let for_pods = crate::plan::nodes::reserved::allocatable(pool.cpu, pool.memory);
    let node = matches!(pool.role, NodeRole::ControlPlane | NodeRole::Worker);
    let control_plane = pool.role == NodeRole::ControlPlane;
    let memory = Bytes::new(pool.memory);
    let (field, message) = if control_plane && pool.cpu < 2 {
        ("cpu", format!("{} CPUs, and kubeadm asks for 2", pool.cpu))
    } else if control_plane && pool.memory < 1_700_000_000 {
        ("memory", format!("{memory} of memory, and kubeadm asks for 1700M"))
    } else if pool.cpu == 0 || node && for_pods.cpu == 0 {
        ("cpu", format!("{} CPUs leave nothing for pods", pool.cpu))
    } else if node && for_pods.memory == 0 {
        ("memory", format!("{memory} of memory leave nothing for pods"))
    } else {
        return;
    };
    diags
        .report(&TOO_SMALL, pool.at.key(field), message)
        .help("give the machines of the pool more");
}

fn twice(machines: &Machines, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<IpAddr, (&str, &At)> = BTreeMap::new();
    for machine in machines.pools.iter().flat_map(|pool| &pool.machines) {
        for link in &machine.links {
            let address = link.address.addr();
            if let Some((other, at)) = seen.get(&address) {
                // The one whose address is written is to blame.
                let (own, other_at) = if link.at.path.depth() >= at.path.depth() {
                    (&link.at, *at)
                } else {
                    (*at, &link.at)
                };
                diags
                    .report(
                        &TWICE,
                        own,
                        format!("`{}` and `{other}` both have {address}", machine.name),
                    )
                    .related(other_at, format!("`{other}` or its pool"))
                    .help("give one of them another address, or the pools ranges that share none");
                continue;
            }
            seen.insert(address, (&machine.name, &link.at));
        }
    }
    // What an autoscaler hands out must not be a machine's either.
    let pools = || machines.pools.iter();
    for pool in pools().filter(|pool| pool.autoscale.is_some()) {
        for (segment, (first, last)) in &pool.ranges {
            let machine = seen.range(*first..=*last).next().map(|(_, owner)| *owner);
            let own = pool.at.field("addresses").key(segment);
            let other = pools()
                .take_while(|other| other.name != pool.name)
                .filter(|other| other.autoscale.is_some())
                .find(|other| {
                    other
                        .ranges
                        .get(segment)
                        .is_some_and(|(start, end)| start <= last && first <= end)
                });
            let other = machine.or_else(|| other.map(|other| (other.name.as_str(), &other.at)));
            if let Some((name, at)) = other {
                diags
                    .report(
                        &TWICE,
                        own,
                        format!("`{}` may give a machine an address of `{name}`", pool.name),
                    )
                    .related(at, format!("`{name}` or its pool"))
                    .help("give the pools ranges that share no address");
            }
        }
    }
}

fn as_a_whole(machines: &Machines, at: &At, diags: &mut Diagnostics) {
    let of = |role: NodeRole| machines.pools.iter().filter(move |pool| pool.role == role);
    // A key that was refused is no key, and has been spoken of.
    if machines.administrators.iter().all(|person| person.keys.is_empty()) && !diags.has_errors() {
        diags
            .report(&NOBODY, at.field("access"), "nobody has a key")
            .help("write `access: {administrators: {ops: {sshKeys: [\"ssh-ed25519 …\"]}}}`");
    }
    let has_members = of(NodeRole::Etcd).next().is_some();
    for pool in &machines.pools {
        let member = match pool.role {
            NodeRole::Etcd => true,
            NodeRole::ControlPlane => !has_members,
            _ => false,
        };
        if member && !pool.disks.iter().any(|disk| disk.usage == DiskUse::Etcd) {
            diags
                .report(
                    &ETCD_SHARES_DISK,
                    Place::Key(pool.at.clone()),
                    format!("`{}` has no disk for etcd", pool.name),
                )
                .help("write `etcdDisk: 40Gi`, on a fast disk");
        }
    }
    let nodes: u32 = machines
        .pools
        .iter()
        .filter(|pool| matches!(pool.role, NodeRole::ControlPlane | NodeRole::Worker))
        .map(|pool| {
            pool.autoscale
                .map_or(u32::try_from(pool.machines.len()).unwrap_or(u32::MAX), |(_, max)| max)
        })
        .fold(0, u32::saturating_add);
    let (cpu, gib) = match nodes {
        0..=10 => (2, 4),
        11..=100 => (4, 16),
        101..=250 => (8, 32),
        _ => (16, 64),
    };
    for pool in of(NodeRole::ControlPlane) {
        // What is refused already needs no advice.
        let refused = pool.cpu < 2 || pool.memory < 1_700_000_000;
        if !refused && (pool.cpu < cpu || pool.memory < u64::from(gib as u32) << 30) {
            diags
                .report(
                    &CONTROL_PLANE_SMALL,
                    Place::Key(pool.at.clone()),
                    format!("{} CPUs and {} for {nodes} nodes", pool.cpu, Bytes::new(pool.memory)),
                )
                .help(format!("give each control plane {cpu} CPUs and {gib}Gi"));
        }
    }
}
