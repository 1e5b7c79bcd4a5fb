//! What is found by name outside of pods: the targets of autoscalers, the Services of routes and StatefulSets.

use std::collections::BTreeSet;

use super::index::Index;
use super::{MISSING_PORT, Reference};
use crate::audit::objects::{called, list, present, report, text};
use crate::audit::view::Object;
use crate::diag::{Diagnostics, one_of};
use crate::k8s::tree::Tree;

/// Looks up what an object names.
///
/// `charted` are Services that charts make: they are in no object here.
pub(super) fn judge(
    object: Object<'_>,
    index: &Index<'_, '_>,
    charted: &BTreeSet<&str>,
    diags: &mut Diagnostics,
) {
    let Some(spec) = present(object.tree(), "spec") else { return };
    match (object.group, object.kind) {
        ("autoscaling", "HorizontalPodAutoscaler") => {
            if let Some(target) = present(spec, "scaleTargetRef") {
                let field = || "spec.scaleTargetRef".to_owned();
                Reference { resource: object.resource, field: &field }.object(
                    text(target, "kind"),
                    text(target, "name"),
                    index,
                    diags,
                );
            }
        }
        ("apps", "StatefulSet") => {
            let name = text(spec, "serviceName");
            if !name.is_empty() {
                let field = || "spec.serviceName".to_owned();
                Reference { resource: object.resource, field: &field }
                    .object("Service", name, index, diags);
            }
        }
        (
            "gateway.networking.k8s.io",
            "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute",
        ) => {
            route(object, spec, index, charted, diags);
        }
        _ => {}
    }
}

fn route(
    object: Object<'_>,
    spec: &Tree,
    index: &Index<'_, '_>,
    charted: &BTreeSet<&str>,
    diags: &mut Diagnostics,
) {
    for (of_rule, rule) in list(spec, "rules").iter().enumerate() {
        for (position, backend) in list(rule, "backendRefs").iter().enumerate() {
            let elsewhere = present(backend, "namespace").and_then(Tree::as_str);
            let of_other_kind = !matches!(text(backend, "kind"), "" | "Service")
                || !text(backend, "group").is_empty();
            if of_other_kind
                || elsewhere.is_some_and(|other| object.resource.namespace() != Some(other))
            {
                continue;
            }
            let field = || format!("spec.rules[{of_rule}].backendRefs[{position}]");
            let name = text(backend, "name");
            let Some(service) = index.get("Service", name) else {
                if charted.contains(name) {
                    continue;
                }
                Reference { resource: object.resource, field: &field }
                    .object("Service", name, index, diags);
                continue;
            };
            let Some(wanted) = backend.get("port").and_then(Tree::as_i64) else { continue };
            let numbers: Vec<i64> = Index::service_ports(service).map(|(_, port)| port).collect();
            if !numbers.contains(&wanted) {
                let message = format!(
                    "`{}.port` of {}: the Service `{name}` has no port {wanted}",
                    field(),
                    called(object.resource)
                );
                let existing: Vec<String> = numbers.iter().map(i64::to_string).collect();
                report(diags, &MISSING_PORT, object.resource, message)
                    .help(one_of(&wanted.to_string(), existing.iter().map(String::as_str)));
            }
        }
    }
}
