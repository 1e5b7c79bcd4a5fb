//! The way of a cluster to a newer Kubernetes: the fewest steps that the skew policy allows, what stands in the way,
//! the commands of every machine in order, and the charts that move before and after them.
//!
//! A step is one minor: an API server may not skip one, and kubeadm upgrades to the next only. In a step the control
//! planes come first, one after the other, then members of an external etcd, then workers: a kubelet is never newer
//! than an API server (kubernetes.io/releases/version-skew-policy).

mod charts;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::net::IpAddr;

use crate::catalog::kubernetes::{KUBERNETES, steps};
use crate::catalog::{Chosen, Fit, choose};
use crate::catalog::{compatibility, parts};
use crate::k8s::version::{MinorVersion, SemVer, VersionChoice};
use crate::path::At;
use crate::plan::nodes::{ApiBalancer, ContainerRuntime, EtcdTopology, Machine, NodeRole};
use crate::plan::{Facts, Plan};
use charts::Charts;
pub use charts::{Break, Move};

/// How sure an obstacle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Somebody says that it does not work.
    Refused,
    /// Nobody says that it works, which is never taken for fine.
    Unknown,
}

/// Something in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The field of the blueprint that decides it.
    pub at: At,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it is.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// What is done on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The machine.
    pub machine: String,
    /// The commands, in order, as a shell on the administrator's own machine runs them.
    pub commands: Vec<String>,
}

/// One minor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The version before.
    pub from: SemVer,
    /// The version after.
    pub to: SemVer,
    /// The charts that move before any machine.
    pub before: Vec<Move>,
    /// The machines, one after the other.
    pub turns: Vec<Turn>,
    /// The charts that move once the machines are there.
    pub after: Vec<Move>,
}

/// The way of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The cluster.
    pub cluster: String,
    /// What is in the way; empty if nothing is.
    pub obstacles: Vec<Obstacle>,
    /// The steps; none if the cluster is there already.
    pub steps: Vec<Step>,
    /// The charts that are not at their newest version that fits, when the steps are done.
    pub last: Vec<Move>,
}

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// The blueprint describes no machine of the cluster.
    #[error("the blueprint describes no machines of `{0}`: whoever made the cluster upgrades it")]
    NoMachines(String),
    /// The catalogue does not know the version.
    #[error("Kubernetes {to} is not in the catalogue; the newest minor that is known is {newest}")]
    Unknown {
        /// What was asked for.
        to: String,
        /// The newest known minor.
        newest: MinorVersion,
    },
    /// It is older.
    #[error(
        "the blueprint says {from}; there is no way back to {to}: etcd was written in a newer form"
    )]
    Back {
        /// What the blueprint says.
        from: SemVer,
        /// What was asked for.
        to: SemVer,
    },
}

/// The charts of a cluster that stays at its version of Kubernetes, to the newest ones that fit it.
///
/// # Errors
/// The blueprint says no version.
pub fn stay(plan: &Plan, cluster: &str) -> Result<Upgrade, NoWay> {
    let minor = running(plan, cluster)?.series();
    let mut charts = Charts::of(plan, cluster);
    let last = charts.newest(minor);
    let obstacles = charts.obstacles;
    Ok(Upgrade { cluster: cluster.to_owned(), obstacles, steps: Vec::new(), last })
}

/// The version of Kubernetes that the blueprint says.
fn running(plan: &Plan, cluster: &str) -> Result<SemVer, NoWay> {
    let none = || NoWay::NoMachines(cluster.to_owned());
    plan.facts.kubernetes.get(cluster).map(|known| known.version.clone()).ok_or_else(none)
}

