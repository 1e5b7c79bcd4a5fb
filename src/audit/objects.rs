//! The objects that will be applied, how audits walk them, and which field is to blame for one.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::diag::{Diagnostic, Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::path::{At, Segment};
use crate::plan::{Plan, Resource, Stage, Tenancy, Unit};

/// Judges every unit that is applied, in parallel; what is found keeps the order of the units.
pub(super) fn in_units(
    plan: &Plan,
    diags: &mut Diagnostics,
    judge: impl Fn(&Unit, &mut Diagnostics) + Sync,
) {
    let units: Vec<&Unit> =
        plan.units.values().filter(|unit| unit.id.stage != Stage::Base).collect();
    in_parallel(&units, diags, |unit, diags| judge(unit, diags));
}

/// One namespace of one cluster.
pub(super) struct Namespace<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whose it is, if it is a team's.
    pub tenancy: Option<&'a Tenancy>,
    /// Its objects.
    pub objects: Vec<&'a Resource>,
}

/// The namespaces in order, each with all objects that units put into it.
pub(super) fn namespaces(plan: &Plan) -> Vec<Namespace<'_>> {
    let mut found: BTreeMap<(&str, &str), Namespace<'_>> = BTreeMap::new();
    for unit in plan.units.values() {
        let Some(cluster) = unit.id.stage.cluster() else { continue };
        for resource in &unit.resources {
            let Some(name) = resource.namespace() else { continue };
            let namespace = found.entry((cluster, name)).or_insert_with(|| {
                let tenancy = None;
                Namespace { cluster, name, tenancy, objects: Vec::new() }
            });
            namespace.objects.push(resource);
        }
    }
    for tenancy in plan.facts.tenancies.values() {
        let cluster = tenancy.stage.cluster().unwrap_or_default();
        if let Some(namespace) = found.get_mut(&(cluster, tenancy.namespace.as_str())) {
            namespace.tenancy = Some(tenancy);
        }
    }
    found.into_values().collect()
}

/// Judges every namespace, in parallel; what is found keeps their order.
pub(super) fn in_namespaces(
    plan: &Plan,
    diags: &mut Diagnostics,
    judge: impl Fn(&Namespace<'_>, &mut Diagnostics) + Sync,
) {
    in_parallel(&namespaces(plan), diags, judge);
}

fn in_parallel<T: Sync>(
    all: &[T],
    diags: &mut Diagnostics,
    judge: impl Fn(&T, &mut Diagnostics) + Sync,
) {
    let found: Vec<Diagnostics> = all
        .par_iter()
        .map(|one| {
            let mut found = Diagnostics::new();
            judge(one, &mut found);
            found
        })
        .collect();
    for found in found {
        diags.append(found);
    }
}

/// Reports something about an object at the field to blame for it.
///
/// What the compiler makes by itself passes the audits, so of an object that was patched, or that a manifest
/// holds, the patch or manifest is to blame; of several patches all are shown.
pub(super) fn report<'d>(
    diags: &'d mut Diagnostics,
    rule: &'static Rule,
    resource: &Resource,
    message: String,
) -> &'d mut Diagnostic {
    report_about(diags, rule, resource, "", message)
}

/// The same, where a field of the workload can be to blame too: `key` is its last part.
pub(super) fn report_about<'d>(
    diags: &'d mut Diagnostics,
    rule: &'static Rule,
    resource: &Resource,
    key: &str,
    message: String,
) -> &'d mut Diagnostic {
    let from = &resource.origin.from;
    let field = from.iter().find(|at| at.path.last_key() == Some(key));
    let mut by_hand = from.iter().filter(|at| is_by_hand(at));
    let Some(first) = by_hand.next() else {
        return diags.report(rule, field.unwrap_or_else(|| resource.origin.at()), message);
    };
    let diagnostic = diags.report(rule, first, message);
    for other in by_hand.chain(field) {
        diagnostic.related(other, "this makes the same object");
    }
    diagnostic
}

/// The field to blame for an object, for related places.
pub(super) fn blame(resource: &Resource) -> &At {
    let by_hand = resource.origin.from.iter().find(|at| is_by_hand(at));
    by_hand.unwrap_or_else(|| resource.origin.at())
}

/// Whether a field says what objects look like in Kubernetes' own words.
fn is_by_hand(at: &At) -> bool {
    at.path.segments().iter().any(
        |segment| matches!(segment, Segment::Key(key) if matches!(&**key, "patches" | "manifests")),
    )
}

/// How an object is called in messages: `Deployment web` in backquotes around the name.
pub(super) fn called(resource: &Resource) -> String {
    format!("{} `{}`", resource.kind(), resource.name())
}

/// A value that is there and is not null, which Kubernetes reads as not there.
pub(super) fn present<'a>(tree: &'a Tree, key: &str) -> Option<&'a Tree> {
    tree.get(key).filter(|value| !value.is_null())
}

/// A list; one that is not there is empty.
pub(super) fn list<'a>(tree: &'a Tree, key: &str) -> &'a [Tree] {
    tree.get(key).and_then(Tree::as_seq).unwrap_or_default()
}

/// A string; one that is not there is empty.
pub(super) fn text<'a>(tree: &'a Tree, key: &str) -> &'a str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}
