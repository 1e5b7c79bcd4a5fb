//! `databases`: PostgreSQL that fails over, backs up and proves that it restores. Patroni on a StatefulSet, without
//! an operator.
//!
//! | file | holds |
//! | --- | --- |
//! | [`spec`] | what a blueprint may say |
//! | [`defaults`] | what holds where it says nothing, and why |
//! | [`model`] | a database with every default filled in and every name bound |
//! | `resolve` | the one to the other |
//! | `parameters` | the settings of PostgreSQL: derived, written, and where each holds |
//! | `lower` | the cluster's objects, and the facts that the rest is derived from |
//! | `backup`, `drill`, `recover` | what saves it, the proof that it restores, a beginning from another one's backups |
//! | `monitoring`, `runbook` | who watches it, and what people do then |
//! | `operations` | those four in the plan |
//! | `rules` | what needs the whole database |

mod backup;
mod defaults;
mod drill;
mod lower;
mod model;
mod monitoring;
mod operations;
mod parameters;
mod recover;
mod render;
mod resolve;
mod rules;
mod runbook;
mod spec;
mod words;

use indexmap::IndexMap;
use rayon::prelude::*;

use crate::component::{
    About, Component, DatabaseAccess, DatabaseUser, Endpoint, EndpointOf, Resolving, Situation,
    Symbols,
};
use crate::diag::Diagnostics;
use crate::k8s::name::Name;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::{Plan, UnitKind};
use crate::source::Scope;

pub use spec::DatabaseSpec;

/// How many databases are lowered one after the other: enough to be worth a task, few enough for all cores.
const AT_ONCE: usize = 4;

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

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, database) in spec {
            // With a pooler, nobody goes round it.
            let (labels, service) = match &database.pooler {
                Some(_) => (model::pooler_selector(name), "pooler"),
                None => (model::selector(name), "primary"),
            };
            let endpoint = Endpoint {
                of: EndpointOf::Pods {
                    team: database.team.to_string(),
                    unit: (UnitKind::Database, name.to_string()),
                    labels,
                },
                ports: [("postgresql".to_owned(), Socket::tcp(model::PORT))].into(),
                metrics: None,
                allows: database.allows.iter().map(ToString::to_string).collect(),
            };
            symbols.endpoints.declare(format!("database/{name}"), at.key(name), endpoint);
            let users = database.users.iter().map(|(user, spec)| {
                let user_of = DatabaseUser {
                    database: spec.database.to_string(),
                    read_only: spec.read_only,
                    password: spec.secret.property("password"),
                };
                (user.to_string(), user_of)
            });
            let access = DatabaseAccess {
                team: database.team.to_string(),
                service: format!("{}-{service}", model::scope(name)),
                port: model::PORT,
                users: users.collect(),
            };
            symbols.databases.declare(name.to_string(), at.key(name), access);
        }
    }

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
            operations::drill_namespace(database, &at.key(&database.name), situation, plan);
        }
        let parts: Vec<Plan> = self
            .list
            .par_chunks(AT_ONCE)
            .map(|some| {
                let mut part = Plan::default();
                for database in some {
                    let at = &at.key(&database.name);
                    lower::database(database, &self.list, at, situation, &mut part);
                    operations::lower(database, &self.list, at, situation, &mut part);
                }
                // At once, for what is equal to the base's is not needed twice.
                if let Some(base) = situation.base {
                    part.share(base);
                }
                part
            })
            .collect();
        parts.into_iter().for_each(|part| plan.absorb(part));
    }
}
