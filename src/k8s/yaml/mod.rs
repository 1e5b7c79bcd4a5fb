//! The only YAML printer.
//!
//! Block style, two spaces, lists at their parent's indent as kubectl and kustomize print them, one line a
//! scalar unless the text itself has lines: a review reads line by line. Nothing is ever folded. Every reader
//! of YAML 1.1 and 1.2 must get back exactly the tree that was printed (`scalar`).

mod scalar;

use crate::k8s::tree::{Map, Tree};
use scalar::Style;

/// Readers look for the `:` of a key only within its first 1024 characters.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// The keys that come first in a Kubernetes object; the rest keeps the tree's order.
const HEAD: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// The tree as one YAML document that ends with exactly one newline.
pub fn print(tree: &Tree) -> String {
    let mut out = String::with_capacity(1024);
    print_into(tree, &mut out);
    out
}

/// Appends the tree as one YAML document to `out`: one buffer serves many objects.
pub fn print_into(tree: &Tree, out: &mut String) {
    let mut printer = Printer { out, kept: None };
    match tree {
        Tree::Map(map) if !map.is_empty() => printer.document(map),
        Tree::Seq(items) if !items.is_empty() => printer.seq(items, 0, false),
        Tree::Str(text) => {
            printer.one_line(text);
            printer.out.push('\n');
        }
        other => {
            printer.scalar(other, 0);
            printer.out.push('\n');
        }
    }
    printer.finish();
}

struct Printer<'t, 'o> {
    out: &'o mut String,
    /// Where the last `|+` literal began, and its text.
    kept: Option<(usize, &'t str)>,
}

impl<'t> Printer<'t, '_> {
    /// The top level, where an object's head comes first.
    fn document(&mut self, map: &'t Map) {
        if !(map.contains_key("apiVersion") && map.contains_key("kind")) {
            return self.map(map, 0, false);
        }
        for key in HEAD {
            if let Some(value) = map.get(key) {
                self.entry(key, value, 0);
            }
        }
        for (key, value) in map.iter().filter(|(key, _)| !HEAD.contains(key)) {
            self.entry(key, value, 0);
        }
    }

    /// The entries, one a line; the first goes on the current line when `inline`.
    fn map(&mut self, map: &'t Map, indent: usize, inline: bool) {
        for (position, (key, value)) in map.iter().enumerate() {
            if position > 0 || !inline {
                self.indent(indent);
            }
            self.entry(key, value, indent);
        }
    }

    fn entry(&mut self, key: &str, value: &'t Tree, indent: usize) {
        if key.len() > LONGEST_SIMPLE_KEY {
            self.out.push_str("? ");
            self.one_line(key);
            self.out.push('\n');
            self.indent(indent);
        } else {
            self.one_line(key);
        }
        match value {
            Tree::Seq(items) if !items.is_empty() => {
                self.out.push_str(":\n");
                self.seq(items, indent, false);
            }
            Tree::Map(map) if !map.is_empty() => {
                self.out.push_str(":\n");
                self.map(map, indent + 2, false);
            }
            scalar => {
                self.out.push_str(": ");
                self.scalar(scalar, indent + 2);
                self.out.push('\n');
            }
        }
    }

    /// The items, one a line; the first goes on the current line when `inline`.
    fn seq(&mut self, items: &'t [Tree], indent: usize, inline: bool) {
        for (position, item) in items.iter().enumerate() {
            if position > 0 || !inline {
                self.indent(indent);
            }
            self.out.push_str("- ");
            match item {
                Tree::Seq(items) if !items.is_empty() => self.seq(items, indent + 2, true),
                Tree::Map(map) if !map.is_empty() => self.map(map, indent + 2, true),
                scalar => {
                    self.scalar(scalar, indent + 2);
                    self.out.push('\n');
                }
            }
        }
    }

    /// Anything without children; the lines of a literal are indented by `indent`.
    fn scalar(&mut self, tree: &'t Tree, indent: usize) {
        match tree {
            Tree::Null => self.out.push_str("null"),
            Tree::Bool(true) => self.out.push_str("true"),
            Tree::Bool(false) => self.out.push_str("false"),
            Tree::Int(value) => self.out.push_str(itoa::Buffer::new().format(*value)),
            Tree::Float(value) => self.out.push_str(&scalar::float(*value)),
            Tree::Seq(_) => self.out.push_str("[]"),
            Tree::Map(_) => self.out.push_str("{}"),
            Tree::Str(text) => match scalar::style(text) {
                Style::Plain => self.out.push_str(text),
                Style::Quoted => scalar::quote(text, self.out),
                Style::Literal => self.literal(text, indent),
            },
        }
    }

    /// A string on one line, whatever it holds.
    fn one_line(&mut self, text: &str) {
        match scalar::style(text) {
            Style::Plain => self.out.push_str(text),
            Style::Quoted | Style::Literal => scalar::quote(text, self.out),
        }
    }

    /// `text` as a block literal, without the newline that ends its last line.
    fn literal(&mut self, text: &'t str, indent: usize) {
        let start = self.out.len();
        self.out.push('|');
        // A reader takes the first line's spaces for indentation unless it is told how deep that is.
        if text.trim_start_matches('\n').starts_with(' ') {
            self.out.push('2');
        }
        let body = match text.strip_suffix('\n') {
            None => {
                self.out.push('-');
                text
            }
            Some(body) => {
                if body.ends_with('\n') {
                    self.out.push('+');
                    self.kept = Some((start, text));
                }
                body
            }
        };
        for line in body.split('\n') {
            self.out.push('\n');
            // An empty line stays empty: trailing spaces are what editors and hooks take away.
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
    }

    fn indent(&mut self, indent: usize) {
        const SPACES: &str = "                                ";
        let mut left = indent;
        while left > 0 {
            let now = left.min(SPACES.len());
            self.out.push_str(&SPACES[..now]);
            left -= now;
        }
    }

    /// A `|+` literal at the very end would end the file with several newlines, which editors and hooks take
    /// away together with a part of the text: quote it.
    fn finish(self) {
        if let Some((start, text)) = self.kept
            && self.out.ends_with("\n\n")
        {
            self.out.truncate(start);
            scalar::quote(text, self.out);
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests;
