//! References between the objects of a namespace: every name and every selector leads to something.
//!
//! Kubernetes accepts references to what is not there and waits for it, for ever if need be. Everything that the
//! compiler writes is bound; this is about what patches and manifests break. A Secret or ConfigMap may also be made
//! by an operator: where a custom resource is in the namespace whose doing is not known, nothing is said of them.

mod index;
mod pods;
mod producers;
mod selectors;
mod targets;

use crate::diag::{Diagnostics, Rule, one_of};
use crate::plan::Resource;

use super::objects::{blame, called, report};
use super::view::View;
use index::Index;

/// Nothing of that name.
pub static MISSING_OBJECT: Rule = Rule::error(
    "references/missing-object",
    "an object refers to another one that nothing in its namespace makes",
    "A pod waits for its ConfigMap, Secret, claim or account for ever (CreateContainerConfigError, \
     FailedScheduling); a route without its Service answers 500, an autoscaler without its target does nothing.",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/envFrom, \
     value: [{configMapRef: {name: nowhere}}]}]}]",
);

/// Nothing under that key.
pub static MISSING_KEY: Rule = Rule::error(
    "references/missing-key",
    "an object refers to a key that the ConfigMap or Secret does not have",
    "The container is not started until the key is there (CreateContainerConfigError).",
    "workloads: {web: {team: shop, image: …, manifests: [map.yaml], patches: [{json: [{op: add, \
     path: /spec/template/spec/containers/0/env, value: [{name: A, valueFrom: {configMapKeyRef: {name: map, \
     key: nothing}}}]}]}]}}",
);

/// No port of that name or number.
pub static MISSING_PORT: Rule = Rule::error(
    "references/missing-port",
    "an object refers to a port that the Service or container does not have",
    "A Service has no endpoints for it, a probe fails until the container is killed, a route answers 500, and \
     nothing is scraped.",
    "patches: [{json: [{op: replace, path: /spec/template/spec/containers/0/ports/0/name, value: web}]}]",
);

/// A port that no container names.
pub static UNDECLARED_PORT: Rule = Rule::warning(
    "references/undeclared-port",
    "a Service sends to a port number that none of its containers declares",
    "Network policies are derived from declared ports, so nobody gets through to another one.",
    "patches: [{target: {kind: Service}, json: [{op: replace, path: /spec/ports/0/targetPort, value: 9999}]}]",
);

/// No volume of that name.
pub static MISSING_VOLUME: Rule = Rule::error(
    "references/missing-volume",
    "a container mounts a volume that its pod does not have",
    "The API server refuses the object (volumeMounts[].name: Not found), and the whole sync fails.",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/volumeMounts/-, \
     value: {name: nowhere, mountPath: /x}}]}]",
);

/// A selector for other pods.
pub static SELECTOR_MISMATCH: Rule = Rule::error(
    "references/selector-mismatch",
    "the selector of a controller does not select the pods that it makes",
    "The API server refuses the object (`selector` does not match template `labels`), and the whole sync fails.",
    "workloads: {web: {team: shop, image: …, manifests: [other.yaml]}}\n\
     # other.yaml: a Deployment with selector.matchLabels {app: a} and template.metadata.labels {app: b}",
);

/// A selector for nothing.
pub static SELECTS_NOTHING: Rule = Rule::warning(
    "references/selects-nothing",
    "the selector of a Service, a disruption budget or a monitor selects nothing in its namespace",
    "Connections are refused, nothing is protected from a drain, nothing is scraped; and nobody is told. If an \
     operator makes the pods, waive this and say so.",
    "workloads: {web: {team: shop, image: …, manifests: [service.yaml]}}\n\
     # service.yaml: a Service with selector {app: nobody}",
);

/// One Secret, two producers.
pub static SECRET_MADE_TWICE: Rule = Rule::error(
    "references/secret-made-twice",
    "two objects make the same Secret",
    "Each operator writes its own values over the other's, again and again; pods get now the one, now the other.",
    "workloads: {web: {team: shop, image: …, secretFiles: [sealed.yaml], manifests: [external.yaml]}}\n\
     # a SealedSecret `web` and an ExternalSecret with spec.target.name `web`",
);

/// The rules.
pub static RULES: &[&Rule] = &[
    &MISSING_OBJECT,
    &MISSING_KEY,
    &MISSING_PORT,
    &UNDECLARED_PORT,
    &MISSING_VOLUME,
    &SELECTOR_MISMATCH,
    &SELECTS_NOTHING,
    &SECRET_MADE_TWICE,
];

/// Finds references that lead nowhere.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    view.in_namespaces(diags, |namespace, diags| {
        let index = Index::of(namespace);
        let written = view.plan.facts.runtime_labels.get(namespace.name);
        for (name, makers) in &index.secrets {
            if let [first, others @ ..] = makers.as_slice() {
                for other in others {
                    report(
                        diags,
                        &SECRET_MADE_TWICE,
                        other.resource,
                        format!(
                            "{} makes the Secret `{name}` a second time",
                            called(other.resource)
                        ),
                    )
                    .related(
                        blame(first.resource),
                        format!("{} makes it too", called(first.resource)),
                    )
                    .help("give one of both another name, or take it away");
                }
            }
        }
        // What a chart makes is not known here, so nothing can be missing.
        if namespace.charted {
            return;
        }
        for template in index.pods {
            pods::judge(*template, &index, diags);
        }
        for object in &namespace.objects {
            selectors::judge(*object, &index, written, diags);
            targets::judge(*object, &index, &namespace.charted_services, diags);
        }
    });
}

/// A reference from a field of an object, to be looked up.
struct Reference<'a> {
    resource: &'a Resource,
    field: &'a dyn Fn() -> String,
}

impl Reference<'_> {
    /// Reports that there is nothing of that kind and name.
    fn missing<'n>(
        &self,
        kind: &str,
        name: &str,
        existing: impl IntoIterator<Item = &'n str>,
        diags: &mut Diagnostics,
    ) {
        let (field, object) = ((self.field)(), called(self.resource));
        let message =
            format!("`{field}` of {object} names the {kind} `{name}`, which nothing makes");
        report(diags, &MISSING_OBJECT, self.resource, message).help(one_of(name, existing));
    }

    /// Looks an object up that only the plan can make.
    fn object(&self, kind: &str, name: &str, index: &Index<'_, '_>, diags: &mut Diagnostics) {
        if !index.has(kind, name) {
            self.missing(kind, name, index.names(kind), diags);
        }
    }
}

#[cfg(test)]
mod tests;
