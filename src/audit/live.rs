//! What runs already: what the last output says of it, against what this one makes of it.
//!
//! A database's major, its name to Patroni, the class of its volumes cannot change where it stands, and volumes never
//! shrink: a sync would fail, or wait for ever, or begin an empty database beside the full one. The lock of the last
//! output is all that is known of it; without one, everything is new.

use std::collections::BTreeMap;

use crate::diag::{Diagnostics, Rule};
use crate::k8s::quantity::Bytes;
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

/// The rules.
pub static RULES: &[&Rule] = &[&FIXED, &SHRINKS];

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
    let words = plan.previous.get(&live.subject)?;
    Some(words.split(' ').filter_map(|word| word.split_once('=')).collect())
}

/// Refuses what cannot change.
pub(super) fn audit(plan: &Plan, diags: &mut Diagnostics) {
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
