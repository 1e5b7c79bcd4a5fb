//! Which keys a chart reads: an index for each chart and version, so that values hold nothing that changes nothing.
//!
//! Helm accepts any key. A chart that renames one goes on with its default, and says nothing; most charts have no
//! schema, and most schemas permit what they do not know. An index is made of the chart itself by
//! `groundplan catalog add`: of `values.yaml`, of its schema, and of what its templates read.
//!
//! Names of keys are all that is kept of a chart.

pub mod metrics;

mod archive;
mod chart;
mod charts;
mod index;
mod keys;
mod references;
mod schema;

pub use archive::{Unpackable, unpack};
pub use chart::{Chart, UnreadableChart};
pub use index::{Fault, FaultKind, Index, UnreadableIndex};
pub use keys::Keys;

/// The index of a chart that this compiler ships one of.
pub fn shipped(chart: &str, version: &str) -> Option<Index> {
    let (_, _, text) = charts::ALL
        .iter()
        .find(|(name, of, _)| *name == chart && same_version(of, version))?;
    match text.parse() {
        Ok(index) => Some(index),
        Err(error) => crate::bug!("the index of {chart} {version} cannot be read: {error}"),
    }
}

/// The charts and versions that this compiler ships an index of.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    charts::ALL.iter().map(|(chart, version, _)| (*chart, *version))
}

/// Some charts spell their versions with a `v`; Helm takes one for the other.
fn same_version(one: &str, other: &str) -> bool {
    one.trim_start_matches('v') == other.trim_start_matches('v')
}
