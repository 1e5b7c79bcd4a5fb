//! What an Application holds: no object that Argo CD does not see, none that its project refuses, none that the
//! cluster cannot store.

use crate::diag::{Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::plan::{Resource, Unit, UnitKind, delivery};

/// The kinds that Argo CD does not look at: `resource.exclusions` of `manifests/base/config/argocd-cm.yaml`, by
/// groups. Any kind of a line goes with any group of it.
const EXCLUDED: &[(&[&str], &[&str])] = &[
    (&["", "discovery.k8s.io"], &["Endpoints", "EndpointSlice"]),
    (&["coordination.k8s.io"], &["Lease"]),
    (
        &["authentication.k8s.io", "authorization.k8s.io"],
        &[
            "SelfSubjectReview",
            "TokenReview",
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    (&["certificates.k8s.io"], &["CertificateSigningRequest"]),
    (&["cert-manager.io"], &["CertificateRequest"]),
    (&["cilium.io"], &["CiliumIdentity", "CiliumEndpoint", "CiliumEndpointSlice"]),
    (
        &["kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io"],
        &[
            "PolicyReport",
            "ClusterPolicyReport",
            "EphemeralReport",
            "ClusterEphemeralReport",
            "AdmissionReport",
            "ClusterAdmissionReport",
            "BackgroundScanReport",
            "ClusterBackgroundScanReport",
            "UpdateRequest",
        ],
    ),
];

/// The most bytes of all values of a ConfigMap or Secret together: `MaxSecretSize` of Kubernetes.
const MOST_DATA: usize = 1024 * 1024;

/// The most bytes of an object that etcd takes by default: `--max-request-bytes`.
const MOST_OBJECT: usize = 1536 * 1024;

/// An object that Argo CD does not see.
pub static EXCLUDED_KIND: Rule = Rule::error(
    "argocd/excluded-kind",
    "an object of a kind that Argo CD does not look at",
    "Since 3.0 Argo CD's own configuration excludes kinds that controllers make all the time \
     (docs/operator-manual/upgrading/2.14-3.0.md); such an object is never applied, and nothing says so.",
    "workloads: {web: {manifests: [endpoints.yaml]}}  # which holds `kind: Endpoints`",
);

/// An object that a tenant's project refuses.
pub static FORBIDDEN_KIND: Rule = Rule::error(
    "argocd/forbidden-kind",
    "a team's Application holds an object that its AppProject does not permit",
    "A team's project permits objects in its own namespace, and of those neither policies, quotas, limits and \
     roles, which guard that namespace, nor Argo CD's own. The sync of the whole Application would fail (Argo \
     CD, docs/user-guide/projects.md).",
    "workloads: {web: {manifests: [policy.yaml]}}  # which holds `kind: NetworkPolicy`",
);

/// An object that the cluster does not take.
pub static TOO_LARGE: Rule = Rule::error(
    "argocd/too-large",
    "an object is larger than the cluster stores",
    "The API server refuses ConfigMaps and Secrets with more than 1 MiB of data \
     (kubernetes/pkg/apis/core/validation) and etcd requests of more than 1.5 MiB (--max-request-bytes).",
    "workloads: {web: {manifests: [dump.yaml]}}  # a ConfigMap with a file of 2 MiB",
);

/// The rules of this audit.
pub static RULES: &[&Rule] = &[&EXCLUDED_KIND, &FORBIDDEN_KIND, &TOO_LARGE];

/// Checks an object of an Application.
pub fn judge(unit: &Unit, object: &Resource, diags: &mut Diagnostics) {
    if unit.id.kind != UnitKind::ArgoCd {
        kind(unit, object, diags);
        size(object, diags);
    }
}

fn kind(unit: &Unit, object: &Resource, diags: &mut Diagnostics) {
    let (group, kind, name) = (object.group(), object.kind(), object.name());
    let excluded =
        EXCLUDED.iter().any(|(groups, kinds)| groups.contains(&group) && kinds.contains(&kind));
    if excluded {
        diags
            .report(
                &EXCLUDED_KIND,
                object.origin.at(),
                format!(
                    "Argo CD does not look at the kind {kind}, so `{name}` would never be applied"
                ),
            )
            .help("remove it: the cluster's controllers make such objects themselves");
    }
    // A project of their own have the tenants' units; the platform's permits what is in it.
    if unit.project.is_none() || unit.id.kind == UnitKind::Namespace {
        return;
    }
    let refused = if object.namespace().is_none() {
        format!("the {kind} `{name}` belongs to the cluster, not to a namespace")
    } else if !delivery::tenant_may_hold(group, kind) {
        format!("a team's own Application may not hold the {kind} `{name}`")
    } else {
        return;
    };
    diags
        .report(&FORBIDDEN_KIND, object.origin.at(), refused)
        .help("remove it, or have the platform's administrators apply it");
}

fn size(object: &Resource, diags: &mut Diagnostics) {
    let tree = object.as_tree();
    let whole = json_size(tree);
    // What is small as a whole is not measured again.
    if whole <= MOST_DATA {
        return;
    }
    let kind = object.kind();
    let holds_data = object.group().is_empty() && matches!(kind, "ConfigMap" | "Secret");
    let data = if holds_data { data_size(tree) } else { 0 };
    let (size, most) = if data > MOST_DATA {
        (data, MOST_DATA)
    } else if whole > MOST_OBJECT {
        (whole, MOST_OBJECT)
    } else {
        return;
    };
    diags
        .report(
            &TOO_LARGE,
            object.origin.at(),
            format!(
                "the {kind} `{}` has {} KiB, {} KiB are the most",
                object.name(),
                size.div_ceil(1024),
                most / 1024
            ),
        )
        .help("mount what is large from a volume, or put it into the image");
}

/// The bytes of all values, as Kubernetes counts them: decoded.
fn data_size(tree: &Tree) -> usize {
    let bytes = |key: &str, numerator: usize, denominator: usize| -> usize {
        let values = tree.get(key).and_then(Tree::as_map).into_iter().flat_map(|map| map.values());
        values.filter_map(Tree::as_str).map(|text| text.len() * numerator / denominator).sum()
    };
    let is_secret = tree.get("kind").and_then(Tree::as_str) == Some("Secret");
    let data = if is_secret { bytes("data", 3, 4) } else { bytes("data", 1, 1) };
    data + bytes("stringData", 1, 1) + bytes("binaryData", 3, 4)
}

/// The bytes of the object as the shortest JSON, but for what must be escaped in strings.
fn json_size(tree: &Tree) -> usize {
    match tree {
        Tree::Null | Tree::Bool(_) => 5,
        Tree::Int(_) | Tree::Float(_) => 8,
        Tree::Str(text) => text.len() + 2,
        Tree::Seq(items) => 2 + items.iter().map(|item| json_size(item) + 1).sum::<usize>(),
        Tree::Map(map) => {
            2 + map.iter().map(|(key, value)| key.len() + 4 + json_size(value)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests;
