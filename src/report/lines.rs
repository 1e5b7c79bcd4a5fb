//! Bytes of a file to lines and columns, without reading the file again for every diagnostic.

use std::ops::Range;

/// Where the lines of a text start.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    /// The text.
    pub text: &'a str,
    starts: Vec<usize>,
}

/// A piece of a file for people: lines and columns count from 1, columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The same in bytes; always inside the text and between characters.
    pub range: Range<usize>,
    /// Line of the first character.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    /// The range made valid: inside the text, between characters, not backwards, and without the white
    /// space that a parser may have counted to the end of a block.
    ///
    /// The end of the file is moved to the end of its last line, which is the nearest a reader can see.
    pub fn clamp(&self, range: Range<usize>) -> Range<usize> {
        let visible = match self.text.strip_suffix('\n') {
            Some(rest) => rest.strip_suffix('\r').unwrap_or(rest).len(),
            None => self.text.len(),
        };
        let start = self.boundary(range.start.min(visible));
        let mut end = range.end.min(visible);
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let end = end.max(start);
        let end = start + self.text[start..end].trim_end().len();
        start..end
    }

    /// Lines and columns of a range.
    pub fn region(&self, range: Range<usize>) -> Region {
        let range = self.clamp(range);
        let (line, column) = self.position(range.start);
        let (end_line, end_column) = self.position(range.end);
        Region { range, line, column, end_line, end_column }
    }

    /// The number of the line a byte is in.
    pub fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte)
    }

    /// The bytes of a line without its end; lines count from 1.
    pub fn line(&self, number: usize) -> Range<usize> {
        let start = self.starts[number - 1];
        let end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        start..end
    }

    /// The nearest place between two characters at or before a byte.
    pub fn boundary(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.line_of(byte);
        (line, self.text[self.starts[line - 1]..byte].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let lines = Lines::new("ä: ß\nkey: value\r\nlast");
        let region = lines.region(4..6);
        assert_eq!((region.line, region.column, region.end_column), (1, 4, 5));
        assert_eq!(lines.region(12..17).range, 12..17);
        assert_eq!(lines.line(2), 7..17);
        assert_eq!(lines.line(3), 19..23);
    }

    #[test]
    fn broken_ranges_become_valid() {
        let lines = Lines::new("ä\n\n");
        assert_eq!(lines.clamp(1..1), 0..2, "inside a character");
        assert_eq!(lines.clamp(90..100), 3..3, "behind the file");
        let (start, end) = (2, 0);
        assert_eq!(lines.clamp(start..end), 2..2, "backwards");
        assert_eq!(Lines::new("").region(0..9).line, 1);
        assert_eq!(Lines::new("a: 1\r\n").region(6..6).column, 5, "the end of the last line");
    }

    #[test]
    fn white_space_after_a_block_is_not_part_of_it() {
        let lines = Lines::new("a:\n  b: 1\n\nc: 2\n");
        assert_eq!(lines.region(5..11).end_line, 2);
    }
}
