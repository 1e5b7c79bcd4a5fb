//! Where a command's words go.

use std::io::Write;

use anstream::{AutoStream, ColorChoice};

use super::Color;

/// Where a command's words go: results to stdout, everything else to stderr.
pub(super) struct Output {
    quiet: bool,
    color: ColorChoice,
}

impl Output {
    pub(super) fn new(quiet: bool, color: Color) -> Self {
        let color = match color {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            // NO_COLOR, CLICOLOR_FORCE, TERM and whether a terminal is there.
            Color::Auto => AutoStream::choice(&std::io::stderr()),
        };
        Self { quiet, color }
    }

    /// Whether people see colour on stderr.
    pub(super) fn color(&self) -> bool {
        !matches!(self.color, ColorChoice::Never)
    }

    /// What the command made, as it is.
    ///
    /// A reader that has seen enough (`| head`) is not an error.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// What the command found, for people.
    pub(super) fn findings(&self, text: &str) {
        self.to_stderr(text);
    }

    /// What the command did, unless it is to be quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&format!("{text}\n"));
        }
    }

    /// What the command is doing, for somebody who waits at a terminal.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            self.to_stderr(&format!("{text}\n"));
        }
    }

    /// What the world refused.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let word = if self.color() { "\u{1b}[1m\u{1b}[91merror\u{1b}[0m" } else { "error" };
        self.to_stderr(&format!("{word}: {error:#}\n"));
    }

    fn to_stderr(&self, text: &str) {
        let mut stderr = AutoStream::new(std::io::stderr(), self.color);
        // There is nobody left to tell when stderr is closed.
        let _ = stderr.write_all(text.as_bytes());
    }
}
