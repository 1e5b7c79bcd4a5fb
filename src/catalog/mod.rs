//! What is known of other projects' versions: typed, dated data. Nothing here is asked of a network.
//!
//! Every table says when it was last looked at. What a table does not say is [`Fit::Unknown`], which is never
//! taken for fine.
//!
//! And which keys a chart reads: an index for each chart and version, so that values hold nothing that changes
//! nothing. Helm accepts any key. A chart that renames one goes on with its default, and says nothing; most charts
//! have no schema, and most schemas permit what they do not know. An index is made of the chart itself by
//! `groundplan catalog add`: of `values.yaml`, of its schema, and of what its templates read. Names of keys are all
//! that is kept of a chart.

pub mod changes;
pub mod compatibility;
pub mod metrics;

mod archive;
mod chart;
mod charts;
mod definitions;
mod index;
mod keys;
pub mod kubernetes;
pub mod parts;
pub mod postgres;
mod range;
mod references;
mod schema;

pub use archive::{Unpackable, unpack};
pub use chart::{Chart, UnreadableChart};
pub use definitions::Definition;
pub use index::{Fault, FaultKind, Index, UnreadableIndex};
pub use keys::Keys;
pub use range::Range;

use crate::k8s::date::Date;
use crate::k8s::version::{MinorVersion, SemVer, VersionChoice};

/// A day of a table; checked when it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u16, u8, u8);

impl Day {
    /// That day.
    pub const fn new(year: u16, month: u8, day: u8) -> Self {
        assert!(year > 2000 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
        Self(year, month, day)
    }

    /// The day as a date.
    pub fn date(self) -> Date {
        match Date::new(self.0, self.1, self.2) {
            Some(date) => date,
            None => crate::bug!("the catalogue holds {self:?}, which is no day"),
        }
    }
}

/// A series of releases: one line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// Major and minor.
    pub series: MinorVersion,
    /// The newest patch that was seen.
    pub newest: u64,
    /// The last day on which the project mends it; `None` where the project names none.
    pub end_of_life: Option<Day>,
}

impl Series {
    /// A line of a table.
    pub const fn new(major: u64, minor: u64, newest: u64, end_of_life: Option<Day>) -> Self {
        Self { series: MinorVersion::new(major, minor), newest, end_of_life }
    }

    /// The newest version of the series that was seen.
    pub const fn newest(&self) -> SemVer {
        SemVer::new(self.series.major(), self.series.minor(), self.newest)
    }
}

/// What a choice of version comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// A version that the table holds.
    Known(SemVer, &'static Series),
    /// A patch of a known series that is newer than the newest that was seen, or no release at all.
    UnknownPatch(SemVer, &'static Series),
    /// A series that the table does not hold.
    UnknownSeries,
}

/// Takes the version that was chosen: of a series the newest patch that was seen.
pub fn choose(table: &'static [Series], choice: &VersionChoice) -> Chosen {
    let Some(series) = table.iter().find(|known| known.series == choice.series()) else {
        return Chosen::UnknownSeries;
    };
    match choice {
        VersionChoice::Newest(_) => Chosen::Known(series.newest(), series),
        VersionChoice::Exact(version) => {
            if version.is_pre_release() || version.patch() > series.newest {
                Chosen::UnknownPatch(version.clone(), series)
            } else {
                Chosen::Known(version.clone(), series)
            }
        }
    }
}

/// Whether two versions work together, as far as their projects say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The project says so.
    Supported,
    /// The project says that they do not.
    Refused,
    /// Nobody has said anything.
    Unknown,
}

/// The versions of Kubernetes that a release of something else is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The oldest one.
    pub from: MinorVersion,
    /// The newest one that the project names; later ones are unknown, not refused.
    pub to: MinorVersion,
}

impl Support {
    /// From one minor of Kubernetes 1 to another, both included.
    pub const fn minors(from: u64, to: u64) -> Self {
        Self { from: MinorVersion::new(1, from), to: MinorVersion::new(1, to) }
    }

    /// Whether a minor is among them.
    pub fn of(&self, minor: MinorVersion) -> Fit {
        if minor < self.from {
            Fit::Refused
        } else if minor <= self.to {
            Fit::Supported
        } else {
            Fit::Unknown
        }
    }
}

/// The index of a chart that this compiler ships one of.
pub fn shipped(chart: &str, version: &str) -> Option<Index> {
    let (_, _, text) =
        charts::ALL.iter().find(|(name, of, _)| *name == chart && same_version(of, version))?;
    match text.parse() {
        Ok(index) => Some(index),
        Err(error) => crate::bug!("the index of {chart} {version} cannot be read: {error}"),
    }
}

/// The versions of Kubernetes that a chart lets itself be rendered for: what the index says that this compiler ships.
pub fn requires(chart: &str, version: &str) -> Option<Range> {
    let (_, _, text) =
        charts::ALL.iter().find(|(name, of, _)| *name == chart && same_version(of, version))?;
    // The head of an index is read without the keys, of which there are thousands.
    let head = text.lines().take_while(|line| !line.starts_with("keys:"));
    let range = head.filter_map(|line| line.strip_prefix("kubernetes: ")).next()?;
    range.trim_matches('"').parse().ok()
}

/// The charts and versions that this compiler ships an index of.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    charts::ALL.iter().map(|(chart, version, _)| (*chart, *version))
}

/// The version of a chart, which some spell with a `v`.
pub fn chart_version(text: &str) -> Option<SemVer> {
    text.trim_start_matches('v').parse().ok()
}

/// Some charts spell their versions with a `v`; Helm takes one for the other.
fn same_version(one: &str, other: &str) -> bool {
    one.trim_start_matches('v') == other.trim_start_matches('v')
}

#[cfg(test)]
mod tests;
