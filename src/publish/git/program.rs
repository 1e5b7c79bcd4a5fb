//! The user's own `git`, for what must be the user's own: credentials, SSH, proxies, signing, worktrees.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::PublishError;

/// What git sets for its hooks; it would send a command to another repository than the one it names.
///
/// `GIT_CONFIG_COUNT` and `GIT_CONFIG_PARAMETERS` are not here: pipelines hand credentials over in them.
const FOREIGN: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_QUARANTINE_PATH",
];

/// One call of `git`.
pub(super) struct Git {
    command: Command,
    what: String,
    input: Vec<u8>,
}

impl Git {
    /// `git <verb>` in a folder; `what` it does completes the sentence "git cannot …".
    pub(super) fn new(folder: &Path, verb: &str, what: impl Into<String>) -> Self {
        let mut command = Command::new("git");
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").arg("-C").arg(folder).arg(verb);
        Self { command, what: what.into(), input: Vec::new() }
    }

    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(super) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it, however it ends.
    pub(super) fn output(mut self) -> Result<Output, PublishError> {
        let failed = |source| PublishError::NoGit { source };
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(&self.input) {
                // It ended without reading; what it says is more telling.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(failed(error)),
                _ => {}
            }
        }
        child.wait_with_output().map_err(failed)
    }

    /// Runs it and returns what it printed; ending with another code than 0 is an error.
    pub(super) fn run(self) -> Result<String, PublishError> {
        let what = self.what.clone();
        let output = self.output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(PublishError::Program { what, reason: said(&output) })
    }
}

/// What git said on its error channel, without the user's credentials.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.split_inclusive(char::is_whitespace).map(masked_url).collect::<String>();
    let text = text.trim();
    if text.is_empty() { format!("it ended with {}", output.status) } else { text.to_owned() }
}

/// The text with `user:password@` taken out of the URL it holds.
pub(super) fn masked_url(text: &str) -> String {
    let Some(start) = text.find("://").map(|at| at + 3) else { return text.to_owned() };
    let end = text[start..].find(['/', '\'', '"']).map_or(text.len(), |at| start + at);
    match text[start..end].rfind('@') {
        Some(at) => format!("{}{}", &text[..start], &text[start + at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_repeated() {
        for (text, masked) in [
            ("'https://ci:s3cr@t@git.example.org/a.git':", "'https://git.example.org/a.git':"),
            ("https://git.example.org/a@b", "https://git.example.org/a@b"),
            ("git@example.org:a/b", "git@example.org:a/b"),
        ] {
            assert_eq!(masked_url(text), masked);
        }
    }
}
