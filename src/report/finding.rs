//! Diagnostics, looked up: what every format prints from.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Report;
use super::lines::Region;
use crate::diag::{Diagnostic, Place, Rule, SourceId, Span};
use crate::path::{At, DocumentId, FieldPath};

/// More of a message than this is no message any more: names out of a hostile file can be megabytes long.
const LONGEST_TEXT: usize = 2000;

/// A place, looked up as far as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The path of the file as the user would write it.
    pub file: Option<String>,
    /// The piece of the file.
    pub region: Option<(SourceId, Region)>,
    /// The field.
    pub at: Option<At>,
    /// Whether the region is the place itself and not the nearest written ancestor of a field.
    pub exact: bool,
}

impl Spot {
    fn new(place: &Place, report: &mut Report<'_>) -> Self {
        let at = match place {
            Place::Value(at) | Place::Key(at) => Some(at.clone()),
            Place::Text(_) | Place::File(_) => None,
        };
        let exact = at.is_none() || report.locate.is_written(place);
        let (file, region) = match (report.span(place), place) {
            (Some(span), _) => {
                let Span { source, start, end } = span;
                let region = report.lines(source).region(start as usize..end as usize);
                (Some(report.sources.get(source).path.to_string()), Some((source, region)))
            }
            (None, Place::File(path)) => (Some(path.clone()), None),
            (None, _) => (None, None),
        };
        Self { file, region, at, exact }
    }

    /// The region without its file.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref().map(|(_, region)| region)
    }

    /// The field as text, if there is one.
    pub fn field(&self) -> Option<String> {
        self.at.as_ref().map(|at| at.path.to_string())
    }

    /// What two places have in common that are shown as the same place.
    fn identity(&self) -> Identity {
        let bytes = self
            .region
            .as_ref()
            .map(|(source, region)| (*source, region.range.start, region.range.end));
        // A place that was found is known by its bytes: another document may call it by another name.
        let path = self.at.as_ref().filter(|_| bytes.is_none()).map(|at| at.path.clone());
        (self.file.clone(), bytes, path)
    }
}

type Identity = (Option<String>, Option<(SourceId, usize, usize)>, Option<FieldPath>);

/// One diagnostic as it is printed, once, however many documents it was found in.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub rule: &'static Rule,
    pub spot: Spot,
    pub message: String,
    pub related: Vec<(Spot, String)>,
    pub help: Option<String>,
    /// The replacement of the place; never that of an ancestor.
    pub fix: Option<String>,
    pub documents: BTreeSet<DocumentId>,
}

impl Finding {
    pub fn new(diagnostic: Diagnostic, report: &mut Report<'_>) -> Self {
        let spot = Spot::new(&diagnostic.place, report);
        let related = diagnostic.related.into_iter();
        let related = related.map(|(place, label)| (Spot::new(&place, report), clip(label)));
        Self {
            rule: diagnostic.rule,
            related: related.collect(),
            message: clip(diagnostic.message),
            help: diagnostic.help.map(clip),
            fix: diagnostic.fix.filter(|_| spot.exact && spot.region.is_some()),
            documents: spot.at.iter().map(|at| at.document).collect(),
            spot,
        }
    }

    /// Message and help as one text, for formats that have only one.
    pub fn sentence(&self) -> String {
        match &self.help {
            Some(help) => format!("{} ({help})", self.message),
            None => self.message.clone(),
        }
    }

    /// The documents by name; the blueprint alone has none.
    pub fn document_names(&self, report: &Report<'_>) -> Vec<String> {
        let names = self.documents.iter().map(|document| report.locate.describe(*document));
        names.filter(|name| !name.is_empty()).collect()
    }

    /// `in environments a and b`, if it is not wrong everywhere.
    pub fn scope(&self, report: &Report<'_>) -> Option<String> {
        if self.documents.is_empty() || report.locate.is_everywhere(&self.documents) {
            return None;
        }
        let names = self.document_names(report);
        (!names.is_empty()).then(|| format!("in {}", enumerate(&names)))
    }

    fn order(&self) -> impl Ord + '_ {
        let file = self.spot.file.as_deref();
        let byte = self.spot.region().map(|region| region.range.start);
        let field = self.spot.at.as_ref().map(|at| (&at.path, at.document));
        // What has no file comes last.
        (file.is_none(), file, byte, self.rule.severity, self.rule.name, &self.message, field)
    }
}

/// Sorts, and makes one of what agrees on rule, place and message.
pub(super) fn join(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut known: BTreeMap<(&str, Identity, String), usize> = BTreeMap::new();
    let mut joined: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let key = (finding.rule.name, finding.spot.identity(), finding.message.clone());
        match known.entry(key) {
            Entry::Occupied(first) => absorb(&mut joined[*first.get()], finding),
            Entry::Vacant(free) => {
                free.insert(joined.len());
                joined.push(finding);
            }
        }
    }
    joined
}

fn absorb(known: &mut Finding, finding: Finding) {
    known.documents.extend(finding.documents);
    for (spot, label) in finding.related {
        let same =
            |(other, text): &(Spot, String)| *text == label && other.identity() == spot.identity();
        if !known.related.iter().any(same) {
            known.related.push((spot, label));
        }
    }
    known.help = known.help.take().or(finding.help);
    // Two remedies are none: it is not certain any more.
    let agree = known.fix.is_none() || finding.fix.is_none() || known.fix == finding.fix;
    known.fix = known.fix.take().or(finding.fix).filter(|_| agree);
}

/// One name a finding that stays the same when lines move or a message is worded anew.
///
/// It is made of rule, file, field and document. What still agrees is numbered in order.
pub(super) fn fingerprints(report: &Report<'_>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = Vec::with_capacity(report.findings.len());
    for finding in &report.findings {
        let file = finding.spot.file.as_deref().map(|file| report.repository_path(file));
        let field = finding.spot.field().unwrap_or_default();
        let document = finding.documents.first().map(|id| report.locate.describe(*id));
        let identity = [finding.rule.name, &file.unwrap_or_default(), &field].join("\0");
        let identity = format!("{identity}\0{}", document.unwrap_or_default());
        let ordinal = seen.entry(identity.clone()).or_default();
        let salted = if *ordinal == 0 { identity } else { format!("{identity}\0{ordinal}") };
        *ordinal += 1;
        names.push(Sha256::digest(salted).iter().map(|byte| format!("{byte:02x}")).collect());
    }
    names
}

/// `environments a, b and c`, `cluster main and environment production`.
fn enumerate(names: &[String]) -> String {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in names {
        let (kind, own) = name.split_once(' ').unwrap_or(("", name));
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push(own),
            None => kinds.push((kind, vec![own])),
        }
    }
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|(kind, members)| match (kind, members.len()) {
            ("", _) => and(&members),
            (kind, 1) => format!("{kind} {}", members[0]),
            (kind, _) => format!("{kind}s {}", and(&members)),
        })
        .collect();
    and(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] if names.len() <= 6 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..5].join(", "), names.len() - 5),
    }
}

/// The beginning of a text that is too long to be read.
pub(super) fn clip(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let mut end = LONGEST_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}
