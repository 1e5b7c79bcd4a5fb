//! The plan: everything that will exist, with no choice left.
//!
//! Components put resources into units and *state facts*; passes derive from the facts what crosses components.
//! Nothing here decides anything, and nothing here knows how a file is printed.

mod addon;
mod artifact;
mod backup;
pub mod bootstrap;
pub mod charts;
pub mod delivery;
mod derived;
mod facts;
mod layout;
mod live;
mod metrics;
pub mod nodes;
pub mod platform;
mod release;
mod resource;
mod unit;

use std::collections::BTreeMap;

pub use addon::{API_SERVER, Addon, Metrics, Network};
pub use artifact::Artifact;
pub use backup::{BackupPlace, ClusterBackup, EtcdBackup, authority};
pub use derived::{Derivation, Derived};
pub use facts::{
    ApiAccess, ApiRule, ArgoCd, Channel, Charted, Exposure, Facts, Flow, Freeze, Grant, Peer,
    PlatformNamespace, Replicas, Repository, Requests, Role, Scrape, SecretEntry, SecretNeed,
    Tenancy, namespace,
};
pub use layout::{Layout, application_folder, environment_branch, unit_folder};
pub use live::{Live, LiveFact};
pub use metrics::{Exporter, ServedMetric};
pub use release::{ChartSource, IgnoredField, Release};
pub use resource::{Body, Origin, Resource};
pub use unit::{Stage, Unit, UnitId, UnitKind};

/// Everything that will exist.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The estate's name.
    pub estate: String,
    /// The units by name; a unit of [`Stage::Base`] has no Application.
    pub units: BTreeMap<UnitId, Unit>,
    /// What was stated.
    pub facts: Facts,
    /// Files that no Application syncs.
    pub artifacts: Vec<Artifact>,
    /// What went round the compiler: `patches` and `manifests`, for the report.
    pub unproven: Vec<(UnitId, crate::path::At)>,
    /// The versions that the last compilation chose, from its lock file; empty where there was none.
    pub previous: BTreeMap<String, String>,
    /// Every version that was chosen, by what it is the version of; they go into the lock file.
    pub versions: BTreeMap<String, String>,
}

impl Plan {
    /// The unit of that name, made empty when it is not there yet.
    pub fn unit(&mut self, id: UnitId, at: &crate::path::At) -> &mut Unit {
        self.units.entry(id.clone()).or_insert_with(|| Unit::new(id, at.clone()))
    }

    /// An add-on of a cluster, if it is planned.
    pub fn addon(&self, name: &str, cluster: &str) -> Option<&Unit> {
        self.units.get(&Addon::id(name, cluster))
    }

    /// Shares with `base` whatever the units of other stages have in common with it.
    pub fn share(&mut self, base: &Self) {
        for unit in self.units.values_mut() {
            if let Some(base) = base.units.get(&unit.id.in_stage(Stage::Base)) {
                unit.share(base);
            }
        }
    }

    /// Takes over what another part of the estate planned.
    pub fn absorb(&mut self, other: Self) {
        for (id, unit) in other.units {
            match self.units.entry(id) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(unit);
                }
                std::collections::btree_map::Entry::Occupied(mut slot) => {
                    slot.get_mut().resources.extend(unit.resources);
                    slot.get_mut().needs.extend(unit.needs);
                    if unit.release.is_some() {
                        slot.get_mut().release = unit.release;
                    }
                }
            }
        }
        self.facts.absorb(other.facts);
        self.artifacts.extend(other.artifacts);
        self.unproven.extend(other.unproven);
        self.versions.extend(other.versions);
        self.previous.extend(other.previous);
    }

    /// The units that become Applications.
    pub fn applications(&self) -> impl Iterator<Item = &Unit> {
        self.units
            .values()
            .filter(|unit| unit.id.stage != Stage::Base && unit.id.kind != UnitKind::ArgoCd)
    }
}
