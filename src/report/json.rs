//! One JSON object a line, for programs.
//!
//! Additive only: with `"schema":1` no key changes its meaning or type or goes away; new ones may come. All
//! keys are always there.
//!
//! | key | type | is |
//! | --- | --- | --- |
//! | `schema` | number | 1 |
//! | `rule` | string | name of the rule, `workloads/unknown-field` |
//! | `severity` | string | `error` or `warning` |
//! | `message` | string | what is wrong |
//! | `file` | string or null | the file, relative to the root of the repository |
//! | `line`, `column` | number or null | start, from 1; columns count characters |
//! | `endLine`, `endColumn` | number or null | end; the column is that after the last character |
//! | `path` | string or null | the field, `workloads.web.scale` |
//! | `documents` | list of strings | where the fault shows; `""` is the blueprint alone |
//! | `related` | list | other places: `message` and the keys of a place, `file` to `path` |
//! | `help` | string or null | what to do |
//! | `fix` | string or null | text to put in place of `line`:`column` to `endLine`:`endColumn` |

use serde::Serialize;

use super::Report;
use super::finding::{Finding, Spot};
use super::short::severity;

#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: Place,
    documents: Vec<String>,
    related: Vec<Related<'a>>,
    help: Option<&'a str>,
    fix: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    path: Option<String>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place,
}

pub(super) fn render(report: &Report<'_>) -> String {
    report.findings.iter().map(|finding| print(&line(report, finding)) + "\n").collect()
}

fn line<'a>(report: &Report<'_>, finding: &'a Finding) -> Line<'a> {
    let documents = finding.documents.iter().map(|id| report.locate.describe(*id));
    let related = finding.related.iter();
    Line {
        schema: 1,
        rule: finding.rule.name,
        severity: severity(finding.rule.severity),
        message: &finding.message,
        place: place(report, &finding.spot),
        documents: documents.collect(),
        related: related
            .map(|(spot, label)| Related { message: label, place: place(report, spot) })
            .collect(),
        help: finding.help.as_deref(),
        fix: finding.fix.as_deref(),
    }
}

fn place(report: &Report<'_>, spot: &Spot) -> Place {
    let region = spot.region();
    Place {
        file: spot.file.as_deref().map(|file| report.repository_path(file)),
        line: region.map(|region| region.line),
        column: region.map(|region| region.column),
        end_line: region.map(|region| region.end_line),
        end_column: region.map(|region| region.end_column),
        path: spot.field(),
    }
}

/// The value as JSON on one line.
pub(super) fn print(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| crate::bug!("cannot print JSON: {error}"))
}

/// The value as JSON for people who look at it.
pub(super) fn print_pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.unwrap_or_else(|error| crate::bug!("cannot print JSON: {error}")) + "\n"
}
