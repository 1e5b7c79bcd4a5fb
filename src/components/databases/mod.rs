//! `databases`: PostgreSQL that fails over, backs up and proves that it restores. Patroni on a StatefulSet, without
//! an operator.
//!
//! | file | holds |
//! | --- | --- |
//! | [`spec`] | what a blueprint may say |
//! | [`defaults`] | what holds where it says nothing, and why |
//! | [`model`] | a database with every default filled in and every name bound |
//! | `resolve` | the one to the other |
//! | `rules` | what needs the whole database |

mod backup;
mod defaults;
mod drill;
mod model;
mod monitoring;
mod operations;
mod recover;
mod render;
mod resolve;
mod rules;
mod runbook;
mod spec;
mod words;

use indexmap::IndexMap;

use crate::component::{About, Component, Resolving, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::k8s::name::Name;
use crate::path::At;
use crate::plan::Plan;
use crate::source::Scope;

pub use spec::DatabaseSpec;

/// The databases of the teams, by name.
#[derive(Debug)]
pub struct Databases {
    list: Vec<model::Database>,
}

impl Component for Databases {
    const ABOUT: About = About {
        section: "databases",
        scope: Scope::Environment,
        required: false,
        named: true,
        summary: "PostgreSQL that fails over, backs up and proves that it restores",
        rules: rules::ALL,
        defaults: defaults::ALL,
    };

    type Spec = IndexMap<Name, DatabaseSpec>;

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let resolve = |(name, database)| resolve::database(name, database, at, cx);
        Some(Self { list: spec.into_iter().filter_map(resolve).collect() })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        for database in &self.list {
            let at = &at.key(&database.name);
            rules::check(database, at, symbols, diags);
            backup::rules::check(database, at, symbols, diags);
            recover::check(database, &self.list, at, diags);
        }
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        for database in &self.list {
            let at = &at.key(&database.name);
            operations::lower(database, &self.list, at, situation, plan);
        }
    }
}
