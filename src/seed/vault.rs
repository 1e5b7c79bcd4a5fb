//! The encrypted files that secrets are kept in: age by the crate, SOPS by the user's own program.

use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, Encryptor, Identity, IdentityFile, Recipient, x25519};
use zeroize::Zeroizing;

/// How a file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault {
    /// age, as ASCII.
    Age,
    /// SOPS, as YAML or JSON.
    Sops,
}

/// Why a file cannot be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// Neither age nor SOPS.
    #[error("it is neither an age file nor a SOPS file")]
    Unknown,
    /// Plain text.
    #[error("it is not encrypted; nobody should have it like this, so make its secrets anew")]
    Plain,
    /// None of the identities opens it.
    #[error("none of the age identities opens it")]
    NoIdentity,
    /// A passphrase protects it.
    #[error("it is protected by a passphrase; encrypt it for a recipient (`age1…`)")]
    Passphrase,
    /// Cut, or changed.
    #[error("it was cut or changed since it was encrypted")]
    Broken,
    /// Not a public key.
    #[error("`{0}` is no age recipient (`age1…`)")]
    Recipient(String),
    /// Nobody could read it.
    #[error("it would be encrypted for nobody: give a recipient (`age1…`)")]
    Nobody,
    /// Not a file of identities.
    #[error("it holds no age identity (`AGE-SECRET-KEY-1…`) that can be read without a person")]
    Identities,
}

impl Vault {
    /// The vault for a file of that name.
    pub fn named(file: &camino::Utf8Path) -> Option<Self> {
        match file.extension()? {
            "age" => Some(Self::Age),
            "yaml" | "yml" | "json" => Some(Self::Sops),
            _ => None,
        }
    }

    /// How these bytes are encrypted.
    ///
    /// # Errors
    /// They are not, or not in a way that is known.
    pub fn of(bytes: &[u8]) -> Result<Self, NotOpened> {
        let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        if bytes.starts_with(b"age-encryption.org/v1")
            || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
        {
            Ok(Self::Age)
        } else if has(b"sops") && has(b"ENC[AES256_GCM,") {
            Ok(Self::Sops)
        } else if has(b"PRIVATE KEY-----") || has(b"\"secrets\"") {
            Err(NotOpened::Plain)
        } else {
            Err(NotOpened::Unknown)
        }
    }
}

/// A recipient, if it is one.
///
/// # Errors
/// It is none.
pub fn recipient(text: &str) -> Result<String, NotOpened> {
    let read: Result<x25519::Recipient, _> = text.trim().parse();
    read.map(|recipient| recipient.to_string())
        .map_err(|_| NotOpened::Recipient(text.trim().to_owned()))
}

/// The identities of a file, as `age-keygen` writes it.
///
/// # Errors
/// It holds none.
pub fn identities(bytes: &[u8]) -> Result<Vec<Box<dyn Identity>>, NotOpened> {
    let file = IdentityFile::from_buffer(bytes).map_err(|_| NotOpened::Identities)?;
    let found = file.into_identities().map_err(|_| NotOpened::Identities)?;
    if found.is_empty() { Err(NotOpened::Identities) } else { Ok(found) }
}

/// Encrypts for each of the recipients.
///
/// # Errors
/// There is none, or one is none.
pub fn seal(recipients: &[String], plain: &[u8]) -> Result<Vec<u8>, NotOpened> {
    let mut known: Vec<x25519::Recipient> = Vec::new();
    for text in recipients {
        known.push(text.parse().map_err(|_| NotOpened::Recipient(text.clone()))?);
    }
    if known.is_empty() {
        return Err(NotOpened::Nobody);
    }
    let known = known.iter().map(|recipient| recipient as &dyn Recipient);
    let encryptor = Encryptor::with_recipients(known).map_err(|_| NotOpened::Nobody)?;
    // Writing into memory does not fail.
    let sealed = (|| {
        let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(plain)?;
        writer.finish()?.finish()
    })();
    sealed.map_err(|_| NotOpened::Broken)
}

/// Decrypts with any of the identities.
///
/// # Errors
/// None opens it, or it is broken.
pub fn open(
    bytes: &[u8],
    identities: &[Box<dyn Identity>],
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let decryptor =
        Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(|_| NotOpened::Broken)?;
    if decryptor.is_scrypt() {
        return Err(NotOpened::Passphrase);
    }
    let mut reader =
        decryptor.decrypt(identities.iter().map(|identity| &**identity)).map_err(|error| {
            match error {
                DecryptError::NoMatchingKeys => NotOpened::NoIdentity,
                _ => NotOpened::Broken,
            }
        })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut plain).map_err(|_| NotOpened::Broken)?;
    Ok(plain)
}
