//! Names of objects, labels, variables and keys.
//!
//! The rules are those of Kubernetes' own validation (`apimachinery/pkg/util/validation`).

mod spelling;

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};
pub(in crate::k8s) use spelling::squeeze;
use spelling::{LABEL_KEY, LABEL_VALUE, NAME, SUBDOMAIN, edges, label_character};

leaf! {
    /// A name: lower-case letters, digits and `-`, at most 63 characters, beginning and ending with a letter or digit.
    ///
    /// An RFC 1123 label; fits every kind of object except those that ask for a first letter (Services and what
    /// becomes one), see [`Name::starts_with_letter`].
    pub struct Name(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    examples: ["checkout", "hv-a"],
}

leaf! {
    /// A dotted name: names joined by `.`, at most 253 characters.
    ///
    /// An RFC 1123 subdomain as Kubernetes checks it, which does not limit the parts to 63 characters each.
    pub struct Subdomain(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    examples: ["acme.example", "web"],
}

leaf! {
    /// A label or annotation key: a name of letters, digits, `-`, `_` and `.`, optionally after `domain/`.
    pub struct LabelKey(String);
    kind: Kind::Text,
    pattern: "^([-a-z0-9.]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
    examples: ["app.kubernetes.io/name", "tier"],
}

leaf! {
    /// A label value: empty, or letters, digits, `-`, `_` and `.`, at most 63 characters.
    pub struct LabelValue(String);
    kind: Kind::Text,
    pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$",
    examples: ["frontend", "v1.2"],
}

leaf! {
    /// The name of an environment variable: letters, digits and `_`, not beginning with a digit.
    ///
    /// Kubernetes accepts more since 1.30; shells do not.
    pub struct EnvName(String);
    kind: Kind::Text,
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
    examples: ["LOG_LEVEL"],
}

leaf! {
    /// A key of a ConfigMap or Secret, which becomes a file name: letters, digits, `-`, `_` and `.`.
    pub struct ConfigKey(String);
    kind: Kind::Text,
    pattern: "^[-._a-zA-Z0-9]{1,253}$",
    examples: ["application.yaml", "tls.crt"],
}

as_written!(Name, Subdomain, LabelKey, LabelValue, EnvName, ConfigKey);

impl Name {
    /// The longest name.
    pub const LONGEST: usize = 63;

    /// Whether the name is also an RFC 1035 label, as Services need.
    pub fn starts_with_letter(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_lowercase())
    }

    /// `<this>-<suffix>`, if that is a name; it may be too long.
    pub fn join(&self, suffix: &str) -> Result<Self, Invalid> {
        format!("{}-{suffix}", self.0).parse()
    }
}

impl LabelKey {
    /// The part before `/`, a domain.
    pub fn prefix(&self) -> Option<&str> {
        Some(self.0.split_once('/')?.0)
    }

    /// Whether the key belongs to Kubernetes itself (`kubernetes.io/`, `k8s.io/` and what is below them).
    pub fn is_reserved(&self) -> bool {
        self.prefix().is_some_and(|prefix| {
            ["kubernetes.io", "k8s.io"].iter().any(|domain| {
                prefix
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        })
    }
}

impl From<Name> for Subdomain {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

impl From<Name> for LabelValue {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        NAME.check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Subdomain {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        SUBDOMAIN.check(text)?;
        if text.split('.').any(|part| edges(part) != Some(true)) {
            let message = format!("{} has a part that is empty or has `-` at its edge", show(text));
            let rule = "begin and end each part with a letter or digit";
            return Err(Invalid::new(message).write_or(SUBDOMAIN.near(text), rule));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for LabelKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some((prefix, name)) = text.split_once('/') else {
            LABEL_KEY.check(text)?;
            return Ok(Self(text.to_owned()));
        };
        if name.contains('/') {
            return Err(Invalid::new(format!("{} has more than one `/`", show(text)))
                .help("write at most one domain before the name, such as `acme.example/tier`"));
        }
        let near = || Some(format!("{}/{}", SUBDOMAIN.near(prefix)?, LABEL_KEY.near(name)?));
        match prefix.parse::<Subdomain>().and_then(|_| LABEL_KEY.check(name)) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(Invalid { message, help }) => Err(Invalid { message, help: None }.write_or(
                near(),
                help.as_deref().unwrap_or("write a key such as `acme.example/tier`"),
            )),
        }
    }
}

impl FromStr for LabelValue {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if !text.is_empty() {
            LABEL_VALUE.check(text)?;
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for EnvName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
        if !text.is_empty() && text.chars().all(allowed) && !digit_first {
            return Ok(Self(text.to_owned()));
        }
        let mut near = squeeze(text, '_', allowed).to_ascii_uppercase();
        if near.starts_with(|c: char| c.is_ascii_digit()) {
            near.insert(0, '_');
        }
        let message = format!("{} is not the name of a variable", show(text));
        Err(Invalid::new(message)
            .write_or((!near.is_empty()).then_some(near), "write a name such as `LOG_LEVEL`"))
    }
}

impl FromStr for ConfigKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| label_character(c);
        if text.starts_with("..") || text == "." {
            let message = format!("{} means a folder, not a key", show(text));
            return Err(Invalid::new(message).help("write a file name such as `application.yaml`"));
        }
        if (1..=253).contains(&text.len()) && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        let near = squeeze(text, '-', allowed);
        let near =
            (!near.is_empty() && near.len() <= 253 && !near.starts_with('.')).then_some(near);
        Err(Invalid::new(format!("{} is not a key of a ConfigMap", show(text)))
            .write_or(near, "write 1 to 253 letters, digits, `-`, `_` and `.`"))
    }
}

#[cfg(test)]
mod tests;
