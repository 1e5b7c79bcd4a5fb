//! What a database becomes: its objects, and the facts that passes derive the rest from.

mod facts;
mod live;
mod member;
pub mod patroni;
pub mod pod;
mod pooler;
mod reconcile;
mod service;
mod statements;
mod storage;
pub mod tls;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::model::Database;
use super::parameters::{self, Parameters};
use crate::component::Situation;
use crate::field;
use crate::path::At;
use crate::plan::{Derivation, Derived, Origin, Plan, Resource, Stage, UnitId, UnitKind};

pub const COMPONENT: &str = "databases";

/// What lowering has at hand.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    pub database: &'a Database,
    /// The database whose state this one begins with.
    pub source: Option<&'a Database>,
    pub parameters: &'a Parameters,
    /// The database's field.
    pub at: &'a At,
    /// The namespace; `None` in the base.
    pub namespace: Option<&'a str>,
    /// The estate's name.
    pub estate: &'a str,
}

impl Cx<'_> {
    pub fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: self.namespace.map(str::to_owned),
            ..ObjectMeta::default()
        }
    }

    /// An origin of these fields of the database.
    pub fn from(&self, fields: &[&str]) -> Origin {
        Origin::lowered(COMPONENT, fields.iter().map(|field| self.at.key(field)))
    }
}

/// The objects of a database.
fn objects(cx: Cx<'_>) -> Vec<Resource> {
    let mut objects = tls::objects(cx);
    objects.push(patroni::configuration(cx));
    objects.push(service::account(cx));
    objects.extend(service::services(cx));
    objects.extend(storage::claims(cx));
    objects.push(member::stateful_set(cx));
    objects.extend(pooler::objects(cx));
    objects.extend(reconcile::objects(cx));
    objects
}

/// Puts a database into the plan.
pub fn database(
    database: &Database,
    all: &[Database],
    at: &At,
    situation: &Situation<'_>,
    plan: &mut Plan,
) {
    let place = match situation.stage {
        Stage::Base => None,
        _ => Some(situation.namespace(&database.team)),
    };
    let parameters = parameters::of(database);
    let cx = Cx {
        database,
        source: super::operations::recover_source(database, all),
        parameters: &parameters,
        at,
        namespace: place.as_deref(),
        estate: &situation.symbols.estate,
    };
    let objects = objects(cx);
    let id = UnitId {
        kind: UnitKind::Database,
        name: database.name.to_string(),
        stage: situation.stage.clone(),
    };
    let unit = plan.unit(id.clone(), at);
    unit.namespace.clone_from(&place);
    unit.project.clone_from(&place);
    unit.stateful = true;
    if let Some(namespace) = &place {
        let owner = UnitId { kind: UnitKind::Namespace, name: namespace.clone(), ..id.clone() };
        unit.needs.insert((owner, field!(at, database.team)));
    }
    let controller = objects.iter().find(|object| object.kind() == "StatefulSet").cloned();
    objects.into_iter().for_each(|object| unit.add(object));
    live::state(cx, situation.stage, controller.as_ref(), plan);
    facts::state(cx, situation, &id, plan);
    plan.facts.derivations.push(derivation(database, at, parameters));
}

/// The settings for whoever asks where they come from.
fn derivation(database: &Database, at: &At, parameters: Parameters) -> Derivation {
    let major = database.major.get();
    let values = parameters.into_iter().map(|(name, value)| Derived {
        takes: parameters::takes(&name, major),
        name,
        value: value.text,
        formula: value.derived.map(|formula| (formula.why, formula.source)),
    });
    Derivation {
        of: at.key("postgres").key("parameters"),
        terms: parameters::terms(database),
        values: values.collect(),
    }
}

/// Eight characters that stand for a text.
fn digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
