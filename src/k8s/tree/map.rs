//! A map that keeps the order in which its keys came.

use std::fmt;
use std::sync::Arc;

use super::{Text, Tree};

/// A map from strings to trees, in insertion order, each key once.
///
/// Look-up walks the entries: the maps of Kubernetes objects have a handful of keys, for which that is both
/// smaller and faster than an index. A clone shares the entries until one of both is changed: most of what an
/// environment has is what the base has, and what is shared is neither stored nor compared twice.
#[derive(Clone, Default)]
pub struct Map(Option<Arc<[Entry]>>);

type Entry = (Text, Tree);

impl Map {
    /// A map without entries.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The map of entries whose keys the caller knows to be different.
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        debug_assert!(
            entries
                .iter()
                .enumerate()
                .all(|(at, (key, _))| entries[..at].iter().all(|e| e.0 != *key)),
            "a key is there twice"
        );
        Self((!entries.is_empty()).then(|| entries.into()))
    }

    #[inline]
    fn entries(&self) -> &[Entry] {
        self.0.as_ref().map_or(&[], |entries| entries)
    }

    /// The entries, no longer shared.
    fn own(&mut self) -> &mut [Entry] {
        self.0.as_mut().map_or(&mut [], Arc::make_mut)
    }

    /// Changes which entries there are; they are all moved for it.
    fn edit<T>(&mut self, change: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        let mut entries = std::mem::take(self).into_entries();
        let result = change(&mut entries);
        *self = Self::of(entries);
        result
    }

    fn into_entries(self) -> Vec<Entry> {
        let Some(mut entries) = self.0 else { return Vec::new() };
        match Arc::get_mut(&mut entries) {
            Some(own) => own.iter_mut().map(std::mem::take).collect(),
            None => entries.to_vec(),
        }
    }

    /// Whether both are clones of one map, neither changed since.
    #[inline]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => self.is_empty() && other.is_empty(),
        }
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The value of `key`.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// The value of `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.position(key).map(|at| &mut self.own()[at].1)
    }

    /// Whether there is a value for `key`.
    #[inline]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Puts `value` at `key`: in the old value's place, which is returned, or at the end.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Tree>) -> Option<Tree> {
        let (key, value) = (key.into(), value.into());
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        self.edit(|entries| entries.push((key, value)));
        None
    }

    /// Takes `key` out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Tree> {
        self.position(key).map(|at| self.edit(|entries| entries.remove(at).1))
    }

    /// The value of `key`, which is first put at the end as `default` says when it is not there.
    pub fn entry(&mut self, key: impl Into<Text>, default: impl FnOnce() -> Tree) -> &mut Tree {
        let key = key.into();
        let at = self.position(&key).unwrap_or_else(|| {
            self.edit(|entries| entries.push((key, default())));
            self.len() - 1
        });
        &mut self.own()[at].1
    }

    /// The map at `key`, made when there is none; a value of another kind gives way to it.
    pub fn map_at(&mut self, key: impl Into<Text>) -> &mut Self {
        let value = self.entry(key, || Tree::Map(Self::new()));
        if value.as_map().is_none() {
            *value = Tree::Map(Self::new());
        }
        match value {
            Tree::Map(map) => map,
            _ => crate::bug!("a value just made a map is no map"),
        }
    }

    /// The entries in their order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tree)> {
        self.entries().iter().map(|(key, value)| (&**key, value))
    }

    /// The entries in their order, their values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Tree)> {
        self.own().iter_mut().map(|(key, value)| (&**key, value))
    }

    /// The keys in their order.
    #[inline]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries().iter().map(|(key, _)| &**key)
    }

    /// The values in the order of their keys.
    #[inline]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Tree> {
        self.entries().iter().map(|(_, value)| value)
    }

    /// Keeps only the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Tree) -> bool) {
        self.edit(|entries| entries.retain_mut(|(key, value)| keep(key, value)));
    }

    /// Sorts the entries by key.
    pub fn sort_keys(&mut self) {
        self.own().sort_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Puts those entries at the end whose keys are not there yet, and differ.
    pub fn extend_missing(&mut self, more: impl IntoIterator<Item = (&'static str, Tree)>) {
        let more: Vec<Entry> = more
            .into_iter()
            .filter(|(key, _)| !self.contains_key(key))
            .map(|(key, value)| (key.into(), value))
            .collect();
        if self.is_empty() {
            *self = Self::of(more);
        } else if !more.is_empty() {
            self.edit(|entries| entries.extend(more));
        }
    }

    /// Puts these keys before all others, in their order.
    pub fn put_first(&mut self, keys: &[&str]) {
        let place = |key: &str| keys.iter().position(|first| *first == key).unwrap_or(keys.len());
        self.own().sort_by_key(|(key, _)| place(key));
    }

    /// Shares with `other` whatever both have in the same order.
    pub fn share(&mut self, other: &Self) {
        if self.is_shared_with(other) {
            return;
        }
        if self == other {
            self.clone_from(other);
            return;
        }
        for (key, value) in self.own() {
            if let (Tree::Map(_) | Tree::Seq(_), Some(other)) = (&value, other.get(key)) {
                value.share(other);
            }
        }
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        // Keys are unique, so equal sizes and every key of one in the other is equality. Most maps agree in
        // order as well: the same position is tried before the search.
        let theirs = other.entries();
        self.is_shared_with(other)
            || self.len() == other.len()
                && self.entries().iter().enumerate().all(|(at, (key, ours))| {
                    let theirs = match &theirs[at] {
                        (same, theirs) if same == key => Some(theirs),
                        _ => other.get(key),
                    };
                    theirs.is_some_and(|theirs| ours.same_as(theirs))
                })
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries().iter().position(|(own, _)| own == key)
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.entries() == other.entries()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Text>, V: Into<Tree>> FromIterator<(K, V)> for Map {
    /// A later entry replaces an earlier one of the same key, in the earlier one's place.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Into<Text>, V: Into<Tree>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.edit(|own| {
            for (key, value) in entries {
                let (key, value) = (key.into(), value.into());
                match own.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, old)) => *old = value,
                    None => own.push((key, value)),
                }
            }
        });
    }
}

impl IntoIterator for Map {
    type Item = (Text, Tree);
    type IntoIter = std::vec::IntoIter<(Text, Tree)>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_entries().into_iter()
    }
}
