//! A piece of a document to a typed section, with every mistake in it and not only the first.
//!
//! serde stops at its first error. So a wrong field is reported, taken for absent, and the reading repeated
//! until it ends in a value or in a mistake that cannot be passed by; unknown fields are seen on the way,
//! since a struct says which fields it knows.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};

use super::document::Document;
use super::node::{Entry, Kind, Meaning, Node, Scalar};
use super::unread::Unread;
use crate::diag::{Diagnostics, Place, Rule, one_of};
use crate::k8s::leaf::RAW;
use crate::path::{At, FieldPath};

/// A field that the section does not have.
pub static UNKNOWN_FIELD: Rule = Rule::error(
    "source/unknown-field",
    "a field does not exist",
    "A misspelt field would be ignored, and the default would silently take the place of what was meant.",
    "workloads: {web: {replcias: 3}}",
);

/// A field that must be written.
pub static MISSING_FIELD: Rule = Rule::error(
    "source/missing-field",
    "a field that must be written is missing",
    "There is no safe default for it.",
    "workloads: {web: {team: payments}}  # and no image",
);

/// A mapping where a text is wanted, a number where a text is wanted, and the like.
pub static WRONG_TYPE: Rule = Rule::error(
    "source/wrong-type",
    "a value is of another type",
    "YAML reads `1.10` as the number 1.1 and `null` as nothing; a value of another type than the field's is \
     not what was meant.",
    "workloads: {web: {image: [a, b]}}",
);

/// A value of the right type that the field's own type refuses.
pub static INVALID_VALUE: Rule = Rule::error(
    "source/invalid-value",
    "a value is not one the field can have",
    "Every leaf has a type: names, ports, quantities, durations and addresses are checked when they are read, \
     because Kubernetes would refuse them only when they are applied, or worse, accept them.",
    "workloads: {web: {ports: {http: 99999}}}",
);

/// More mistakes in one section than anybody reads at once.
const ATTEMPTS: usize = 200;

/// Reads what stands at `at` as a `T`; `None` when it is absent or cannot be read, which is then reported. What had to
/// be passed by is added to `unread`.
pub fn decode<T: DeserializeOwned>(
    document: &Document,
    at: &FieldPath,
    unread: &mut Unread<'_>,
    diags: &mut Diagnostics,
) -> Option<T> {
    let node = document.get(at)?;
    let cx = Context::default();
    let root = Path::Root(at);
    let result = (0..ATTEMPTS).find_map(|_| {
        let error = match T::deserialize(Decoder { node, path: root, cx: &cx }) {
            Ok(value) => return Some(Some(value)),
            Err(error) => error,
        };
        let path = error.path.unwrap_or_else(|| at.clone());
        let given_up = path == *at;
        // A field that had to be taken for absent is not also missing.
        let known =
            error.missing.is_some_and(|field| cx.absent.borrow().contains(&path.key(field)));
        if !known {
            cx.found.borrow_mut().push(Mistake {
                rule: error.rule,
                on_key: error.on_key,
                path: path.clone(),
                message: error.message,
                help: error.help,
                fix: error.fix,
            });
        }
        let new = cx.absent.borrow_mut().insert(path);
        (given_up || !new).then_some(None)
    });
    for mistake in cx.found.into_inner() {
        let at = At { document: document.id, path: mistake.path };
        let place = if mistake.on_key { Place::Key(at) } else { Place::Value(at) };
        let report = diags.report(mistake.rule, place, mistake.message);
        report.help = mistake.help;
        report.fix = mistake.fix;
    }
    unread.extend(cx.absent.into_inner());
    result.flatten()
}

struct Mistake {
    rule: &'static Rule,
    on_key: bool,
    path: FieldPath,
    message: String,
    help: Option<String>,
    fix: Option<String>,
}

#[derive(Default)]
struct Context {
    found: RefCell<Vec<Mistake>>,
    /// Fields taken for absent, and unknown ones that were told.
    absent: RefCell<BTreeSet<FieldPath>>,
}

impl Context {
    fn unknown(&self, path: FieldPath, key: &str, fields: &'static [&'static str]) {
        if self.absent.borrow_mut().insert(path.clone()) {
            self.found.borrow_mut().push(Mistake {
                rule: &UNKNOWN_FIELD,
                on_key: true,
                path,
                message: format!("there is no field `{key}` here"),
                help: Some(one_of(key, fields.iter().copied())),
                fix: None,
            });
        }
    }
}

/// Where the reading stands; made into a [`FieldPath`] only when something is wrong.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root(&'p FieldPath),
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn to_field_path(self) -> FieldPath {
        match self {
            Self::Root(path) => path.clone(),
            Self::Key(parent, key) => parent.to_field_path().key(key),
            Self::Index(parent, index) => parent.to_field_path().index(index),
        }
    }
}

/// Why a value was refused. The place is filled in by the innermost reader that knows it.
#[derive(Debug)]
struct Refusal {
    rule: &'static Rule,
    path: Option<FieldPath>,
    on_key: bool,
    message: String,
    help: Option<String>,
    fix: Option<String>,
    /// The field that is missing at `path`, if that is what is wrong.
    missing: Option<&'static str>,
}

