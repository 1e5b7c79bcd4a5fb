//! JUnit XML: every rule is a test case, so that a pipeline shows what was checked and what newly fails.
//!
//! A component is a suite and class, an error is a failure, a warning is told in the output of a passing test.
//! There are no times: the same blueprint gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Report;
use super::finding::Finding;
use super::short::place;
use crate::diag::{Rule, Severity};

pub(super) fn render(report: &Report<'_>) -> String {
    let mut found: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        found.entry(finding.rule.name).or_default().push(finding);
    }
    let mut suites: BTreeMap<&str, BTreeMap<&str, &Rule>> = BTreeMap::new();
    for rule in &report.rules {
        suites.entry(split(rule).0).or_default().insert(split(rule).1, rule);
    }
    let failures = |rule: &Rule| {
        usize::from(rule.severity == Severity::Error && found.contains_key(rule.name))
    };
    let mut cases = String::new();
    let mut all = [0, 0];
    for (component, rules) in &suites {
        let failed = rules.values().map(|rule| failures(rule)).sum();
        all = [all[0] + rules.len(), all[1] + failed];
        open(&mut cases, "  ", "testsuite", component, rules.len(), failed);
        for (name, rule) in rules {
            let findings = found.get(rule.name).map_or(&[][..], Vec::as_slice);
            case(&mut cases, report, component, name, rule, findings);
        }
        cases.push_str("  </testsuite>\n");
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open(&mut text, "", "testsuites", "groundplan", all[0], all[1]);
    text + &cases + "</testsuites>\n"
}

/// Component and name of a rule.
fn split(rule: &Rule) -> (&'static str, &'static str) {
    rule.name.split_once('/').unwrap_or(("groundplan", rule.name))
}

fn open(text: &mut String, indent: &str, tag: &str, name: &str, tests: usize, failures: usize) {
    let name = escape(name);
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{indent}<{tag} name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    );
}

fn case(
    text: &mut String,
    report: &Report<'_>,
    component: &str,
    name: &str,
    rule: &Rule,
    findings: &[&Finding],
) {
    let _ =
        write!(text, "    <testcase classname=\"{}\" name=\"{}\"", escape(component), escape(name));
    let file = findings.iter().find_map(|finding| finding.spot.file.as_deref());
    if let Some(file) = file {
        let _ = write!(text, " file=\"{}\"", escape(&report.repository_path(file)));
    }
    if findings.is_empty() {
        text.push_str("/>\n");
        return;
    }
    text.push_str(">\n");
    let lines: Vec<String> = findings.iter().map(|finding| line(finding)).collect();
    let lines = escape(&lines.join("\n"));
    let _ = match rule.severity {
        Severity::Error => {
            let summary = escape(rule.summary);
            writeln!(text, "      <failure message=\"{summary}\">{lines}</failure>")
        }
        Severity::Warning => writeln!(text, "      <system-out>{lines}</system-out>"),
    };
    text.push_str("    </testcase>\n");
}

fn line(finding: &Finding) -> String {
    format!("{}: {}", place(finding), finding.sentence())
}

/// Text for an element or an attribute. XML 1.0 has no way to write most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' => escaped.push(c),
            '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            escape("a\u{0}\u{1b}[1m<b>&\"\r\n\u{fffe}"),
            "a��[1m&lt;b&gt;&amp;&quot;&#13;\n�"
        );
    }
}
