//! Rules about a pool as it is written, found while it is placed and addressed.

use super::pool::Written;
use super::whole;
use crate::component::SegmentOf;
use crate::diag::{Diagnostics, Place, Rule};
use crate::field;
use crate::k8s::network::{Address, AddressRange};
use crate::path::At;
use crate::plan::nodes::NodeRole;

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

/// A host that the pool may not run on.
pub static OTHER_HOST: Rule = Rule::error(
    "machines/other-host",
    "a machine is on a host that is none of its pool's",
    "The pool's hosts are what the proofs of failures speak of.",
    "machines: {pools: {general: {hosts: [hv-a], machines: {general-1: {host: hv-b}}}}}",
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

/// A label that a node may not give itself.
pub static LABEL: Rule = Rule::error(
    "machines/reserved-label",
    "a label of nodes belongs to Kubernetes or to groundplan",
    "kubelet refuses to start with labels of `kubernetes.io` other than the few it may set itself, and the zone is \
     written by groundplan (NodeRestriction admission plugin).",
    "machines: {pools: {general: {labels: {node-role.kubernetes.io/worker: \"\"}}}}",
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
    &whole::TWICE,
    &OTHER_HOST,
    &whole::NAME_TOO_LONG,
    &TWO_GATEWAYS,
    &NO_GATEWAY,
    &whole::TOO_SMALL,
    &whole::CONTROL_PLANE_SMALL,
    &whole::ETCD_DISK,
    &whole::ETCD_SHARES_DISK,
    &whole::DISK_NAME,
    &LABEL,
    &whole::NO_CONTROL_PLANE,
    &whole::NOBODY,
];

/// The most nodes of a cluster (kubernetes.io/docs/setup/best-practices/cluster-large).
const MOST: u32 = 5000;

/// How many machines a pool has at most; `None` once it is reported that it does not say.
pub fn size(written: &Written<'_>, diags: &mut Diagnostics) -> Option<u32> {
    let (pool, at) = (written.pool, written.at);
    match (pool.count, pool.autoscale) {
        (Some(count), None) if (1..=MOST).contains(&count.get()) => Some(count.get()),
        (None, Some(autoscale)) => {
            let (min, max) = (autoscale.min.get(), autoscale.max.get());
            let problem = if super::role(pool.role) != NodeRole::Worker {
                Some("only workers are made and removed by an autoscaler".to_owned())
            } else if min > max || !(1..=MOST).contains(&max) {
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
                (Some(count), None) if count.get() > MOST => {
                    "more machines than a cluster may have"
                }
                (Some(_), None) => "no machines",
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

/// Finds labels that are not for a blueprint to write.
pub fn labels(written: &Written<'_>, diags: &mut Diagnostics) {
    let at = written.at.field("labels");
    for key in written.pool.labels.keys() {
        let prefix = key.prefix().unwrap_or_default();
        let own = matches!(prefix, "kubelet.kubernetes.io" | "node.kubernetes.io");
        if prefix == "groundplan.dev" || key.is_reserved() && !own {
            diags
                .report(
                    &LABEL,
                    Place::Key(at.key(key)),
                    format!("`{key}` is not for a blueprint to give a node"),
                )
                .help("use a domain of your own, such as `acme.example/disk`");
        }
    }
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
