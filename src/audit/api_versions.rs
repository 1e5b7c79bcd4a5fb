//! Objects of API versions that a cluster no longer serves, or soon will not.
//!
//! What the compiler writes itself is current; this is about `manifests`.

use super::objects::{called, report};
use crate::diag::{Diagnostics, Rule};
use crate::plan::{Resource, Unit};

/// A version that is gone.
pub static REMOVED: Rule = Rule::error(
    "api-versions/removed",
    "an object is of an API version that the cluster does not serve",
    "Argo CD cannot apply it, and the whole Application stays out of sync \
     (kubernetes.io/docs/reference/using-api/deprecation-guide).",
    "workloads: {web: {team: shop, image: …, manifests: [old.yaml]}}\n\
     # old.yaml: {apiVersion: external-secrets.io/v1beta1, kind: ExternalSecret, metadata: {name: web}}",
);

/// A version that is going.
pub static DEPRECATED: Rule = Rule::warning(
    "api-versions/deprecated",
    "an object is of an API version that a coming Kubernetes does not serve",
    "It works until the cluster is upgraded, and is then in the way of the upgrade \
     (kubernetes.io/docs/reference/using-api/deprecation-policy).",
    "workloads: {web: {team: shop, image: …, manifests: [old.yaml]}}\n\
     # old.yaml: {apiVersion: gateway.networking.k8s.io/v1alpha2, kind: TCPRoute, metadata: {name: web}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&REMOVED, &DEPRECATED];

/// What became of an API version.
#[derive(Clone, Copy)]
enum Fate {
    /// Not served by any Kubernetes that groundplan supports (1.34 to 1.37), or by the pinned operator.
    Gone,
    /// No longer served from that minor version on.
    GoneIn(u32),
    /// Still served, if at all, with a warning at each use; its end is not decided.
    Discouraged,
}

/// The oldest minor version of Kubernetes that is supported, and so the one that must serve everything.
const OLDEST: u32 = 34;

/// The newest one.
const NEWEST: u32 = 37;

/// `apiVersion`, kinds (none for all of them), what became of it, and what to write instead.
///
/// The core's versions are those of `zz_generated.prerelease-lifecycle.go` in kubernetes/api at 1.37; a version that
/// is served in all supported releases is not listed, though a later one may replace it.
type Row = (&'static str, &'static [&'static str], Fate, &'static str);

const TABLE: &[Row] = &[
    ("extensions/v1beta1", &["Ingress", "NetworkPolicy"], Fate::Gone, "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], Fate::Gone, PSP),
    ("extensions/v1beta1", &[], Fate::Gone, "apps/v1"),
    ("apps/v1beta1", &[], Fate::Gone, "apps/v1"),
    ("apps/v1beta2", &[], Fate::Gone, "apps/v1"),
    ("batch/v1beta1", &[], Fate::Gone, "batch/v1"),
    ("batch/v2alpha1", &[], Fate::Gone, "batch/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], Fate::Gone, PSP),
    ("policy/v1beta1", &[], Fate::Gone, "policy/v1"),
    ("autoscaling/v2beta1", &[], Fate::Gone, "autoscaling/v2"),
    ("autoscaling/v2beta2", &[], Fate::Gone, "autoscaling/v2"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], Fate::Gone, "networking.k8s.io/v1"),
    (
        "networking.k8s.io/v1beta1",
        &["IPAddress", "ServiceCIDR"],
        Fate::GoneIn(37),
        "networking.k8s.io/v1",
    ),
    ("rbac.authorization.k8s.io/v1beta1", &[], Fate::Gone, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1alpha1", &[], Fate::Gone, "rbac.authorization.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], Fate::GoneIn(37), "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &[], Fate::Gone, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", &["VolumeAttributesClass"], Fate::GoneIn(35), "storage.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", &[], Fate::Gone, "storage.k8s.io/v1"),
    (
        "admissionregistration.k8s.io/v1beta1",
        &[
            "ValidatingWebhookConfiguration",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        ],
        Fate::Gone,
        "admissionregistration.k8s.io/v1",
    ),
    (
        "admissionregistration.k8s.io/v1alpha1",
        &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        Fate::Gone,
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", &[], Fate::Gone, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", &[], Fate::Gone, "apiregistration.k8s.io/v1"),
    (
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        Fate::Gone,
        "certificates.k8s.io/v1",
    ),
    (
        "certificates.k8s.io/v1alpha1",
        &["ClusterTrustBundle"],
        Fate::GoneIn(37),
        "certificates.k8s.io/v1beta1",
    ),
    ("coordination.k8s.io/v1beta1", &["Lease"], Fate::Gone, "coordination.k8s.io/v1"),
    ("discovery.k8s.io/v1beta1", &[], Fate::Gone, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &[], Fate::Gone, "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &[], Fate::Gone, "node.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], Fate::Gone, "scheduling.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[], Fate::Gone, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[], Fate::Gone, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], Fate::Gone, "flowcontrol.apiserver.k8s.io/v1"),
    ("resource.k8s.io/v1beta1", &[], Fate::GoneIn(38), "resource.k8s.io/v1"),
    (
        "resource.k8s.io/v1beta2",
        &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"],
        Fate::GoneIn(39),
        "resource.k8s.io/v1",
    ),
    // external-secrets 0.17: `served: false` in its definitions.
    ("external-secrets.io/v1beta1", &[], Fate::Gone, "external-secrets.io/v1"),
    (
        "external-secrets.io/v1alpha1",
        &["ExternalSecret", "SecretStore", "ClusterSecretStore"],
        Fate::Gone,
        "external-secrets.io/v1",
    ),
    // gateway-api, config/crd: not in the definitions since 1.0, with `served: false` since 1.4; those of 1.5 and 1.6
    // are served by the experimental channel only, with a warning.
    (
        "gateway.networking.k8s.io/v1alpha2",
        &["TCPRoute", "TLSRoute", "UDPRoute"],
        Fate::Discouraged,
        "gateway.networking.k8s.io/v1",
    ),
    ("gateway.networking.k8s.io/v1alpha2", &[], Fate::Gone, "gateway.networking.k8s.io/v1"),
    (
        "gateway.networking.k8s.io/v1alpha3",
        &["TLSRoute"],
        Fate::Discouraged,
        "gateway.networking.k8s.io/v1",
    ),
    (
        "gateway.networking.k8s.io/v1alpha3",
        &["BackendTLSPolicy"],
        Fate::Gone,
        "gateway.networking.k8s.io/v1",
    ),
    // cert-manager 1.6.
    ("cert-manager.io/v1alpha2", &[], Fate::Gone, "cert-manager.io/v1"),
    ("cert-manager.io/v1alpha3", &[], Fate::Gone, "cert-manager.io/v1"),
    ("cert-manager.io/v1beta1", &[], Fate::Gone, "cert-manager.io/v1"),
];

const PSP: &str = "the level of Pod Security of the team";

/// Finds objects of versions that are gone or going.
pub fn judge(_: &Unit, resource: &Resource, diags: &mut Diagnostics) {
    let (version, kind) = (resource.api_version(), resource.kind());
    let row = TABLE
        .iter()
        .find(|(of, kinds, ..)| *of == version && (kinds.is_empty() || kinds.contains(&kind)));
    let Some((.., fate, instead)) = row else { return };
    let object = called(resource);
    let (rule, message) = match fate {
        Fate::Gone => (&REMOVED, format!("`{version}` of {object} is no longer served")),
        Fate::GoneIn(minor) if *minor <= OLDEST => {
            (&REMOVED, format!("`{version}` of {object} is no longer served"))
        }
        Fate::GoneIn(minor) if *minor <= NEWEST => (
            &DEPRECATED,
            format!("`{version}` of {object} is no longer served from Kubernetes 1.{minor} on"),
        ),
        Fate::GoneIn(minor) => (
            &DEPRECATED,
            format!("`{version}` of {object} is deprecated and ends with Kubernetes 1.{minor}"),
        ),
        Fate::Discouraged => (&DEPRECATED, format!("`{version}` of {object} is deprecated")),
    };
    report(diags, rule, resource, message).help(format!("use {instead}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, each, rules_found};
    use crate::tree;

    fn of(version: &'static str, kind: &'static str) -> Vec<String> {
        let object = tree!({
            "apiVersion": version, "kind": kind,
            "metadata": {"name": "x", "namespace": "shop-production"},
        });
        rules_found(each(judge), &Estate::new().object(object).plan())
    }

    #[test]
    fn gone_going_and_current_versions_are_told_apart() {
        assert_eq!(of("batch/v1beta1", "CronJob"), [REMOVED.name]);
        assert_eq!(of("networking.k8s.io/v1beta1", "Ingress"), [REMOVED.name]);
        assert_eq!(of("networking.k8s.io/v1beta1", "IPAddress"), [DEPRECATED.name]);
        assert_eq!(of("gateway.networking.k8s.io/v1alpha2", "TCPRoute"), [DEPRECATED.name]);
        assert_eq!(of("resource.k8s.io/v1beta1", "DeviceClass"), [DEPRECATED.name]);
        assert_eq!(of("gateway.networking.k8s.io/v1beta1", "HTTPRoute"), [""; 0]);
        assert_eq!(of("apps/v1", "Deployment"), [""; 0]);
        assert_eq!(of("coordination.k8s.io/v1beta1", "LeaseCandidate"), [""; 0]);
    }

    #[test]
    fn a_row_for_all_kinds_comes_after_those_for_some() {
        for (number, (version, kinds, ..)) in TABLE.iter().enumerate() {
            let hides = |(other, others, ..): &Row| other == version && others.is_empty();
            assert!(kinds.is_empty() || !TABLE[..number].iter().any(hides), "{version}");
        }
    }
}
