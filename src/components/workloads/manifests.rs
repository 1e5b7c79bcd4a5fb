//! `manifests`: whole objects from files, as far as they can be checked.

use super::config::FILE_UNREADABLE;
use super::model::Manifest;
use super::patches::check_fields;
use super::plaintext::{self, PLAINTEXT_SECRET};
use super::spec::WorkloadSpec;
use crate::component::{Resolving, namespace};
use crate::diag::{Rule, nearest};
use crate::field;
use crate::k8s::kinds;
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::source;

/// Not a manifest.
pub static MANIFEST_UNREADABLE: Rule = Rule::error(
    "workloads/manifest-unreadable",
    "a manifest is not Kubernetes objects in YAML",
    "Argo CD would stop at it, and with it everything of the same Application.",
    "workloads: {web: {manifests: [k8s/broken.yaml]}}",
);

/// A field that the kind does not have, or a value it cannot have.
pub static MANIFEST_FIELD: Rule = Rule::error(
    "workloads/manifest-field",
    "an object of a manifest does not fit its kind",
    "Kubernetes drops fields it does not know (or refuses them, with server-side apply).",
    "workloads: {web: {manifests: [k8s/extra.yaml]}}  # spec.repicas",
);

/// A kind that is not served.
pub static MANIFEST_KIND: Rule = Rule::error(
    "workloads/manifest-kind",
    "Kubernetes does not serve the kind of an object of a manifest in that version",
    "A removed version such as apps/v1beta1 is refused by the cluster (Kubernetes documentation, Deprecated API \
     Migration Guide).",
    "workloads: {web: {manifests: [k8s/old.yaml]}}  # apps/v1beta1",
);

/// Something that is not the team's.
pub static MANIFEST_SCOPE: Rule = Rule::error(
    "workloads/manifest-scope",
    "an object of a manifest is outside of the team's namespace",
    "A workload owns its namespace's objects and nothing else; its AppProject would refuse the whole sync.",
    "workloads: {web: {manifests: [k8s/role.yaml]}}  # kind: ClusterRole",
);

/// A custom resource.
pub static MANIFEST_UNCHECKED: Rule = Rule::warning(
    "workloads/manifest-unchecked",
    "a manifest holds a custom resource, whose fields cannot be checked",
    "Its definition is not known here; a misspelt field is found by the cluster, or by nobody.",
    "workloads: {web: {manifests: [k8s/certificate.yaml]}}",
);

impl Manifest {
    /// Whether it is a custom resource.
    pub fn is_custom(&self) -> bool {
        !kinds::is_built_in(&self.object)
    }
}

/// Reads the manifests of a workload.
pub fn manifests(spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for (index, path) in spec.manifests.iter().enumerate() {
        let place = field!(at, spec.manifests).index(index);
        let bytes = match cx.files.read(path) {
            Ok(bytes) => bytes,
            Err(message) => {
                cx.diags
                    .report(&FILE_UNREADABLE, place, message)
                    .help("write a path below the blueprint's folder");
                continue;
            }
        };
        let objects = match std::str::from_utf8(&bytes) {
            Ok(text) => source::manifests(text)
                .map_err(|error| format!("line {}: {}", error.line, error.message)),
            Err(_) => Err("it is not UTF-8".to_owned()),
        };
        let objects = match objects {
            Ok(objects) if objects.is_empty() => Err("it is empty".to_owned()),
            other => other,
        };
        match objects {
            Ok(objects) => {
                for object in objects {
                    let before = cx.diags.len();
                    manifest(spec, path, &object, &place, cx);
                    let whole =
                        cx.diags.iter().skip(before).all(|found| found.rule == &MANIFEST_UNCHECKED);
                    if whole {
                        manifests.push(Manifest { index, object });
                    }
                }
            }
            Err(message) => {
                cx.diags
                    .report(&MANIFEST_UNREADABLE, place, format!("`{path}`: {message}"))
                    .help("write objects with `apiVersion`, `kind` and `metadata.name`");
            }
        }
    }
    manifests
}

fn manifest(spec: &WorkloadSpec, path: &str, object: &Tree, at: &At, cx: &mut Resolving<'_>) {
    let text = |pointer| object.pointer(pointer).and_then(Tree::as_str).unwrap_or_default();
    let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    if version.is_empty() || kind.is_empty() || name.is_empty() {
        cx.diags
            .report(
                &MANIFEST_UNREADABLE,
                at,
                format!("`{path}`: an object without `apiVersion`, `kind` or `metadata.name`"),
            )
            .help("write them; of a `List`, write its items as objects of their own");
        return;
    }
    let what = format!("`{path}`: {kind} {name}");
    if version == "v1" && kind == "Secret" {
        cx.diags.report(&PLAINTEXT_SECRET, at, format!("{what} is a Secret in plain text")).help(
            "name what it holds under `secrets`, or seal it and name the file under `secretFiles`",
        );
        return;
    }
    if object.get("sops").is_some() {
        cx.diags
            .report(&MANIFEST_KIND, at, format!("{what} is encrypted by SOPS"))
            .help("name it under `secretFiles`, which passes it through byte for byte");
        return;
    }
    if kinds::is_cluster_wide(version, kind) {
        cx.diags
            .report(&MANIFEST_SCOPE, at, format!("{what} belongs to the whole cluster"))
            .help("whoever runs the platform installs it");
        return;
    }
    let wanted = cx
        .symbols
        .environment
        .as_deref()
        .map(|environment| namespace(spec.team.as_str(), Some(environment)));
    let written = text("/metadata/namespace");
    if let Some(wanted) = wanted.filter(|wanted| !written.is_empty() && written != wanted) {
        cx.diags
            .report(&MANIFEST_SCOPE, at, format!("{what} is for `{written}`, here is `{wanted}`"))
            .help("leave `metadata.namespace` out: each environment fills in its own");
        return;
    }
    match kinds::namespaced(version, kind) {
        Some(check) => {
            if let Err((message, help)) = check_fields(object, check) {
                cx.diags.report(&MANIFEST_FIELD, at, format!("{what}: {message}")).help(help);
            }
        }
        None if kinds::is_built_in(object) => {
            let versions: Vec<&str> = kinds::versions(kind).collect();
            let help = match (versions.as_slice(), nearest(kind, KINDS.iter().copied())) {
                ([], Some(near)) => format!("did you mean `{near}`?"),
                ([], None) => "look it up with `kubectl api-resources`".to_owned(),
                (versions, _) => format!("write `apiVersion: {}`", versions.join("` or `")),
            };
            cx.diags
                .report(&MANIFEST_KIND, at, format!("{what}: {version} has no kind {kind}"))
                .help(help);
        }
        None => {
            cx.diags
                .report(
                    &MANIFEST_UNCHECKED,
                    at,
                    format!("{what} is a custom resource of {version}"),
                )
                .help("have it looked at, and waive this");
        }
    }
    plaintext::inside(object, at.clone(), cx.diags);
}

/// Kinds that are often misspelt.
const KINDS: &[&str] = &[
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Job",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];
