//! References to secrets. The blueprint has no place for a secret's value, only for where it is kept.
//!
//! No message of this module repeats the text it refuses: it may be the secret itself.

mod shape;
mod token;

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf};
pub use shape::{credential_shape, looks_like_credential};

leaf! {
    /// One value in the secret store: the path of the secret, `#`, and the property in it.
    pub struct SecretRef {
        path: SecretPath,
        property: String,
    }
    kind: Kind::Text,
    pattern: "^/?[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*#[A-Za-z0-9._-]+$",
    examples: ["payments/card-network#key"],
}

leaf! {
    /// A secret in the secret store, with all its properties: its path.
    pub struct SecretPath(String);
    kind: Kind::Text,
    pattern: "^/?[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
    examples: ["payments/orders-checkout", "backup/s3"],
}

as_written!(SecretPath);

impl SecretRef {
    /// The path in the store.
    pub fn path(&self) -> &SecretPath {
        &self.path
    }

    /// The property of the secret at that path.
    pub fn property(&self) -> &str {
        &self.property
    }
}

impl SecretPath {
    /// One property of this secret, by a word that groundplan itself chose or has checked; a wrong one is a bug, not the
    /// blueprint's fault.
    pub fn property(&self, property: &str) -> SecretRef {
        match format!("{self}#{property}").parse() {
            Ok(reference) => reference,
            Err(invalid) => crate::bug!("`{property}` is no property of a secret: {invalid}"),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.path, self.property)
    }
}

impl FromStr for SecretRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(kind) = credential_shape(text) {
            return Err(misplaced(kind));
        }
        let example = "write `path/in/store#property`, such as `payments/card-network#key`";
        let Some((path, property)) = text.split_once('#') else {
            return Err(Invalid::new("a secret reference names no property").help(example));
        };
        if property.is_empty() || !property.chars().all(path_character) {
            let message = "the property of a secret reference is not made of letters, digits, `.`, `_` and `-`";
            return Err(Invalid::new(message).help(example));
        }
        let path = check_path(path).map_err(|invalid| invalid.help(example))?;
        Ok(Self { path, property: property.to_owned() })
    }
}

impl FromStr for SecretPath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(kind) = credential_shape(text) {
            return Err(misplaced(kind));
        }
        if let Some((path, _)) = text.split_once('#')
            && let Ok(path) = check_path(path)
        {
            let message = "a property is named where the whole secret is meant";
            return Err(Invalid::new(message).write(path));
        }
        check_path(text)
    }
}

fn path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// A path of words; one `/` in front is allowed, because the parameter stores of clouds ask for it.
fn check_path(text: &str) -> Result<SecretPath, Invalid> {
    let mut parts = text.strip_prefix('/').unwrap_or(text).split('/');
    let word = |part: &str| {
        !part.is_empty() && part.chars().all(path_character) && !matches!(part, "." | "..")
    };
    if parts.all(word) {
        return Ok(SecretPath(text.to_owned()));
    }
    Err(Invalid::new("a secret is named by a path of words of letters, digits, `.`, `_` and `-`")
        .help("write its path in the store, such as `payments/orders-checkout`"))
}

/// What to say of a credential that stands where it must not; never with its value.
pub(crate) fn misplaced(kind: &str) -> Invalid {
    Invalid::new(format!("this looks like {kind}; secrets must not be written down")).help(
        "keep it in the secret store and write its reference, such as `payments/card-network#key`",
    )
}

#[cfg(test)]
mod tests;
