//! How names are spelt, and the nearest spelling of what is none.

use super::Name;
use crate::k8s::leaf::{Invalid, show};

fn name_character(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

pub(super) fn label_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The rules most names share: not empty, not too long, of certain characters, no punctuation at the edges.
pub(super) struct Spelling {
    what: &'static str,
    alphabet: &'static str,
    longest: usize,
    dotted: bool,
    allowed: fn(char) -> bool,
}

pub(super) const NAME: Spelling = Spelling {
    what: "a name",
    alphabet: "a-z, 0-9 and `-`",
    longest: Name::LONGEST,
    dotted: false,
    allowed: name_character,
};
pub(super) const SUBDOMAIN: Spelling = Spelling {
    what: "a dotted name",
    alphabet: "a-z, 0-9, `-` and `.`",
    longest: 253,
    dotted: true,
    allowed: |c| name_character(c) || c == '.',
};
pub(super) const LABEL_KEY: Spelling = Spelling {
    what: "a label key",
    alphabet: "letters, digits, `-`, `_` and `.`",
    longest: 63,
    dotted: false,
    allowed: label_character,
};
pub(super) const LABEL_VALUE: Spelling = Spelling { what: "a label value", ..LABEL_KEY };

impl Spelling {
    pub(super) fn check(&self, text: &str) -> Result<(), Invalid> {
        let Self { what, alphabet, longest, allowed, .. } = self;
        if text.is_empty() {
            return Err(Invalid::new(format!("{what} must not be empty"))
                .help(format!("write 1 to {longest} characters of {alphabet}")));
        }
        if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
            let message =
                format!("{} is not {what}: it has {}", show(text), show(&wrong.to_string()));
            return Err(Invalid::new(message).write_or(self.near(text), &format!("use {alphabet}")));
        }
        if edges(text) != Some(true) {
            let message = format!("{} does not begin and end with a letter or digit", show(text));
            return Err(Invalid::new(message).write_or(self.near(text), &format!("use {alphabet}")));
        }
        if text.len() > *longest {
            let message =
                format!("{} has {} characters, {longest} are allowed", show(text), text.len());
            return Err(
                Invalid::new(message).help(format!("shorten {what} to {longest} characters"))
            );
        }
        Ok(())
    }

    /// The valid spelling nearest to the text, if there is one.
    pub(super) fn near(&self, text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        let near = squeeze(if (self.allowed)('A') { text } else { &lower }, '-', self.allowed);
        let near = if self.dotted { tidy_parts(&near) } else { near };
        (!near.is_empty() && near.len() <= self.longest).then_some(near)
    }
}

/// Whether the text begins and ends with a letter or digit; `None` if it is empty.
pub(super) fn edges(text: &str) -> Option<bool> {
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    Some(first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
}

/// The text with each run of characters that are not allowed replaced, and punctuation cut from the edges:
/// `web 1_` becomes `web-1`.
pub(in crate::k8s) fn squeeze(
    text: &str,
    replacement: char,
    allowed: impl Fn(char) -> bool,
) -> String {
    let mut near = String::with_capacity(text.len());
    for c in text.chars() {
        if allowed(c) {
            near.push(c);
        } else if !near.ends_with(replacement) {
            near.push(replacement);
        }
    }
    near.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// The dotted name without empty parts and without `-` at their edges.
fn tidy_parts(text: &str) -> String {
    let parts = text.split('.').map(|part| part.trim_matches('-'));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}
