//! SARIF 2.1.0, for code scanning and editors.
//!
//! Readers refuse a result without a file, so what has none is shown on the first line of the blueprint.
//! Columns count characters (`unicodeCodePoints`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Report;
use super::finding::{Finding, Spot, fingerprints};
use super::json::print_pretty;
use super::lines::Region;
use super::short::severity;
use crate::diag::Rule;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text<'static>,
    full_description: Text<'static>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Area,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Area {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Text<'a>,
    artifact_changes: [ArtifactChange<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: ArtifactLocation,
    replacements: [Replacement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Area,
    inserted_content: Text<'a>,
}

pub(super) fn render(report: &Report<'_>) -> String {
    let named = report.findings.iter().zip(fingerprints(report));
    let index: BTreeMap<&str, usize> =
        report.rules.iter().enumerate().map(|(index, rule)| (rule.name, index)).collect();
    print_pretty(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "groundplan",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: report.rules.iter().map(|rule| descriptor(rule)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: named
                .map(|(finding, name)| result(report, finding, index[finding.rule.name], name))
                .collect(),
        }],
    })
}

fn descriptor(rule: &Rule) -> Descriptor {
    Descriptor {
        id: rule.name,
        short_description: text(rule.summary),
        full_description: text(rule.why),
        default_configuration: Configuration { level: severity(rule.severity) },
    }
}

fn result<'a>(
    report: &Report<'_>,
    finding: &'a Finding,
    rule_index: usize,
    fingerprint: String,
) -> Outcome<'a> {
    // What is no more than related is not worth an invented line.
    let related = finding.related.iter().filter(|(spot, _)| spot.file.is_some());
    let related = related.enumerate().map(|(position, (spot, label))| Location {
        id: Some(position + 1),
        message: Some(text(label)),
        ..location(report, spot)
    });
    Outcome {
        rule_id: finding.rule.name,
        rule_index,
        level: severity(finding.rule.severity),
        message: text(finding.sentence()),
        locations: [location(report, &finding.spot)],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("groundplan/v1", fingerprint)]),
        fixes: finding
            .fix
            .as_deref()
            .map(|fix| self::fix(report, finding, fix))
            .into_iter()
            .collect(),
    }
}

fn fix<'a>(report: &Report<'_>, finding: &'a Finding, fix: &'a str) -> Fix<'a> {
    Fix {
        description: text(finding.help.as_deref().unwrap_or("write this instead")),
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(report, &finding.spot),
            replacements: [Replacement {
                deleted_region: area(finding.spot.region()),
                inserted_content: text(fix),
            }],
        }],
    }
}

fn location<'a>(report: &Report<'_>, spot: &Spot) -> Location<'a> {
    let name = spot.field().map(|fully_qualified_name| LogicalLocation { fully_qualified_name });
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: artifact(report, spot),
            region: area(spot.region()),
        },
        logical_locations: name.into_iter().collect(),
        message: None,
    }
}

fn artifact(report: &Report<'_>, spot: &Spot) -> ArtifactLocation {
    let file = spot.file.as_deref();
    let path = file.map_or_else(|| report.main_file(), |file| report.repository_path(file));
    ArtifactLocation { uri: uri(&path) }
}

fn area(region: Option<&Region>) -> Area {
    match region {
        Some(region) => Area {
            start_line: region.line,
            start_column: region.column,
            end_line: region.end_line,
            end_column: region.end_column,
        },
        None => Area { start_line: 1, start_column: 1, end_line: 1, end_column: 1 },
    }
}

fn text<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Text<'a> {
    Text { text: text.into() }
}

/// A path as a URI reference: relative, or with `file://` if it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
