//! Rules that need the whole database.

use super::model::Database;
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::path::At;

/// All rules of databases.
pub static ALL: &[&Rule] = &[];

/// Checks a database.
pub fn check(_: &Database, _: &At, _: &Symbols, _: &mut Diagnostics) {}
