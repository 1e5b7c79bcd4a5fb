//! Trees into values: `FromTree` is a serde `Deserializer`, and a `Tree` is itself `Deserialize`.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Map, Tree};
use crate::path::{FieldPath, Segment};

/// Where a tree does not fit a type, and why.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The steps from the place up to the root: they are added on the way out.
    steps: Vec<Segment>,
    reason: String,
}

impl Misfit {
    fn below(mut self, step: Segment) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.steps.is_empty() {
            let path = self.steps.iter().rev().fold(FieldPath::root(), |path, step| match step {
                Segment::Key(key) => path.key(key),
                Segment::Index(index) => path.index(*index),
            });
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { steps: Vec::new(), reason: message.to_string() }
    }
}

/// The path of a field that nobody read, without the steps through options and newtypes.
pub(super) fn spell(path: &serde_ignored::Path<'_>) -> FieldPath {
    use serde_ignored::Path;
    match path {
        Path::Root => FieldPath::root(),
        Path::Seq { parent, index } => spell(parent).index(*index),
        Path::Map { parent, key } => spell(parent).key(key),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => spell(parent),
    }
}

/// Reads a value out of a tree.
#[derive(Clone, Copy)]
pub(super) struct FromTree<'de>(pub(super) &'de Tree);

impl<'de> Deserializer<'de> for FromTree<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Int(value) => visitor.visit_i64(*value),
            Tree::Float(value) => visitor.visit_f64(*value),
            Tree::Str(text) => visitor.visit_borrowed_str(text),
            Tree::Seq(items) => visitor.visit_seq(Items { rest: items.iter(), next: 0 }),
            Tree::Map(map) => visitor.visit_map(entries(map)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Tree::Str(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            Tree::Map(map) if map.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(entries(map)))
            }
            other => Err(de::Error::invalid_type(
                unexpected(other),
                &"a variant's name, or a map with the variant as its only key",
            )),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

fn unexpected(tree: &Tree) -> Unexpected<'_> {
    match tree {
        Tree::Null => Unexpected::Unit,
        Tree::Bool(value) => Unexpected::Bool(*value),
        Tree::Int(value) => Unexpected::Signed(*value),
        Tree::Float(value) => Unexpected::Float(*value),
        Tree::Str(text) => Unexpected::Str(text),
        Tree::Seq(_) => Unexpected::Seq,
        Tree::Map(_) => Unexpected::Map,
    }
}

struct Items<'de> {
    rest: std::slice::Iter<'de, Tree>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let at = self.next;
        self.next += 1;
        seed.deserialize(FromTree(item))
            .map(Some)
            .map_err(|misfit| misfit.below(Segment::Index(at)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'de, I> {
    rest: I,
    entry: Option<(&'de str, &'de Tree)>,
}

fn entries<'de>(map: &'de Map) -> impl MapAccess<'de, Error = Misfit> {
    Entries { rest: map.iter(), entry: None }
}

impl<'de, I: ExactSizeIterator<Item = (&'de str, &'de Tree)>> MapAccess<'de> for Entries<'de, I> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        self.entry = self.rest.next();
        let Some((key, _)) = self.entry else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, value) = self
            .entry
            .take()
            .ok_or_else(|| de::Error::custom("a value was read before its key"))?;
        seed.deserialize(FromTree(value))
            .map_err(|misfit| misfit.below(Segment::Key(key.to_owned().into())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyTree;

        impl<'de> Visitor<'de> for AnyTree {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Tree, D::Error> {
                Tree::deserialize(value)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                value: D,
            ) -> Result<Tree, D::Error> {
                Tree::deserialize(value)
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Int(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
                Ok(i64::try_from(value).map_or(Tree::Float(value as f64), Tree::Int))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Float(value))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Str(super::Text::copy(text)))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Tree, E> {
                Ok(Tree::Str(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut seq = Vec::new();
                while let Some(item) = items.next_element()? {
                    seq.push(item);
                }
                Ok(seq.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
                let mut map = Map::new();
                while let Some((key, value)) = entries.next_entry::<String, Tree>()? {
                    if map.contains_key(&key) {
                        return Err(de::Error::custom(format_args!("the key {key:?} comes twice")));
                    }
                    map.insert(key, value);
                }
                Ok(Tree::Map(map))
            }
        }

        deserializer.deserialize_any(AnyTree)
    }
}
