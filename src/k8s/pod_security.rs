//! The levels of the Pod Security Standards (kubernetes.io/docs/concepts/security/pod-security-standards).

use schemars::JsonSchema;
use serde::Deserialize;

/// The version of the standards that namespaces pin: an upgrade of the cluster must not change what is admitted.
pub const PINNED: &str = "v1.36";

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing is restricted.
    Privileged,
    /// Known privilege escalations are refused.
    Baseline,
    /// Current hardening practice.
    Restricted,
}

impl Level {
    /// As Kubernetes spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|level| level.word() == text)
            .ok_or_else(|| format!("`{text}` is not a level of the Pod Security Standards"))
    }
}
