//! Which metrics are there: what is scraped, and what workloads are said to serve.

use crate::path::At;
use crate::plan::Stage;

/// An exporter that runs and is scraped, by its name in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporter {
    /// The cluster, or an environment on it.
    pub stage: Stage,
    /// Its name in `catalog::metrics`.
    pub name: &'static str,
    /// The field.
    pub at: At,
}

/// A metric that a workload of the estate serves, as the blueprint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedMetric {
    /// The cluster, or an environment on it.
    pub stage: Stage,
    /// Its name.
    pub name: String,
    /// The field.
    pub at: At,
}
