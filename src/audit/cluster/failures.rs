//! What is left when a host or a zone is lost: tried for each of them.

use super::{Cluster, by, names};
use crate::diag::{Diagnostics, Place, Rule};
use crate::path::At;
use crate::plan::nodes::{Machine, MachinePool, NodeRole, Survives};

/// A lost domain that takes the quorum along.
pub static QUORUM: Rule = Rule::error(
    "machines/quorum-lost",
    "the loss of one host, or of a zone that should be survived, takes etcd's quorum along",
    "Without more than half of its members etcd answers nobody: the API stops for reading and writing, and only a \
     restore from a snapshot brings it back if the members do not return (etcd.io/docs, failures).",
    "machines: {hosts: {hv-a: {…}, hv-b: {…}}, pools: {control-plane: {role: control-plane, count: 3}}}",
);

/// A zone with the quorum in it.
pub static QUORUM_IN_ZONE: Rule = Rule::warning(
    "machines/quorum-in-one-zone",
    "the loss of one zone takes etcd's quorum along",
    "Hosts of a zone fail together, and of two zones one always has more than half of three members; a third \
     zone with one small machine is enough (etcd.io/docs, failures).",
    "machines: {hosts: {hv-a: {zone: a}, hv-b: {zone: a}, hv-c: {zone: b}}, pools: {control-plane: {count: 3}}}",
);

/// An even number of members.
pub static EVEN: Rule = Rule::error(
    "machines/even-members",
    "etcd has an even number of members",
    "Of four members three must answer, as of five; one more machine that may fail, and none more that may be \
     lost (etcd.io/docs, faq).",
    "machines: {pools: {control-plane: {role: control-plane, count: 2}}}",
);

/// One member.
pub static SINGLE: Rule = Rule::warning(
    "machines/single-member",
    "etcd has one member",
    "Its machine is the cluster: while it restarts nothing is scheduled, and its disk is the only copy.",
    "machines: {pools: {control-plane: {role: control-plane, count: 1}}}",
);

/// One member below a protected environment.
pub static SINGLE_PROTECTED: Rule = Rule::error(
    "machines/single-member-protected",
    "etcd has one member on a cluster with a protected environment",
    "What is worth a person's consent to every change is worth surviving the loss of one machine.",
    "environments: {production: {cluster: main, protected: true}}\nmachines: {pools: {control-plane: {role: \
     control-plane, count: 1}}}",
);

/// A lost host that takes the API along.
pub static API: Rule = Rule::error(
    "machines/api-lost",
    "the loss of one host takes the API's address along",
    "Every machine that may hold the address, or every API server behind it, is on that host; running pods go on, \
     and nothing else does.",
    "machines: {pools: {balancers: {role: load-balancer, count: 1}}}\nnetwork: {api: {balancer: haproxy}}",
);

/// A lost domain that takes more of a pool than it promised.
pub static POOL: Rule = Rule::error(
    "machines/pool-not-spread",
    "the loss of one host or zone takes more than one machine of a pool that should survive it",
    "What runs there counts on all machines but one: members of a database, replicas of a volume.",
    "machines: {hosts: {hv-a: {…}, hv-b: {…}}, pools: {database: {role: worker, count: 3, survives: host}}}",
);

/// A pool on one host.
pub static ONE_HOST: Rule = Rule::warning(
    "machines/pool-on-one-host",
    "all machines of a pool are on one host, and there are others",
    "One failure takes all of the pool, whatever the number of copies of what runs there.",
    "machines: {hosts: {hv-a: {…}, hv-b: {…}}, pools: {general: {role: worker, count: 3, hosts: [hv-a]}}}",
);

pub fn audit(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    members(cluster, diags);
    api(cluster, diags);
    for pool in &cluster.machines.pools {
        if matches!(pool.role, NodeRole::Worker | NodeRole::LoadBalancer) {
            spread(cluster, pool, diags);
        }
    }
}

/// A kind of domain: its word, how a machine says in which one it is, and which promise covers it.
type Domain = (&'static str, fn(&Machine) -> &str, Survives);

const HOST: Domain = ("host", |machine| &machine.host, Survives::Host);
const ZONE: Domain = ("zone", |machine| &machine.zone, Survives::Zone);

/// The host of that name, or the first of that zone.
fn place<'a>(cluster: &Cluster<'a>, word: &str, name: &str) -> Option<&'a At> {
    let of = |host: &&crate::plan::nodes::MachineHost| match word {
        "host" => host.name == name,
        _ => host.zone == name,
    };
    cluster.machines.hosts.iter().find(of).map(|host| &host.at)
}

