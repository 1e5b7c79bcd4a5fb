//! JSON patches (RFC 6902): the steps between two trees, and what the steps do.

use super::Operation;
use crate::emit::yaml;
use crate::k8s::tree::{Tree, escape_pointer, index, steps};

/// The fewest steps, by what they take to print, that turn `base` into `wanted`.
pub(super) fn diff(base: &Tree, wanted: &Tree) -> Vec<Operation> {
    let mut operations = Vec::new();
    edit(base, wanted, "", &mut operations);
    operations
}

/// The steps for a value that may also be replaced as a whole, whichever is shorter.
fn change(base: &Tree, wanted: &Tree, path: String, operations: &mut Vec<Operation>) {
    if base.same_as(wanted) {
        return;
    }
    let replace = Operation::Replace { path: path.clone(), value: wanted.clone() };
    let mut edits = Vec::new();
    if edit(base, wanted, &path, &mut edits) && cost(&edits) <= cost(std::slice::from_ref(&replace))
    {
        operations.append(&mut edits);
    } else {
        operations.push(replace);
    }
}

fn cost(operations: &[Operation]) -> usize {
    yaml::print(&Tree::of(operations)).len()
}

/// The steps within a value; false when the two are of kinds that only replacing joins.
fn edit(base: &Tree, wanted: &Tree, path: &str, operations: &mut Vec<Operation>) -> bool {
    match (base, wanted) {
        (Tree::Map(old), Tree::Map(new)) => {
            for (key, value) in new.iter() {
                let path = format!("{path}/{}", escape_pointer(key));
                match old.get(key) {
                    Some(old) => change(old, value, path, operations),
                    None => operations.push(Operation::Add { path, value: value.clone() }),
                }
            }
            for key in old.keys().filter(|key| !new.contains_key(key)) {
                operations
                    .push(Operation::Remove { path: format!("{path}/{}", escape_pointer(key)) });
            }
            true
        }
        (Tree::Seq(old), Tree::Seq(new)) => {
            edit_list(old, new, path, operations);
            true
        }
        _ => false,
    }
}

fn edit_list(old: &[Tree], new: &[Tree], path: &str, operations: &mut Vec<Operation>) {
    // What both begin and end with stays; between that, pairs are edited, and then items go or come.
    let paired = old.len().min(new.len());
    let same = |pair: &(&Tree, &Tree)| pair.0.same_as(pair.1);
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take(paired - head).take_while(same).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let edited = old_end.min(new_end);
    for at in head..edited {
        change(&old[at], &new[at], format!("{path}/{at}"), operations);
    }
    // From the back, so that no index moves before it is used.
    for at in (edited..old_end).rev() {
        operations.push(Operation::Remove { path: format!("{path}/{at}") });
    }
    for (at, item) in new.iter().enumerate().take(new_end).skip(edited) {
        let place = if tail == 0 { "-".to_owned() } else { at.to_string() };
        operations.push(Operation::Add { path: format!("{path}/{place}"), value: item.clone() });
    }
}

/// Does one step.
///
/// Stricter than kustomize, which lets a `replace` of a missing key add it: that is always a misspelt path.
///
/// # Errors
/// A path that leads nowhere, or a failed test.
pub(super) fn run(object: &mut Tree, operation: &Operation) -> Result<(), String> {
    match operation {
        Operation::Add { path, value } => add(object, path, value.clone()),
        Operation::Remove { path } => remove(object, path).map(drop),
        Operation::Replace { path, value } => {
            let place = object.pointer_mut(path).ok_or_else(|| nothing(path))?;
            *place = value.clone();
            Ok(())
        }
        Operation::Move { from, path } => {
            let value = remove(object, from)?;
            add(object, path, value)
        }
        Operation::Copy { from, path } => {
            let value = object.pointer(from).ok_or_else(|| nothing(from))?.clone();
            add(object, path, value)
        }
        Operation::Test { path, value } => {
            let found = object.pointer(path).ok_or_else(|| nothing(path))?;
            if found.same_as(value) { Ok(()) } else { Err(format!("the test of {path} fails")) }
        }
    }
}

fn nothing(path: &str) -> String {
    format!("there is nothing at {path}")
}

/// The container that holds a path's last step, and that step.
fn parent<'t>(object: &'t mut Tree, path: &str) -> Result<(&'t mut Tree, String), String> {
    let (parent, _) =
        path.rsplit_once('/').ok_or_else(|| format!("{path:?} is no path within an object"))?;
    let last = steps(path).and_then(Iterator::last).ok_or_else(|| nothing(path))?.into_owned();
    let parent = object.pointer_mut(parent).ok_or_else(|| nothing(parent))?;
    Ok((parent, last))
}

fn add(object: &mut Tree, path: &str, value: Tree) -> Result<(), String> {
    let (parent, last) = parent(object, path)?;
    match parent {
        Tree::Map(map) => {
            map.insert(last, value);
        }
        Tree::Seq(items) => {
            let at = if last == "-" { Some(items.len()) } else { index(&last) };
            let at = at.filter(|at| *at <= items.len()).ok_or_else(|| nothing(path))?;
            items.insert(at, value);
        }
        _ => return Err(format!("{path} leads into a scalar")),
    }
    Ok(())
}

fn remove(object: &mut Tree, path: &str) -> Result<Tree, String> {
    let (parent, last) = parent(object, path)?;
    match parent {
        Tree::Map(map) => map.remove(&last).ok_or_else(|| nothing(path)),
        Tree::Seq(items) => {
            let at = index(&last).filter(|at| *at < items.len()).ok_or_else(|| nothing(path))?;
            Ok(items.remove(at))
        }
        _ => Err(nothing(path)),
    }
}
