//! Where secrets and randomness come from outside: the system, the environment, the user's programs.
//!
//! A secret goes to a program through its standard input and comes back through its standard output, never through an
//! argument, which every user of the machine can read. What a program says on its error channel goes to the user.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::authority::{Moment, Randomness};
use super::secrets::{NotSecrets, Secret, Secrets};
use crate::plan::nodes::markers::NodeSecret;

/// Why a program did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// It could not be started.
    #[error("cannot run `{program}`: {source}")]
    Start {
        /// The program.
        program: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// The program.
        program: &'static str,
        /// How.
        status: std::process::ExitStatus,
    },
}

/// The machine's own randomness and clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Randomness for System {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}

impl System {
    /// Now.
    pub fn now(self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Moment { seconds: since.map_or(0, |since| since.as_secs()) }
    }
}

/// The environment variable that holds a secret: `GROUNDPLAN_SECRET_PKI_CA_CRT`.
pub fn variable(secret: NodeSecret) -> String {
    let name = secret.name().chars();
    let name = name.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    "GROUNDPLAN_SECRET_".chars().chain(name).collect()
}

/// The secrets that environment variables hold.
///
/// # Errors
/// One is not of its type.
pub fn from_environment() -> Result<Secrets, NotSecrets> {
    let mut secrets = Secrets::default();
    for secret in NodeSecret::ALL.into_iter().filter(|secret| !secret.computed()) {
        if let Ok(text) = std::env::var(variable(secret)) {
            secrets.insert(secret, Secret::new(Zeroizing::new(text)))?;
        }
    }
    Ok(secrets)
}

/// What a command of the user's shell prints.
///
/// # Errors
/// It cannot be started, or ended with an error.
pub fn from_command(command: &str) -> Result<Zeroizing<Vec<u8>>, NotRun> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    run(shell, "sh", &[])
}

/// Encrypts with the user's `sops`, by the rules of his `.sops.yaml` for that file, or for these age recipients.
///
/// # Errors
/// It cannot be started, or ended with an error.
pub fn sops_encrypt(
    file: &Utf8Path,
    recipients: &[String],
    plain: &[u8],
) -> Result<Vec<u8>, NotRun> {
    let form = if file.extension() == Some("json") { "json" } else { "yaml" };
    let mut sops = Command::new("sops");
    sops.args(["--encrypt", "--input-type", "json", "--output-type", form]);
    sops.args(["--filename-override", file.as_str()]);
    if !recipients.is_empty() {
        sops.args(["--age", &recipients.join(",")]);
    }
    sops.arg("/dev/stdin");
    // What is encrypted is no secret any more.
    run(sops, "sops", plain).map(|sealed| sealed.to_vec())
}

/// Decrypts with the user's `sops`.
///
/// # Errors
/// It cannot be started, or ended with an error.
pub fn sops_decrypt(file: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, NotRun> {
    let mut sops = Command::new("sops");
    sops.args(["--decrypt", "--output-type", "json", file.as_str()]);
    run(sops, "sops", &[])
}

fn run(
    mut command: Command,
    program: &'static str,
    input: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotRun> {
    let failed = |source| NotRun::Start { program, source };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input) {
            // It ended without reading; how it ended is more telling.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
    }
    let mut said = Zeroizing::new(Vec::with_capacity(64 * 1024));
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut said).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(said) } else { Err(NotRun::Failed { program, status }) }
}
