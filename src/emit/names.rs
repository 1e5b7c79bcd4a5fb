//! What the files of a folder are called.
//!
//! `<kind>-<name>.yaml`, or `patch-<kind>-<name>.yaml`; group and namespace come in where two would be called the
//! same, a hash where even that is not enough. Which of two came first never shows.

use std::cmp::Ordering;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::bundle::RepoPath;
use super::folder::{Item, What};
use crate::plan::{Body, Resource};

const ENDING: &str = ".yaml";

/// How many hexadecimal digits tell apart what nothing else does.
const DIGITS: usize = 10;

/// How much a name says; each spelling says more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    /// The name that a file had when it was passed through.
    Own,
    /// Kind and name.
    Short,
    /// Group and namespace as well.
    Long,
    /// And a hash of all that.
    Hashed,
}

impl Spelling {
    fn next(self) -> Self {
        match self {
            Self::Own => Self::Short,
            Self::Short => Self::Long,
            Self::Long | Self::Hashed => Self::Hashed,
        }
    }
}

/// The items by their file names, in the order of the names, none of which is longer than `room`.
///
/// No two names are equal, not even where case does not matter, unless two items are one and the same object.
pub(super) fn of<'i, 'p>(items: &'i [Item<'p>], room: usize) -> Vec<(String, &'i Item<'p>)> {
    let spelled = |item: &'i Item<'p>, spelling| (spell(item, spelling, room), spelling, item);
    let mut names: Vec<(String, Spelling, &Item)> =
        items.iter().map(|item| spelled(item, first(item, room))).collect();
    // Each round takes a step from at least one name, of which each has three.
    loop {
        names.sort_by(|one, other| compare(&one.0, &other.0).then(one.1.cmp(&other.1)));
        let mut changed = false;
        let mut from = 0;
        while from < names.len() {
            let mut to = from + 1;
            while to < names.len() && compare(&names[from].0, &names[to].0) == Ordering::Equal {
                to += 1;
            }
            // A file that is passed through keeps its name when the others can go out of its way.
            let keeps = names[from].1 == Spelling::Own
                && names.get(from + 1..to).is_some_and(|rest| {
                    rest.first().is_some_and(|second| second.1 != Spelling::Own)
                });
            let clash = if to - from == 1 { to..to } else { from + usize::from(keeps)..to };
            for entry in &mut names[clash] {
                if entry.1 != Spelling::Hashed {
                    *entry = spelled(entry.2, entry.1.next());
                    changed = true;
                }
            }
            from = to;
        }
        if !changed {
            break;
        }
    }
    names.sort_by(|one, other| one.0.cmp(&other.0));
    names.into_iter().map(|(name, _, item)| (name, item)).collect()
}

fn compare(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}

fn first(item: &Item<'_>, room: usize) -> Spelling {
    match (&item.what, item.resource.body()) {
        (What::Whole, Body::Verbatim { file, .. }) if usable(file, room) => Spelling::Own,
        _ => Spelling::Short,
    }
}

/// Whether a file may keep the name: it is one name, and means nothing of its own to kustomize, Argo CD or us.
fn usable(file: &str, room: usize) -> bool {
    let lower = file.to_ascii_lowercase();
    let means = lower.starts_with("kustomization")
        || lower.starts_with('.')
        || lower.ends_with("chart.yaml")
        || lower == "values.yaml"
        || lower == "readme.md";
    !means && file.len() <= room && !file.contains('/') && RepoPath::new(file).is_ok()
}

fn spell(item: &Item<'_>, spelling: Spelling, room: usize) -> String {
    let resource = item.resource;
    if let (Spelling::Own, Body::Verbatim { file, .. }) = (spelling, resource.body()) {
        return file.clone();
    }
    let mut name = String::with_capacity(64);
    if matches!(item.what, What::Change(_)) {
        name.push_str("patch-");
    }
    name.push_str(resource.kind());
    if spelling > Spelling::Short && !resource.group().is_empty() {
        name.push('.');
        name.push_str(resource.group());
    }
    name.push('-');
    name.push_str(resource.name());
    if let (true, Some(namespace)) = (spelling > Spelling::Short, resource.namespace()) {
        name.push('_');
        name.push_str(namespace);
    }
    // Roles may be named `system:node`, which Windows does not allow.
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !name.chars().all(allowed) {
        name = name.replace(|c| !allowed(c), "-");
    }
    name.make_ascii_lowercase();
    let room = room.saturating_sub(ENDING.len());
    if spelling == Spelling::Hashed || name.len() > room {
        name.truncate(room.saturating_sub(DIGITS + 1));
        name.push('-');
        name.push_str(&hash(resource));
    }
    name.push_str(ENDING);
    name
}

fn hash(resource: &Resource) -> String {
    let mut sum = Sha256::new();
    for part in [
        resource.api_version(),
        resource.kind(),
        resource.namespace().unwrap_or_default(),
        resource.name(),
    ] {
        sum.update(part);
        sum.update([0]);
    }
    let mut digits = String::with_capacity(DIGITS);
    for byte in sum.finalize().iter().take(DIGITS / 2) {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
