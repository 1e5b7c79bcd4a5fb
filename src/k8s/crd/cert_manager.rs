//! cert-manager (cert-manager.io). Its definition of Certificate fills in nothing that is left out here; `rotationPolicy`
//! is written because its default changed in 1.18.

use serde::Serialize;

use super::CustomResource;

/// A certificate that is kept in a Secret and renewed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSpec {
    /// The Secret, with `tls.crt`, `tls.key` and `ca.crt`.
    pub secret_name: String,
    /// The subject, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// The names it is good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<String>,
    /// Whether it signs others.
    #[serde(rename = "isCA", skip_serializing_if = "std::ops::Not::not")]
    pub is_ca: bool,
    /// How long it is good for, in Go's spelling.
    pub duration: &'static str,
    /// How long before its end it is renewed.
    pub renew_before: &'static str,
    /// What it may be used for.
    pub usages: Vec<&'static str>,
    /// Its key.
    pub private_key: PrivateKey,
    /// Who signs it.
    pub issuer_ref: IssuerRef,
}

impl CustomResource for CertificateSpec {
    const API_VERSION: &'static str = "cert-manager.io/v1";
    const KIND: &'static str = "Certificate";
}

/// The key of a certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateKey {
    algorithm: &'static str,
    size: u32,
    rotation_policy: &'static str,
}

impl PrivateKey {
    /// A new key of an elliptic curve with each certificate.
    pub fn ecdsa() -> Self {
        Self { algorithm: "ECDSA", size: 256, rotation_policy: "Always" }
    }
}

/// Who signs a certificate.
#[derive(Clone, Debug, Serialize)]
pub struct IssuerRef {
    group: &'static str,
    kind: &'static str,
    name: String,
}

impl IssuerRef {
    /// An issuer of the cluster.
    pub fn cluster(name: String) -> Self {
        Self { group: "cert-manager.io", kind: "ClusterIssuer", name }
    }

    /// An issuer of the same namespace.
    pub fn own(name: String) -> Self {
        Self { group: "cert-manager.io", kind: "Issuer", name }
    }
}

/// Who signs certificates of a namespace.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    self_signed: Option<SelfSigned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<Authority>,
}

#[derive(Clone, Debug, Serialize)]
struct SelfSigned {}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    secret_name: String,
}

impl IssuerSpec {
    /// Certificates sign themselves.
    pub fn self_signed() -> Self {
        Self { self_signed: Some(SelfSigned {}), ca: None }
    }

    /// The certificate in that Secret signs.
    pub fn authority(secret_name: String) -> Self {
        Self { self_signed: None, ca: Some(Authority { secret_name }) }
    }
}

impl CustomResource for IssuerSpec {
    const API_VERSION: &'static str = "cert-manager.io/v1";
    const KIND: &'static str = "Issuer";
}
