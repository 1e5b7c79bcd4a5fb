//! From a field to its files, and from a file to its fields.
//!
//! Nothing is stored for this: compiling is pure and takes milliseconds, so it compiles and answers.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::Compilation;
use crate::diag::one_of;
use crate::emit::{self, Written};
use crate::path::{At, FieldPath};
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
    let leaves = leaves(compilation, path);
    for leaf in &leaves {
        let _ = write!(text, "\n{leaf}\n");
        values(compilation, leaf, &mut text);
    }
    if leaves.is_empty() {
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
    for document in compilation.loaded.documents.iter() {
        let name = compilation.describe(document.id);
        let name = if name.is_empty() { "blueprint".to_owned() } else { name };
        let row = match document.get(leaf) {
            Some(node) => (name, shown(node), place(compilation, document, leaf)),
            None => match default_of(leaf) {
                Some(default) => {
                    (name, default.value.to_owned(), format!("default, since {}", default.why))
                }
                None => (name, "(not written)".to_owned(), String::new()),
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
    let span = document.value_span(path);
    let sources = &compilation.loaded.sources;
    let (line, _) = sources.line_column(span.source, span.range().start);
    format!("{}:{line}", sources.path(&span))
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
