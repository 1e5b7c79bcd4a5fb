//! GitLab Code Quality: findings in the widget and the diff of a merge request.
//!
//! GitLab stops reading at the first entry that lacks a file or a line, so what has neither is shown on the
//! first line of its file or of the blueprint. Errors are `critical`, not `blocker`: the pipeline fails by its
//! exit code already, and `blocker` is left to those who scan for more than we do. Warnings are `minor`: the
//! output is written.

use serde::Serialize;

use super::Report;
use super::finding::fingerprints;
use super::json::print_pretty;
use crate::diag::Severity;

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: LineRange,
}

#[derive(Serialize)]
struct LineRange {
    begin: usize,
    end: usize,
}

pub(super) fn render(report: &Report<'_>) -> String {
    let named = report.findings.iter().zip(fingerprints(report));
    let entries: Vec<Entry<'_>> = named
        .map(|(finding, fingerprint)| {
            let (path, region) = (finding.spot.file.as_deref(), finding.spot.region());
            let path = path.map_or_else(|| report.main_file(), |path| report.repository_path(path));
            let (begin, end) = region.map_or((1, 1), |region| (region.line, region.end_line));
            Entry {
                description: finding.sentence(),
                check_name: finding.rule.name,
                fingerprint,
                severity: match finding.rule.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "minor",
                },
                location: Location { path, lines: LineRange { begin, end } },
            }
        })
        .collect();
    print_pretty(&entries)
}
