//! From a field to its files, and from a file to its fields.
//!
//! Nothing is stored for this: compiling is pure and takes milliseconds, so it compiles and answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::Compilation;
use crate::diag::one_of;
use crate::emit::{self, Written};
use crate::path::{At, DocumentId, FieldPath};
use crate::plan::{Derivation, Derived};
use crate::reference::{default_of, defaults, description_of};
use crate::registry::ABOUT;
use crate::report::Locate;
use crate::source::{Document, Kind, Node};

/// A field: what it is, its value in every document with where it was written, and the files it reaches. `None` if
/// the language has no such field.
pub fn field(compilation: &Compilation, path: &FieldPath) -> Option<String> {
    let description = description_of(path)?;
    let mut text = format!("{path}\n");
    for line in description.lines().filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "  {line}");
    }
    let mut leaves = leaves(compilation, path);
    derived_leaves(compilation, path, &mut leaves, &mut text);
    for leaf in &leaves {
        let _ = write!(text, "\n{leaf}\n");
        values(compilation, leaf, &mut text);
    }
    if leaves.is_empty() && compilation.plan.is_some() {
        text.push_str("\nnot written, and without a default\n");
    }
    if let Some(plan) = &compilation.plan {
        // That a named thing is there at all is part of much; none of its fields is thereby.
        let says_it_is_there = |at: &At| {
            let section = at.path.segments().first().map(|segment| (*segment).clone());
            let is_named = ABOUT.iter().any(|about| {
                about.named && section == Some(crate::path::Segment::Key(about.section.into()))
            });
            is_named && at.path.depth() <= 2
        };
        let touches = |at: &At| {
            at.path.starts_with(path) || path.starts_with(&at.path) && !says_it_is_there(at)
        };
        let files: BTreeSet<String> = emit::written(plan)
            .filter(|file| file.from().any(touches))
            .map(|file| file.path.to_string())
            .collect();
        let _ = write!(text, "\nreaches {} files\n", files.len());
        for file in files {
            let _ = writeln!(text, "  {file}");
        }
    } else {
        text.push_str(
            "\nthe blueprint has errors, so it is not known what follows and which files this reaches: `groundplan check` \
             tells them\n",
        );
    }
    Some(text)
}

/// Written leaves at or below the path in any document, and defaults there that nobody wrote.
fn leaves(compilation: &Compilation, path: &FieldPath) -> BTreeSet<FieldPath> {
    let mut leaves = BTreeSet::new();
    for document in compilation.loaded.documents.iter() {
        if let Some(node) = document.get(path) {
            below(node, path, &mut leaves);
        }
    }
    for default in defaults() {
        // `workloads.*.scale.min` below `workloads.web` is `workloads.web.scale.min`.
        let mut steps = default.field.split('.');
        let mut here = FieldPath::root();
        let fits = path.segments().into_iter().all(|segment| {
            here = here.with(segment.clone());
            match (segment, steps.next()) {
                (_, Some("*")) => true,
                (crate::path::Segment::Key(key), Some(step)) => **key == *step,
                _ => false,
            }
        });
        let rest: Vec<&str> = steps.collect();
        if fits && !rest.contains(&"*") {
            leaves.insert(rest.iter().fold(here, |path, step| path.key(step)));
        }
    }
    leaves
}

fn below(node: &Node, path: &FieldPath, leaves: &mut BTreeSet<FieldPath>) {
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            for (key, entry) in entries {
                below(&entry.value, &path.key(key), leaves);
            }
        }
        _ => {
            leaves.insert(path.clone());
        }
    }
}

fn values(compilation: &Compilation, leaf: &FieldPath, text: &mut String) {
    let mut rows: Vec<(String, String, String)> = Vec::new();
    let all = || compilation.loaded.documents.iter();
    let following: Vec<&Derived> =
        all().filter_map(|document| derived(compilation, document.id, leaf)).collect();
    for document in all() {
        let name = layer(compilation, document.id);
        let row = match document.get(leaf) {
            Some(node) => (name, shown(node), place(compilation, document, leaf)),
            None => match (default_of(leaf), derived(compilation, document.id, leaf)) {
                (Some(default), _) => {
                    (name, default.value.to_owned(), format!("default, since {}", default.why))
                }
                (None, Some(Derived { value, formula: Some((why, _)), .. })) => {
                    (name, value.clone(), format!("follows: {why}"))
                }
                // Where nothing follows is no such thing, as in a cluster's document.
                _ if !following.is_empty() => continue,
                _ => (name, "(not written)".to_owned(), String::new()),
            },
        };
        // A layer that says what the blueprint says is not worth a line.
        if rows.first().is_none_or(|(_, value, place)| (value, place) != (&row.1, &row.2)) {
            rows.push(row);
        }
    }
    let width = |column: fn(&(String, String, String)) -> &str| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
    };
    let (names, values) = (width(|row| &row.0), width(|row| &row.1));
    for (name, value, place) in &rows {
        let row = format!("  {name:names$}  {value:values$}  {place}");
        let _ = writeln!(text, "{}", row.trim_end());
    }
    if let Some((_, source)) = following.iter().find_map(|value| value.formula) {
        let _ = writeln!(text, "  source: {source}");
    }
    if let Some(value) = following.first() {
        let _ = writeln!(text, "  a change takes {}", value.takes);
    }
}

