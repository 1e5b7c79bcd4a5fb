//! What the lock remembers of a database, and what a change of it takes.

use super::{Cx, digest, patroni};
use crate::catalog::postgres::{self, Context};
use crate::components::databases::parameters;
use crate::k8s::tree::Tree;
use crate::plan::{Live, LiveFact, Plan, Resource, Stage};

const MAJOR: &str = "leave the version; make a new database of the new major with another name, move the data by \
                     logical replication or a dump, switch its clients over, then let the old one go";
const CLASS: &str = "leave the class; make a new database on the new class with `recover`, switch its clients over, \
                     then let the old one go";
const SCOPE: &str = "leave the name: it is that of the claims and of Patroni's lock; make a new database with \
                     `recover` instead";
const DCS: &str =
    "leave it: two kinds of locks are two leaders; scale to one member first, as the runbook says";
const WAL: &str = "leave it as it is: claims of a StatefulSet cannot be added or taken away; make a new database with \
                   `recover` instead";

/// States what runs, and puts it among what the lock holds.
pub fn state(cx: Cx<'_>, stage: &Stage, controller: Option<&Resource>, plan: &mut Plan) {
    let Some(environment) = stage.environment() else { return };
    let database = cx.database;
    let fixed = |value: String, field: &str, below: &str, instead: &'static str| LiveFact::Fixed {
        value,
        at: cx.at.key(field).key(below),
        instead,
    };
    let storage = cx.at.key("storage");
    let class = database.storage.class.as_ref().map_or("default", |class| class.as_str());
    let wal = if database.storage.wal.is_some() { "apart" } else { "with-data" };
    let mut facts = vec![
        ("dcs", fixed("configmaps".to_owned(), "postgres", "version", DCS)),
        ("scope", fixed(database.scope(), "postgres", "version", SCOPE)),
        ("major", fixed(database.major.to_string(), "postgres", "version", MAJOR)),
        ("class", fixed(class.to_owned(), "storage", "class", CLASS)),
        ("log", fixed(wal.to_owned(), "storage", "wal", WAL)),
        ("data", LiveFact::Grows { bytes: database.storage.data.get(), at: storage.key("data") }),
    ];
    if let Some(size) = database.storage.wal {
        facts.push(("wal", LiveFact::Grows { bytes: size.get(), at: storage.key("wal") }));
    }
    for (name, value, takes) in [
        ("reload", settings(cx, Context::Reload), parameters::RELOAD),
        ("restart", settings(cx, Context::Postmaster), parameters::RESTART),
        (
            "shared",
            digest(&crate::emit::yaml::print(&patroni::shared(cx))),
            "another agreement of all members, and a restart in place where PostgreSQL asks for one",
        ),
        ("pods", digest(&controller.map(template).unwrap_or_default()), parameters::PODS),
    ] {
        facts.push((name, LiveFact::Digest { value, takes }));
    }
    let live = Live { subject: format!("database/{}@{environment}", database.name), facts };
    plan.versions.insert(live.subject.clone(), live.remembered());
    plan.facts.live.push(live);
}

fn template(controller: &Resource) -> String {
    let template = controller.as_tree().pointer("/spec/template").cloned().unwrap_or(Tree::Null);
    crate::emit::yaml::print(&template)
}

/// The settings of the members' own files that need no more, or no less, than that.
fn settings(cx: Cx<'_>, context: Context) -> String {
    let known = postgres::settings(cx.database.major.get());
    let mut text = String::new();
    for (name, value) in cx.parameters.iter().filter(|(name, _)| !parameters::is_shared(name)) {
        let of = known.and_then(|known| known.get(name.as_str())).map(|setting| setting.context);
        if of == Some(context) {
            text.push_str(&format!("{name}={}\n", value.text));
        }
    }
    digest(&text)
}
