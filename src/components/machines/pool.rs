//! A pool: its machines, each with its host and its addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::address::{block, free};
use super::place::{self, Candidate};
use super::rules;
use super::{PoolSpec, Survives, role};
use crate::component::{Default, Names, Resolving, SegmentOf};
use crate::diag::Diagnostics;
use crate::field;
use crate::k8s::hardware::MacAddress;
use crate::k8s::name::Name;
use crate::k8s::network::{Address, AddressRange};
use crate::path::At;
use crate::plan::nodes::{self, DEDICATED, Disk, DiskUse, NodeRole, NodeTaint, POOL_LABEL};

pub static SURVIVES: Default = Default::new(
    "machines.pools.*.survives",
    "nothing",
    "workers are cattle; control planes and members of etcd say `host` where nothing is written",
);

pub static CARDS: Default =
    Default::new("machines.pools.*.trunk.cards", "2", "one cable may be pulled");
pub static LACP: Default = Default::new(
    "machines.pools.*.trunk.lacp",
    "false",
    "works with any switch; LACP must be set up on both ends",
);

/// A pool with everything decided.
#[derive(Debug)]
pub struct Pool {
    pub name: String,
    pub role: NodeRole,
    pub survives: nodes::Survives,
    pub autoscale: Option<(u32, u32)>,
    pub cpu: u32,
    pub memory: u64,
    pub disks: Vec<Disk>,
    pub segments: Vec<String>,
    /// How many cards carry the segments as VLANs, and whether by LACP.
    pub trunk: Option<(u32, bool)>,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<NodeTaint>,
    pub machines: Vec<Placed>,
    /// The addresses of an autoscaled pool.
    pub ranges: BTreeMap<String, (IpAddr, IpAddr)>,
    pub at: At,
}

/// A machine in its place.
#[derive(Debug)]
pub struct Placed {
    pub name: String,
    pub host: Candidate,
    pub links: Vec<Link>,
}

/// A machine's end of a segment.
#[derive(Debug)]
pub struct Link {
    pub segment: String,
    pub address: IpNet,
    /// As written; otherwise it is made of the machine's name.
    pub mac: Option<MacAddress>,
    /// The field to blame for the address.
    pub at: At,
}

/// Labels of the nodes of a pool.
pub fn labels(name: &Name, pool: &PoolSpec) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        pool.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    labels.insert(POOL_LABEL.to_owned(), name.to_string());
    labels
}

fn taints(pool: &PoolSpec) -> Vec<NodeTaint> {
    let dedicated = pool.dedicated.iter().map(|value| NodeTaint {
        key: DEDICATED.to_owned(),
        value: value.to_string(),
        effect: "NoSchedule",
    });
    let written = pool.taints.iter().map(|taint| NodeTaint {
        key: taint.key.to_string(),
        value: taint.value.as_ref().map(ToString::to_string).unwrap_or_default(),
        effect: taint.effect.word(),
    });
    dedicated.chain(written).collect()
}

/// A pool as written, with its place.
pub struct Written<'a> {
    pub name: &'a Name,
    pub pool: &'a PoolSpec,
    pub position: usize,
    pub at: &'a At,
}

