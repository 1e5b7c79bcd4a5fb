//! For people: what is wrong, the lines of their own files, and what to do.

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet,
    normalize_untrusted_str,
};

use super::Report;
use super::excerpt::{Excerpt, Mark, excerpts};
use super::finding::{Finding, clip};
use crate::diag::{Severity, SourceId};

/// A fix longer than this is told, not shown in its place.
const LONGEST_PATCH: usize = 400;

/// All findings and a last line that counts them; nothing if there are none.
pub(super) fn render(report: &Report<'_>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&one(report, finding, &renderer));
        text.push_str("\n\n");
    }
    if let Some(total) = total(report) {
        let level = if report.errors() > 0 { Level::ERROR } else { Level::WARNING };
        let title = level.no_name().primary_title(total);
        text.push_str(&renderer.render(&[Group::with_title(title)]));
        text.push('\n');
    }
    text
}

/// `2 errors, 1 warning`.
fn total(report: &Report<'_>) -> Option<String> {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let parts = [count(report.errors(), "error"), count(report.warnings(), "warning")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn one(report: &Report<'_>, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let shown = shown(report, finding);
    let mut main = Group::with_title(level.primary_title(&finding.message).id(finding.rule.name));
    if finding.spot.region.is_none()
        && let Some(file) = &finding.spot.file
    {
        main = main.element(Origin::path(file));
    }
    main = main.elements(shown.iter().map(|(path, excerpt)| snippet(path, excerpt)));
    main = main.elements(notes(report, finding));

    let patch = patch(report, finding);
    let help = finding.help.as_deref().map(normalize_untrusted_str);
    let mut groups = Vec::with_capacity(2);
    match patch {
        Some(patch) => {
            groups.push(main);
            let title = help.unwrap_or_else(|| "write this instead".to_owned());
            groups.push(Level::HELP.secondary_title(title).element(patch));
        }
        None => {
            main = main.elements(help.map(|help| Level::HELP.message(help)));
            let told = finding.fix.as_deref().map(told);
            groups.push(main.elements(told.map(|told| Level::HELP.message(told))));
        }
    }
    let mut text = renderer.render(&groups);
    for (path, excerpt) in &shown {
        if excerpt.altered {
            correct_column(&mut text, path, excerpt.position);
        }
    }
    text
}

/// A fix in words.
fn told(fix: &str) -> String {
    match fix {
        "" => "remove it".to_owned(),
        fix => normalize_untrusted_str(&format!("write `{}` instead", clip(fix.to_owned()))),
    }
}

/// The excerpts with the paths of their files, that of the place itself first.
fn shown(report: &Report<'_>, finding: &Finding) -> Vec<(String, Excerpt)> {
    let place = (&finding.spot, "", true);
    let related = finding.related.iter().map(|(spot, label)| (spot, label.as_str(), false));
    let mut files: Vec<(SourceId, Vec<Mark>)> = Vec::new();
    for (spot, label, primary) in std::iter::once(place).chain(related) {
        let Some((source, region)) = &spot.region else { continue };
        let mark = Mark { range: region.range.clone(), label: label.to_owned(), primary };
        match files.iter_mut().find(|(known, _)| known == source) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((*source, vec![mark])),
        }
    }
    let mut shown = Vec::new();
    for (source, marks) in files {
        let path = report.sources.get(source).path.to_string();
        let secrets = report.secrets.get(&source).map_or(&[][..], Vec::as_slice);
        let excerpts = excerpts(&report.lines[&source], secrets, marks);
        shown.extend(excerpts.into_iter().map(|excerpt| (path.clone(), excerpt)));
    }
    shown
}

fn snippet<'a>(path: &'a str, excerpt: &'a Excerpt) -> Snippet<'a, Annotation<'a>> {
    let annotations = excerpt.marks.iter().map(|mark| {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = (!mark.label.is_empty()).then_some(mark.label.as_str());
        kind.span(mark.range.clone()).label(label)
    });
    Snippet::source(&excerpt.text)
        .line_start(excerpt.first_line)
        .path(path)
        .annotations(annotations)
}

/// What cannot be pointed at.
fn notes<'a>(report: &Report<'_>, finding: &Finding) -> Vec<Element<'a>> {
    let note = |text: String| Level::NOTE.message(normalize_untrusted_str(&clip(text))).into();
    let mut notes = Vec::new();
    match finding.spot.field() {
        Some(field) if finding.spot.region.is_none() => notes.push(note(format!("at {field}"))),
        Some(field) if !finding.spot.exact => {
            notes.push(note(format!("nobody wrote {field}; it would stand here")));
        }
        _ => {}
    }
    for (spot, label) in &finding.related {
        if spot.region.is_none() {
            let place = spot.file.clone().or_else(|| spot.field());
            notes.push(note(format!("{label}: {}", place.unwrap_or_default())));
        }
    }
    notes.extend(finding.scope(report).map(note));
    notes
}

/// The fix in its place, if it is short and what it replaces is one whole short line.
fn patch(report: &Report<'_>, finding: &Finding) -> Option<Snippet<'static, Patch<'static>>> {
    let fix = finding.fix.as_ref().filter(|fix| fix.len() <= LONGEST_PATCH)?;
    let (source, region) = finding.spot.region.as_ref()?;
    if region.line != region.end_line {
        return None;
    }
    let mark = Mark { range: region.range.clone(), label: String::new(), primary: true };
    let secrets = report.secrets.get(source).map_or(&[][..], Vec::as_slice);
    let Excerpt { text, first_line, marks, .. } =
        excerpts(&report.lines[source], secrets, vec![mark]).pop()?;
    let path = report.sources.get(*source).path.to_string();
    let patch = Patch::new(marks.first()?.range.clone(), fix.clone());
    Some(Snippet::source(text).line_start(first_line).path(path).patch(patch))
}

/// Writes the column of the file where the renderer counted in a line that is not shown letter by letter.
fn correct_column(text: &mut String, path: &str, (line, column): (usize, usize)) {
    let position = format!("{path}:{line}:");
    let mut from = 0;
    while let Some(found) = text[from..].find(&position) {
        let at = from + found;
        let digits_at = at + position.len();
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let arrow = ["--> ", "::: "].iter().any(|arrow| text[start..at].contains(arrow));
        if arrow {
            let rest = &text[digits_at..];
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            text.replace_range(digits_at..digits_at + digits, &column.to_string());
        }
        from = digits_at;
    }
}
