//! The files that were read, kept whole: diagnostics show excerpts of them.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{SourceId, Span};

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user would write it.
    pub path: Utf8PathBuf,
    /// The text, without a byte order mark.
    pub text: String,
}

/// All files of one run, in the order of reading.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Keeps a file and names it.
    pub fn add(&mut self, path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> SourceId {
        self.files.push(SourceFile { path: path.into(), text: text.into() });
        SourceId((self.files.len() - 1) as u32)
    }

    /// The file behind a name.
    pub fn get(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, file)| (SourceId(i as u32), file))
    }

    /// The file of a span.
    pub fn path(&self, span: &Span) -> &Utf8Path {
        &self.get(span.source).path
    }

    /// Where a span begins, as `path:line`.
    pub fn line(&self, span: &Span) -> String {
        let (line, _) = self.line_column(span.source, span.range().start);
        format!("{}:{line}", self.path(span))
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub fn line_column(&self, source: SourceId, byte: usize) -> (usize, usize) {
        let text = &self.get(source).text;
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &text[..byte];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}
