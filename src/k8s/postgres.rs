//! Words of PostgreSQL: majors, names of roles and databases, values of settings.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// A major version of PostgreSQL: `18`.
    #[derive(Copy)]
    pub struct Major(u32);
    kind: Kind::Whole(10, 99),
    pattern: "^[1-9][0-9]$",
    examples: ["18"],
}

leaf! {
    /// The name of a role or a database of PostgreSQL: lower-case letters, digits, `_` and `-`, at most 63, a letter
    /// or `_` first.
    ///
    /// PostgreSQL takes any text in quotes; these are the names that need no second thought in SQL, in shells and in
    /// connection strings.
    pub struct SqlName(String);
    kind: Kind::Text,
    pattern: "^[a-z_][a-z0-9_-]{0,62}$",
    examples: ["checkout", "orders_read"],
}

as_written!(SqlName);

impl Major {
    /// That major.
    pub const fn new(major: u32) -> Self {
        Self(major)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl SqlName {
    /// The name in the quotes of SQL.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Major {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse::<u32>().ok().filter(|number| digits(text) && *number >= 10);
        number.map(Self).ok_or_else(|| {
            let major = text.split('.').next().unwrap_or_default();
            let near = major.parse::<u32>().ok().filter(|number| digits(major) && *number >= 10);
            Invalid::new(format!("{} is not a major version of PostgreSQL", show(text))).write_or(
                near.filter(|_| text.contains('.')),
                "write the number before the dot, such as `18`",
            )
        })
    }
}

impl FromStr for SqlName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let first = |c: char| c.is_ascii_lowercase() || c == '_';
        let inner = |c: char| first(c) || c.is_ascii_digit() || c == '-';
        let good =
            |text: &str| text.starts_with(first) && text.chars().all(inner) && text.len() <= 63;
        if good(text) {
            return Ok(Self(text.to_owned()));
        }
        let near: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| if inner(c) { c } else { '_' })
            .take(63)
            .collect();
        Err(Invalid::new(format!("{} is no name for a role or a database", show(text))).write_or(
            Some(near).filter(|near| good(near)),
            "write lower-case letters, digits, `_` and `-`, a letter first",
        ))
    }
}

/// Whether a write is acknowledged only when another member has it: `true`, `false`, or `quorum` for any of several
/// members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Synchronous {
    /// Acknowledged by the leader alone.
    Off,
    /// Acknowledged when a chosen member has it.
    On,
    /// Acknowledged when enough members have it, whichever.
    Quorum,
}

impl fmt::Display for Synchronous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "false",
            Self::On => "true",
            Self::Quorum => "quorum",
        })
    }
}

impl FromStr for Synchronous {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "true" | "on" => Ok(Self::On),
            "false" | "off" => Ok(Self::Off),
            "quorum" => Ok(Self::Quorum),
            _ => Err(Invalid::new(format!("{} does not say who must have a write", show(text)))
                .help("write one of `true`, `quorum` and `false`")),
        }
    }
}

impl<'de> Deserialize<'de> for Synchronous {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyScalar(str::parse))
    }
}

impl schemars::JsonSchema for Synchronous {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Synchronous".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Whether a write is acknowledged only when another member has it: `true`, `false`, or `quorum` for any of several members.",
            "enum": [true, false, "quorum"],
        })
    }
}

/// The value of a setting of PostgreSQL, as its configuration file would hold it: `32MB`, `0.9`, `on`.
///
/// YAML's `true` and `false` are `on` and `off`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting(String);

impl Setting {
    /// A value.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyScalar(|text: &str| {
            if text.chars().any(char::is_control) {
                return Err(Invalid::new("the value holds a control character")
                    .help("write the value on one line"));
            }
            match super::secret::credential_shape(text) {
                Some(kind) => Err(super::secret::misplaced(kind)),
                None => Ok(Self(text.to_owned())),
            }
        }))
    }
}

impl schemars::JsonSchema for Setting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Setting".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The value of a setting of PostgreSQL, as its configuration file would hold it: `32MB`, `0.9`, `on`.",
            "type": ["string", "number", "boolean"],
            "examples": ["32MB", 0.9, true],
        })
    }
}

/// Reads a scalar of any type of YAML as the text that PostgreSQL would be given.
struct AnyScalar<F>(F);

impl<T, F: Fn(&str) -> Result<T, Invalid>> Visitor<'_> for AnyScalar<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value such as `32MB`, `0.9` or `on`")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        self.visit_str(if value { "on" } else { "off" })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn majors_are_one_number() {
        lawful::<Major>();
        good::<Major>(&[("18", "18"), ("15", "15")]);
        bad::<Major>(&[
            ("18.4", "`18.4` is not a major version of PostgreSQL", "write `18`"),
            (
                "9",
                "`9` is not a major version of PostgreSQL",
                "write the number before the dot, such as `18`",
            ),
        ]);
    }

    #[test]
    fn names_need_no_quotes_in_a_shell() {
        lawful::<SqlName>();
        good::<SqlName>(&[("checkout", "checkout"), ("_a-1", "_a-1")]);
        let what = "is no name for a role or a database";
        bad::<SqlName>(&[
            ("Check Out", &format!("`Check Out` {what}"), "write `check_out`"),
            (
                "1st",
                &format!("`1st` {what}"),
                "write lower-case letters, digits, `_` and `-`, a letter first",
            ),
        ]);
    }

    #[test]
    fn settings_are_scalars_of_any_type() {
        let read = |json: &str| serde_json::from_str::<Setting>(json).map(|setting| setting.0);
        assert_eq!(read("true").unwrap(), "on");
        assert_eq!(read("0.9").unwrap(), "0.9");
        assert_eq!(read("100").unwrap(), "100");
        assert_eq!(read("\"32MB\"").unwrap(), "32MB");
        assert!(read("[1]").is_err());
        assert!(read("\"a\\nb\"").is_err());
    }
}
