//! The rules of the section.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Machines;
use super::pool::{Pool, Written};
use crate::component::{SegmentOf, Symbols};
use crate::diag::{Diagnostics, Place, Rule};
use crate::field;
use crate::k8s::LabelKey;
use crate::k8s::network::{Address, AddressRange};
use crate::k8s::quantity::Bytes;
use crate::path::At;
use crate::plan::nodes::{DiskUse, NodeRole};

/// A pool that does not say how large it is.
pub static SIZE: Rule = Rule::error(
    "machines/pool-size",
    "a pool says neither how many machines it has nor how many it may have, or both",
    "A number in the blueprint and an autoscaler would undo each other's work; without either there is nothing to \
     make.",
    "machines: {pools: {general: {role: worker, cpu: 4, memory: 8Gi, disk: 40Gi, segments: [workers]}}}",
);

/// An autoscaled pool that cannot be one.
pub static AUTOSCALE: Rule = Rule::error(
    "machines/autoscale",
    "a pool cannot grow and shrink as described",
    "The Cluster Autoscaler works on workers only, refuses a minimum above the maximum, and names machines itself; \
     data on a further disk would go with the machine.",
    "machines: {pools: {burst: {role: worker, autoscale: {min: 5, max: 2}}}}",
);

/// Machines without anything to run on.
pub static NO_HOSTS: Rule = Rule::error(
    "machines/no-hosts",
    "a pool has no host to run on",
    "What dies together decides whether the cluster survives; without hosts nothing can be said about that.",
    "machines: {pools: {general: {role: worker, count: 3}}}",
);

/// A pool in no segment, or in one twice.
pub static SEGMENTS: Rule = Rule::error(
    "machines/segments",
    "a pool is attached to no segment, or to one twice",
    "The first segment has the node's address; a machine without it joins no cluster, and two links in one network \
     answer for each other (ARP flux).",
    "machines: {pools: {general: {role: worker, count: 3, segments: []}}}",
);

/// A trunk that cannot be one.
pub static TRUNK: Rule = Rule::error(
    "machines/trunk",
    "the segments of a pool cannot share its cards as described",
    "On one cable networks are told apart by the number of their VLAN; only one of them can go without. The cards' \
     addresses are made by groundplan, and those of machines that come and go by what makes them.",
    "network: {segments: {a: {cidr: 10.1.0.0/24}, b: {cidr: 10.2.0.0/24}}}\nmachines: {pools: {general: {segments: \
     [a, b], trunk: {cards: 2}}}}",
);

/// No address for a machine.
pub static NO_ADDRESS: Rule = Rule::error(
    "machines/no-address-left",
    "a segment has no address left for a pool",
    "A pool has 32 addresses of each segment by its position, so that growing one moves no machine of another; \
     what is larger says which addresses are its own.",
    "network: {segments: {workers: {cidr: 10.20.0.0/28}}}\nmachines: {pools: {general: {count: 40, segments: [workers]}}}",
);

/// A written address that cannot be one.
pub static OUTSIDE: Rule = Rule::error(
    "machines/address-outside",
    "an address of a machine or pool is not one of the segment, or is somebody else's there",
    "A machine with an address of another network reaches nobody; one with the router's or the API's cuts all \
     others off.",
    "network: {segments: {workers: {cidr: 10.20.0.0/24}}}\nmachines: {pools: {general: {segments: [workers], \
     addresses: {workers: 10.21.0.10-10.21.0.20}}}}",
);

/// Two machines with one address.
pub static TWICE: Rule = Rule::error(
    "machines/address-twice",
    "two machines have one address",
    "Connections reach now one, now the other (RFC 5227); two kubelets with one address evict each other's pods.",
    "machines: {pools: {general: {count: 2, machines: {general-2: {addresses: {workers: 10.20.0.16}}}}}}",
);

