//! What each secret must look like. A value of the wrong type would be found by a machine that does not boot.

use base64ct::{Base64, Encoding};
use p256::SecretKey;
use p256::pkcs8::{DecodePrivateKey, EncodePublicKey};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};
use x509_cert::ext::pkix::BasicConstraints;
use zeroize::Zeroizing;

use crate::plan::nodes::markers::NodeSecret;

/// How a value is not of its type. It never holds any of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not an X.509 certificate in PEM.
    #[error("is no certificate in PEM")]
    Certificate,
    /// A certificate that may not sign others.
    #[error("is a certificate, but not of an authority")]
    NoAuthority,
    /// Not a private key in PEM.
    #[error("is no private key in PEM that kubeadm reads (RSA or EC, not encrypted)")]
    PrivateKey,
    /// Not a public key in PEM.
    #[error("is no public key in PEM")]
    PublicKey,
    /// Not a bootstrap token.
    #[error("is no bootstrap token: six and sixteen of a-z and 0-9 with a dot between")]
    Token,
    /// Not base64 of 32 bytes.
    #[error("is not base64 of 32 bytes")]
    Bytes32,
    /// Not a key of an S3 service.
    #[error("is no key of an S3 service: 3 to 128 of a-z, A-Z, 0-9, + / = . _ and -")]
    StoreKey,
    /// Not `sha256:` and 64 digits.
    #[error("is no pin: `sha256:` and 64 digits of a-f and 0-9")]
    Pin,
    /// A key that belongs to something else.
    #[error("is not the key of `{}`", .0.name())]
    OtherKey(NodeSecret),
}

/// What stands in public and the key that belongs to it.
pub(super) const PAIRS: &[(NodeSecret, NodeSecret)] = &[
    (NodeSecret::ClusterCaCertificate, NodeSecret::ClusterCaKey),
    (NodeSecret::EtcdCaCertificate, NodeSecret::EtcdCaKey),
    (NodeSecret::FrontProxyCaCertificate, NodeSecret::FrontProxyCaKey),
    (NodeSecret::ServiceAccountPublicKey, NodeSecret::ServiceAccountKey),
];

/// Whether a value is of its secret's type.
///
/// # Errors
/// How it is not.
pub fn check(secret: NodeSecret, text: &str) -> Result<(), Flaw> {
    match secret {
        NodeSecret::ClusterCaCertificate
        | NodeSecret::EtcdCaCertificate
        | NodeSecret::FrontProxyCaCertificate => authority(text),
        NodeSecret::ClusterCaKey
        | NodeSecret::EtcdCaKey
        | NodeSecret::FrontProxyCaKey
        | NodeSecret::ServiceAccountKey => {
            let labels = ["EC PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY"];
            is_pem(text, &labels).then_some(()).ok_or(Flaw::PrivateKey)
        }
        NodeSecret::ServiceAccountPublicKey => {
            is_pem(text, &["PUBLIC KEY", "RSA PUBLIC KEY"]).then_some(()).ok_or(Flaw::PublicKey)
        }
        NodeSecret::BootstrapToken => is_token(text).then_some(()).ok_or(Flaw::Token),
        NodeSecret::EncryptionKey => {
            let bytes = Base64::decode_vec(text).map(Zeroizing::new);
            bytes.is_ok_and(|bytes| bytes.len() == 32).then_some(()).ok_or(Flaw::Bytes32)
        }
        NodeSecret::SnapshotAccessKey | NodeSecret::SnapshotSecretKey => {
            is_store_key(text).then_some(()).ok_or(Flaw::StoreKey)
        }
        NodeSecret::ClusterCaPin => is_pin(text).then_some(()).ok_or(Flaw::Pin),
    }
}

fn authority(text: &str) -> Result<(), Flaw> {
    let certificate = Certificate::from_pem(text).map_err(|_| Flaw::Certificate)?;
    let constraints = certificate.tbs_certificate().get_extension::<BasicConstraints>();
    match constraints {
        Ok(Some((_, constraints))) if constraints.ca => Ok(()),
        Ok(_) => Err(Flaw::NoAuthority),
        Err(_) => Err(Flaw::Certificate),
    }
}

/// The pin by which joining machines know the cluster's CA: kubeadm hashes the DER of its SubjectPublicKeyInfo
/// (`pubkeypin.Hash`). `None` if this is no certificate.
pub fn pin(certificate: &str) -> Option<String> {
    use std::fmt::Write as _;
    let certificate = Certificate::from_pem(certificate).ok()?;
    let key = certificate.tbs_certificate().subject_public_key_info().to_der().ok()?;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(key) {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// One block of PEM with one of these labels, and nothing else. What is inside is DER of a sequence.
fn is_pem(text: &str, labels: &[&str]) -> bool {
    let text = text.trim();
    labels.iter().any(|label| {
        let inside = text
            .strip_prefix(&format!("-----BEGIN {label}-----"))
            .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")));
        let Some(inside) = inside else { return false };
        let joined: Zeroizing<String> = Zeroizing::new(inside.split_ascii_whitespace().collect());
        // A header (`Proc-Type: 4,ENCRYPTED`) is no base64.
        Base64::decode_vec(&joined)
            .map(Zeroizing::new)
            .is_ok_and(|bytes| bytes.len() > 40 && bytes[0] == 0x30)
    })
}

fn is_token(text: &str) -> bool {
    let of = |part: &str, length| {
        part.len() == length
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split_once('.').is_some_and(|(id, secret)| of(id, 6) && of(secret, 16))
}

/// S3 services draw keys from these; what else there is would have to be quoted where the key is written.
fn is_store_key(text: &str) -> bool {
    (3..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
        && text.chars().all(inert)
}

/// Whether a character means nothing to YAML, a shell, a template or an INI file.
pub(super) fn inert(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '.' | ':' | '-' | '_')
}

fn is_pin(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether a certificate or public key is that of a private key. Keys of another kind than ours are not judged: the
/// machines would say so.
pub(super) fn belong_together(public: &str, private: &str) -> bool {
    let key =
        SecretKey::from_sec1_pem(private).ok().or_else(|| SecretKey::from_pkcs8_pem(private).ok());
    let Some(key) = key else { return true };
    let Ok(own) = key.public_key().to_public_key_der() else { return false };
    let stated = if public.contains("CERTIFICATE") {
        Certificate::from_pem(public)
            .ok()
            .and_then(|found| found.tbs_certificate().subject_public_key_info().to_der().ok())
    } else {
        x509_cert::der::Document::from_pem(public).ok().map(|(_, found)| found.as_bytes().to_vec())
    };
    stated.is_some_and(|stated| stated == own.as_bytes())
}
