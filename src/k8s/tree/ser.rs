//! Values into trees: `ToTree` is a serde `Serializer`, and a `Tree` is itself `Serialize`.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Map, Text, Tree};

/// Why a value is no tree.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unfit(String);

impl ser::Error for Unfit {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Builds the tree of a value.
pub(super) struct ToTree;

/// A list under construction; the variant's name is set when it belongs to an enum.
pub(super) struct Items {
    variant: Option<&'static str>,
    items: Vec<Tree>,
}

/// A struct under construction; the variant's name is set when it belongs to an enum.
pub(super) struct Fields {
    variant: Option<&'static str>,
    /// No struct has a field twice.
    fields: Vec<(Text, Tree)>,
}

/// A map under construction.
pub(super) struct Entries {
    entries: Vec<(Text, Tree)>,
    key: Option<Text>,
    /// Whether the keys came in order until now, as a `BTreeMap`'s do: then none has to be searched for.
    sorted: bool,
}

fn room(length: Option<usize>) -> usize {
    // A length is only a hint, and might come from a type that lies.
    length.unwrap_or(0).min(4096)
}

fn variant(name: &'static str, value: Tree) -> Tree {
    Tree::Map(Map::of(vec![(name.into(), value)]))
}

impl Serializer for ToTree {
    type Ok = Tree;
    type Error = Unfit;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, value: bool) -> Result<Tree, Unfit> {
        Ok(Tree::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_i64(self, value: i64) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value))
    }

    fn serialize_u8(self, value: u8) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Result<Tree, Unfit> {
        Ok(Tree::Int(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Result<Tree, Unfit> {
        // Beyond i64 a float, as Kubernetes' JSON reader does; no field of its API is that wide.
        Ok(i64::try_from(value).map_or(Tree::Float(value as f64), Tree::Int))
    }

    fn serialize_i128(self, value: i128) -> Result<Tree, Unfit> {
        Ok(i64::try_from(value).map_or(Tree::Float(value as f64), Tree::Int))
    }

    fn serialize_u128(self, value: u128) -> Result<Tree, Unfit> {
        Ok(i64::try_from(value).map_or(Tree::Float(value as f64), Tree::Int))
    }

    fn serialize_f32(self, value: f32) -> Result<Tree, Unfit> {
        // By its shortest decimal form: widening the bits would turn 0.1 into 0.10000000149011612.
        Ok(Tree::Float(value.to_string().parse().unwrap_or(f64::from(value))))
    }

    fn serialize_f64(self, value: f64) -> Result<Tree, Unfit> {
        Ok(Tree::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Tree, Unfit> {
        Ok(Tree::Str(value.to_string().into()))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Unfit> {
        Ok(Tree::Str(Text::copy(value)))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, Unfit> {
        Ok(value.iter().map(|byte| Tree::Int((*byte).into())).collect::<Vec<_>>().into())
    }

    fn serialize_none(self) -> Result<Tree, Unfit> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, Unfit> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Tree, Unfit> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Tree, Unfit> {
        Ok(Tree::Str(variant.into()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Tree, Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Tree, Unfit> {
        Ok(variant(name, value.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items, Unfit> {
        Ok(Items { variant: None, items: Vec::with_capacity(room(length)) })
    }

    fn serialize_tuple(self, length: usize) -> Result<Items, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Items, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items, Unfit> {
        Ok(Items { variant: Some(variant), items: Vec::with_capacity(room(Some(length))) })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries, Unfit> {
        Ok(Entries { entries: Vec::with_capacity(room(length)), key: None, sorted: true })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Fields, Unfit> {
        Ok(Fields { variant: None, fields: Vec::with_capacity(room(Some(length))) })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields, Unfit> {
        Ok(Fields { variant: Some(variant), fields: Vec::with_capacity(room(Some(length))) })
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.items.push(value.serialize(ToTree)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        let items = Tree::from(self.items);
        match self.variant {
            Some(name) => variant(name, items),
            None => items,
        }
    }
}

macro_rules! items {
    ($($form:ident $push:ident;)+) => {
        $(impl $form for Items {
            type Ok = Tree;
            type Error = Unfit;

            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                self.push(value)
            }

            fn end(self) -> Result<Tree, Unfit> {
                Ok(self.finish())
            }
        })+
    };
}

items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($form:ident)+) => {
        $(impl $form for Fields {
            type Ok = Tree;
            type Error = Unfit;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Unfit> {
                self.fields.push((key.into(), value.serialize(ToTree)?));
                Ok(())
            }

            fn end(self) -> Result<Tree, Unfit> {
                let fields = Tree::Map(Map::of(self.fields));
                Ok(match self.variant {
                    Some(name) => variant(name, fields),
                    None => fields,
                })
            }
        })+
    };
}

fields!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Entries {
    type Ok = Tree;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        match key.serialize(ToTree)? {
            Tree::Str(key) => self.key = Some(key),
            other => return Err(Unfit(format!("a map's key must be a string, not {other:?}"))),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let key =
            self.key.take().ok_or_else(|| Unfit("a map's value came before its key".into()))?;
        let value = value.serialize(ToTree)?;
        self.sorted = self.sorted && self.entries.last().is_none_or(|(last, _)| *last < key);
        self.entries.push((key, value));
        Ok(())
    }

    fn end(self) -> Result<Tree, Unfit> {
        let Self { entries, sorted, .. } = self;
        Ok(Tree::Map(if sorted { Map::of(entries) } else { entries.into_iter().collect() }))
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Seq(items) => serializer.collect_seq(&**items),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
