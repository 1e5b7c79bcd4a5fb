//! One line a finding, for editors and grep: `path:line:column: error[rule]: message`.
//!
//! Help and related places are left to the other formats, so that every line has the same parts. What has no
//! line is named by its file alone, what has no file by its field.

use std::fmt::Write as _;

use super::Report;
use super::finding::{Finding, clip};
use crate::diag::Severity;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let severity = severity(finding.rule.severity);
        let line =
            format!("{}: {severity}[{}]: {}", place(finding), finding.rule.name, finding.message);
        text.push_str(&one_line(&line));
        text.push('\n');
    }
    text
}

/// `error` or `warning`.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// `path:line:column`, or as much of it as is known.
pub(super) fn place(finding: &Finding) -> String {
    let spot = &finding.spot;
    let field = || clip(spot.field().unwrap_or_default());
    let mut place = spot.file.clone().unwrap_or_else(field);
    if let Some(region) = spot.region() {
        // Writing to a string does not fail.
        let _ = write!(place, ":{}:{}", region.line, region.column);
    }
    place
}

/// The text without line ends and other control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
