//! What is found by labels: the pods of controllers, Services and budgets, the Services of monitors.

use std::collections::BTreeSet;

use super::index::Index;
use super::{MISSING_PORT, SELECTOR_MISMATCH, SELECTS_NOTHING, UNDECLARED_PORT};
use crate::audit::labelled::selects;
use crate::audit::objects::{called, list, present, report, text};
use crate::audit::pods::Template;
use crate::audit::view::Object;
use crate::diag::{Diagnostics, one_of};
use crate::k8s::tree::{Map, Tree};

/// Looks up what an object selects.
///
/// `written` are labels that programs write on pods while they run: no template has them.
pub(super) fn judge(
    object: Object<'_>,
    index: &Index<'_, '_>,
    written: Option<&BTreeSet<&'static str>>,
    diags: &mut Diagnostics,
) {
    let Some(spec) = present(object.tree(), "spec") else { return };
    match (object.group, object.kind) {
        ("apps", _) => controller(object, spec, diags),
        ("", "Service") => service(object, spec, index, written, diags),
        ("policy", "PodDisruptionBudget") => {
            let selector = present(spec, "selector");
            if selector.is_some_and(|selector| index.pod_labels.selected_by(selector).is_empty()) {
                nothing(object, "spec.selector", "pod", diags);
            }
        }
        ("monitoring.coreos.com", "ServiceMonitor") => monitor(object, spec, index, diags),
        ("monitoring.coreos.com", "PodMonitor") if present(spec, "namespaceSelector").is_none() => {
            let selector = present(spec, "selector").unwrap_or(&Tree::Null);
            if index.pod_labels.selected_by(selector).is_empty() {
                nothing(object, "spec.selector", "pod", diags);
            }
        }
        _ => {}
    }
}

fn nothing(object: Object<'_>, field: &str, what: &str, diags: &mut Diagnostics) {
    let message =
        format!("`{field}` of {} selects no {what} of its namespace", called(object.resource));
    report(diags, &SELECTS_NOTHING, object.resource, message)
        .help("write labels that are there, or waive this and say what makes them");
}

fn controller(object: Object<'_>, spec: &Tree, diags: &mut Diagnostics) {
    let (Some(template), Some(selector)) =
        (Template::of(object.resource), present(spec, "selector"))
    else {
        return;
    };
    if !selects(selector, template.labels()) {
        let labels = template.metadata_field("labels");
        let message = format!(
            "`spec.selector` of {} does not select its own `{labels}`",
            called(object.resource)
        );
        report(diags, &SELECTOR_MISMATCH, object.resource, message)
            .help("write the same labels in both places");
    }
}

fn service(
    object: Object<'_>,
    spec: &Tree,
    index: &Index<'_, '_>,
    written: Option<&BTreeSet<&'static str>>,
    diags: &mut Diagnostics,
) {
    let selector = present(spec, "selector").filter(|_| text(spec, "type") != "ExternalName");
    // Without a selector somebody writes the endpoints.
    let Some(selector) = selector.filter(|one| one.as_map().is_some_and(|map| !map.is_empty()))
    else {
        return;
    };
    let pods = match written {
        Some(written) => index.pod_labels.with_labels(&without(selector, written)),
        None => index.pod_labels.with_labels(selector),
    };
    if pods.is_empty() {
        nothing(object, "spec.selector", "pod", diags);
        return;
    }
    let (names, numbers) = index.declared(&pods);
    for (position, port) in list(spec, "ports").iter().enumerate() {
        let target = present(port, "targetPort").or_else(|| port.get("port"));
        let field = format!("spec.ports[{position}].targetPort");
        match target {
            Some(Tree::Str(name)) if !names.contains(&**name) => {
                let message = format!(
                    "`{field}` of {}: no container has a port `{name}`",
                    called(object.resource)
                );
                report(diags, &MISSING_PORT, object.resource, message)
                    .help(one_of(name, names.iter().copied()));
            }
            Some(Tree::Int(number)) if !numbers.contains(number) => {
                let message = format!(
                    "`{field}` of {}: no container declares the port {number}",
                    called(object.resource)
                );
                report(diags, &UNDECLARED_PORT, object.resource, message)
                    .help("write the port under `ports`, or send to one that is there");
            }
            _ => {}
        }
    }
}

/// The selector as far as templates can fulfil it.
fn without(selector: &Tree, written: &BTreeSet<&'static str>) -> Tree {
    let mut kept = Map::new();
    for (key, value) in selector.as_map().into_iter().flat_map(Map::iter) {
        if !written.contains(key) {
            kept.insert(key.to_owned(), value.clone());
        }
    }
    Tree::Map(kept)
}

fn monitor(object: Object<'_>, spec: &Tree, index: &Index<'_, '_>, diags: &mut Diagnostics) {
    // Another namespace's Services are not in this index.
    if present(spec, "namespaceSelector").is_some() {
        return;
    }
    let selector = present(spec, "selector").unwrap_or(&Tree::Null);
    let services = index.service_labels.selected_by(selector);
    if services.is_empty() {
        nothing(object, "spec.selector", "Service", diags);
        return;
    }
    for (position, endpoint) in list(spec, "endpoints").iter().enumerate() {
        let port = text(endpoint, "port");
        let of_service =
            || services.iter().flat_map(|number| Index::service_ports(index.services[*number]));
        if !port.is_empty() && !of_service().any(|(name, _)| name == port) {
            let field = format!("spec.endpoints[{position}].port");
            let message = format!(
                "`{field}` of {}: the Service has no port `{port}`",
                called(object.resource)
            );
            let existing = of_service().map(|(name, _)| name).filter(|name| !name.is_empty());
            report(diags, &MISSING_PORT, object.resource, message).help(one_of(port, existing));
        }
    }
}
