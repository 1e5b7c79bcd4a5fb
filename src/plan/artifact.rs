//! Files that no Application syncs: what machines boot from, what is applied once by hand, what people read.

use crate::plan::{Origin, Stage};

/// A file that is written as it is.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// For which part of the estate it is: a cluster, or an environment.
    pub stage: Stage,
    /// Its path below the owned folder, made of checked names: `clusters/main/machines/web-1/user-data`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What it is, for people: `first boot of the machine web-1`.
    pub what: String,
    /// Where it comes from.
    pub origin: Origin,
}
