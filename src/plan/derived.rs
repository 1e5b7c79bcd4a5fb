//! Values that nobody wrote: what they are, how they were arrived at, and what another one takes. For people.

use crate::path::At;

/// The values that follow from other fields, for one thing of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The mapping where each can be written instead: `databases.orders.postgres.parameters`.
    pub of: At,
    /// What the formulas begin with, in numbers.
    pub terms: String,
    /// The values in the order of their names.
    pub values: Vec<Derived>,
}

/// A value of such a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Its key.
    pub name: String,
    /// What it comes to.
    pub value: String,
    /// The formula and whose it is; `None` where the blueprint writes the value.
    pub formula: Option<(&'static str, &'static str)>,
    /// What another value takes.
    pub takes: &'static str,
}
