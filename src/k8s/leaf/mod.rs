//! What every typed leaf of the blueprint shares: how it is read, printed, described and refused.
//!
//! A leaf states its name, its documentation, whether a bare number may stand for it, a pattern for editors and
//! examples; [`leaf!`] does the rest. Parsing and printing are written by hand, beside the type, because there
//! lies the knowledge: what the nonsense probably meant.

mod invalid;

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

pub use invalid::Invalid;
pub(crate) use invalid::show;

/// The newtype name that asks the blueprint's decoder for the scalar as it was written, be it a number or text.
///
/// Other deserializers do not know it and hand over whatever they hold.
pub const RAW: &str = "$groundplan::raw";

/// Reads a leaf from its text. A refused text that looks like a credential is not repeated in the message.
pub(crate) fn parse<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, Invalid> {
    text.parse().map_err(|invalid| match super::secret::credential_shape(text) {
        Some(kind) => super::secret::misplaced(kind),
        None => invalid,
    })
}

/// What a leaf's schema says about it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The first paragraph of the type's documentation, a line an element.
    pub doc: &'static [&'static str],
    /// How it may be written.
    pub kind: Kind,
    /// A pattern that every valid text matches (ECMA 262, as JSON Schema asks).
    pub pattern: &'static str,
    /// Valid texts.
    pub examples: &'static [&'static str],
}

/// How a leaf may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text only: an unquoted number or boolean is refused, because YAML would change it (`1.10`).
    Text,
    /// Text or a bare number: the spelling decides, not YAML's idea of it.
    Raw,
    /// Text with a unit; a bare number is read only to say which unit is missing.
    Unit,
    /// A whole number in this range, printed as one.
    Whole(u32, u32),
}

/// The shape shared by all leaves, given by [`leaf!`].
pub trait Leaf: FromStr<Err = Invalid> + fmt::Display {
    /// What the schema says about the leaf.
    const ABOUT: About;
}

/// Reads a leaf the way its kind asks.
pub(crate) fn read<'de, T: Leaf, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    match T::ABOUT.kind {
        Kind::Text => from.deserialize_str(Reader(PhantomData)),
        Kind::Raw | Kind::Unit | Kind::Whole(..) => {
            from.deserialize_newtype_struct(RAW, Reader(PhantomData))
        }
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Leaf> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match T::ABOUT.examples.first() {
            Some(example) => write!(f, "a value such as `{example}`"),
            None => f.write_str("a value"),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<T, D::Error> {
        inner.deserialize_any(self)
    }
}

/// The JSON Schema of a leaf.
pub(crate) fn schema(about: About) -> schemars::Schema {
    let description: Vec<&str> =
        about.doc.iter().map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
    let description = description.join(" ");
    let examples: Vec<serde_json::Value> = about
        .examples
        .iter()
        .map(|text| match text.parse::<u64>() {
            Ok(number) if about.kind != Kind::Text => number.into(),
            _ => (*text).into(),
        })
        .collect();
    match about.kind {
        Kind::Text | Kind::Unit => schemars::json_schema!({
            "description": description,
            "type": "string",
            "pattern": about.pattern,
            "examples": examples,
        }),
        Kind::Raw => schemars::json_schema!({
            "description": description,
            "type": ["string", "number"],
            "pattern": about.pattern,
            "examples": examples,
        }),
        Kind::Whole(least, most) => schemars::json_schema!({
            "description": description,
            "type": "integer",
            "minimum": least,
            "maximum": most,
            "examples": examples,
        }),
    }
}

/// Declares a leaf: the type with its documentation, then its kind, pattern and examples.
///
/// `FromStr<Err = Invalid>` and `Display` are written by hand and must agree: what is printed reads back equal.
macro_rules! leaf {
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:ident),+)])?
        pub struct $name:ident($($inner:tt)+);
        $($about:tt)+
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash $($(, $derive)+)?)]
        pub struct $name($($inner)+);
        $crate::k8s::leaf::leaf! { @about $name [$($doc),+] $($about)+ }
    };
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:ident),+)])?
        pub $kind:ident $name:ident { $($inner:tt)+ }
        $($about:tt)+
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash $($(, $derive)+)?)]
        pub $kind $name { $($inner)+ }
        $crate::k8s::leaf::leaf! { @about $name [$($doc),+] $($about)+ }
    };
    (
        @about $name:ident [$($doc:literal),+]
        kind: $kind:expr,
        pattern: $pattern:expr,
        examples: [$($example:literal),+ $(,)?] $(,)?
    ) => {
        impl $crate::k8s::leaf::Leaf for $name {
            const ABOUT: $crate::k8s::leaf::About = $crate::k8s::leaf::About {
                doc: &[$($doc),+],
                kind: $kind,
                pattern: $pattern,
                examples: &[$($example),+],
            };
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::k8s::leaf::read(from)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::k8s::leaf::print(self, to)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::k8s::leaf::schema(<Self as $crate::k8s::leaf::Leaf>::ABOUT)
            }
        }
    };
}
pub(crate) use leaf;

/// Prints a leaf: its canonical text, or the number it is.
pub(crate) fn print<T: Leaf, S: serde::Serializer>(leaf: &T, to: S) -> Result<S::Ok, S::Error> {
    match T::ABOUT.kind {
        Kind::Text | Kind::Raw | Kind::Unit => to.collect_str(leaf),
        Kind::Whole(..) => match leaf.to_string().parse() {
            Ok(number) => to.serialize_u32(number),
            Err(_) => crate::bug!("`{leaf}` is not the whole number its type promises"),
        },
    }
}

/// Gives leaves that keep their text as it was written the ways to look at it.
macro_rules! as_written {
    ($($name:ident),+) => {$(
        impl $name {
            /// A spelling that groundplan itself chose; a wrong one is a bug, not the blueprint's fault.
            pub fn known(text: &'static str) -> Self {
                match text.parse() {
                    Ok(known) => known,
                    Err(invalid) => $crate::bug!("{invalid}"),
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(leaf: $name) -> Self {
                leaf.0
            }
        }
    )+};
}
pub(crate) use as_written;

#[cfg(test)]
pub(crate) mod check;
#[cfg(test)]
mod tests;
