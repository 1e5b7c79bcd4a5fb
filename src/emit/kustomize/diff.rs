//! The smallest patch between two states of an object.

use std::borrow::Cow;

use super::json;
use crate::k8s::patch::lists::{self, Joining, Keys, Schema};
use crate::k8s::patch::{Patch, Target, identity};
use crate::k8s::tree::{Map, Tree};

/// The patch that turns `base` into `wanted`; `None` when they say the same.
///
/// Both are the same object: equal apiVersion, kind and name. `metadata.namespace` is left alone, because the
/// overlay's kustomization sets it, and no annotations are the same as an empty map of them. A strategic merge
/// patch is preferred, for a reader recognizes the object in it; a JSON patch says what a merge cannot, which is
/// every list that changes its items or their order (kustomize puts a merged list's new items first), and every
/// place where kustomize would merge something else than it was told.
pub fn patch(base: &Tree, wanted: &Tree) -> Option<Patch> {
    if same(base, wanted) {
        return None;
    }
    let (base, wanted) = (settled(base), settled(wanted));
    if let Some(changes) = strategic(&base, &wanted) {
        let mut patch = identity(&base);
        for (key, value) in changes {
            match (&*key, value) {
                // Joined by hand: the patch's own metadata already has the name.
                ("metadata", Tree::Map(changes)) => patch.map_at("metadata").extend(changes),
                (_, value) => drop(patch.insert(key, value)),
            }
        }
        return Some(Patch::StrategicMerge(Tree::Map(patch)));
    }
    let operations = json::diff(&base, &wanted);
    Some(Patch::Json6902 { target: Target::of(&base), operations })
}

/// Whether the build decides about this entry of the metadata: it sets the namespace, and drops annotations that
/// are empty.
fn moot(key: &str, value: &Tree) -> bool {
    match key {
        "namespace" => true,
        "annotations" => value.as_map().is_some_and(Map::is_empty),
        _ => false,
    }
}

/// Whether both say the same when they are settled. Most objects do, and are not copied to find that out.
fn same(base: &Tree, wanted: &Tree) -> bool {
    let (Some(base), Some(wanted)) = (base.as_map(), wanted.as_map()) else {
        return base.same_as(wanted);
    };
    base.is_shared_with(wanted)
        || base.len() == wanted.len()
            && base.iter().all(|(key, old)| match (key, old, wanted.get(key)) {
                ("metadata", Tree::Map(old), Some(Tree::Map(new))) => {
                    let count =
                        |map: &Map| map.iter().filter(|(key, value)| !moot(key, value)).count();
                    count(old) == count(new)
                        && old
                            .iter()
                            .filter(|(key, value)| !moot(key, value))
                            .all(|(key, old)| new.get(key).is_some_and(|new| old.same_as(new)))
                }
                (_, old, new) => new.is_some_and(|new| old.same_as(new)),
            })
}

/// The object without what the build decides.
fn settled(object: &Tree) -> Cow<'_, Tree> {
    let metadata = object.get("metadata").and_then(Tree::as_map);
    if !metadata.is_some_and(|metadata| metadata.iter().any(|(key, value)| moot(key, value))) {
        return Cow::Borrowed(object);
    }
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Tree::as_map_mut) {
        metadata.retain(|key, value| !moot(key, value));
    }
    Cow::Owned(object)
}

fn strategic(base: &Tree, wanted: &Tree) -> Option<Map> {
    let mut walk = Walk { schema: Schema::of(base), path: Vec::new() };
    let (base, wanted) = (base.as_map()?, wanted.as_map()?);
    // kustomize walks all of the object, not only what the patch mentions.
    if !walk.regular_map(base) || !walk.regular_map(wanted) {
        return None;
    }
    walk.map(base, wanted)
}

struct Walk<'t> {
    schema: Schema<'t>,
    /// The keys from the root; list items are no step.
    path: Vec<&'t str>,
}

impl<'t> Walk<'t> {
    fn below<T>(&mut self, key: &'t str, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let result = then(self);
        self.path.pop();
        result
    }

