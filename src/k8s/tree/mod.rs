//! The tree every object is held in between lowering and printing.
//!
//! Lowering builds typed objects; passes, patches and the printer see [`Tree`]s. The order of keys is kept,
//! because it is the order a reader of the repository sees. An estate has 100,000 of these, so keys that
//! come from a struct's fields are borrowed from the program instead of allocated.

mod de;
mod map;
mod ser;
mod text;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use map::Map;
pub use text::Text;

/// A JSON-like value whose maps keep their order.
///
/// `==` minds the order of keys, [`Tree::same_as`] does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// No value.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; Kubernetes knows none beyond 64 signed bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Text),
    /// A list; clones share its items until one of them is changed.
    Seq(Arc<Vec<Tree>>),
    /// A map from strings.
    Map(Map),
}

impl Tree {
    /// The tree of any serializable value.
    ///
    /// Field names stay borrowed, `None` and `()` become null, enums are tagged from outside as serde does
    /// by default. A whole number beyond `i64` becomes the nearest float, as Kubernetes' own readers do.
    ///
    /// # Panics
    /// When `value` cannot be a tree: a map key that is no string, or a `Serialize` that fails by itself.
    /// Both are faults of our own types, never of an input; use [`Tree::try_of`] for foreign ones.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        match Self::try_of(value) {
            Ok(tree) => tree,
            Err(reason) => {
                crate::bug!("a {} is no object tree: {reason}", std::any::type_name::<T>())
            }
        }
    }

    /// The tree of any serializable value, or why it has none.
    ///
    /// # Errors
    /// A map key that is no string, or a `Serialize` that fails by itself.
    pub fn try_of<T: Serialize + ?Sized>(value: &T) -> Result<Self, String> {
        value.serialize(ser::ToTree).map_err(|failure| failure.to_string())
    }

    /// The tree read as a typed value; fields that the type does not know are ignored.
    ///
    /// # Errors
    /// The first place that does not fit, and why: `spec.replicas: invalid type: string "x", expected i32`.
    pub fn into_typed<T: DeserializeOwned>(&self) -> Result<T, String> {
        T::deserialize(de::FromTree(self)).map_err(|failure| failure.to_string())
    }

    /// The value of `key`, when this is a map that holds it.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The value of `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The value at a JSON pointer (RFC 6901) such as `/spec/ports/0`; `""` is the tree itself.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        steps(pointer)?.try_fold(self, |tree, step| match tree {
            Self::Map(map) => map.get(&step),
            Self::Seq(items) => items.get(index(&step)?),
            _ => None,
        })
    }

    /// The value at a JSON pointer, to change it.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        steps(pointer)?.try_fold(self, |tree, step| match tree {
            Self::Map(map) => map.get_mut(&step),
            Self::Seq(items) => Arc::make_mut(items).get_mut(index(&step)?),
            _ => None,
        })
    }

    /// Whether this is null.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The boolean, when this is one.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The whole number, when this is one.
    #[inline]
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    /// The string, when this is one.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// The items, when this is a list.
    #[inline]
    pub fn as_seq(&self) -> Option<&[Self]> {
        if let Self::Seq(items) = self { Some(items) } else { None }
    }

    /// The items, to change them.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Self>> {
        if let Self::Seq(items) = self { Some(Arc::make_mut(items)) } else { None }
    }

    /// The entries, when this is a map.
    #[inline]
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The entries, to change them.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// Shares with `other` whatever both have, so that it is there once and known to be the same.
    pub fn share(&mut self, other: &Self) {
        match (self, other) {
            (Self::Map(ours), Self::Map(theirs)) => ours.share(theirs),
            (Self::Seq(ours), Self::Seq(theirs)) if !Arc::ptr_eq(ours, theirs) => {
                if ours == theirs {
                    ours.clone_from(theirs);
                    return;
                }
                let items = Arc::make_mut(ours).iter_mut().zip(&**theirs);
                items.for_each(|(ours, theirs)| ours.share(theirs));
            }
            _ => {}
        }
    }

    /// Whether both say the same to Kubernetes: as `==`, but the order of map keys does not matter.
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Seq(ours), Self::Seq(theirs)) => {
                Arc::ptr_eq(ours, theirs)
                    || ours.len() == theirs.len()
                        && ours.iter().zip(&**theirs).all(|(ours, theirs)| ours.same_as(theirs))
            }
            (Self::Map(ours), Self::Map(theirs)) => ours.same_as(theirs),
            _ => self == other,
        }
    }
}

