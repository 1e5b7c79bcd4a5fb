//! What holds for all formats.

use super::sample::*;
use super::*;
use crate::diag::Diagnostics;
use crate::path::At;

fn print(format: Format) -> String {
    sample().report().render(format, false)
}

#[test]
fn colour_only_when_asked() {
    let sample = sample();
    assert!(sample.report().render(Format::Human, true).contains("\u{1b}["));
    for format in Format::value_variants() {
        assert!(!sample.report().render(*format, false).contains('\u{1b}'));
    }
}

#[test]
fn clean_runs_say_so_to_machines_only() {
    let sample = sample();
    let clean = |format| sample.report_of([]).render(format, false);
    assert_eq!(clean(Format::Human), "");
    assert_eq!(clean(Format::Short), "");
    assert_eq!(clean(Format::Json), "");
    assert_eq!(clean(Format::Gitlab), "[]\n");
    assert!(
        clean(Format::Junit).contains("<testsuites name=\"groundplan\" tests=\"5\" failures=\"0\"")
    );
    assert!(clean(Format::Sarif).contains("\"results\": []"));
}

#[test]
fn what_is_said_twice_is_printed_once() {
    let sample = sample();
    let report = sample.report();
    assert_eq!((report.errors(), report.warnings()), (6, 2));
    let twice = sample.found.iter().chain(sample.found.iter().rev()).cloned();
    assert_eq!(sample.report_of(twice).render(Format::Human, false), print(Format::Human));
}

#[test]
fn two_remedies_for_one_place_are_none() {
    let sample = sample();
    let mut other: Vec<Diagnostic> = sample.found.iter().take(2).cloned().collect();
    other[1].fix = Some("something".to_owned());
    assert!(sample.report_of(other).render(Format::Json, false).contains("\"fix\":null"));
}

#[test]
fn a_fix_never_replaces_an_ancestor() {
    struct Ancestors(Table);
    impl Locate for Ancestors {
        fn locate(&self, _: &Place) -> Option<Span> {
            self.0.places.values().next().cloned()
        }
        fn describe(&self, document: DocumentId) -> String {
            self.0.describe(document)
        }
        fn is_written(&self, _: &Place) -> bool {
            false
        }
    }
    let sample = sample();
    let table = Ancestors(super::sample::sample().table);
    let mut found = Diagnostics::new();
    let at = At::root(DocumentId::BASE).key("workloads").key("web");
    found.report(RULES[0], at, "too much").fix("less");
    let report = Report::new(found, &sample.sources, &table, &RULES, None);
    let human = report.render(Format::Human, false);
    assert!(human.contains("note: nobody wrote workloads.web; it would stand here"), "{human}");
    assert!(!human.contains("less"));
    assert!(!report.render(Format::Sarif, false).contains("\"fixes\""));
}

#[test]
fn fingerprints_survive_edits_and_differ() {
    let sample = sample();
    let prints = |report: &Report<'_>| finding::fingerprints(report);
    let mut moved = super::sample::sample();
    moved.sources = Sources::default();
    moved.sources.add("./blueprint.yaml", format!("# a comment\n{BLUEPRINT}"));
    moved.sources.add("overlays/environments/production.yaml", OVERLAY);
    for span in moved.table.places.values_mut().filter(|span| span.source.0 == 0) {
        (span.start, span.end) = (span.start + 12, span.end + 12);
    }
    assert_eq!(prints(&sample.report()), prints(&moved.report()));
    assert_ne!(moved.report().render(Format::Short, false), print(Format::Short));

    let mut same = Diagnostics::new();
    for message in ["one", "two", "three"] {
        same.report(RULES[0], Place::File("a.yaml".to_owned()), message);
    }
    let unique: BTreeSet<String> = prints(&sample.report_of(same)).into_iter().collect();
    assert_eq!(unique.len(), 3);
}

#[test]
fn paths_are_those_of_the_repository() {
    let sample = sample();
    let path = |directory: &'static str, path: &str| {
        sample.report_of([]).started_in(Utf8Path::new(directory)).repository_path(path)
    };
    assert_eq!(path("/repo/sub", "./a.yaml"), "sub/a.yaml");
    assert_eq!(path("/repo/sub", "../x/./a.yaml"), "x/a.yaml");
    assert_eq!(path("/repo", "/repo/a.yaml"), "a.yaml");
    assert_eq!(path("/elsewhere", "b/../a.yaml"), "a.yaml");
    assert_eq!(path("/elsewhere", "../../a.yaml"), "../../a.yaml");
}

#[test]
fn formats_are_known_by_name() {
    assert_eq!("gitlab".parse(), Ok(Format::Gitlab));
    let unknown = "jsno".parse::<Format>().map_err(|error| error.to_string());
    assert_eq!(unknown, Err("`jsno` is not a report format: did you mean `json`?".to_owned()));
    for format in Format::value_variants() {
        let clap = format.to_possible_value().map(|value| value.get_name().to_owned());
        assert_eq!(clap.as_deref(), Some(format.name()));
    }
}
