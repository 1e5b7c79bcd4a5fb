//! Rules that need the whole database.

use super::backup::rules as backup;
use super::model::Database;
use super::recover;
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::path::At;

/// All rules of databases.
pub static ALL: &[&Rule] = &[
    &backup::NO_BACKUP,
    &backup::RECOVERY_POINT,
    &backup::RECOVERY_TIME,
    &backup::KEEP,
    &backup::ORDER,
    &backup::KIND,
    &backup::UNREACHABLE,
    &backup::DRILL_RARE,
    &recover::SOURCE,
    &recover::ITSELF,
    &recover::UNLIKE,
];

/// Checks a database.
pub fn check(_: &Database, _: &At, _: &Symbols, _: &mut Diagnostics) {}