    /// Whether kustomize merges a part of an object as this model thinks: nulls are commands to it, `$` begins
    /// a directive, and items of a keyed list must be told apart.
    fn regular(&mut self, tree: &'t Tree) -> bool {
        match tree {
            Tree::Null => false,
            Tree::Map(map) => self.regular_map(map),
            Tree::Seq(items) => {
                let told_apart = match self.schema.joining(&self.path) {
                    Joining::Merge(keys) => lists::distinct(items, keys).is_some(),
                    Joining::Replace | Joining::Union => true,
                };
                told_apart && items.iter().all(|item| self.regular(item))
            }
            _ => true,
        }
    }

    fn regular_map(&mut self, map: &'t Map) -> bool {
        map.iter().all(|(key, value)| {
            !key.starts_with('$') && self.below(key, |walk| walk.regular(value))
        })
    }

    /// The changes of a map; `None` when a merge cannot make them.
    fn map(&mut self, base: &'t Map, wanted: &'t Map) -> Option<Map> {
        let mut changes = Map::new();
        for (key, new) in wanted.iter() {
            let change = match base.get(key) {
                None => new.clone(),
                Some(old) if old.same_as(new) => continue,
                Some(old) => self.below(key, |walk| walk.value(old, new))?,
            };
            changes.insert(key.to_owned(), change);
        }
        for key in base.keys().filter(|key| !wanted.contains_key(key)) {
            changes.insert(key.to_owned(), Tree::Null);
        }
        Some(changes)
    }

    fn value(&mut self, old: &'t Tree, new: &'t Tree) -> Option<Tree> {
        match (old, new) {
            (Tree::Map(old), Tree::Map(new)) => self.map(old, new).map(Tree::Map),
            (Tree::Seq(old), Tree::Seq(new)) => self.list(old, new).map(Tree::from),
            (Tree::Seq(_) | Tree::Map(_), _) | (_, Tree::Seq(_) | Tree::Map(_)) => None,
            // The base's style stays with the patch's value: a number would get a string's quotes, and a text
            // that begins with a tab would become a literal, which kustomize then cannot read itself.
            (Tree::Str(old), Tree::Str(text)) => {
                let breaks = old.contains('\n') && text.trim_start_matches('\n').starts_with('\t');
                (!breaks).then(|| new.clone())
            }
            (Tree::Str(_), _) | (_, Tree::Str(_)) => None,
            _ => Some(new.clone()),
        }
    }

    fn list(&mut self, old: &'t [Tree], new: &'t [Tree]) -> Option<Vec<Tree>> {
        match self.schema.joining(&self.path) {
            Joining::Merge(keys) => self.items(keys, old, new),
            // A list of arguments is one thing to a reader; anything larger is better edited in its parts.
            Joining::Replace if self.schema.built_in() && old.iter().chain(new).all(scalar) => {
                Some(new.to_vec())
            }
            Joining::Replace | Joining::Union => None,
        }
    }

    /// The changes of a keyed list's items.
    fn items(&mut self, keys: Keys, old: &'t [Tree], new: &'t [Tree]) -> Option<Vec<Tree>> {
        let identities = lists::distinct(old, keys)?;
        if !lists::uniform(&identities) || lists::distinct(new, keys)? != identities {
            return None;
        }
        // kustomize orders the list as the patch does and then appends the items the patch does not name: so
        // the patch names every item before the last changed one.
        let last = old.iter().zip(new).rposition(|(old, new)| !old.same_as(new))?;
        let mut items = Vec::with_capacity(last + 1);
        for (old, new) in old.iter().zip(new).take(last + 1) {
            let mut item = lists::keys_of(old, keys);
            // Keys that are equal only when printed, 80 and "80", would not change.
            if !keys.iter().all(|key| old.get(key) == new.get(key)) {
                return None;
            }
            item.extend(self.map(old.as_map()?, new.as_map()?)?);
            items.push(Tree::Map(item));
        }
        Some(items)
    }
}

fn scalar(tree: &Tree) -> bool {
    !matches!(tree, Tree::Seq(_) | Tree::Map(_))
}
