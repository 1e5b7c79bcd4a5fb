//! How audits speak of objects: which field is to blame for one, what it is called, and small looks into its tree.

use crate::diag::{Diagnostic, Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::path::{At, Segment};
use crate::plan::Resource;

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