impl Refusal {
    fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            path: None,
            on_key: false,
            message: message.into(),
            help: None,
            fix: None,
            missing: None,
        }
    }

    fn at(mut self, path: Path<'_>) -> Self {
        self.path.get_or_insert_with(|| path.to_field_path());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    /// Leaf types say what is wrong in their first line and what to write in the rest (`k8s::leaf::Invalid`).
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        let (message, help) = match text.split_once('\n') {
            Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
            None => (text, None),
        };
        Self { help, ..Self::new(&INVALID_VALUE, message) }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let this = match unexpected {
            Unexpected::Unit => "nothing".to_owned(),
            other => other.to_string(),
        };
        Self::new(&WRONG_TYPE, format!("{expected} is wanted here, this is {this}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(&INVALID_VALUE, format!("{expected} is wanted here, this is {unexpected}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = Some(one_of(variant, expected.iter().copied()));
        Self { help, ..Self::new(&INVALID_VALUE, format!("`{variant}` is not a choice here")) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let help = Some(one_of(field, expected.iter().copied()));
        Self { help, ..Self::new(&UNKNOWN_FIELD, format!("there is no field `{field}` here")) }
    }

    fn missing_field(field: &'static str) -> Self {
        let refusal = Self::new(&MISSING_FIELD, format!("`{field}` is missing"));
        Self {
            on_key: true,
            missing: Some(field),
            help: Some(format!("write `{field}: …` here")),
            ..refusal
        }
    }
}

#[derive(Clone, Copy)]
struct Decoder<'p> {
    node: &'p Arc<Node>,
    path: Path<'p>,
    cx: &'p Context,
}

impl<'p> Decoder<'p> {
    fn wanted(&self, what: &str) -> Refusal {
        let mut refusal = Refusal::new(
            &WRONG_TYPE,
            format!("{what} is wanted here, this is {}", self.node.describe()),
        );
        refusal.path = Some(self.path.to_field_path());
        refusal
    }

    fn scalar(&self, what: &str) -> Result<&'p Scalar, Refusal> {
        match &self.node.kind {
            Kind::Scalar(scalar) => Ok(scalar),
            _ => Err(self.wanted(what)),
        }
    }

    fn text(&self) -> Result<&'p str, Refusal> {
        let scalar = self.scalar("a text")?;
        match scalar.meaning() {
            Meaning::Text(text) => Ok(text),
            Meaning::Null => Err(self.wanted("a text")),
            Meaning::Bool(_) | Meaning::Int(_) | Meaning::Float(_) => {
                let quoted = format!("{:?}", scalar.text);
                let mut refusal = self.wanted("a text");
                refusal.help = Some(format!("quote it: {quoted}"));
                refusal.fix = Some(quoted);
                Err(refusal)
            }
        }
    }

    fn entries(&self) -> Result<&'p indexmap::IndexMap<Arc<str>, Entry>, Refusal> {
        self.node.as_map().ok_or_else(|| self.wanted("a mapping"))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            match self.scalar("a whole number")?.meaning() {
                Meaning::Int(number) => {
                    visitor.visit_i64::<Refusal>(number).map_err(|_| {
                        let mut refusal = Refusal::new(
                            &INVALID_VALUE,
                            format!("{number} is out of range here"),
                        );
                        if number < 0 {
                            refusal.help = Some("the number cannot be negative".to_owned());
                        }
                        refusal.at(self.path)
                    })
                }
                _ => Err(self.wanted("a whole number")),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Decoder<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.kind {
            Kind::Map(_) => self.deserialize_map(visitor),
            Kind::Seq(_) => self.deserialize_seq(visitor),
            Kind::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => visitor.visit_unit::<Refusal>(),
                Meaning::Bool(value) => visitor.visit_bool(value),
                Meaning::Int(number) => visitor.visit_i64(number),
                Meaning::Float(number) => visitor.visit_f64(number),
                Meaning::Text(text) => visitor.visit_str(text),
            }
            .map_err(|refusal| refusal.at(self.path)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.scalar("`true` or `false`")?.meaning() {
            Meaning::Bool(value) => visitor.visit_bool(value),
            Meaning::Text(text) => {
                let mut refusal = self.wanted("`true` or `false`");
                let word = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" => Some("true"),
                    "no" | "off" | "n" => Some("false"),
                    _ => None,
                };
                refusal.help =
                    word.map(|word| format!("write `{word}`; in YAML 1.2 `{text}` is a text"));
                refusal.fix = word.map(str::to_owned);
                Err(refusal)
            }
            _ => Err(self.wanted("`true` or `false`")),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.scalar("a number")?.meaning() {
            Meaning::Int(number) => visitor.visit_f64(number as f64),
            Meaning::Float(number) => visitor.visit_f64(number),
            _ => Err(self.wanted("a number")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str::<Refusal>(self.text()?).map_err(|refusal| refusal.at(self.path))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if self.node.is_null() { visitor.visit_unit() } else { Err(self.wanted("nothing")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_unit(visitor)
    }

    /// Leaves that may be written as bare numbers get the text as written, so that nothing is lost.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if name != RAW {
            return visitor.visit_newtype_struct(self);
        }
        let scalar = self.scalar("a single value")?;
        match scalar.meaning() {
            Meaning::Null | Meaning::Bool(_) => Err(self.wanted("a value")),
            _ => {
                visitor.visit_str::<Refusal>(&scalar.text).map_err(|refusal| refusal.at(self.path))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Kind::Seq(items) = &self.node.kind else {
            let mut refusal = self.wanted("a list");
            if let Kind::Scalar(scalar) = &self.node.kind
                && !scalar.text.is_empty()
            {
                refusal.help = Some(format!("write `[{}]`", scalar.text));
            }
            return Err(refusal);
        };
        visitor
            .visit_seq(Items { items: items.iter().enumerate(), of: self })
            .map_err(|refusal| refusal.at(self.path))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let entries =
            Entries { entries: self.entries()?.iter(), of: self, fields: None, value: None };
        visitor.visit_map(entries).map_err(|refusal| refusal.at(self.path))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let fields = Some(fields);
        let entries = Entries { entries: self.entries()?.iter(), of: self, fields, value: None };
        visitor.visit_map(entries).map_err(|refusal| refusal.at(self.path))
    }

    /// A choice is a word, or a mapping of the word to what belongs to it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let result = match &self.node.kind {
            Kind::Map(entries) if entries.len() == 1 => match entries.first() {
                Some((word, entry)) => {
                    visitor.visit_enum(Choice { word, of: self, value: Some(&entry.value) })
                }
                None => return Err(self.wanted("a choice")),
            },
            Kind::Scalar(_) => {
                visitor.visit_enum(Choice { word: self.text()?, of: self, value: None })
            }
            _ => return Err(self.wanted("a choice")),
        };
        result.map_err(|refusal| refusal.at(self.path))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }
}

struct Items<'p> {
    items: std::iter::Enumerate<std::slice::Iter<'p, Arc<Node>>>,
    of: Decoder<'p>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        for (index, node) in self.items.by_ref() {
            let path = Path::Index(&self.of.path, index);
            let cx = self.of.cx;
            if !cx.absent.borrow().is_empty() && cx.absent.borrow().contains(&path.to_field_path())
            {
                continue;
            }
            return seed.deserialize(Decoder { node, path, cx }).map(Some);
        }
        Ok(None)
    }
}