fn members(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let role = cluster.etcd_role();
    let members = cluster.with_role(role);
    let Some(pool) = cluster.pools(role).next() else { return };
    let at = || Place::Key(pool.at.clone());
    match members.len() {
        0 => return,
        1 => {
            let rule = if cluster.protected { &SINGLE_PROTECTED } else { &SINGLE };
            diags
                .report(rule, at(), format!("`{}` has one machine", pool.name))
                .help("write `count: 3`");
            return;
        }
        even if even.is_multiple_of(2) => {
            diags
                .report(
                    &EVEN,
                    at(),
                    format!("etcd has {even} members, {} must answer", even / 2 + 1),
                )
                .help(format!("write `count: {}` or `count: {}`", even - 1, even + 1));
            return;
        }
        _ => {}
    }
    let promised = cluster.pools(role).map(|pool| pool.survives).max().unwrap_or(Survives::Nothing);
    // Nobody may give up on a protected environment.
    let promised = if cluster.protected { promised.max(Survives::Host) } else { promised };
    let quorum = members.len() / 2 + 1;
    let mut lost_with_host = Vec::new();
    for (word, of, promise) in [HOST, ZONE] {
        let zones = by(&members, of);
        for (name, lost) in &zones {
            let left = members.len() - lost.len();
            let same = lost_with_host.contains(&names(lost));
            if left >= quorum || same {
                continue;
            }
            lost_with_host.push(names(lost));
            // One zone for everything is a decision; two are a hope.
            let rule = if promised >= promise {
                &QUORUM
            } else if word == "zone" && zone_count(cluster) > 1 {
                &QUORUM_IN_ZONE
            } else {
                continue;
            };
            let message = format!(
                "when the {word} `{name}` is lost, so are {}: {left} of {} members are left, {quorum} \
                 are needed",
                names(lost),
                members.len()
            );
            let diagnostic = diags.report(rule, at(), message);
            if let Some(host) = place(cluster, word, name) {
                diagnostic.related(Place::Key(host.clone()), format!("the {word} `{name}`"));
            }
            diagnostic.help(format!(
                "add {word}s until no {word} has more than {} of them",
                members.len() - quorum
            ));
        }
    }
}

fn zone_count(cluster: &Cluster<'_>) -> usize {
    let zones: std::collections::BTreeSet<&str> =
        cluster.machines.hosts.iter().map(|host| host.zone.as_str()).collect();
    zones.len()
}

fn api(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let holders = cluster.api_role().unwrap_or(NodeRole::ControlPlane);
    for role in std::collections::BTreeSet::from([holders, NodeRole::ControlPlane]) {
        let machines = cluster.with_role(role);
        let Some(pool) = cluster.pools(role).next() else { continue };
        // One control plane with etcd on it has been spoken of, and so has its quorum.
        let spoken_of = role == cluster.etcd_role();
        let given_up = pool.survives == Survives::Nothing && role == NodeRole::ControlPlane;
        let hosts = by(&machines, HOST.1);
        let [(host, all)] = hosts.iter().collect::<Vec<_>>()[..] else { continue };
        if spoken_of || given_up && !cluster.protected {
            continue;
        }
        let message =
            format!("when the host `{host}` is lost, so are {}, which is all of them", names(all));
        let diagnostic = diags.report(&API, Place::Key(pool.at.clone()), message);
        if let Some(at) = place(cluster, "host", host) {
            diagnostic.related(Place::Key(at.clone()), format!("the host `{host}`"));
        }
        diagnostic.help("have two machines of the pool at least, on two hosts");
    }
}

fn spread(cluster: &Cluster<'_>, pool: &MachinePool, diags: &mut Diagnostics) {
    let machines: Vec<&Machine> =
        cluster.machines.machines.iter().filter(|machine| machine.pool == pool.name).collect();
    let mut reported = false;
    for (word, of, promise) in [HOST, ZONE] {
        if pool.survives < promise || reported {
            continue;
        }
        let domains = by(&machines, of);
        let worst =
            domains.iter().max_by_key(|(name, lost)| (lost.len(), std::cmp::Reverse(*name)));
        let Some((name, lost)) = worst.filter(|(_, lost)| lost.len() > 1) else { continue };
        reported = true;
        let message = format!(
            "when the {word} `{name}` is lost, so are {}: {} of {} machines are left, {} are promised",
            names(lost),
            machines.len() - lost.len(),
            machines.len(),
            machines.len() - 1
        );
        let diagnostic = diags.report(&POOL, Place::Key(pool.at.clone()), message);
        if let Some(at) = place(cluster, word, name) {
            diagnostic.related(Place::Key(at.clone()), format!("the {word} `{name}`"));
        }
        diagnostic.help(format!(
            "have as many {word}s as machines, or fewer machines, or write `survives: nothing`"
        ));
    }
    let hosts = by(&machines, HOST.1);
    if let ([host], true) = (hosts.keys().collect::<Vec<_>>().as_slice(), machines.len() > 1)
        && cluster.machines.hosts.len() > 1
        && !reported
        && pool.role == NodeRole::Worker
    {
        diags
            .report(
                &ONE_HOST,
                Place::Key(pool.at.clone()),
                format!("{} are all on `{host}`", names(&machines)),
            )
            .help("let the pool run on two hosts at least");
    }
}
