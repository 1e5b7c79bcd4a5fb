//! JSON patches (RFC 6902): the steps between two trees.

use super::Operation;
use crate::emit::yaml;
use crate::k8s::tree::{Tree, escape_pointer};

/// The fewest steps, by what they take to print, that turn `base` into `wanted`.
pub(super) fn diff(base: &Tree, wanted: &Tree) -> Vec<Operation> {
    let mut operations = Vec::new();
    edit(base, wanted, "", &mut operations);
    operations
}

/// The steps for a value below the root, which may also be replaced as a whole.
///
/// A map is, when nothing of it stays; a list, when that is shorter. A map with a part that stays is edited
/// even if replacing it were shorter: the patch must say what differs, and no more.
fn change(base: &Tree, wanted: &Tree, path: String, operations: &mut Vec<Operation>) {
    if base.same_as(wanted) {
        return;
    }
    let mut edits = Vec::new();
    let edited = match (base, wanted) {
        (Tree::Map(old), Tree::Map(new)) if !old.keys().any(|key| new.contains_key(key)) => false,
        _ => edit(base, wanted, &path, &mut edits),
    };
    let replace = Operation::Replace { path, value: wanted.clone() };
    let replace = std::slice::from_ref(&replace);
    let whole = !edited || (base.as_seq().is_some() && cost(replace) < cost(&edits));
    operations.extend_from_slice(if whole { replace } else { &edits });
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
