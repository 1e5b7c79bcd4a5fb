//! The language described, from the same types that read it: JSON Schema, and the pages under `docs/`.
//!
//! Nothing here is written by hand: descriptions are the doc comments of the sections, defaults and their reasons
//! are the statics that resolving uses, rules are the statics beside their functions.

mod pages;
mod schema;

pub use pages::{blueprint_page, rule_entry, rules_page};
pub use schema::{Kind, description_of, schema};

use crate::component::Default;
use crate::path::FieldPath;
use crate::registry::ABOUT;

/// Every default of the language.
pub fn defaults() -> impl Iterator<Item = &'static Default> {
    ABOUT.iter().flat_map(|about| about.defaults.iter().copied())
}

/// The default of a field, if it has one.
pub fn default_of(path: &FieldPath) -> Option<&'static Default> {
    defaults().find(|default| path.matches(default.field))
}
