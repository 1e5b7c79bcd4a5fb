//! The piece of a file that is shown: the marked lines, short enough to be read, with secrets masked.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lines::Lines;
use crate::diag::SourceId;

/// What a secret is shown as, whatever its length.
const MASK: &str = "********";
/// A line longer than this is shown in part.
const LONGEST_LINE: usize = 240;
/// How much of a long line is shown before a mark.
const BEFORE_MARK: usize = 80;
/// Marks further apart than this are shown in two excerpts.
const FARTHEST_LINES: usize = 400;

/// Bytes of a file to underline, with what to say about them.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// The bytes; of several lines only the first is underlined.
    pub range: Range<usize>,
    /// What to say; empty to only point.
    pub label: String,
    /// Whether this is the place itself and not one related to it.
    pub primary: bool,
}

/// Lines of a file with marks in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The lines, as they are shown.
    pub text: String,
    /// The number of the first line.
    pub first_line: usize,
    /// The marks, by bytes of `text`, with their label.
    pub marks: Vec<Mark>,
    /// The line and column in the file of the mark that gives the excerpt its position.
    pub position: (usize, usize),
    /// Whether marked lines are not shown letter by letter, so that columns cannot be counted in them.
    pub altered: bool,
}

/// Sorts and joins the ranges of every file.
pub(super) fn merge(secrets: &mut BTreeMap<SourceId, Vec<Range<usize>>>) {
    for ranges in secrets.values_mut() {
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
        for range in ranges.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        *ranges = merged;
    }
}

/// The excerpts that show all marks of one file; that of the primary mark, or of the first, comes first.
pub(super) fn excerpts(
    lines: &Lines<'_>,
    secrets: &[Range<usize>],
    mut marks: Vec<Mark>,
) -> Vec<Excerpt> {
    for mark in &mut marks {
        let line = lines.line(lines.line_of(mark.range.start));
        let end = mark.range.end.min(line.end).max(mark.range.start);
        let shown = lines.text[mark.range.start..end].trim_end();
        mark.range.end = mark.range.start + shown.len();
    }
    marks.sort_by_key(|mark| (mark.range.start, mark.range.end));
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    let mut last_line = 0;
    for mark in marks {
        let line = lines.line_of(mark.range.start);
        match groups.last_mut() {
            Some(group) if line - last_line <= FARTHEST_LINES => group.push(mark),
            _ => groups.push(vec![mark]),
        }
        last_line = line;
    }
    groups.sort_by_key(|group| !group.iter().any(|mark| mark.primary));
    groups.into_iter().map(|group| excerpt(lines, secrets, group)).collect()
}

/// One excerpt with marks that are sorted and near each other.
fn excerpt(lines: &Lines<'_>, secrets: &[Range<usize>], marks: Vec<Mark>) -> Excerpt {
    let numbers: Vec<usize> = marks.iter().map(|mark| lines.line_of(mark.range.start)).collect();
    let anchor = marks.iter().position(|mark| mark.primary).unwrap_or(0);
    let anchor_byte = marks[anchor].range.start;
    let mut result = Excerpt {
        text: String::new(),
        first_line: numbers[0],
        marks: Vec::with_capacity(marks.len()),
        position: {
            let region = lines.region(anchor_byte..anchor_byte);
            (region.line, region.column)
        },
        altered: false,
    };
    let mut waiting = marks.into_iter().zip(numbers.iter().copied()).peekable();
    for number in numbers[0]..=numbers[numbers.len() - 1] {
        let line = lines.line(number);
        let mut own = Vec::new();
        while let Some((mark, _)) = waiting.next_if(|(_, of)| *of == number) {
            own.push(mark);
        }
        if number > numbers[0] {
            result.text.push('\n');
        }
        // A single line between two marks is shown as it is; more are folded, whatever is in them.
        let near = |of: &usize| of.abs_diff(number) <= 1;
        if own.is_empty() && !numbers.iter().any(near) {
            continue;
        }
        let first = own.iter().find(|mark| mark.primary).or(own.first());
        let window = window(lines, &line, first.map_or(line.start, |mark| mark.range.start));
        let base = result.text.len();
        let (before, after) = (window.start > line.start, window.end < line.end);
        let shown = |to: usize| {
            let to = to.clamp(window.start, window.end);
            let ellipsis = if before { '…'.len_utf8() } else { 0 };
            base + ellipsis + masked(lines.text, window.start..to, secrets).len()
        };
        for mark in own {
            let start = shown(mark.range.start);
            let end = shown(mark.range.end).max(start);
            result.marks.push(Mark { range: start..end, ..mark });
        }
        let text = masked(lines.text, window.clone(), secrets);
        if numbers.contains(&number) {
            result.altered |= before || after || text != lines.text[window.clone()];
        }
        let dots = |cut: bool| if cut { "…" } else { "" };
        result.text.extend([dots(before), &text, dots(after)]);
    }
    result
}

