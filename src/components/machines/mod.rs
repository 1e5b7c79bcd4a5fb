//! `machines`: the machines of a cluster, where they run and which addresses they have.

mod address;
mod lower;
mod place;
mod pool;
mod rules;
mod spec;
mod whole;

use crate::component::{
    About, Component, Default, Names, Pool as PoolSymbol, Resolving, Situation, Symbols,
};
use crate::diag::Diagnostics;
use crate::k8s::Percent;
use crate::k8s::network::Cidr;
use crate::path::At;
use crate::plan::Plan;
use crate::plan::nodes::needs::RegistryMirror;
use crate::plan::nodes::reserved::allocatable;
use crate::plan::nodes::{Administrator, MachineHost, NodeRole};
use crate::source::Scope;
use place::Candidate;
use pool::Pool;
pub use spec::MachinesSpec;
use spec::{HostSpec, OsImage, PoolSpec, Role, Survives};

static IMAGE: Default =
    Default::new("machines.image", "ubuntu-24.04", "the one that first boots are written for");
static CPU: Default = Default::new(
    "machines.oversubscription.cpu",
    "100%",
    "what a host has; more is a decision that somebody should see",
);
static MEMORY: Default = Default::new(
    "machines.oversubscription.memory",
    "100%",
    "a host without memory stops a machine, and Kubernetes does not know",
);
static DISK: Default = Default::new(
    "machines.oversubscription.disk",
    "100%",
    "thin disks that fill up stop all machines of a host at once",
);

/// The machines of a cluster, placed and addressed.
#[derive(Debug)]
pub struct Machines {
    image: OsImage,
    administrators: Vec<Administrator>,
    from: Vec<Cidr>,
    hosts: Vec<MachineHost>,
    percents: [u32; 3],
    pools: Vec<Pool>,
    mirrors: Vec<RegistryMirror>,
    packages: Option<String>,
}

impl Component for Machines {
    const ABOUT: About = About {
        section: "machines",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "the machines of a cluster, the hosts they run on, and who may log in",
        rules: rules::RULES,
        defaults: &[&IMAGE, &CPU, &MEMORY, &DISK, &pool::SURVIVES, &pool::CARDS, &pool::LACP],
    };

    type Spec = MachinesSpec;

    fn declare(spec: &MachinesSpec, at: &At, symbols: &mut Symbols) {
        for (name, pool) in &spec.pools {
            let machines = match (pool.count, pool.autoscale) {
                (Some(count), _) => count.get(),
                (None, Some(autoscale)) => autoscale.min.get(),
                (None, None) => 0,
            };
            let order = place::order(name.as_str(), &candidates(&spec.hosts, &pool.hosts));
            let used = &order[..order.len().min(machines as usize)];
            let distinct = |of: fn(&Candidate) -> &String| {
                let names: std::collections::BTreeSet<_> = used.iter().map(of).collect();
                u32::try_from(names.len()).unwrap_or(u32::MAX)
            };
            let for_pods = allocatable(pool.cpu.get(), pool.memory.get());
            let about = PoolSymbol {
                role: role(pool.role),
                machines,
                most: pool.autoscale.map(|autoscale| autoscale.max.get()),
                segments: pool.segments.iter().map(ToString::to_string).collect(),
                hosts: distinct(|place| &place.host),
                zones: distinct(|place| &place.zone),
                cpu: for_pods.cpu,
                memory: for_pods.memory,
                labels: pool::labels(name, pool),
                dedicated: pool.dedicated.as_ref().map(ToString::to_string),
            };
            symbols.pools.declare(name.to_string(), at.field("pools").key(name), about);
        }
    }

    fn resolve(spec: MachinesSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let percent = |written: Option<Percent>, default: &Default| {
            written.unwrap_or_else(|| default.get()).get()
        };
        let mut hosts = Names::new("host");
        for name in spec.hosts.keys() {
            hosts.declare(name.to_string(), at.field("hosts").key(name), ());
        }
        let mut pools = Vec::new();
        for (position, (name, pool)) in spec.pools.iter().enumerate() {
            let place = at.field("pools").key(name);
            let candidates = candidates(&spec.hosts, &pool.hosts);
            let written = pool::Written { name, pool, position, at: &place };
            pools.extend(written.resolve(&candidates, &hosts, cx));
        }
        let over = spec.oversubscription;
        Some(Self {
            image: spec.image.unwrap_or_else(|| IMAGE.get()),
            administrators: spec
                .access
                .administrators
                .iter()
                .map(|(name, person)| Administrator {
                    name: name.to_string(),
                    keys: person.ssh_keys.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            from: spec.access.from,
            hosts: spec
                .hosts
                .iter()
                .map(|(name, host)| MachineHost {
                    name: name.to_string(),
                    zone: zone(name.as_str(), host),
                    cpu: host.cpu.get(),
                    memory: host.memory.get(),
                    disk: host.disk.get(),
                    at: at.field("hosts").key(name),
                })
                .collect(),
            percents: [
                percent(over.cpu, &CPU),
                percent(over.memory, &MEMORY),
                percent(over.disk, &DISK),
            ],
            pools,
            mirrors: spec
                .mirrors
                .iter()
                .map(|(registry, mirror)| RegistryMirror {
                    registry: registry.to_string(),
                    url: mirror.url.to_string(),
                    fallback: mirror.fallback,
                })
                .collect(),
            packages: spec.packages.map(|url| url.to_string()),
        })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        whole::check(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        lower::lower(self, at, situation, plan);
    }
}

fn role(role: Role) -> NodeRole {
    match role {
        Role::ControlPlane => NodeRole::ControlPlane,
        Role::Etcd => NodeRole::Etcd,
        Role::LoadBalancer => NodeRole::LoadBalancer,
        Role::Worker => NodeRole::Worker,
    }
}

/// A host that says no zone is one of its own.
fn zone(name: &str, host: &HostSpec) -> String {
    host.zone.as_ref().map_or_else(|| name.to_owned(), ToString::to_string)
}

/// The hosts that a pool may run on, in the order of the section.
fn candidates(
    hosts: &indexmap::IndexMap<crate::k8s::Name, HostSpec>,
    only: &[crate::k8s::Name],
) -> Vec<Candidate> {
    hosts
        .iter()
        .filter(|(name, _)| only.is_empty() || only.contains(name))
        .map(|(name, host)| Candidate { host: name.to_string(), zone: zone(name.as_str(), host) })
        .collect()
}

#[cfg(test)]
mod tests;