struct Entries<'p> {
    entries: indexmap::map::Iter<'p, Arc<str>, Entry>,
    of: Decoder<'p>,
    /// The fields a struct knows; `None` for a mapping of names.
    fields: Option<&'static [&'static str]>,
    value: Option<(&'p str, &'p Arc<Node>)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        for (key, entry) in self.entries.by_ref() {
            let path = Path::Key(&self.of.path, key);
            let cx = self.of.cx;
            if let Some(fields) = self.fields
                && !fields.contains(&&**key)
            {
                cx.unknown(path.to_field_path(), key, fields);
                continue;
            }
            if !cx.absent.borrow().is_empty() && cx.absent.borrow().contains(&path.to_field_path())
            {
                continue;
            }
            self.value = Some((key, &entry.value));
            let name: StrDeserializer<'_, Refusal> = (**key).into_deserializer();
            return seed.deserialize(Key(name)).map(Some).map_err(|mut refusal| {
                refusal.on_key = true;
                refusal.at(path)
            });
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let Some((key, node)) = self.value.take() else {
            crate::bug!("a value was asked for before its key");
        };
        seed.deserialize(Decoder { node, path: Path::Key(&self.of.path, key), cx: self.of.cx })
    }
}

/// A key read as a type: always text, also where the type takes bare numbers.
struct Key<'k>(StrDeserializer<'k, Refusal>);

impl<'de> de::Deserializer<'de> for Key<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if name == RAW {
            self.0.deserialize_any(visitor)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Choice<'p> {
    word: &'p str,
    of: Decoder<'p>,
    value: Option<&'p Arc<Node>>,
}

impl<'de, 'p> de::EnumAccess<'de> for Choice<'p> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let word: StrDeserializer<'_, Refusal> = self.word.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'p> Choice<'p> {
    fn content(&self) -> Result<Decoder<'_>, Refusal> {
        match self.value {
            Some(node) => {
                Ok(Decoder { node, path: Path::Key(&self.of.path, self.word), cx: self.of.cx })
            }
            None => {
                Err(Refusal::new(&WRONG_TYPE, format!("`{}` needs something with it", self.word))
                    .at(self.of.path))
            }
        }
    }
}

impl<'de> de::VariantAccess<'de> for Choice<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match self.value {
            Some(value) if !value.is_null() => {
                Err(Refusal::new(&WRONG_TYPE, format!("`{}` takes nothing with it", self.word))
                    .at(self.of.path))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        de::Deserializer::deserialize_seq(self.content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        de::Deserializer::deserialize_struct(self.content()?, "", fields, visitor)
    }
}
