//! Refusals: what is wrong with a text and what to write instead.

use std::fmt;

/// Why a text is not what it should be, and what to write instead.
///
/// `Display` prints the message and, after a newline, the help; the decoder splits there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong: one short phrase in lower case.
    pub message: String,
    /// What to write, with the nearest valid spelling when there is one.
    pub help: Option<String>,
}

impl Invalid {
    /// Says what is wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Gives the spelling that was probably meant.
    #[must_use]
    pub fn write(self, spelling: impl fmt::Display) -> Self {
        self.help(format!("write `{spelling}`"))
    }

    /// Gives the spelling that was probably meant, if there is one, else the rule in words.
    #[must_use]
    pub fn write_or(self, spelling: Option<impl fmt::Display>, rule: &str) -> Self {
        match spelling {
            Some(spelling) => self.write(spelling),
            None => self.help(rule),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n{help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Invalid {}

/// The text in backquotes, on one line and not too long, for a message.
pub(crate) fn show(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for (position, c) in text.chars().enumerate() {
        if position == LONGEST {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    shown.push('`');
    shown
}