impl Written<'_> {
    /// Places and addresses the machines; `None` once a diagnostic says why that cannot be.
    pub fn resolve(
        &self,
        candidates: &[Candidate],
        hosts: &Names<()>,
        cx: &mut Resolving<'_>,
    ) -> Option<Pool> {
        let (pool, at) = (self.pool, self.at);
        let size = rules::size(self, cx.diags);
        rules::labels(self, cx.diags);
        for (index, host) in pool.hosts.iter().enumerate() {
            hosts.bind(host.as_str(), &field!(at, pool.hosts).index(index), cx.diags)?;
        }
        let mut segments = Vec::new();
        for (index, segment) in pool.segments.iter().enumerate() {
            let at = field!(at, pool.segments).index(index);
            segments.push(cx.symbols.segments.bind(segment.as_str(), &at, cx.diags)?);
        }
        if !rules::segments(self, &segments, cx.diags) {
            return None;
        }
        if !rules::trunk(self, &segments, cx.diags) {
            return None;
        }
        let count = size?;
        let mut ranges = Vec::new();
        for segment in &segments {
            ranges.push(self.range(segment, count, cx.diags)?);
        }
        let autoscale = pool.autoscale.map(|autoscale| (autoscale.min.get(), autoscale.max.get()));
        let mut machines = Vec::new();
        if autoscale.is_none() {
            let order = place::order(self.name.as_str(), candidates);
            if order.is_empty() && count > 0 {
                rules::no_hosts(self, cx.diags);
                return None;
            }
            machines = self.machines(count, &order, &segments, &ranges);
            self.bind_machines(&machines, hosts, cx.diags)?;
            self.explicit(&mut machines, candidates, &segments, cx.diags);
        }
        let names = segments.iter().map(|segment| segment.segment.name.clone());
        Some(Pool {
            name: self.name.to_string(),
            role: role(pool.role),
            survives: match pool.survives.unwrap_or_else(|| self.usually_survives()) {
                Survives::Nothing => nodes::Survives::Nothing,
                Survives::Host => nodes::Survives::Host,
                Survives::Zone => nodes::Survives::Zone,
            },
            autoscale,
            cpu: pool.cpu.get(),
            memory: pool.memory.get(),
            disks: self.disks(),
            trunk: pool.trunk.map(|trunk| {
                let cards = trunk.cards.unwrap_or_else(|| CARDS.get()).get();
                (cards, trunk.lacp.unwrap_or_else(|| LACP.get()))
            }),
            labels: labels(self.name, pool),
            taints: taints(pool),
            machines,
            ranges: names
                .clone()
                .zip(&ranges)
                .map(|(name, range)| (name, (range.first().ip(), range.last().ip())))
                .collect(),
            segments: names.collect(),
            at: at.clone(),
        })
    }

    fn usually_survives(&self) -> Survives {
        match role(self.pool.role) {
            NodeRole::ControlPlane | NodeRole::Etcd => Survives::Host,
            NodeRole::LoadBalancer | NodeRole::Worker => SURVIVES.get(),
        }
    }

    fn disks(&self) -> Vec<Disk> {
        let root = Disk { usage: DiskUse::Root, size: self.pool.disk.get() };
        let etcd = self.pool.etcd_disk.iter();
        let etcd = etcd.map(|size| Disk { usage: DiskUse::Etcd, size: size.get() });
        let data = self.pool.disks.iter();
        let data = data
            .map(|(name, size)| Disk { usage: DiskUse::Data(name.to_string()), size: size.get() });
        std::iter::once(root).chain(etcd).chain(data).collect()
    }

    /// The pool's addresses in a segment, with room for all of it.
    fn range(
        &self,
        segment: &SegmentOf,
        count: u32,
        diags: &mut Diagnostics,
    ) -> Option<AddressRange> {
        let name = segment.segment.name.as_str();
        let written = self.pool.addresses.get(name).copied();
        let at = self.at.field("addresses").key(name);
        let Some(range) = written.or_else(|| block(segment, self.position)) else {
            rules::no_address(self, segment, count, 0, diags);
            return None;
        };
        if written.is_some() && !rules::range_fits(range, segment, &at, diags) {
            return None;
        }
        // Whoever gives addresses to machines that come and go knows of nothing else in the segment.
        if self.pool.autoscale.is_some() && !rules::all_free(range, segment, &at, diags) {
            return None;
        }
        let room = free(range, segment).take(count as usize).count();
        if room < count as usize {
            rules::no_address(self, segment, count, room, diags);
            return None;
        }
        Some(range)
    }

    fn machines(
        &self,
        count: u32,
        order: &[Candidate],
        segments: &[&SegmentOf],
        ranges: &[AddressRange],
    ) -> Vec<Placed> {
        let mut addresses: Vec<_> =
            segments.iter().zip(ranges).map(|(segment, range)| free(*range, segment)).collect();
        let mut machines = Vec::new();
        for (number, host) in (1..=count).zip(order.iter().cycle()) {
            let mut links = Vec::new();
            for (segment, addresses) in segments.iter().zip(&mut addresses) {
                // There is room for all of them: it was counted.
                let Some(address) = addresses.next() else { continue };
                links.push(Link {
                    segment: segment.segment.name.clone(),
                    address: in_segment(address, segment),
                    mac: None,
                    at: self.at.clone(),
                });
            }
            let name = format!("{}-{number}", self.name);
            machines.push(Placed { name, host: host.clone(), links });
        }
        machines
    }

    /// Binds the names under `machines`, and the hosts they name.
    fn bind_machines(
        &self,
        machines: &[Placed],
        hosts: &Names<()>,
        diags: &mut Diagnostics,
    ) -> Option<()> {
        let mut own = Names::new("machine of this pool");
        for machine in machines {
            own.declare(machine.name.clone(), self.at.clone(), ());
        }
        let at = self.at.field("machines");
        for (name, machine) in &self.pool.machines {
            let at = at.key(name);
            own.bind(name.as_str(), &at, diags)?;
            if let Some(host) = &machine.host {
                hosts.bind(host.as_str(), &at.field("host"), diags)?;
            }
        }
        Some(())
    }

    /// What is written of single machines wins.
    fn explicit(
        &self,
        machines: &mut [Placed],
        candidates: &[Candidate],
        segments: &[&SegmentOf],
        diags: &mut Diagnostics,
    ) {
        let at = self.at.field("machines");
        for placed in machines {
            let Some(written) = self.pool.machines.get(placed.name.as_str()) else { continue };
            let at = at.key(&placed.name);
            if let Some(host) = &written.host {
                let at = at.field("host");
                match candidates.iter().find(|candidate| candidate.host == host.as_str()) {
                    Some(candidate) => placed.host = candidate.clone(),
                    None => rules::other_host(self, host.as_str(), &at, diags),
                }
            }
            for (segment, address) in &written.addresses {
                let at = at.field("addresses").key(segment);
                let Some(of) = rules::attached(self, segment, segments, &at, diags) else {
                    continue;
                };
                if !rules::address_fits(*address, of, &at, diags) {
                    continue;
                }
                for link in placed.links.iter_mut().filter(|link| link.segment == segment.as_str())
                {
                    link.address = in_segment(Address::ip(*address), of);
                    link.at = at.clone();
                }
            }
            for (segment, mac) in &written.macs {
                let at = at.field("macs").key(segment);
                if rules::attached(self, segment, segments, &at, diags).is_none() {
                    continue;
                }
                for link in placed.links.iter_mut().filter(|link| link.segment == segment.as_str())
                {
                    link.mac = Some(*mac);
                }
            }
        }
    }
}

fn in_segment(address: IpAddr, segment: &SegmentOf) -> IpNet {
    match IpNet::new(address, segment.segment.cidr.prefix_len()) {
        Ok(net) => net,
        Err(_) => crate::bug!("{address} is not of the family of {}", segment.segment.cidr),
    }
}