/// The way of a cluster to a version.
///
/// # Errors
/// There is none.
pub fn way(plan: &Plan, cluster: &str, to: &VersionChoice) -> Result<Upgrade, NoWay> {
    let facts = &plan.facts;
    let none = || NoWay::NoMachines(cluster.to_owned());
    let from = running(plan, cluster)?;
    facts.machines.get(cluster).filter(|known| !known.machines.is_empty()).ok_or_else(none)?;
    let newest = KUBERNETES.last().map_or(from.series(), |series| series.series);
    let unknown = || NoWay::Unknown { to: to.to_string(), newest };
    let target = match choose(KUBERNETES, to) {
        Chosen::Known(version, _) | Chosen::UnknownPatch(version, _) => version,
        Chosen::UnknownSeries => return Err(unknown()),
    };
    if target < from {
        return Err(NoWay::Back { from, to: target });
    }
    let minors = steps(from.series(), target.series()).ok_or_else(unknown)?;
    let mut versions = Vec::new();
    for minor in minors.into_iter().filter(|minor| *minor != target.series()) {
        let known = KUBERNETES.iter().find(|series| series.series == minor).ok_or_else(unknown)?;
        versions.push(known.newest());
    }
    if target != from {
        versions.push(target);
    }
    let mut steps = Vec::new();
    let mut obstacles = Vec::new();
    let mut charts = Charts::of(plan, cluster);
    let mut last = from;
    for to in versions {
        obstacles.extend(in_the_way(facts, cluster, to.series()));
        let (before, after) = charts.step(last.series(), to.series());
        let turns = turns(facts, cluster, &to);
        steps.push(Step { from: last, to: to.clone(), before, turns, after });
        last = to;
    }
    let last = charts.newest(last.series());
    obstacles.extend(charts.obstacles);
    Ok(Upgrade { cluster: cluster.to_owned(), obstacles, steps, last })
}

/// What does not work with a minor of Kubernetes, or is not known to.
fn in_the_way(facts: &Facts, cluster: &str, minor: MinorVersion) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut judge = |at: &At, name: &str, version: &str, fit: Fit| {
        let name = format!("{name} {version}");
        let (certainty, what, help) = match fit {
            Fit::Supported => return,
            Fit::Refused => (
                Certainty::Refused,
                format!("{name} is not made for Kubernetes {minor}"),
                "take a newer one first: of what the platform installs, with a newer groundplan"
                    .to_owned(),
            ),
            Fit::Unknown => (
                Certainty::Unknown,
                format!("nobody says that {name} works with Kubernetes {minor}"),
                "read its project's release notes, then add --accept-unknown".to_owned(),
            ),
        };
        found.push(Obstacle { at: at.clone(), certainty, what, help });
    };
    if let Some(network) = facts.networks.get(cluster)
        && let Some(api) = network.api.as_ref()
        && api.balancer == ApiBalancer::KubeVip
    {
        let part = &parts::KUBE_VIP;
        let version = part.version.to_string();
        let fit = compatibility::fit(part.name, &version, minor);
        judge(&api.at, part.name, &version, fit);
    }
    if let Some(pool) = facts.machines.get(cluster).and_then(|known| known.autoscaled.first()) {
        let part = &parts::CLUSTER_API;
        judge(&pool.at, part.name, &part.version.to_string(), part.fits(minor));
    }
    if let Some(kubernetes) = facts.kubernetes.get(cluster)
        && kubernetes.runtime == ContainerRuntime::Containerd
        && let Some(series) =
            parts::CONTAINERD.iter().find(|known| known.series == parts::CONTAINERD_CHOSEN)
    {
        let version = series.newest();
        let fit = parts::containerd_fits(&version, minor);
        judge(&kubernetes.at, "containerd", &version.to_string(), fit);
    }
    found
}

/// The machines of a cluster in the order in which they are upgraded, each with its commands.
fn turns(facts: &Facts, cluster: &str, to: &SemVer) -> Vec<Turn> {
    let Some(machines) = facts.machines.get(cluster) else { return Vec::new() };
    let external = facts
        .kubernetes
        .get(cluster)
        .is_some_and(|kubernetes| kubernetes.etcd == EtcdTopology::External);
    let gateways = facts.networks.get(cluster).map(|network| &network.segments);
    let reaches = |machine: &Machine| -> Option<IpAddr> {
        let open = |segment: &str| {
            gateways.and_then(|known| known.get(segment)).is_some_and(|one| one.gateway.is_some())
        };
        let nic = machine.nics.iter().find(|nic| open(&nic.segment));
        nic.or(machine.nics.first()).map(|nic| nic.address.addr())
    };
    let user = machines.administrators.first().map_or("root", |one| one.name.as_str());
    let of = |role: NodeRole| machines.machines.iter().filter(move |one| one.role == role);
    let mut turns = Vec::new();
    for (index, machine) in of(NodeRole::ControlPlane).enumerate() {
        turns.push(node(machine, user, reaches(machine), to, index == 0));
    }
    for machine in of(NodeRole::Etcd).filter(|_| external) {
        let commands = vec![login(machine, user, reaches(machine), &format!("node-upgrade {to}"))];
        turns.push(Turn { machine: machine.name.clone(), commands });
    }
    for machine in of(NodeRole::Worker) {
        turns.push(node(machine, user, reaches(machine), to, false));
    }
    turns
}

