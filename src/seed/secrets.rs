//! The secrets of a cluster as a value, and their one spelling.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::value::{self, Flaw};
use crate::diag::nearest;
use crate::plan::nodes::markers::NodeSecret;

/// The only format there is.
const FORMAT: &str = "1";

/// A text that nobody may see: it is wiped when it is dropped, and printed as its length.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever writes it where it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// The secrets of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The cluster; empty where the source does not say, as the environment does.
    pub cluster: String,
    /// Who may read the encrypted file, so that a rotation encrypts for the same: age recipients.
    pub recipients: Vec<String>,
    /// What is known; never a computed one.
    entries: BTreeMap<NodeSecret, Secret>,
}

/// Why a text is not the secrets of a cluster. It never holds any of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSecrets {
    /// It is not what `secrets init` writes.
    #[error("these are no secrets of a cluster (line {line}, column {column}): {reason}")]
    Malformed {
        /// The line of the decrypted text, from 1.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong, without any of the text.
        reason: String,
    },
    /// A value is not of its type.
    #[error("the secret `{}` {flaw}", .secret.name())]
    Flawed {
        /// Which.
        secret: NodeSecret,
        /// How.
        flaw: Flaw,
    },
}

impl Secrets {
    /// No secrets yet.
    pub fn new(cluster: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), ..Self::default() }
    }

    /// Takes a value, if it is of its type.
    ///
    /// # Errors
    /// How it is not.
    pub fn insert(&mut self, secret: NodeSecret, text: Secret) -> Result<(), NotSecrets> {
        value::check(secret, text.reveal()).map_err(|flaw| NotSecrets::Flawed { secret, flaw })?;
        self.entries.insert(secret, text);
        Ok(())
    }

    /// The value of a secret; the computed ones are computed.
    pub fn get(&self, secret: NodeSecret) -> Option<Secret> {
        if secret == NodeSecret::ClusterCaPin {
            let certificate = self.entries.get(&NodeSecret::ClusterCaCertificate)?;
            return value::pin(certificate.reveal()).map(|pin| Secret::new(Zeroizing::new(pin)));
        }
        self.entries.get(&secret).cloned()
    }

    /// What is there, in order.
    pub fn names(&self) -> impl Iterator<Item = NodeSecret> {
        self.entries.keys().copied()
    }

    /// Whether each certificate and its key, each public key and its private one, belong together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check_pairs(&self) -> Result<(), NotSecrets> {
        for (public, private) in value::PAIRS {
            let (Some(one), Some(other)) = (self.entries.get(public), self.entries.get(private))
            else {
                continue;
            };
            if !value::belong_together(one.reveal(), other.reveal()) {
                return Err(NotSecrets::Flawed { secret: *private, flaw: Flaw::OtherKey(*public) });
            }
        }
        Ok(())
    }

    /// The one spelling: JSON, which SOPS reads too.
    pub fn to_text(&self) -> Zeroizing<String> {
        let entries = self.entries.iter();
        let entries = entries.map(|(secret, text)| (secret.name().to_owned(), text.clone()));
        let file = File {
            format: FORMAT.to_owned(),
            cluster: self.cluster.clone(),
            recipients: self.recipients.clone(),
            secrets: Entries(entries.collect()),
        };
        match serde_json::to_string_pretty(&file) {
            Ok(text) => Zeroizing::new(text + "\n"),
            Err(_) => crate::bug!("secrets cannot be spelled"),
        }
    }

    /// Reads what [`Secrets::to_text`] writes, and what SOPS makes of it.
    ///
    /// # Errors
    /// What is wrong, without any of the text.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotSecrets> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| NotSecrets::Malformed {
            line: error.line(),
            column: error.column(),
            // What serde says may quote the text, unless it is a sentence of ours.
            reason: OURS
                .iter()
                .find(|ours| error.to_string().starts_with(**ours))
                .map_or("`groundplan secrets init` writes another form".to_owned(), |_| {
                    error.to_string()
                }),
        })?;
        let malformed = |reason: String| NotSecrets::Malformed { line: 1, column: 1, reason };
        if file.format != FORMAT {
            return Err(malformed(format!("this groundplan reads the format {FORMAT}")));
        }
        let mut secrets = Self { recipients: file.recipients, ..Self::new(file.cluster) };
        for (name, text) in file.secrets.0 {
            let stored = || NodeSecret::ALL.into_iter().filter(|secret| !secret.computed());
            let Some(secret) = stored().find(|secret| secret.name() == name) else {
                let near = nearest(&name, stored().map(NodeSecret::name));
                return Err(malformed(match near {
                    Some(near) => format!("a name is unknown; is `{near}` meant?"),
                    None => "a name is unknown".to_owned(),
                }));
            };
            secrets.insert(secret, text)?;
        }
        Ok(secrets)
    }
}

/// The beginnings of messages that quote nothing of the text.
const OURS: [&str; 2] = ["a secret is there twice", "EOF while parsing"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    cluster: String,
    #[serde(default)]
    recipients: Vec<String>,
    secrets: Entries,
}

/// Entries in order, each name once.
struct Entries(Vec<(String, Secret)>);

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, text) in &self.0 {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("secrets by name")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries: Vec<(String, Secret)> = Vec::new();
                while let Some((name, text)) = map.next_entry::<String, Secret>()? {
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(M::Error::custom("a secret is there twice"));
                    }
                    entries.push((name, text));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