/// The fields of `tree` that the type `T` does not know, as paths:
/// `spec.template.spec.containers[0].ports[0].protocl`.
///
/// # Errors
/// The first place that does not fit `T` at all, and why.
pub fn unknown_fields<T: DeserializeOwned>(tree: &Tree) -> Result<Vec<String>, String> {
    let mut unknown = Vec::new();
    serde_ignored::deserialize::<_, _, T>(de::FromTree(tree), |path| {
        unknown.push(de::spell(&path).to_string());
    })
    .map_err(|failure| failure.to_string())?;
    Ok(unknown)
}

/// One step of a JSON pointer as RFC 6901 escapes it.
pub fn escape_pointer(step: &str) -> Cow<'_, str> {
    if step.contains(['~', '/']) {
        step.replace('~', "~0").replace('/', "~1").into()
    } else {
        step.into()
    }
}

/// The unescaped steps of a JSON pointer; `None` when it is none.
pub(crate) fn steps(pointer: &str) -> Option<impl Iterator<Item = Cow<'_, str>>> {
    // "" has no step, "/" has one empty step; anything else must begin with the slash.
    let mut steps = pointer.split('/');
    steps.next().filter(|before| before.is_empty())?;
    Some(steps.map(|step| {
        if step.contains('~') {
            step.replace("~1", "/").replace("~0", "~").into()
        } else {
            step.into()
        }
    }))
}

/// The list index a pointer's step names: decimal, without sign or leading zero.
pub(crate) fn index(step: &str) -> Option<usize> {
    let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
    step.parse().ok().filter(|_| plain)
}

macro_rules! from {
    ($($type:ty => $value:ident $tree:expr;)+) => {
        $(impl From<$type> for Tree {
            fn from($value: $type) -> Self {
                $tree
            }
        })+
    };
}

from! {
    bool => value Self::Bool(value);
    i32 => value Self::Int(value.into());
    i64 => value Self::Int(value);
    u16 => value Self::Int(value.into());
    u32 => value Self::Int(value.into());
    f64 => value Self::Float(value);
    &'static str => text Self::Str(text.into());
    String => text Self::Str(text.into());
    Text => text Self::Str(text);
    Vec<Tree> => items Self::Seq(Arc::new(items));
    Map => map Self::Map(map);
}

impl<T: Into<Tree>> From<Option<T>> for Tree {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A [`Tree`] written as JSON: `tree!({ "kind": "Service", "ports": [80], "owner": (name) })`.
///
/// A value that is more than one token, such as `-1` or `a.b`, goes in parentheses.
#[macro_export]
macro_rules! tree {
    (null) => { $crate::k8s::tree::Tree::Null };
    ([ $($item:tt),* $(,)? ]) => {
        $crate::k8s::tree::Tree::from(::std::vec![$($crate::tree!($item)),*])
    };
    ({ $($key:literal : $value:tt),* $(,)? }) => {
        $crate::k8s::tree::Tree::Map(<$crate::k8s::tree::Map as ::std::iter::FromIterator<(
            $crate::k8s::tree::Text,
            $crate::k8s::tree::Tree,
        )>>::from_iter([$(($key.into(), $crate::tree!($value))),*]))
    };
    ($value:expr) => { $crate::k8s::tree::Tree::from($value) };
}

#[cfg(test)]
mod tests;
