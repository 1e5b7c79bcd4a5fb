//! The tree a blueprint is held in: every node knows the file and the bytes that wrote it.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::diag::Span;

/// A parsed value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it was written.
    pub span: Span,
}

/// The three shapes of YAML. Children are shared: an overlay copies only what it changes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar, as text and style; what it means is decided when it is read as a type.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Arc<Node>>),
    /// A mapping, in the order written.
    Map(IndexMap<Arc<str>, Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Arc<Node>,
}

/// A scalar as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, unescaped.
    pub text: Box<str>,
    /// Whether it had no quotes, so that YAML may read it as something other than text.
    pub plain: bool,
}

/// What a scalar means by the core schema of YAML 1.2.2 (section 10.3.2).
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`; `yes`, `on` and `y` are text in YAML 1.2.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(&'a str),
}

impl Scalar {
    /// The meaning of the scalar. `012` is the number 12, `0o14` as well.
    pub fn meaning(&self) -> Meaning<'_> {
        let text = &*self.text;
        if !self.plain {
            return Meaning::Text(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
            "true" | "True" | "TRUE" => return Meaning::Bool(true),
            "false" | "False" | "FALSE" => return Meaning::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Meaning::Float(f64::NAN),
            _ => {}
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            return Meaning::Float(sign * f64::INFINITY);
        }
        if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Meaning::Text(text);
        }
        let radix = |prefix, radix| {
            text.strip_prefix(prefix)
                .and_then(|digits: &str| i64::from_str_radix(digits, radix).ok())
        };
        if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
            return Meaning::Int(number);
        }
        if unsigned.bytes().all(|b| b.is_ascii_digit())
            && let Ok(number) = text.parse()
        {
            return Meaning::Int(number);
        }
        let float = unsigned.bytes().any(|b| b.is_ascii_digit())
            && unsigned
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
        match text.parse() {
            Ok(number) if float => Meaning::Float(number),
            _ => Meaning::Text(text),
        }
    }
}

impl Node {
    /// Whether this is `null` or nothing.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.meaning() == Meaning::Null)
    }

    /// The entries, if this is a mapping.
    pub fn as_map(&self) -> Option<&IndexMap<Arc<str>, Entry>> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if this is a scalar that means text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.meaning() {
                Meaning::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Arc<Node>> {
        self.as_map()?.get(key).map(|entry| &entry.value)
    }

    /// Whether both were written as the same value; places do not count.
    pub fn same_value(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Scalar(a), Kind::Scalar(b)) => a.meaning() == b.meaning(),
            (Kind::Seq(a), Kind::Seq(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_value(b))
            }
            (Kind::Map(a), Kind::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, entry)| {
                        b.get(key).is_some_and(|other| entry.value.same_value(&other.value))
                    })
            }
            _ => false,
        }
    }

    /// "a mapping", "a list", "the text `x`": for messages. The value of a long text is left out.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Seq(_) => "a list".to_owned(),
            Kind::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => "nothing".to_owned(),
                Meaning::Bool(value) => format!("the boolean `{value}`"),
                Meaning::Int(_) | Meaning::Float(_) => format!("the number `{}`", scalar.text),
                Meaning::Text(text) if text.len() <= 60 && !text.contains('\n') => {
                    format!("the text `{text}`")
                }
                Meaning::Text(_) => "a text".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_yaml_1_2_says() {
        let cases = [
            ("on", Meaning::Text("on")),
            ("no", Meaning::Text("no")),
            ("012", Meaning::Int(12)),
            ("0o14", Meaning::Int(12)),
            ("0x1F", Meaning::Int(31)),
            ("-7", Meaning::Int(-7)),
            ("1e3", Meaning::Float(1000.0)),
            ("1.36", Meaning::Float(1.36)),
            ("1_000", Meaning::Text("1_000")),
            ("12:30", Meaning::Text("12:30")),
            ("2024-01-01", Meaning::Text("2024-01-01")),
            ("~", Meaning::Null),
            ("True", Meaning::Bool(true)),
            ("250m", Meaning::Text("250m")),
            ("99999999999999999999", Meaning::Float(1e20)),
        ];
        for (text, meaning) in cases {
            assert_eq!(Scalar { text: text.into(), plain: true }.meaning(), meaning, "{text}");
        }
        assert_eq!(Scalar { text: "1".into(), plain: false }.meaning(), Meaning::Text("1"));
    }
}
