//! What `kustomize build` does with a patch.

use super::lists::{self, Joining, Keys, Schema};
use super::{Patch, json};
use crate::k8s::tree::{Map, Tree};

/// The object that kustomize makes of `base` and `patch`; `None` when the patch deletes it.
///
/// # Errors
/// What kustomize refuses, and what it does wrongly without a word: a merge of different kinds of values, a
/// directive it does not know, list items it cannot tell apart, a JSON path that leads nowhere.
pub fn apply(base: &Tree, patch: &Patch) -> Result<Option<Tree>, String> {
    match patch {
        Patch::Delete(_) => Ok(None),
        Patch::Json6902 { operations, .. } => {
            let mut object = base.clone();
            for operation in operations {
                json::run(&mut object, operation)?;
            }
            Ok(Some(object))
        }
        Patch::StrategicMerge(patch) => {
            let mut merge = Merge { schema: Schema::of(base), path: Vec::new() };
            merge.value(base, patch)
        }
    }
}

struct Merge<'t> {
    schema: Schema<'t>,
    /// The keys from the root; list items are no step.
    path: Vec<&'t str>,
}

/// What a patch says about the value at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl<'t> Merge<'t> {
    fn here(&self) -> String {
        if self.path.is_empty() { "the object".to_owned() } else { self.path.join(".") }
    }

    fn below<T>(&mut self, key: &'t str, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let result = then(self);
        self.path.pop();
        result
    }

    fn value(&mut self, base: &'t Tree, patch: &'t Tree) -> Result<Option<Tree>, String> {
        match (base, patch) {
            (_, Tree::Null) => Ok(None),
            (Tree::Null, patch) => self.added(patch),
            (Tree::Map(old), Tree::Map(new)) => match self.directive(new)? {
                Directive::Merge => self.map(old, new).map(|map| Some(Tree::Map(map))),
                Directive::Replace => self.added(patch),
                Directive::Delete => Ok(None),
            },
            (Tree::Seq(old), Tree::Seq(new)) => self.list(old, new),
            (Tree::Map(_) | Tree::Seq(_), _) | (_, Tree::Map(_) | Tree::Seq(_)) => {
                Err(format!("{} is of another kind in the patch", self.here()))
            }
            _ => Ok(Some(patch.clone())),
        }
    }

    fn map(&mut self, base: &'t Map, patch: &'t Map) -> Result<Map, String> {
        let mut merged = base.clone();
        for (key, new) in patch.iter().filter(|(key, _)| *key != "$patch") {
            let value = self.below(key, |merge| match base.get(key) {
                Some(old) => merge.value(old, new),
                None => merge.added(new),
            })?;
            match value {
                Some(value) => drop(merged.insert(key.to_owned(), value)),
                None => drop(merged.remove(key)),
            }
        }
        Ok(merged)
    }

    /// A value that the base does not have: without directives, and without the nulls in its maps.
    fn added(&mut self, patch: &'t Tree) -> Result<Option<Tree>, String> {
        Ok(match patch {
            Tree::Null => None,
            Tree::Map(map) => {
                if self.directive(map)? == Directive::Delete {
                    return Ok(None);
                }
                Some(Tree::Map(self.map(const { &Map::new() }, map)?))
            }
            _ => Some(patch.clone()),
        })
    }

    fn directive(&self, map: &Map) -> Result<Directive, String> {
        if let Some(key) = map.keys().find(|key| key.starts_with('$') && *key != "$patch") {
            return Err(format!("{}: kustomize does not know the directive {key}", self.here()));
        }
        match map.get("$patch").map(|word| word.as_str().unwrap_or_default()) {
            None | Some("merge") => Ok(Directive::Merge),
            Some("replace") => Ok(Directive::Replace),
            Some("delete") => Ok(Directive::Delete),
            Some(word) => Err(format!("{}: `$patch: {word}` means nothing", self.here())),
        }
    }

    fn list(&mut self, base: &'t [Tree], patch: &'t [Tree]) -> Result<Option<Tree>, String> {
        match self.schema.joining(&self.path) {
            Joining::Replace => Ok(Some(patch.to_vec().into())),
            Joining::Union => {
                let rest = base.iter().filter(|item| !patch.contains(item));
                Ok(Some(patch.iter().chain(rest).cloned().collect::<Vec<_>>().into()))
            }
            Joining::Merge(keys) => {
                // An item that is only a directive speaks for the list.
                let alone = |item: &&Tree| {
                    item.as_map().is_some_and(|map| map.len() == 1 && map.contains_key("$patch"))
                };
                let whole = patch.iter().find(alone).and_then(Tree::as_map);
                let items = patch.iter().filter(|item| !alone(item)).collect::<Vec<_>>();
                match whole.map_or(Ok(Directive::Merge), |map| self.directive(map))? {
                    Directive::Merge => self.items(base, &items, keys).map(|all| Some(all.into())),
                    Directive::Replace => {
                        Ok(Some(items.into_iter().cloned().collect::<Vec<_>>().into()))
                    }
                    Directive::Delete => Ok(None),
                }
            }
        }
    }

    fn items(
        &mut self,
        base: &'t [Tree],
        patch: &[&'t Tree],
        keys: Keys,
    ) -> Result<Vec<Tree>, String> {
        let unclear = || {
            format!("{}: kustomize cannot tell items apart by {}", self.here(), keys.join(" and "))
        };
        let old = lists::distinct(base, keys).ok_or_else(unclear)?;
        let new = patch
            .iter()
            .map(|item| lists::identity(item, keys))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(unclear)?;
        let all: Vec<_> = old.iter().chain(&new).cloned().collect();
        if !lists::uniform(&all) {
            return Err(unclear());
        }
        // By several keys the base's items keep their places and new ones come first; by one key the patch's
        // order comes first.
        let several =
            all.first().is_some_and(|keys| keys.iter().filter(|key| !key.is_empty()).count() > 1);
        let mut first = Vec::new();
        let mut rest: Vec<Option<Tree>> = base.iter().cloned().map(Some).collect();
        for (item, identity) in patch.iter().zip(&new) {
            match old.iter().position(|known| known == identity) {
                None => first.extend(self.added(item)?),
                Some(at) => {
                    let merged = self.value(&base[at], item)?;
                    if several {
                        rest[at] = merged;
                    } else {
                        rest[at] = None;
                        first.extend(merged);
                    }
                }
            }
        }
        first.extend(rest.into_iter().flatten());
        Ok(first)
    }
}