/// The part of a line that is shown: all of it, or what is around a mark.
fn window(lines: &Lines<'_>, line: &Range<usize>, mark: usize) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return line.clone();
    }
    let start = mark.saturating_sub(BEFORE_MARK).max(line.start);
    let start = lines.boundary(start).max(line.start);
    let end = lines.boundary((start + LONGEST_LINE).min(line.end)).max(start);
    start..end
}

/// A piece of one line in which secrets are masked; `secrets` are sorted and do not overlap.
fn masked(text: &str, piece: Range<usize>, secrets: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(piece.len());
    let mut done = piece.start;
    let first = secrets.partition_point(|secret| secret.end <= piece.start);
    for secret in secrets[first..].iter().take_while(|secret| secret.start < piece.end) {
        let hidden = secret.start.max(piece.start)..secret.end.min(piece.end);
        shown.push_str(&text[done..hidden.start]);
        let inside = &text[hidden.clone()];
        let indent = inside.len() - inside.trim_start().len();
        shown.push_str(&inside[..indent]);
        if indent < inside.len() {
            shown.push_str(MASK);
        }
        done = hidden.end;
    }
    shown.push_str(&text[done..piece.end]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(range: Range<usize>) -> Mark {
        Mark { range, label: String::new(), primary: true }
    }

    #[test]
    fn a_long_line_is_shown_around_its_mark() {
        let text = format!("a: {}needle{}", "x".repeat(100_000), "y".repeat(100_000));
        let shown = excerpts(&Lines::new(&text), &[], vec![mark(100_003..100_009)]);
        let Excerpt { text, marks, position, .. } = &shown[0];
        assert!(text.len() < 300 && text.starts_with('…') && text.ends_with('…'));
        assert_eq!(&text[marks[0].range.clone()], "needle");
        assert_eq!(*position, (1, 100_004));
    }

    #[test]
    fn far_lines_are_left_out() {
        let text = format!("a: 1\n{}b: 2\n{}c: 3", "- long line\n".repeat(300), "\n".repeat(5000));
        let (b, c) = (text.find('b').unwrap_or(0), text.find('c').unwrap_or(0));
        let shown =
            excerpts(&Lines::new(&text), &[], vec![mark(0..1), mark(b..b + 1), mark(c..c + 1)]);
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0].text.matches("long").count(), 2);
        assert_eq!(shown[1].first_line, 5303);
    }

    #[test]
    fn secrets_are_masked_on_every_line_and_their_length_is_hidden() {
        let text = "password: |\n  hunter2\n  more\nnext: 1";
        let secrets = Vec::from([10..28, 40..50]);
        let shown = |piece: Range<usize>| masked(text, piece, &secrets);
        assert_eq!(shown(0..11), "password: ********");
        assert_eq!(shown(12..21), "  ********");
        assert_eq!(shown(22..28), "  ********");
        assert_eq!(shown(29..36), "next: 1");
    }
}
