//! The machines for whoever creates them: a list for people and scripts, and the same as variables of Terraform.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::k8s::tree::Tree;
use crate::k8s::yaml;
use crate::plan::nodes::{Machine, Machines, Nic, Segment};
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
    disks: Vec<Volume<'a>>,
    nics: Vec<Card<'a>>,
    /// Where `groundplan seed` puts what the machine boots from, below the folder that it is given.
    seed: &'a str,
}

/// A virtual disk.
#[derive(Serialize)]
struct Volume<'a> {
    name: &'a str,
    /// What the machine finds it by; the root disk needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    size_gib: u64,
}

/// A network card and what it is attached to. One that carries a single segment without a tag is in that VLAN.
#[derive(Serialize)]
struct Card<'a> {
    mac: &'a str,
    segments: Vec<Attached<'a>>,
}

/// A segment of a card.
#[derive(Serialize)]
struct Attached<'a> {
    name: &'a str,
    tagged: bool,
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
        let Some(network) = plan.facts.networks.get(cluster) else { continue };
        let inventory = inventory(cluster, machines, &network.segments);
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
    segments: &'a BTreeMap<String, Segment>,
) -> Inventory<'a> {
    let networks = segments.iter().map(|(name, segment)| {
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
        segments: networks.collect(),
        machines: machines
            .machines
            .iter()
            .map(|machine| (machine.name.as_str(), entry(machine, segments)))
            .collect(),
        autoscaled: growing.collect(),
    }
}

fn entry<'a>(machine: &'a Machine, segments: &BTreeMap<String, Segment>) -> Entry<'a> {
    let disks = machine.disks.iter().map(|disk| Volume {
        name: disk.serial().unwrap_or("root"),
        serial: disk.serial(),
        size_gib: disk.size.div_ceil(1 << 30),
    });
    let attached = |nic: &'a Nic, tagged| Attached {
        name: &nic.segment,
        tagged,
        address: nic.address.to_string(),
    };
    let has_vlan = |nic: &Nic| segments.get(&nic.segment).is_some_and(|of| of.vlan.is_some());
    let nics: Vec<Card<'_>> = match &machine.trunk {
        None => {
            let card = |nic: &'a Nic| Card { mac: &nic.mac, segments: vec![attached(nic, false)] };
            machine.nics.iter().map(card).collect()
        }
        Some(trunk) => {
            let all = || machine.nics.iter().map(|nic| attached(nic, has_vlan(nic))).collect();
            trunk.macs.iter().map(|mac| Card { mac, segments: all() }).collect()
        }
    };
    Entry {
        pool: &machine.pool,
        role: machine.role.word(),
        host: &machine.host,
        zone: &machine.zone,
        cpu: machine.cpu,
        memory_mib: machine.memory.div_ceil(1 << 20),
        disks: disks.collect(),
        nics,
        seed: &machine.name,
    }
}
