//! References to secrets, and what looks like a secret that was written down.

use super::leaf::Invalid;

/// The kind of credential a text has the shape of.
pub fn credential_shape(text: &str) -> Option<&'static str> {
    let _ = text;
    None
}

/// What to say of a credential that stands where it must not; never with its value.
pub(crate) fn misplaced(kind: &str) -> Invalid {
    Invalid::new(format!("this looks like {kind}; secrets must not be written down"))
        .help("keep it in the secret store and write its reference, such as `payments/card#key`")
}
