//! Whatever is in a file and wherever a diagnostic points, every format says something valid.

use proptest::prelude::*;
use serde_json::Value;

use super::sample::{RULES, Table};
use super::*;
use crate::diag::Diagnostics;
use crate::path::{At, FieldPath};

/// Text with what makes renderers stumble: tabs, line ends, wide, combining and control characters.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just("  ".to_owned()),
        Just("ä字🦀e\u{301}\u{200d}\u{202e}".to_owned()),
        Just("\u{0}\u{1b}[31m\r\u{85}".to_owned()),
        Just("x".repeat(300)),
        "[a-z:{}\"]{1,8}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

type Pointer = (u32, u32, u32);

fn pointer() -> impl Strategy<Value = Pointer> {
    (0..2u32, 0..700u32, 0..700u32)
}

/// Place, related places, message, fix, whether it is a secret.
type Fault = (Pointer, Vec<Pointer>, String, Option<String>, bool);

fn found(places: Vec<Fault>) -> Diagnostics {
    let place = |(source, start, end)| Place::Text(Span { source: SourceId(source), start, end });
    let mut found = Diagnostics::new();
    for (index, (at, related, message, fix, sensitive)) in places.into_iter().enumerate() {
        let one = found.report(RULES[index % RULES.len()], place(at), &message);
        for other in related {
            one.related(place(other), &message);
        }
        one.fix = fix;
        one.sensitive = sensitive;
    }
    found
}

fn check_all(report: &Report<'_>) -> Result<String, TestCaseError> {
    let mut all = report.render(Format::Human, true);
    for format in Format::value_variants() {
        all.push_str(&report.render(*format, false));
    }
    let gitlab: Value = serde_json::from_str(&report.render(Format::Gitlab, false))
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut prints = BTreeSet::new();
    for entry in gitlab.as_array().into_iter().flatten() {
        prop_assert!(entry["location"]["lines"]["begin"].as_u64() >= Some(1));
        prop_assert!(!entry["location"]["path"].as_str().unwrap_or("").is_empty());
        prop_assert!(prints.insert(entry["fingerprint"].to_string()), "fingerprints differ");
    }
    let sarif: Value = serde_json::from_str(&report.render(Format::Sarif, false))
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let results = sarif["runs"][0]["results"].as_array().map_or(0, Vec::len);
    let lines = report.render(Format::Json, false);
    for line in lines.lines() {
        let parsed = serde_json::from_str::<Value>(line);
        prop_assert!(parsed.is_ok_and(|line| line["schema"] == 1), "{line}");
    }
    let short = report.render(Format::Short, false).lines().count();
    let count = report.errors() + report.warnings();
    prop_assert_eq!([prints.len(), results, lines.lines().count(), short], [count; 4]);
    let xml = report.render(Format::Junit, false);
    let allowed =
        |c: char| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}' || c == '\n' || c == '\t';
    prop_assert!(xml.chars().all(allowed));
    Ok(all)
}

proptest! {
    #[test]
    fn nothing_panics_and_machines_can_read(
        files in (text(), text()),
        places in prop::collection::vec(
            (
                pointer(),
                prop::collection::vec(pointer(), 0..4),
                text(),
                prop::option::of(text()),
                any::<bool>(),
            ),
            0..6,
        ),
    ) {
        let mut sources = Sources::default();
        sources.add("blueprint.yaml", files.0);
        sources.add("overlays/clusters/a.yaml", files.1);
        let table = Table::default();
        check_all(&Report::new(found(places), &sources, &table, &RULES, None))?;
    }

    #[test]
    fn a_secret_is_nowhere(before in text(), after in text(), related in pointer(), other in pointer()) {
        let secret = "hunter2-\u{df}-s3cret";
        let mut sources = Sources::default();
        let start = before.len() as u32;
        let end = start + secret.len() as u32;
        sources.add("blueprint.yaml", format!("{before}{secret}{after}"));
        sources.add("overlays/clusters/a.yaml", after);
        let around = start.saturating_sub(other.1 % 9);
        let places = vec![
            ((0, start, end), vec![related, (0, around, end)], "a password".to_owned(), None, true),
            ((0, around, end + 3), vec![], "something else".to_owned(), Some("x".to_owned()), false),
            (other, vec![(0, start, end)], "something far".to_owned(), Some(String::new()), false),
        ];
        let table = Table::default();
        let report = Report::new(found(places), &sources, &table, &RULES, None);
        let all = check_all(&report)?;
        prop_assert!(!all.contains("hunter2") && !all.contains("s3cret"), "{}", all);
    }
}

#[test]
fn enormous_files_are_shown_in_part_and_soon() {
    let mut sources = Sources::default();
    let line = format!("{{{}}}", "key: value, ".repeat(1_700_000));
    let deep: String = (0..10_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let (middle, tail) = (line.len() as u32 / 2, deep.len() as u32);
    sources.add("wide.yaml", line);
    sources.add("deep.yaml", deep);
    let mut table = Table::default();
    let path: String = vec!["a"; 10_000].join(".");
    let at =
        At { document: DocumentId::BASE, path: path.parse().unwrap_or_else(|_| FieldPath::root()) };
    let deepest = Span { source: SourceId(1), start: tail - 3, end: tail };
    table.places.insert(at.clone().into(), deepest);
    let mut found = Diagnostics::new();
    let wide = |start, end| Span { source: SourceId(0), start, end };
    found
        .report(RULES[0], wide(middle, middle + 3), "in the middle")
        .related(wide(0, 1), "it starts here")
        .related(wide(0, u32::MAX), "all of it")
        .fix("x".repeat(1_000_000));
    found.report(RULES[1], at, "too deep").fix("b:");
    found.report(
        RULES[2],
        At::root(DocumentId::BASE).key("k".repeat(1_000_000)),
        "y".repeat(1_000_000),
    );
    let report = Report::new(found, &sources, &table, &RULES, None);
    let human = report.render(Format::Human, false);
    assert!(human.len() < 20_000, "{}", human.len());
    assert!(human.contains(&format!("wide.yaml:1:{}", middle + 1)), "{human}");
    assert!(human.contains("deep.yaml:10000:10000"), "{human}");
}
