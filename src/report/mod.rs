//! Diagnostics as text, one file a format.
//!
//! [`Report::new`] looks every place up, joins what is said twice and puts it in order; the formats only
//! print. No format reads a file, asks the time or decides an exit code. Nothing printed here holds the
//! value of a secret: the places of [sensitive](Diagnostic::sensitive) diagnostics are masked in all excerpts.

mod excerpt;
mod finding;
mod gitlab;
mod human;
mod json;
mod junit;
mod lines;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
mod sarif;
mod short;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use clap::ValueEnum;

use crate::diag::{Diagnostic, Place, Rule, Severity, SourceId, Span, one_of};
use crate::path::DocumentId;
use crate::source::Sources;
use finding::Finding;
use lines::Lines;

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the excerpt of the file, for people.
    #[default]
    Human,
    /// One line each: `path:line:column: error[rule]: message`.
    Short,
    /// One JSON object a line.
    Json,
    /// GitLab Code Quality: findings in the merge request.
    Gitlab,
    /// JUnit XML: one test case a rule.
    Junit,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
}

impl Format {
    /// The name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Short => "short",
            Self::Json => "json",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
        }
    }
}

/// A name that is no report format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a report format: {1}")]
pub struct UnknownFormat(String, String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = Self::value_variants();
        all.iter().copied().find(|format| format.name() == text).ok_or_else(|| {
            UnknownFormat(text.to_owned(), one_of(text, all.iter().map(|format| format.name())))
        })
    }
}

/// Finds the bytes behind a name. The documents of one run implement it.
pub trait Locate {
    /// The bytes of a field or of its key; for a field that nobody wrote those of its nearest written
    /// ancestor.
    fn locate(&self, place: &Place) -> Option<Span>;

    /// What a document is called: `environment production`, `cluster main`, or nothing for the
    /// blueprint alone.
    fn describe(&self, document: DocumentId) -> String;

    /// Whether [`locate`](Self::locate) answers with the place itself. The fix of a diagnostic is only
    /// offered for the place itself: it must never replace an ancestor.
    fn is_written(&self, _place: &Place) -> bool {
        true
    }

    /// Whether these are so many documents that naming them says nothing.
    ///
    /// What is wrong in the blueprint alone is wrong everywhere.
    fn is_everywhere(&self, documents: &BTreeSet<DocumentId>) -> bool {
        documents.contains(&DocumentId::BASE)
    }
}

/// All diagnostics of one run: located, unique and in order.
pub struct Report<'a> {
    findings: Vec<Finding>,
    rules: Vec<&'static Rule>,
    lines: BTreeMap<SourceId, Lines<'a>>,
    secrets: BTreeMap<SourceId, Vec<Range<usize>>>,
    sources: &'a Sources,
    locate: &'a dyn Locate,
    base: Option<&'a Utf8Path>,
    directory: Option<&'a Utf8Path>,
}

impl<'a> Report<'a> {
    /// Looks up, joins and sorts what was found.
    ///
    /// `rules` are all rules that were checked, `base` is the root of the repository: the formats that
    /// machines read name files relative to it.
    pub fn new(
        diagnostics: impl IntoIterator<Item = Diagnostic>,
        sources: &'a Sources,
        locate: &'a dyn Locate,
        rules: &[&'static Rule],
        base: Option<&'a Utf8Path>,
    ) -> Self {
        let mut report = Self {
            findings: Vec::new(),
            rules: rules.to_vec(),
            lines: BTreeMap::new(),
            secrets: BTreeMap::new(),
            sources,
            locate,
            base,
            directory: None,
        };
        for diagnostic in diagnostics {
            report.add(diagnostic);
        }
        report.findings = finding::join(std::mem::take(&mut report.findings));
        report.learn_rules();
        excerpt::merge(&mut report.secrets);
        report
    }

    /// Says where relative paths start, if that is not the root of the repository.
    #[must_use]
    pub fn started_in(mut self, directory: &'a Utf8Path) -> Self {
        self.directory = Some(directory);
        self
    }

    /// The report as text. Only [`Format::Human`] knows colour.
    pub fn render(&self, format: Format, color: bool) -> String {
        match format {
            Format::Human => human::render(self, color),
            Format::Short => short::render(self),
            Format::Json => json::render(self),
            Format::Gitlab => gitlab::render(self),
            Format::Junit => junit::render(self),
            Format::Sarif => sarif::render(self),
        }
    }

    /// How many different errors there are.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many different warnings there are.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        if diagnostic.sensitive {
            self.hide(&diagnostic.place);
        }
        let finding = Finding::new(diagnostic, self);
        self.findings.push(finding);
    }

    /// Remembers the bytes of a secret. A finding about the key of a secret hides the value.
    fn hide(&mut self, place: &Place) {
        let value = match place {
            Place::Key(at) => self.span(&Place::Value(at.clone())),
            _ => None,
        };
        if let Some(span) = value.or_else(|| self.span(place)) {
            let range = self.lines(span.source).clamp(span.range());
            self.secrets.entry(span.source).or_default().push(range);
        }
    }

    fn span(&self, place: &Place) -> Option<Span> {
        match place {
            Place::Text(span) => Some(span.clone()),
            Place::File(_) => None,
            Place::Value(_) | Place::Key(_) => self.locate.locate(place),
        }
    }

    /// The line index of a file, made when it is first asked for.
    fn lines(&mut self, source: SourceId) -> &Lines<'a> {
        let sources = self.sources;
        self.lines.entry(source).or_insert_with(|| Lines::new(&sources.get(source).text))
    }

    /// A rule that was not announced but found something is a rule of the report too.
    fn learn_rules(&mut self) {
        let mut known: BTreeSet<&str> = self.rules.iter().map(|rule| rule.name).collect();
        for finding in &self.findings {
            if known.insert(finding.rule.name) {
                self.rules.push(finding.rule);
            }
        }
    }

    /// A path as machines want it: relative to the root of the repository, without `.` and `..`.
    fn repository_path(&self, path: &str) -> String {
        let started = self.directory.map(|directory| directory.join(path));
        for candidate in [started, Some(Utf8PathBuf::from(path))].into_iter().flatten() {
            let path = plain(&candidate);
            if let Some(base) = self.base
                && let Ok(below) = path.strip_prefix(plain(base))
                && !below.as_str().is_empty()
            {
                return below.to_string();
            }
        }
        plain(Utf8Path::new(path)).into_string()
    }

    /// The file to show for what has no place of its own, for formats in which everything has one.
    fn main_file(&self) -> String {
        let first = self.sources.iter().next();
        self.repository_path(first.map_or("blueprint.yaml", |(_, file)| file.path.as_str()))
    }
}

/// The path without `.`, and without `..` where that can be told from the path alone.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
