//! A map that keeps the order in which its keys came.

use super::{Text, Tree};

/// A map from strings to trees, in insertion order, each key once.
///
/// Look-up walks the entries: the maps of Kubernetes objects have a handful of keys, for which that is both
/// smaller and faster than an index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(Text, Tree)>);

impl Map {
    /// A map without entries.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A map without entries and with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.position(key).map(|at| &self.0[at].1)
    }

    /// The value of `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.position(key).map(|at| &mut self.0[at].1)
    }

    /// Whether there is a value for `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Puts `value` at `key`: in the old value's place, which is returned, or at the end.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Tree>) -> Option<Tree> {
        let (key, value) = (key.into(), value.into());
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        self.0.push((key, value));
        None
    }

    /// Takes `key` out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Tree> {
        self.position(key).map(|at| self.0.remove(at).1)
    }

    /// The value of `key`, which is first put at the end as `default` says when it is not there.
    pub fn entry(&mut self, key: impl Into<Text>, default: impl FnOnce() -> Tree) -> &mut Tree {
        let key = key.into();
        let at = self.position(&key).unwrap_or_else(|| {
            self.0.push((key, default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
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
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tree)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// The entries in their order, their values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Tree)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|(key, _)| &**key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Tree> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Keeps only the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Tree) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// Sorts the entries by key.
    pub fn sort_keys(&mut self) {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Adds an entry whose key the caller knows to be new.
    pub(super) fn push_new(&mut self, key: Text, value: Tree) {
        debug_assert!(!self.contains_key(&key), "the key {key:?} is there already");
        self.0.push((key, value));
    }

    /// The last key in order of insertion.
    pub(super) fn last_key(&self) -> Option<&str> {
        self.0.last().map(|(key, _)| &**key)
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        // Keys are unique, so equal sizes and every key of one in the other is equality. Most maps agree in
        // order as well: the same position is tried before the search.
        self.len() == other.len()
            && self.0.iter().enumerate().all(|(at, (key, ours))| {
                let theirs = match &other.0[at] {
                    (same, theirs) if same == key => Some(theirs),
                    _ => other.get(key),
                };
                theirs.is_some_and(|theirs| ours.same_as(theirs))
            })
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|(own, _)| own == key)
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
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl IntoIterator for Map {
    type Item = (Text, Tree);
    type IntoIter = std::vec::IntoIter<(Text, Tree)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
