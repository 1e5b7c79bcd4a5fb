//! What runs already: what the last output says of it, against what this one makes of it.
//!
//! A database's major, its name to Patroni, the class of its volumes cannot change where it stands, and volumes never
//! shrink: a sync would fail, or wait for ever, or begin an empty database beside the full one. The lock of the last
//! output is all that is known of it; without one, everything is new.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostics, Place, Rule};
use crate::k8s::quantity::Bytes;
use crate::path::At;
use crate::plan::{Live, LiveFact, Plan};

/// What can only be as it is.
pub static FIXED: Rule = Rule::error(
    "live/fixed",
    "something that runs is changed in a way that it cannot change",
    "Kubernetes refuses to change the claims of a StatefulSet, PostgreSQL does not start with the data of another \
     major, and under another name Patroni begins an empty cluster beside the full one.",
    "databases: {orders: {postgres: {version: 17}}}   # compiled and synced, then\n\
     databases: {orders: {postgres: {version: 18}}}",
);

/// What can only grow.
pub static SHRINKS: Rule = Rule::error(
    "live/shrinks",
    "a volume that holds data is made smaller",
    "Kubernetes refuses it (PersistentVolumeClaim, spec.resources.requests.storage), and every later sync of the \
     Application fails with it.",
    "databases: {orders: {storage: {data: 200Gi}}}   # compiled and synced, then\n\
     databases: {orders: {storage: {data: 100Gi}}}",
);

/// Another name, another database.
pub static RENAMED: Rule = Rule::warning(
    "live/renamed",
    "something that holds data is gone, and a new one like it begins empty",
    "A name is part of the claims' names and of Patroni's lock: under another one there is a new cluster with new \
     volumes, and the data stays behind in the old ones, with nobody who serves it.",
    "databases: {orders: {…}}      # compiled and synced, then\n\
     databases: {purchases: {…}}   # with the same major, class and volumes",
);

/// The rules.
pub static RULES: &[&Rule] = &[&FIXED, &SHRINKS, &RENAMED];

/// What a change of something that runs takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is changed: `database/orders@production`.
    pub subject: String,
    /// What that takes, the least of it first.
    pub takes: Vec<&'static str>,
}

/// What a subject was the last time: the `name=value` words that the lock holds of it.
fn before<'p>(plan: &'p Plan, live: &Live) -> Option<BTreeMap<&'p str, &'p str>> {
    plan.previous.get(&live.subject).map(|text| words(text))
}

fn words(text: &str) -> BTreeMap<&str, &str> {
    text.split(' ').filter_map(|word| word.split_once('=')).collect()
}

/// Refuses what cannot change.
pub(super) fn audit(plan: &Plan, diags: &mut Diagnostics) {
    renamed(&plan.facts.live, &plan.previous, diags);
    for now in &plan.facts.live {
        let Some(before) = before(plan, now) else { continue };
        for (name, fact) in &now.facts {
            if let Some(old) = before.get(name) {
                judge(&now.subject, old, fact, diags);
            }
        }
    }
}

fn judge(subject: &str, old: &str, fact: &LiveFact, diags: &mut Diagnostics) {
    match fact {
        LiveFact::Digest { .. } => {}
        LiveFact::Fixed { value, at, instead } => {
            if value != old {
                let message = format!("{subject} runs with `{old}`; this makes it `{value}`");
                diags.report(&FIXED, at, message).help(*instead);
            }
        }
        LiveFact::Grows { bytes, at } => {
            let old = old.parse().unwrap_or(0);
            if *bytes < old {
                let (old, new) = (Bytes::new(old), Bytes::new(*bytes));
                let message = format!("{subject} has {old}; {new} are less");
                diags.report(&SHRINKS, at, message).help(format!(
                    "write `{old}` or more; for less, make a new database with `recover` and let the old one go"
                ));
            }
        }
    }
}

/// What the other changes of things that run take.
pub fn changes(plan: &Plan) -> Vec<Change> {
    let mut changes = Vec::new();
    for now in &plan.facts.live {
        let Some(before) = before(plan, now) else { continue };
        let mut takes = Vec::new();
        for (name, fact) in &now.facts {
            if let (Some(old), LiveFact::Digest { value, takes: what }) = (before.get(name), fact)
                && value != old
            {
                takes.push(*what);
            }
        }
        if !takes.is_empty() {
            changes.push(Change { subject: now.subject.clone(), takes });
        }
    }
    changes
}

/// Finds what went under one name and came back under another in the same environment.
fn renamed(live: &[Live], last: &BTreeMap<String, String>, diags: &mut Diagnostics) {
    let here: BTreeSet<&str> = live.iter().map(|now| now.subject.as_str()).collect();
    let mut gone: Vec<(&str, &str)> = last
        .iter()
        .filter(|(subject, facts)| facts.contains("scope=") && !here.contains(subject.as_str()))
        .map(|(subject, facts)| (subject.as_str(), facts.as_str()))
        .collect();
    for now in live.iter().filter(|now| !last.contains_key(&now.subject)) {
        let Some((_, environment)) = now.subject.split_once('@') else { continue };
        let like = gone.iter().position(|(subject, facts)| {
            subject.split_once('@').is_some_and(|(_, of)| of == environment) && is_like(now, facts)
        });
        let (Some(like), Some(at)) = (like, place(now)) else { continue };
        let (old, _) = gone.remove(like);
        let name = |subject: &str| {
            let name = subject.split_once('/').map_or(subject, |(_, name)| name);
            name.split('@').next().unwrap_or_default().to_owned()
        };
        let (old, new) = (name(old), name(&now.subject));
        let message = format!(
            "`{old}` ran in {environment} and is gone; `{new}`, which is like it, begins empty"
        );
        diags.report(&RENAMED, Place::Key(at), message).help(format!(
            "leave the name `{old}`; or keep `{old}` beside it, write `recover: {{from: {old}}}` into `{new}`, move the \
             clients, and let `{old}` go when it is no longer asked; if they have nothing in common, waive this"
        ));
    }
}

/// Whether something new is as something that is gone was, but for its name; it may have grown.
fn is_like(now: &Live, before: &str) -> bool {
    let before = words(before);
    now.facts.iter().all(|(name, fact)| match fact {
        LiveFact::Fixed { .. } if *name == "scope" => true,
        LiveFact::Fixed { value, .. } => before.get(name) == Some(&value.as_str()),
        LiveFact::Grows { bytes, .. } => before
            .get(name)
            .and_then(|old| old.parse::<u64>().ok())
            .is_some_and(|old| old <= *bytes),
        LiveFact::Digest { .. } => true,
    })
}

/// The thing's own field: what all of its facts are below.
fn place(now: &Live) -> Option<At> {
    let (_, fact) = now.facts.first()?;
    let (LiveFact::Fixed { at, .. } | LiveFact::Grows { at, .. }) = fact else { return None };
    Some(At { document: at.document, path: at.path.first(2).clone() })
}
