//! JSON patches (RFC 6902): what the steps do.

use std::sync::Arc;

use super::Operation;
use crate::k8s::tree::{Tree, index, steps};

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
            Arc::make_mut(items).insert(at, value);
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
            Ok(Arc::make_mut(items).remove(at))
        }
        _ => Err(nothing(path)),
    }
}
