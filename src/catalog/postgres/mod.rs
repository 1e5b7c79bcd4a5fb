//! The majors of PostgreSQL and every setting of each: name, type, unit, range, words, and what a change of it takes.
//!
//! The tables are what PostgreSQL itself prints (`collect.sh`), of 15.18, 16.14, 17.10 and 18.4, which are the minors of
//! the images that databases get by default. Last looked at on 2026-11-25; the judge `settings` asks the servers of 17
//! and 18 again. Of 19 there were betas and no release when somebody last wrote of it (citusdata/docker#387, 2026-09-08),
//! and no registry here had one: it is refused until its settings can be printed.

mod value;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Day;
pub use value::{Amount, BadValue};

/// A major version: one line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The major.
    pub major: u32,
    /// The last day on which it is mended (postgresql.org/support/versioning).
    pub end_of_life: Day,
}

/// The majors that there are settings of, the oldest first.
pub static RELEASES: &[Release] = &[
    Release { major: 15, end_of_life: Day::new(2027, 11, 11) },
    Release { major: 16, end_of_life: Day::new(2028, 11, 9) },
    Release { major: 17, end_of_life: Day::new(2029, 11, 8) },
    Release { major: 18, end_of_life: Day::new(2030, 11, 14) },
];

const TABLES: [(u32, &str); 4] = [
    (15, include_str!("15.tsv")),
    (16, include_str!("16.tsv")),
    (17, include_str!("17.tsv")),
    (18, include_str!("18.tsv")),
];

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `on` or `off`.
    Bool,
    /// A whole number, with a unit where the setting has one.
    Integer,
    /// A number, with a unit where the setting has one.
    Real,
    /// One of a few words.
    Enum,
    /// Any text.
    Text,
}

/// What it takes for another value to hold, PostgreSQL's `context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nobody can change it.
    Internal,
    /// A restart.
    Postmaster,
    /// A reload of the configuration; sessions that are open keep theirs of some.
    Reload,
}

/// A setting of one major.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Type,
    /// What a change takes.
    pub context: Context,
    /// The unit of a number without one: `8kB`, `ms`; empty where there is none.
    pub unit: &'static str,
    /// The least and the most, in that unit.
    pub range: Option<(f64, f64)>,
    /// The words of an enum.
    pub words: Vec<&'static str>,
    /// What a new cluster has.
    pub boot: &'static str,
}

/// The settings of one major, by name.
pub type Settings = BTreeMap<&'static str, Setting>;

/// The settings of a major; `None` where it is not known.
pub fn settings(major: u32) -> Option<&'static Settings> {
    static READ: OnceLock<Vec<(u32, Settings)>> = OnceLock::new();
    let tables = READ.get_or_init(|| TABLES.map(|(major, table)| (major, read(table))).into());
    tables.iter().find(|(known, _)| *known == major).map(|(_, settings)| settings)
}

/// The majors that have a setting.
pub fn majors_with(name: &str) -> Vec<u32> {
    let has =
        |release: &&Release| settings(release.major).is_some_and(|all| all.contains_key(name));
    RELEASES.iter().filter(has).map(|release| release.major).collect()
}

fn read(table: &'static str) -> Settings {
    table.lines().map(|line| setting(line).map_or_else(|| unreadable(line), named)).collect()
}

fn named(setting: Setting) -> (&'static str, Setting) {
    (setting.name, setting)
}

fn unreadable(line: &str) -> ! {
    crate::bug!("a table of settings has an unreadable line: {line}")
}

fn setting(line: &'static str) -> Option<Setting> {
    let mut cells = line.split('\t');
    let (name, kind, context) = (cells.next()?, cells.next()?, cells.next()?);
    let (unit, least, most, words) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    Some(Setting {
        name,
        kind: match kind {
            "bool" => Type::Bool,
            "integer" => Type::Integer,
            "real" => Type::Real,
            "enum" => Type::Enum,
            "string" => Type::Text,
            _ => return None,
        },
        context: match context {
            "internal" => Context::Internal,
            "postmaster" => Context::Postmaster,
            "sighup" | "superuser" | "user" | "backend" | "superuser-backend" => Context::Reload,
            _ => return None,
        },
        unit,
        range: match (least, most) {
            ("", "") => None,
            _ => Some((least.parse().ok()?, most.parse().ok()?)),
        },
        words: words.split(',').filter(|word| !word.is_empty()).collect(),
        boot: cells.next()?,
    })
}

#[cfg(test)]
mod tests;