/// The value of a field that follows from others in a document.
fn derived<'a>(
    compilation: &'a Compilation,
    document: DocumentId,
    leaf: &FieldPath,
) -> Option<&'a Derived> {
    let (above, name) = (leaf.parent()?, leaf.last_key()?);
    derivations(compilation)
        .find(|found| found.of.document == document && found.of.path == above)
        .and_then(|found| found.values.iter().find(|value| value.name == name))
}

fn derivations(compilation: &Compilation) -> impl Iterator<Item = &Derivation> {
    compilation.plan.iter().flat_map(|plan| &plan.facts.derivations)
}

/// What follows at or below the path. Asked for something larger, the answer only says where they are.
fn derived_leaves(
    compilation: &Compilation,
    path: &FieldPath,
    leaves: &mut BTreeSet<FieldPath>,
    text: &mut String,
) {
    let mut told: BTreeMap<&FieldPath, Vec<(String, &str)>> = BTreeMap::new();
    let mut elsewhere: BTreeMap<&FieldPath, usize> = BTreeMap::new();
    for found in derivations(compilation) {
        let of = &found.of.path;
        if path.starts_with(of) {
            let name = layer(compilation, found.of.document);
            let below = found.values.iter().map(|value| of.key(&value.name));
            let asked: Vec<FieldPath> = below.filter(|leaf| leaf.starts_with(path)).collect();
            if !asked.is_empty() {
                told.entry(of).or_default().push((name, &found.terms));
            }
            leaves.extend(asked);
        } else if of.starts_with(path) {
            elsewhere.insert(of, found.values.len());
        }
    }
    for (of, terms) in told {
        let _ = write!(text, "\nwhat {of} follows from\n");
        let mut last = "";
        for (name, terms) in &terms {
            if *terms != last {
                let _ = writeln!(text, "  {name}: {terms}");
            }
            last = terms;
        }
    }
    for (of, count) in elsewhere {
        let _ = write!(
            text,
            "\n{of}\n  {count} values follow from other fields: `groundplan explain {of}`\n"
        );
    }
}

/// What a document is called.
fn layer(compilation: &Compilation, document: DocumentId) -> String {
    let name = compilation.describe(document);
    if name.is_empty() { "blueprint".to_owned() } else { name }
}

/// The value on one line.
fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar(scalar) => scalar.text.lines().next().unwrap_or_default().to_owned(),
        Kind::Seq(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, entry)| format!("{key}: {}", shown(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn place(compilation: &Compilation, document: &Document, path: &FieldPath) -> String {
    compilation.loaded.sources.line(&document.value_span(path))
}

/// A file of the output: what it is, and the fields and passes it came from. `None` if no such file is written.
pub fn file(compilation: &Compilation, path: &str) -> Option<String> {
    let plan = compilation.plan.as_ref()?;
    let files: Vec<Written<'_>> =
        emit::written(plan).filter(|file| file.path.as_str() == path).collect();
    let first = files.first()?;
    let mut text = format!("{path}\n  {}\n", first.what());
    let mut rows = BTreeSet::new();
    for file in &files {
        for origin in file.origins() {
            for at in &origin.from {
                let document = compilation.loaded.documents.get(at.document);
                let by = match origin.pass {
                    Some(pass) => format!("{}, by the pass {pass}", origin.component),
                    None => origin.component.to_owned(),
                };
                rows.insert(format!(
                    "  {}  {}  ({by})",
                    at.path,
                    place(compilation, document, &at.path)
                ));
            }
        }
    }
    text.push_str("\ncomes from\n");
    for row in rows {
        let _ = writeln!(text, "{row}");
    }
    Some(text)
}

/// Help for somebody who asked for a field that does not exist.
pub fn near_field(path: &FieldPath) -> Option<String> {
    let (mut known, mut unknown) = (FieldPath::root(), None);
    for segment in path.segments() {
        let next = known.with(segment.clone());
        if description_of(&next).is_none() {
            unknown = next.last_key().map(str::to_owned);
            break;
        }
        known = next;
    }
    let unknown = unknown?;
    if known.depth() == 0 {
        return Some(one_of(&unknown, ABOUT.iter().map(|about| about.section)));
    }
    Some(format!("`{known}` has no field `{unknown}`"))
}
