//! The machines for whoever creates them: a list for people and scripts, and the same as variables of Terraform.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::k8s::tree::Tree;
use crate::k8s::yaml;
use crate::plan::nodes::{DiskUse, Machine, Machines, Segment};
use crate::plan::{Artifact, Origin, Plan, Stage};

pub(super) const NAME: &str = "inventory";

/// What both files say.
#[derive(Serialize)]
struct Inventory<'a> {
    cluster: &'a str,
    image: &'a str,
    segments: BTreeMap<&'a str, Network>,
    machines: BTreeMap<&'a str, Entry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    autoscaled: Vec<Growing<'a>>,
}

/// A network that a card is attached to.
#[derive(Serialize)]
struct Network {
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan: Option<u16>,
    cidr: String,
    mtu: u32,
}

/// A machine. Names of fields are Terraform's style, which YAML does not mind.
#[derive(Serialize)]
struct Entry<'a> {
    pool: &'a str,
    role: &'static str,
    host: &'a str,
    zone: &'a str,
    cpu: u32,
    memory_mib: u64,
    disks: Vec<Volume>,
    nics: Vec<Card<'a>>,
    /// Where `groundplan seed` puts what the machine boots from, below the folder that it is given.
    seed: &'a str,
}

/// A virtual disk.
#[derive(Serialize)]
struct Volume {
    name: String,
    size_gib: u64,
}

/// A network card.
#[derive(Serialize)]
struct Card<'a> {
    name: &'a str,
    segment: &'a str,
    mac: &'a str,
    address: String,
}

/// A pool whose machines somebody else makes; here so that nobody takes its addresses.
#[derive(Serialize)]
struct Growing<'a> {
    pool: &'a str,
    min: u32,
    max: u32,
    addresses: BTreeMap<&'a str, String>,
}

pub(super) fn run(plan: &mut Plan) {
    let mut artifacts = Vec::new();
    for (cluster, machines) in &plan.facts.machines {
        let segments = plan.facts.networks.get(cluster).map(|network| &network.segments);
        let inventory = inventory(cluster, machines, segments);
        let folder = format!("clusters/{cluster}/machines");
        let origin = Origin::derived(
            "machines",
            NAME,
            [machines.at.field("pools"), machines.at.field("hosts"), machines.at.clone()],
        );
        let terraform = serde_json::to_string_pretty(&inventory);
        let files = [
            ("inventory.yaml", Ok(yaml::print(&Tree::of(&inventory))), "the machines of"),
            ("terraform.tfvars.json", terraform, "the machines, as variables of Terraform, of"),
        ];
        for (file, text, what) in files {
            let text = match text {
                Ok(text) => text,
                Err(error) => crate::bug!("an inventory is no JSON: {error}"),
            };
            artifacts.push(Artifact {
                stage: Stage::Cluster(cluster.clone()),
                path: format!("{folder}/{file}"),
                text: if text.ends_with('\n') { text } else { format!("{text}\n") },
                what: format!("{what} the cluster {cluster}"),
                origin: origin.clone(),
            });
        }
    }
    plan.artifacts.extend(artifacts);
}

fn inventory<'a>(
    cluster: &'a str,
    machines: &'a Machines,
    segments: Option<&'a BTreeMap<String, Segment>>,
) -> Inventory<'a> {
    let segments = segments.into_iter().flatten().map(|(name, segment)| {
        let network =
            Network { vlan: segment.vlan, cidr: segment.cidr.to_string(), mtu: segment.mtu };
        (name.as_str(), network)
    });
    let growing = machines.autoscaled.iter().map(|pool| Growing {
        pool: &pool.name,
        min: pool.min,
        max: pool.max,
        addresses: pool
            .addresses
            .iter()
            .map(|(segment, (first, last))| (segment.as_str(), format!("{first}-{last}")))
            .collect(),
    });
    Inventory {
        cluster,
        image: &machines.image,
        segments: segments.collect(),
        machines: machines
            .machines
            .iter()
            .map(|machine| (machine.name.as_str(), entry(machine)))
            .collect(),
        autoscaled: growing.collect(),
    }
}

fn entry(machine: &Machine) -> Entry<'_> {
    let disks = machine.disks.iter().map(|disk| Volume {
        name: match &disk.usage {
            DiskUse::Root => "root".to_owned(),
            DiskUse::Etcd => "etcd".to_owned(),
            DiskUse::Data(name) => name.clone(),
        },
        size_gib: disk.size.div_ceil(1 << 30),
    });
    let nics = machine.nics.iter().map(|nic| Card {
        name: &nic.name,
        segment: &nic.segment,
        mac: &nic.mac,
        address: nic.address.to_string(),
    });
    Entry {
        pool: &machine.pool,
        role: machine.role.word(),
        host: &machine.host,
        zone: &machine.zone,
        cpu: machine.cpu,
        memory_mib: machine.memory.div_ceil(1 << 20),
        disks: disks.collect(),
        nics: nics.collect(),
        seed: &machine.name,
    }
}