/// A host that the pool may not run on.
pub static OTHER_HOST: Rule = Rule::error(
    "machines/other-host",
    "a machine is on a host that is none of its pool's",
    "The pool's hosts are what the proofs of failures speak of.",
    "machines: {pools: {general: {hosts: [hv-a], machines: {general-1: {host: hv-b}}}}}",
);

/// A machine whose name is too long.
pub static NAME_TOO_LONG: Rule = Rule::error(
    "machines/name-too-long",
    "the name of a machine is longer than 63 characters",
    "It is the host name and the node's name, a DNS label (RFC 1123); Linux refuses more than 64.",
    "machines: {pools: {a-pool-with-a-name-so-long-that-no-number-has-any-room-behind-it-: {count: 1}}}",
);

/// Two ways out.
pub static TWO_GATEWAYS: Rule = Rule::error(
    "machines/two-gateways",
    "a machine has two routers for everything",
    "Two default routes of one metric: netplan only warns, and answers leave through the wrong network.",
    "network: {segments: {a: {cidr: 10.1.0.0/24, gateway: 10.1.0.1}, b: {cidr: 10.2.0.0/24, gateway: 10.2.0.1}}}\n\
     machines: {pools: {general: {segments: [a, b]}}}",
);

/// No way out.
pub static NO_GATEWAY: Rule = Rule::warning(
    "machines/no-gateway",
    "no segment of a pool has a router",
    "Machines without a default route reach only their own networks: no packages, no images, no time, unless all \
     of these are there.",
    "network: {segments: {workers: {cidr: 10.20.0.0/24}}}\nmachines: {pools: {general: {segments: [workers]}}}",
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

/// A label that a node may not give itself.
pub static LABEL: Rule = Rule::error(
    "machines/reserved-label",
    "a label of nodes belongs to Kubernetes",
    "kubelet refuses to start with labels of `kubernetes.io` other than the few it may set itself, and the zone is \
     written by groundplan (NodeRestriction admission plugin).",
    "machines: {pools: {general: {labels: {node-role.kubernetes.io/worker: \"\"}}}}",
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

/// All rules of the section.
pub static RULES: &[&Rule] = &[
    &SIZE,
    &AUTOSCALE,
    &NO_HOSTS,
    &SEGMENTS,
    &TRUNK,
    &NO_ADDRESS,
    &OUTSIDE,
    &TWICE,
    &OTHER_HOST,
    &NAME_TOO_LONG,
    &TWO_GATEWAYS,
    &NO_GATEWAY,
    &TOO_SMALL,
    &CONTROL_PLANE_SMALL,
    &ETCD_DISK,
    &ETCD_SHARES_DISK,
    &DISK_NAME,
    &LABEL,
    &NO_CONTROL_PLANE,
    &NOBODY,
];

/// How many machines a pool has at most; `None` once it is reported that it does not say.
pub fn size(written: &Written<'_>, diags: &mut Diagnostics) -> Option<u32> {
    let (pool, at) = (written.pool, written.at);
    match (pool.count, pool.autoscale) {
        (Some(count), None) if count.get() > 0 => Some(count.get()),
        (None, Some(autoscale)) => {
            let (min, max) = (autoscale.min.get(), autoscale.max.get());
            let problem = if super::role(pool.role) != NodeRole::Worker {
                Some("only workers are made and removed by an autoscaler".to_owned())
            } else if min > max || max == 0 {
                Some(format!("from {min} to {max} machines is no range"))
            } else if !pool.machines.is_empty() {
                Some("the autoscaler names its machines itself".to_owned())
            } else if !pool.disks.is_empty() || pool.etcd_disk.is_some() {
                Some("machines that come and go have one disk".to_owned())
            } else {
                None
            };
            let Some(problem) = problem else { return Some(max) };
            diags
                .report(&AUTOSCALE, field!(at, pool.autoscale), problem)
                .help("write `count`, or `min` and `max` of workers without disks and machines of their own");
            None
        }
        (count, autoscale) => {
            let message = match (count, autoscale) {
                (Some(_), None) => "a pool of no machines",
                (Some(_), Some(_)) => "both `count` and `autoscale`",
                _ => "neither `count` nor `autoscale`",
            };
            diags
                .report(&SIZE, Place::Key(at.clone()), format!("`{}` has {message}", written.name))
                .help("write `count: 3`, or `autoscale: {min: 0, max: 10}`");
            None
        }
    }
}

/// Whether the segments of a pool can be; what is wrong with their routers is reported too.
pub fn segments(written: &Written<'_>, of: &[&SegmentOf], diags: &mut Diagnostics) -> bool {
    let (pool, at) = (written.pool, written.at);
    let at = field!(at, pool.segments);
    let names = &pool.segments;
    let twice = (1..names.len()).find(|index| names[..*index].contains(&names[*index]));
    if names.is_empty() || twice.is_some() {
        let message = match twice {
            Some(index) => format!("`{}` stands here twice", names[index]),
            None => format!("`{}` is attached to no segment", written.name),
        };
        diags.report(&SEGMENTS, at, message).help("name each segment once, the node's first");
        return false;
    }
    let routers: Vec<_> = of.iter().filter(|segment| segment.segment.gateway.is_some()).collect();
    match routers.as_slice() {
        [] => {
            diags
                .report(&NO_GATEWAY, at, format!("no segment of `{}` has a router", written.name))
                .help("give one of its segments a `gateway`");
        }
        [_] => {}
        [first, second, ..] => {
            let (first, second) = (&first.segment, &second.segment);
            diags
                .report(
                    &TWO_GATEWAYS,
                    at,
                    format!("both `{}` and `{}` have a router", first.name, second.name),
                )
                .related(first.at.field("gateway"), "the one")
                .related(second.at.field("gateway"), "the other")
                .help("attach the pool to one segment with a router");
        }
    }
    true
}

/// Whether the segments of a pool can share its cards.
pub fn trunk(written: &Written<'_>, of: &[&SegmentOf], diags: &mut Diagnostics) -> bool {
    let (pool, at) = (written.pool, written.at);
    let Some(trunk) = pool.trunk else { return true };
    let untagged: Vec<&str> = of
        .iter()
        .filter(|segment| segment.segment.vlan.is_none())
        .map(|segment| segment.segment.name.as_str())
        .collect();
    let problem = if trunk.cards.is_some_and(|cards| !(1..=8).contains(&cards.get())) {
        "a machine has one to eight cards".to_owned()
    } else if let [first, second, ..] = untagged[..] {
        format!("neither `{first}` nor `{second}` has the number of a VLAN")
    } else if pool.autoscale.is_some() {
        "the cards of machines that come and go are their provider's".to_owned()
    } else if pool.machines.values().any(|machine| !machine.macs.is_empty()) {
        "the segments have no cards of their own, and `macs` speaks of them".to_owned()
    } else {
        return true;
    };
    diags
        .report(&TRUNK, field!(at, pool.trunk), problem)
        .help("give each segment its `vlan`, or leave `trunk` out");
    false
}

pub fn no_hosts(written: &Written<'_>, diags: &mut Diagnostics) {
    diags
        .report(
            &NO_HOSTS,
            Place::Key(written.at.clone()),
            format!("there is no host for `{}`", written.name),
        )
        .help("write `machines: {hosts: {hv-a: {zone: a, cpu: 64, memory: 512Gi, disk: 8Ti}}}`");
}

pub fn no_address(
    written: &Written<'_>,
    segment: &SegmentOf,
    count: u32,
    room: usize,
    diags: &mut Diagnostics,
) {
    let name = &segment.segment.name;
    let own = written.pool.addresses.get(name.as_str());
    let message = format!("`{}` needs {count} addresses in `{name}` and has {room}", written.name);
    let at = match own {
        Some(_) => written.at.field("addresses").key(name),
        None => written.at.clone(),
    };
    let place = if own.is_some() { Place::Value(at) } else { Place::Key(at) };
    let (first, last) = segment.segment.range;
    let diagnostic = diags.report(&NO_ADDRESS, place, message);
    diagnostic
        .related(segment.segment.at.field("cidr"), format!("machines have {first} to {last} of it"))
        .help(format!("write `addresses: {{{name}: first-last}}` with {count} free addresses"));
}

/// Whether a pool's written addresses are the segment's.
pub fn range_fits(
    range: AddressRange,
    segment: &SegmentOf,
    at: &At,
    diags: &mut Diagnostics,
) -> bool {
    let net = segment.segment.cidr;
    let within = net.contains(&range.first().ip()) && net.contains(&range.last().ip());
    if !within {
        diags
            .report(&OUTSIDE, at, format!("{range} is not in {net}"))
            .related(segment.segment.at.field("cidr"), "the segment's range")
            .help("write addresses inside the range");
    }
    within
}

/// Whether everything in an autoscaled pool's addresses may be given to a machine.
pub fn all_free(
    range: AddressRange,
    segment: &SegmentOf,
    at: &At,
    diags: &mut Diagnostics,
) -> bool {
    let (first, last) = (range.first().ip(), range.last().ip());
    let owner = segment.taken.iter().find(|((start, end), ..)| *start <= last && first <= *end);
    if let Some(((start, _), what, other)) = owner {
        diags
            .report(&OUTSIDE, at, format!("{start}, one of {range}, is {what}"))
            .related(other, *what)
            .help(format!(
                "write `addresses: {{{}: first-last}}` without it",
                segment.segment.name
            ));
    }
    owner.is_none()
}

/// Whether a machine's written address is the segment's and nobody else's.
pub fn address_fits(
    address: Address,
    segment: &SegmentOf,
    at: &At,
    diags: &mut Diagnostics,
) -> bool {
    let net = segment.segment.cidr;
    if !net.contains(&address.ip()) {
        diags
            .report(&OUTSIDE, at, format!("{address} is not in {net}"))
            .related(segment.segment.at.field("cidr"), "the segment's range")
            .help("write an address inside the range");
        return false;
    }
    let owner =
        segment.taken.iter().find(|((first, last), ..)| (*first..=*last).contains(&address.ip()));
    if let Some((_, what, other)) = owner {
        diags
            .report(&OUTSIDE, at, format!("{address} is {what}"))
            .related(other, *what)
            .help("choose an address that nothing else has");
    }
    owner.is_none()
}

/// The segment of that name, if the pool is attached to it.
pub fn attached<'a>(
    written: &Written<'_>,
    name: &crate::k8s::Name,
    segments: &[&'a SegmentOf],
    at: &At,
    diags: &mut Diagnostics,
) -> Option<&'a SegmentOf> {
    let found = segments.iter().find(|segment| segment.segment.name == name.as_str());
    if found.is_none() {
        diags
            .report(&OUTSIDE, at, format!("`{}` is not attached to `{name}`", written.name))
            .related(written.at.field("segments"), "its segments")
            .help("name a segment of the pool");
    }
    found.copied()
}

pub fn other_host(written: &Written<'_>, host: &str, at: &At, diags: &mut Diagnostics) {
    diags
        .report(&OTHER_HOST, at, format!("`{}` may not run on `{host}`", written.name))
        .related(written.at.field("hosts"), "its hosts")
        .help("name one of the pool's hosts");
}

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
    for key in pool.labels.keys() {
        let allowed = key.parse::<LabelKey>().is_ok_and(|key| !key.is_reserved())
            || key.starts_with("kubelet.kubernetes.io/")
            || key.starts_with("node.kubernetes.io/");
        if !allowed || key == "kubernetes.io/hostname" {
            diags
                .report(
                    &LABEL,
                    Place::Key(at.field("labels").key(key)),
                    format!("`{key}` is not for a node to give itself"),
                )
                .help("use a domain of your own, such as `acme.example/disk`");
        }
    }
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
