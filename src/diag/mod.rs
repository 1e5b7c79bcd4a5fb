//! What the user is told about a blueprint: rules, diagnostics and their collector.
//!
//! A diagnostic is data. Turning it into text, with the excerpt of the user's own file, is `report`'s work.

mod suggest;

use std::ops::Range;

use crate::path::At;
pub use suggest::{nearest, one_of};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is written; cannot be waived.
    Error,
    /// The output is written; may be waived with a reason and a date.
    Warning,
}

/// One thing that can be wrong: a static beside the function that finds it.
///
/// `docs/rules.md` and `groundplan explain <rule>` are printed from these.
#[derive(Debug)]
pub struct Rule {
    /// `<component>/<what-is-wrong>`, for example `workloads/scale-min-above-max`.
    pub name: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, one sentence.
    pub summary: &'static str,
    /// Why it matters: what would happen in production, and the document the rule comes from.
    pub why: &'static str,
    /// The smallest piece of blueprint that breaks the rule.
    pub example: &'static str,
}

impl Rule {
    /// A rule whose violation stops the compilation.
    pub const fn error(
        name: &'static str,
        summary: &'static str,
        why: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, severity: Severity::Error, summary, why, example }
    }

    /// A rule whose violation is reported and may be waived.
    pub const fn warning(
        name: &'static str,
        summary: &'static str,
        why: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, severity: Severity::Warning, summary, why, example }
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

/// A file that was read, by its position in `source::Sources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Bytes of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Start of the text, in bytes.
    pub start: u32,
    /// End of the text, in bytes, exclusive.
    pub end: u32,
}

impl Span {
    /// The bytes as a range.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where a diagnostic points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The value of a field. A field that nobody wrote is shown as its nearest written ancestor.
    Value(At),
    /// The key of a field.
    Key(At),
    /// A piece of a file, for what is wrong before there are fields.
    Text(Span),
    /// A file as a whole, such as one that is empty or not UTF-8, by the path it was asked for.
    File(String),
}

impl From<At> for Place {
    fn from(at: At) -> Self {
        Self::Value(at)
    }
}

impl From<&At> for Place {
    fn from(at: &At) -> Self {
        Self::Value(at.clone())
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self::Text(span)
    }
}

/// One finding. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// Where.
    pub place: Place,
    /// One short phrase in lower case, understandable alone.
    pub message: String,
    /// Other places that are involved, each with what it has to do with it.
    pub related: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The text that would mend the place, if it is known for certain.
    pub fix: Option<String>,
    /// Whether the place holds a secret, which no excerpt of the file may then show.
    pub sensitive: bool,
}

impl Diagnostic {
    /// Adds another place that is involved.
    pub fn related(&mut self, place: impl Into<Place>, label: impl Into<String>) -> &mut Self {
        self.related.push((place.into(), label.into()));
        self
    }

    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Gives the text that would mend the place.
    pub fn fix(&mut self, replacement: impl Into<String>) -> &mut Self {
        self.fix = Some(replacement.into());
        self
    }

    /// Says that the place holds a secret: every excerpt of the run masks it.
    pub fn sensitive(&mut self) -> &mut Self {
        self.sensitive = true;
        self
    }
}

/// The collector: rules report into it and go on.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports that `rule` is broken at `place`; details may be chained to the result.
    pub fn report(
        &mut self,
        rule: &'static Rule,
        place: impl Into<Place>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.list.push(Diagnostic {
            rule,
            place: place.into(),
            message: message.into(),
            related: Vec::new(),
            help: None,
            fix: None,
            sensitive: false,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Whether anything found must stop the compilation.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.rule.severity == Severity::Error)
    }

    /// Takes over everything another collector holds.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// What was found, in the order of finding.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Keeps the findings for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(keep);
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// Stops with a request for a report: an invariant of groundplan itself is broken, the blueprint is not to blame.
#[macro_export]
macro_rules! bug {
    ($($message:tt)*) => {
        panic!(
            "{}\nThis is a bug in groundplan {}, not in your blueprint. Please report it with the blueprint.",
            format_args!($($message)*),
            env!("CARGO_PKG_VERSION")
        )
    };
}