/// Drained, upgraded, uncordoned. `node-upgrade` is on every machine: it moves apt's source and pins, upgrades
/// kubeadm, runs `kubeadm upgrade apply` (`first`) or `node`, upgrades kubelet and restarts it.
fn node(machine: &Machine, user: &str, address: Option<IpAddr>, to: &SemVer, first: bool) -> Turn {
    let name = &machine.name;
    let first = if first { " first" } else { "" };
    let commands = vec![
        format!("kubectl drain {name} --ignore-daemonsets --delete-emptydir-data --timeout=15m"),
        login(machine, user, address, &format!("node-upgrade {to}{first}")),
        format!("kubectl uncordon {name}"),
        format!("kubectl wait --for=condition=Ready node/{name} --timeout=5m"),
    ];
    Turn { machine: name.clone(), commands }
}

fn login(machine: &Machine, user: &str, address: Option<IpAddr>, command: &str) -> String {
    let host = address.map_or_else(|| machine.name.clone(), |address| address.to_string());
    format!("ssh {user}@{host} sudo {command}")
}

impl Upgrade {
    /// Whether nothing is in the way, or only what nobody knows and somebody accepts.
    pub fn is_open(&self, accept_unknown: bool) -> bool {
        self.obstacles
            .iter()
            .all(|obstacle| accept_unknown && obstacle.certainty == Certainty::Unknown)
    }

    /// The steps as a shell would run them, with what to do between. `place` tells where a field is.
    pub fn to_text(&self, place: &dyn Fn(&At) -> String) -> String {
        let Self { cluster, steps, last, .. } = self;
        if steps.is_empty() && last.is_empty() {
            return format!("# {cluster}: nothing to do\n");
        }
        let mut text = String::new();
        for (index, Step { from, to, before, turns, after }) in steps.iter().enumerate() {
            let _ = writeln!(
                text,
                "# {cluster}: step {} of {}, {from} to {to}, {} machines",
                index + 1,
                steps.len(),
                turns.len()
            );
            let _ = writeln!(text, "# before: a snapshot of etcd, and every node ready");
            moves(&mut text, "charts before the control planes", before, place);
            for turn in turns {
                let _ = writeln!(text, "\n# {}", turn.machine);
                for command in &turn.commands {
                    let _ = writeln!(text, "{command}");
                }
            }
            let _ = writeln!(
                text,
                "\n# after: set `kubernetes.version: {to}` in the blueprint, compile and merge\n"
            );
            moves(&mut text, "charts after the machines", after, place);
        }
        moves(
            &mut text,
            &format!("{cluster}: charts to their newest version that fits"),
            last,
            place,
        );
        text
    }
}

/// Charts that move, each with what it breaks, at the lines that it touches.
fn moves(text: &mut String, when: &str, moves: &[Move], place: &dyn Fn(&At) -> String) {
    if moves.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "# {when}, one after the other, each until Argo CD says that it is healthy:"
    );
    for Move { at, chart, from, to, platform, breaks } in moves {
        let how = if *platform {
            "comes with this groundplan: compile and merge"
        } else {
            "set its version"
        };
        let _ = writeln!(text, "#   {chart} {from} to {to} ({}): {how}", place(at));
        for Break { at, what, source } in breaks {
            let _ = writeln!(text, "#     {}: {what} [{source}]", place(at));
        }
    }
}
