//! The secrets of a first boot, by name, and the inert words that stand for them in git.
//!
//! What is compiled holds `@@SECRET:<name>@@` where a secret belongs; `groundplan seed` puts the secret there, outside
//! the repository. The whole language is here, so that writer and reader cannot disagree:
//!
//! - a marker stands alone for a whole value on one line: a quoted YAML string, or one inside a file that
//!   cloud-init writes. It never holds a brace, a dollar or a quote, so no template language and no shell sees it;
//! - a secret of several lines (PEM) only ever appears as `@@SECRET:<name>|b64@@`, in a `write_files` item whose
//!   `encoding` is `b64`: base64 of its bytes on one line. Put in by plain replacement, the file stays YAML.

use std::ops::Range;

/// A secret that machines of a cluster boot with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeSecret {
    /// The certificate of the cluster's CA, PEM. Public, but made together with its key.
    ClusterCaCertificate,
    /// The private key of the cluster's CA, PEM. Control planes only.
    ClusterCaKey,
    /// The certificate of etcd's CA, PEM.
    EtcdCaCertificate,
    /// The private key of etcd's CA, PEM. Control planes and etcd members only.
    EtcdCaKey,
    /// The certificate of the CA of the API aggregation layer, PEM.
    FrontProxyCaCertificate,
    /// The private key of that CA, PEM. Control planes only.
    FrontProxyCaKey,
    /// The public key that verifies tokens of ServiceAccounts, PEM.
    ServiceAccountPublicKey,
    /// The private key that signs them, PEM. Control planes only.
    ServiceAccountKey,
    /// The token with which machines join: `[a-z0-9]{6}.[a-z0-9]{16}`, short-lived.
    BootstrapToken,
    /// The key that encrypts Secrets in etcd: base64 of 32 random bytes. Control planes only.
    EncryptionKey,
    /// The name with which etcd's machines write to the store of their snapshots. Given by that store's service.
    SnapshotAccessKey,
    /// What belongs to that name. Given by that store's service.
    SnapshotSecretKey,
    /// `sha256:` and the hex SHA-256 of the cluster CA's public key (DER SubjectPublicKeyInfo). Not stored: computed
    /// from [`NodeSecret::ClusterCaCertificate`].
    ClusterCaPin,
}

/// How a secret is spelled where a marker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is; only for secrets of one line.
    Plain,
    /// Base64 of its bytes (standard alphabet, padded, one line).
    Base64,
}

/// What every marker begins with. No text of a compiled file holds it for another reason.
pub const OPEN: &str = "@@SECRET:";

/// What every marker ends with.
pub const CLOSE: &str = "@@";

impl NodeSecret {
    /// Every secret, in the order in which they are made.
    pub const ALL: [Self; 13] = [
        Self::ClusterCaCertificate,
        Self::ClusterCaKey,
        Self::EtcdCaCertificate,
        Self::EtcdCaKey,
        Self::FrontProxyCaCertificate,
        Self::FrontProxyCaKey,
        Self::ServiceAccountPublicKey,
        Self::ServiceAccountKey,
        Self::BootstrapToken,
        Self::EncryptionKey,
        Self::SnapshotAccessKey,
        Self::SnapshotSecretKey,
        Self::ClusterCaPin,
    ];

