//! Markers to secrets, in what a machine boots with.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::secrets::{Secret, Secrets};
use super::value;
use crate::plan::nodes::markers::{Form, NodeSecret, OPEN, markers};

/// Why a text cannot be rendered. It never holds any of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRendered {
    /// A secret that is not there.
    #[error("line {line} needs the secret `{}`, which is not there", .secret.name())]
    Missing {
        /// The line, from 1.
        line: usize,
        /// Which.
        secret: NodeSecret,
    },
    /// A marker of no secret, or in the wrong form.
    #[error("line {line} has a marker of no secret that there is; was the file edited?")]
    Unknown {
        /// The line, from 1.
        line: usize,
    },
    /// A marker would be left over.
    #[error("line {line} would still have a marker, hidden in base64")]
    Hidden {
        /// The line, from 1.
        line: usize,
    },
    /// A secret in a place where it cannot stand.
    #[error("line {line}: the secret `{}` does not fit on one line", .secret.name())]
    Shape {
        /// The line, from 1.
        line: usize,
        /// Which.
        secret: NodeSecret,
    },
}

/// The text with each marker replaced. Either all of them are, or there is no text.
///
/// # Errors
/// The first marker that cannot be replaced.
pub fn render(text: &str, secrets: &Secrets) -> Result<Zeroizing<String>, NotRendered> {
    if let Some(line) = hidden(text) {
        return Err(NotRendered::Hidden { line });
    }
    let mut rendered = Zeroizing::new(String::with_capacity(text.len() * 2));
    let mut done = 0;
    for marked in markers(text) {
        let line = line_of(text, marked.range.start);
        let secret = marked.secret.ok_or(NotRendered::Unknown { line })?;
        let value = secrets.get(secret).ok_or(NotRendered::Missing { line, secret })?;
        let spelled = spelled(secret, &value).ok_or(NotRendered::Shape { line, secret })?;
        rendered.push_str(&text[done..marked.range.start]);
        rendered.push_str(&spelled);
        done = marked.range.end;
    }
    rendered.push_str(&text[done..]);
    // Values are checked, so none holds a marker; what is left would be a marker that nobody found.
    match rendered.find(OPEN) {
        Some(at) => Err(NotRendered::Unknown { line: line_of(&rendered, at) }),
        None => Ok(rendered),
    }
}

/// A value as it stands for its marker: on one line, of letters that mean nothing to YAML, a shell or a template.
fn spelled(secret: NodeSecret, value: &Secret) -> Option<Zeroizing<String>> {
    let text = match secret.form() {
        Form::Base64 => Zeroizing::new(Base64::encode_string(value.reveal().as_bytes())),
        Form::Plain => Zeroizing::new(value.reveal().to_owned()),
    };
    (value::check(secret, value.reveal()).is_ok() && text.chars().all(value::inert)).then_some(text)
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// The line of a marker that is inside base64, where replacing would not find it.
fn hidden(text: &str) -> Option<usize> {
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    text.lines().enumerate().find_map(|(index, line)| {
        let words = line.split(|c| !of_base64(c)).filter(|word| word.len() >= OPEN.len());
        let decoded = words.filter_map(|word| Base64::decode_vec(word).ok());
        let holds = |bytes: &[u8]| bytes.windows(OPEN.len()).any(|part| part == OPEN.as_bytes());
        decoded.into_iter().any(|bytes| holds(&bytes)).then_some(index + 1)
    })
}
