//! The kinds that Kubernetes itself serves: which there are, which lie in namespaces, and what fields they have.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling,
    batch::v1 as batch, coordination::v1 as coordination, core::v1 as core,
    discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy,
    rbac::v1 as rbac,
};

use super::patch::lists::Schema;
use super::tree::{Tree, unknown_fields};

/// Finds the fields that a kind does not have; `Err` when the object does not fit it at all.
pub type Check = fn(&Tree) -> Result<Vec<String>, String>;

macro_rules! kinds {
    ($($version:literal: $($module:ident :: $kind:ident)*;)+) => {
        /// Kinds that lie in namespaces, by version and name.
        const NAMESPACED: &[(&str, &str, Check)] =
            &[$($(($version, stringify!($kind), unknown_fields::<$module::$kind>),)*)+];
    };
}

kinds! {
    "v1": core::ConfigMap core::Endpoints core::LimitRange core::PersistentVolumeClaim core::Pod
        core::PodTemplate core::ReplicationController core::ResourceQuota core::Secret core::Service
        core::ServiceAccount;
    "apps/v1": apps::DaemonSet apps::Deployment apps::ReplicaSet apps::StatefulSet;
    "autoscaling/v1": autoscaling_v1::HorizontalPodAutoscaler;
    "autoscaling/v2": autoscaling::HorizontalPodAutoscaler;
    "batch/v1": batch::CronJob batch::Job;
    "coordination.k8s.io/v1": coordination::Lease;
    "discovery.k8s.io/v1": discovery::EndpointSlice;
    "networking.k8s.io/v1": networking::Ingress networking::NetworkPolicy;
    "policy/v1": policy::PodDisruptionBudget;
    "rbac.authorization.k8s.io/v1": rbac::Role rbac::RoleBinding;
}

/// Kinds that belong to the whole cluster, by group and name: Kubernetes' own, and those of common operators.
const CLUSTER: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    (
        "authorization.k8s.io",
        &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IngressClass", "IPAddress", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("cert-manager.io", &["ClusterIssuer"]),
    (
        "cilium.io",
        &["CiliumClusterwideEnvoyConfig", "CiliumClusterwideNetworkPolicy", "CiliumNode"],
    ),
    ("external-secrets.io", &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("kyverno.io", &["ClusterCleanupPolicy", "ClusterPolicy"]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
];

/// How an object of a kind in a namespace is checked; `None` for kinds that this version of Kubernetes does not
/// serve itself, or not in namespaces.
pub fn namespaced(api_version: &str, kind: &str) -> Option<Check> {
    let of = |entry: &&(&str, &str, Check)| entry.0 == api_version && entry.1 == kind;
    NAMESPACED.iter().find(of).map(|(.., check)| *check)
}

/// The versions in which Kubernetes serves a kind in namespaces.
pub fn versions(kind: &str) -> impl Iterator<Item = &'static str> {
    NAMESPACED.iter().filter(move |(_, name, _)| *name == kind).map(|(version, ..)| *version)
}

/// Whether a kind is known to belong to the whole cluster.
pub fn is_cluster_wide(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    CLUSTER.iter().any(|(known, kinds)| *known == group && kinds.contains(&kind))
}

/// Whether an object is of a group that Kubernetes itself serves, and so of no custom resource.
pub fn is_built_in(object: &Tree) -> bool {
    Schema::of(object).built_in()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn kinds_know_their_fields() {
        let check = namespaced("v1", "Service").expect("a kind");
        let service = tree!({"apiVersion": "v1", "kind": "Service", "metadata": {}, "sepc": {}});
        assert_eq!(check(&service), Ok(vec!["sepc".to_owned()]));
        assert!(namespaced("apps/v1beta1", "Deployment").is_none());
        assert_eq!(versions("Deployment").collect::<Vec<_>>(), ["apps/v1"]);
    }

    #[test]
    fn cluster_wide_kinds_are_known() {
        assert!(is_cluster_wide("v1", "Namespace"));
        assert!(is_cluster_wide("rbac.authorization.k8s.io/v1", "ClusterRole"));
        assert!(!is_cluster_wide("v1", "Service"));
        assert!(!is_built_in(&tree!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate"})));
    }
}