    /// Its name in markers and in the file of secrets.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterCaCertificate => "pki/ca.crt",
            Self::ClusterCaKey => "pki/ca.key",
            Self::EtcdCaCertificate => "pki/etcd/ca.crt",
            Self::EtcdCaKey => "pki/etcd/ca.key",
            Self::FrontProxyCaCertificate => "pki/front-proxy-ca.crt",
            Self::FrontProxyCaKey => "pki/front-proxy-ca.key",
            Self::ServiceAccountPublicKey => "pki/sa.pub",
            Self::ServiceAccountKey => "pki/sa.key",
            Self::BootstrapToken => "kubeadm/token",
            Self::EncryptionKey => "encryption/key",
            Self::SnapshotAccessKey => "etcd-store/access-key",
            Self::SnapshotSecretKey => "etcd-store/secret-key",
            Self::ClusterCaPin => "pki/ca.pin",
        }
    }

    /// The secret of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|secret| secret.name() == name)
    }

    /// The one form in which it is ever marked: PEM as base64, everything else as it is.
    pub fn form(self) -> Form {
        if self.name().starts_with("pki/") && self != Self::ClusterCaPin {
            Form::Base64
        } else {
            Form::Plain
        }
    }

    /// Whether it is computed from another one instead of being stored.
    pub fn computed(self) -> bool {
        self == Self::ClusterCaPin
    }

    /// Whether somebody else makes it: it is put into the file of secrets, where the cluster needs it at all.
    pub fn given(self) -> bool {
        matches!(self, Self::SnapshotAccessKey | Self::SnapshotSecretKey)
    }

    /// The word that stands for it in git.
    pub fn marker(self) -> String {
        let form = match self.form() {
            Form::Plain => "",
            Form::Base64 => "|b64",
        };
        format!("{OPEN}{}{form}{CLOSE}", self.name())
    }
}

/// A marker in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The bytes of the text that it takes, from [`OPEN`] to [`CLOSE`].
    pub range: Range<usize>,
    /// The secret and its form; `None` where the marker is of no secret that there is, or in the wrong form.
    pub secret: Option<NodeSecret>,
}

/// Every marker of a text, in order. One that is not closed on its line is there too, and of no secret.
pub fn markers(text: &str) -> impl Iterator<Item = Marked> {
    text.match_indices(OPEN).map(|(start, _)| {
        let body = start + OPEN.len();
        let line = text[body..].split('\n').next().unwrap_or_default();
        let Some(length) = line.find(CLOSE) else {
            return Marked { range: start..body, secret: None };
        };
        let (name, form) = match line[..length].split_once('|') {
            None => (&line[..length], Some(Form::Plain)),
            Some((name, "b64")) => (name, Some(Form::Base64)),
            Some((name, _)) => (name, None),
        };
        let secret = NodeSecret::named(name).filter(|secret| Some(secret.form()) == form);
        Marked { range: start..body + length + CLOSE.len(), secret }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_is_found_again() {
        for secret in NodeSecret::ALL {
            let text = format!("a: \"{}\"\n", secret.marker());
            let found: Vec<Marked> = markers(&text).collect();
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].secret, Some(secret));
            assert_eq!(text[found[0].range.clone()], secret.marker());
        }
    }

    #[test]
    fn markers_are_inert() {
        for secret in NodeSecret::ALL {
            let marker = secret.marker();
            assert!(!marker.contains(['{', '}', '$', '"', '\'', '\\', ' ']), "{marker}");
            // No template of cloud-init, Helm or a shell begins in it, and YAML must quote it, as `@` is reserved.
            assert!(marker.starts_with('@'));
        }
    }

    #[test]
    fn what_is_no_secret_is_said_to_be_none() {
        for text in [
            "@@SECRET:pki/ca.key@@",
            "@@SECRET:kubeadm/token|b64@@",
            "@@SECRET:kubeadm/token|hex@@",
            "@@SECRET:other@@",
            "@@SECRET:kubeadm/token\n@@",
        ] {
            assert_eq!(
                markers(text).map(|found| found.secret).collect::<Vec<_>>(),
                [None],
                "{text}"
            );
        }
    }

    #[test]
    fn two_on_a_line_are_two() {
        let text = "@@SECRET:kubeadm/token@@ @@SECRET:pki/ca.pin@@";
        let found: Vec<_> = markers(text).filter_map(|found| found.secret).collect();
        assert_eq!(found, [NodeSecret::BootstrapToken, NodeSecret::ClusterCaPin]);
    }
}
