//! Names, labels, annotations, ports and variables, by the rules of Kubernetes' own validation.
//!
//! The schemas of Kubernetes say that a name is text and a port is a number, so no judge that reads schemas finds
//! `Web_1` or port 99999; the API server does, when it is too late. Everything groundplan writes itself is valid
//! by its types; this is about what patches and manifests bring along.

mod fields;
mod objects;

use crate::diag::{Diagnostics, Rule};
use crate::plan::{Resource, Unit};

/// No name for an object of that kind.
pub static INVALID: Rule = Rule::error(
    "names/invalid",
    "a name is not one that Kubernetes accepts for what it names",
    "The API server refuses the object, and the whole sync fails (apimachinery, pkg/util/validation); names of \
     StatefulSets and CronJobs that are too long are accepted, but no pod is ever made \
     (kubernetes/kubernetes#64023).",
    "workloads: {web: {team: shop, image: …, manifests: [rules.yaml]}}\n\
     # rules.yaml: {apiVersion: v1, kind: ConfigMap, metadata: {name: Web_1}}",
);

/// No label.
pub static LABEL: Rule = Rule::error(
    "names/label",
    "the key or the value of a label or an annotation is not valid",
    "The API server refuses the object, and the whole sync fails \
     (kubernetes.io/docs/concepts/overview/working-with-objects/labels).",
    "patches: [{merge: {metadata: {labels: {tier: front end}}}}]",
);

/// More than an object may carry.
pub static ANNOTATIONS_TOO_LARGE: Rule = Rule::error(
    "names/annotations-too-large",
    "the annotations of an object are larger than 256 KiB in all",
    "The API server refuses the object (apimachinery, pkg/api/validation, TotalAnnotationSizeLimitB).",
    "patches: [{merge: {metadata: {annotations: {acme.example/dashboard: …}}}}]  # 300 KiB",
);

/// No port.
pub static PORT: Rule = Rule::error(
    "names/port",
    "a port is not a number from 1 to 65535",
    "The API server refuses the object, and the whole sync fails; the schemas of Kubernetes allow every number.",
    "patches: [{target: {kind: Service}, json: [{op: replace, path: /spec/ports/0/port, value: 99999}]}]",
);

/// No name of a port.
pub static PORT_NAME: Rule = Rule::error(
    "names/port-name",
    "the name of a port is not valid, or used twice",
    "The API server refuses the object. Ports of containers have names of at most 15 characters (RFC 6335, 5.1), \
     ports of a Service are named like parts of hosts.",
    "patches: [{json: [{op: replace, path: /spec/template/spec/containers/0/ports/0/name, \
     value: the-main-http-port}]}]",
);

/// No variable.
pub static VARIABLE: Rule = Rule::error(
    "names/variable",
    "the name of an environment variable is not valid, or used twice in a container",
    "The API server refuses characters that are not printable and `=`; of two variables with the same name only \
     the last counts, and server-side apply refuses both (kubernetes.io, EnvVar, merge key `name`).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/env, value: [{name: \"A=B\", \
     value: x}]}]}]",
);

/// The rules.
pub static RULES: &[&Rule] =
    &[&INVALID, &LABEL, &ANNOTATIONS_TOO_LARGE, &PORT, &PORT_NAME, &VARIABLE];

/// Finds names that Kubernetes refuses.
pub fn judge(_: &Unit, resource: &Resource, diags: &mut Diagnostics) {
    objects::judge(resource, diags);
    fields::judge(resource, diags);
}

#[cfg(test)]
mod tests;
