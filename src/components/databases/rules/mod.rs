//! Rules that need the whole database.

mod durability;
mod fit;
mod place;
mod settings;

pub use place::ALLOWS_NO_CLIENT;

use super::backup::rules as backup;
use super::model::Database;
use super::{parameters, recover, resolve};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::path::At;

/// All rules of databases.
pub static ALL: &[&Rule] = &[
    &settings::VERSION_UNKNOWN,
    &settings::PARAMETER_UNKNOWN,
    &settings::PARAMETER_VALUE,
    &settings::PARAMETER_RANGE,
    &settings::PARAMETER_OWNED,
    &settings::PARAMETER_UNSAFE,
    &settings::PARAMETER_LEAST,
    &settings::LOGICAL_WITHOUT_SLOTS,
    &durability::FAILOVER_TIMING,
    &durability::MEMBERS_NONE,
    &durability::ONE_MEMBER,
    &durability::FEW_MEMBERS,
    &durability::STRICT_MEMBERS,
    &durability::STRICT_ALONE,
    &durability::QUORUM_MEMBERS,
    &durability::SYNCHRONOUS_ALONE,
    &durability::MAY_LOSE_WRITES,
    &durability::FAILSAFE_OFF,
    &durability::READ_LAG,
    &fit::MEMORY,
    &fit::MEMORY_TIGHT,
    &fit::RESOURCES_ZERO,
    &fit::HUGE_PAGES,
    &fit::LOG_ROOM,
    &fit::POOL_BUDGET,
    &fit::POOLER_NONE,
    &fit::POOLER_ALONE,
    // Those of pools and storage classes (`place`) join when sections declare any: no case can fire them before.
    &place::NAME_TOO_LONG,
    &place::IMAGE_FLOATING,
    &place::IMAGE_TAG,
    &place::ALLOWS_NO_CLIENT,
    &resolve::OWNER_UNKNOWN,
    &resolve::USER_RESERVED,
    &resolve::SECRET_SHARED,
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
pub fn check(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    place::check(database, at, symbols, diags);
    if !durability::check(database, at, symbols, diags) || !settings::check(database, at, diags) {
        // What follows from wrong numbers would only be noise.
        return;
    }
    let parameters = parameters::of(database);
    fit::check(database, &parameters, at, diags);
}
