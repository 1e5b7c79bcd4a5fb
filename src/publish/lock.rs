//! `groundplan.lock`: which files are groundplan's own, with their digests, and every version that was used.
//!
//! It is the only memory of earlier runs. It is YAML that any reader understands, one file a line, so that a
//! change to one file is one line of a diff; groundplan itself reads nothing but what it writes.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::emit::bundle::{Bundle, RepoPath};

/// The lock's name in the folder it describes.
pub const LOCK: &str = "groundplan.lock";

/// The lock that a running compile is about to make true; left behind only by a run that was killed.
pub const NEXT_LOCK: &str = "groundplan.lock.next";

/// The only format there is.
const FORMAT: &str = "1";

const HEADER: &str =
    "# Written by groundplan: the files it owns in this folder. Do not edit; commit it.\n";

/// A SHA-256 of a file's bytes, spelled `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl Digest {
    const PREFIX: &str = "sha256:";

    /// Appends what `Display` prints, faster: locks hold 100,000 of these.
    fn spell(self, into: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        into.push_str(Self::PREFIX);
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        // Digits are ASCII.
        into.push_str(std::str::from_utf8(&digits).unwrap_or_default());
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(71);
        self.spell(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let hex = text.strip_prefix(Self::PREFIX).ok_or(())?.as_bytes();
        let mut digest = [0; 32];
        if hex.len() != 64 {
            return Err(());
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(()),
        };
        for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Ok(Self(digest))
    }
}

/// What `groundplan.lock` says. The lock does not list itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The version of groundplan that wrote the files.
    pub compiler: String,
    /// Every version the output was made with: component, chart or tool to version.
    pub versions: BTreeMap<String, String>,
    /// Every owned file, relative to the lock's folder.
    pub files: BTreeMap<RepoPath, Digest>,
}

/// A `groundplan.lock` that groundplan did not write, or not like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {reason}; restore the file from git rather than mending it by hand")]
pub struct InvalidLock {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Lock {
    /// The lock of a bundle, written by this groundplan.
    ///
    /// # Panics
    /// If the bundle holds a file of the lock's own name.
    pub fn of(bundle: &Bundle, versions: &BTreeMap<String, String>) -> Self {
        for reserved in [LOCK, NEXT_LOCK] {
            if bundle.get(reserved).is_some() {
                crate::bug!("`{reserved}` is written by publish, not by an emitter");
            }
        }
        let files: Vec<_> = bundle.iter().collect();
        let files: Vec<_> =
            files.par_iter().map(|(path, bytes)| ((*path).clone(), Digest::of(bytes))).collect();
        Self {
            compiler: env!("CARGO_PKG_VERSION").to_owned(),
            versions: versions.clone(),
            files: files.into_iter().collect(),
        }
    }

    /// The file's text: the same lock gives the same bytes.
    pub fn to_text(&self) -> String {
        use fmt::Write as _;
        let mut text = String::with_capacity(256 + self.files.len() * 140);
        text.push_str(HEADER);
        let _ = write!(text, "version: {FORMAT}\ncompiler: {}\n", quoted(&self.compiler));
        text.push_str(if self.versions.is_empty() { "versions: {}\n" } else { "versions:\n" });
        for (name, version) in &self.versions {
            let _ = writeln!(text, "  {}: {}", key(name), quoted(version));
        }
        text.push_str(if self.files.is_empty() { "files: {}\n" } else { "files:\n" });
        let files: Vec<(&RepoPath, &Digest)> = self.files.iter().collect();
        let lines = |some: &[(&RepoPath, &Digest)]| {
            let mut text = String::with_capacity(some.len() * 140);
            for (path, digest) in some {
                for part in ["  ", &*key(path.as_str()), ": "] {
                    text.push_str(part);
                }
                digest.spell(&mut text);
                text.push('\n');
            }
            text
        };
        let parts: Vec<String> = files.par_chunks(1024).map(lines).collect();
        parts.iter().for_each(|part| text.push_str(part));
        text
    }

    /// Reads what [`Lock::to_text`] writes. Carriage returns at line ends, as a checkout on Windows may add
    /// them, are forgiven.
    ///
    /// # Errors
    /// Names the first line that is not as it was written.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidLock> {
        let text = std::str::from_utf8(bytes).map_err(|error| InvalidLock {
            line: bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1,
            reason: "is not UTF-8".to_owned(),
        })?;
        let mut lines = Lines { lines: text.lines(), number: 0, ahead: None };
        let version = lines.value("version")?;
        if version != FORMAT {
            return Err(lines.fault(format!(
                "has format {version}, this groundplan reads {FORMAT}; use the groundplan that wrote it"
            )));
        }
        let compiler = lines.value("compiler")?;
        let compiler = unquoted(compiler).ok_or_else(|| lines.fault("has no quoted version"))?;
        let versions = lines.entries("versions", unquoted)?;
        let files = lines.entries("files", |digest| digest.parse::<Digest>().ok())?;
        if let Some(line) = lines.next() {
            return Err(lines.fault(format!("is more than a lock has: {line:.60}")));
        }
        let mut owned = Vec::with_capacity(files.len());
        for (line, path, digest) in files {
            let path = RepoPath::new(path)
                .map_err(|error| InvalidLock { line, reason: format!("is no file: {error}") })?;
            owned.push((path, digest));
        }
        Ok(Self {
            compiler,
            versions: versions.into_iter().map(|(_, name, version)| (name, version)).collect(),
            files: owned.into_iter().collect(),
        })
    }
}

/// A key as YAML: plain where no reader, of YAML 1.1 or 1.2, can take it for anything but a string.
fn key(text: &str) -> std::borrow::Cow<'_, str> {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if plain { text.into() } else { quoted(text).into() }
}

/// A JSON string, which every YAML reader takes for the same string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn unquoted(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

struct Lines<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
    ahead: Option<&'a str>,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        if let Some(line) = self.ahead.take() {
            return Some(line);
        }
        loop {
            let line = self.lines.next()?;
            self.number += 1;
            if !line.starts_with('#') {
                return Some(line);
            }
        }
    }

    fn fault(&self, reason: impl Into<String>) -> InvalidLock {
        InvalidLock { line: self.number.max(1), reason: reason.into() }
    }

    fn value(&mut self, name: &str) -> Result<&'a str, InvalidLock> {
        let line = self.next().ok_or_else(|| self.fault(format!("ends before `{name}:`")))?;
        line.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(": "))
            .ok_or_else(|| self.fault(format!("should be `{name}: …`, it is: {line:.60}")))
    }

    /// The block `name:` and its lines, each as its number, key and value.
    fn entries<V>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<V>,
    ) -> Result<Vec<(usize, String, V)>, InvalidLock> {
        let line = self.next().ok_or_else(|| self.fault(format!("ends before `{name}:`")))?;
        let mut entries: Vec<(usize, String, V)> = Vec::new();
        match line.strip_prefix(name) {
            Some(": {}") => return Ok(entries),
            Some(":") => {}
            _ => return Err(self.fault(format!("should be `{name}:`, it is: {line:.60}"))),
        }
        while let Some(line) = self.next() {
            let Some(entry) = line.strip_prefix("  ") else {
                self.ahead = Some(line);
                break;
            };
            let (key, value) = split(entry)
                .and_then(|(key, value)| Some((key, read(value)?)))
                .ok_or_else(|| self.fault(format!("is no entry of `{name}`: {line:.60}")))?;
            // Sorted as written: an unsorted or repeated line is a merge that went wrong.
            if entries.last().is_some_and(|(_, last, _)| *last >= key) {
                return Err(self.fault(format!("repeats `{key}` or is out of order")));
            }
            entries.push((self.number, key, value));
        }
        Ok(entries)
    }
}

/// Key and value of `key: value`.
fn split(entry: &str) -> Option<(String, &str)> {
    if !entry.starts_with('"') {
        let (key, value) = entry.split_once(": ")?;
        return Some((key.to_owned(), value));
    }
    let mut strings = serde_json::Deserializer::from_str(entry).into_iter::<String>();
    let key = strings.next()?.ok()?;
    let value = entry[strings.byte_offset()..].strip_prefix(": ")?;
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Lock {
        let mut bundle = Bundle::new();
        bundle.insert(RepoPath::of("clusters/prod/a.yaml"), "a: 1\n");
        bundle.insert(RepoPath::of("on"), "");
        bundle.insert(RepoPath::of("has space/#x"), "x");
        let versions = [("argo-cd", "9.1"), ("weird: \"key\"\n", "1e3"), ("kubernetes", "1.36")];
        Lock::of(&bundle, &versions.map(|(k, v)| (k.to_owned(), v.to_owned())).into())
    }

    #[test]
    fn reads_what_it_writes() {
        let text = sample().to_text();
        assert_eq!(Lock::parse(text.as_bytes()), Ok(sample()), "{text}");
        assert_eq!(Lock::parse(text.replace('\n', "\r\n").as_bytes()), Ok(sample()));
        let empty = Lock::of(&Bundle::new(), &BTreeMap::new());
        assert_eq!(Lock::parse(empty.to_text().as_bytes()), Ok(empty));
    }

    #[test]
    fn any_yaml_reader_reads_the_same() {
        let lock = sample();
        let read: serde_yaml::Value = serde_yaml::from_str(&lock.to_text()).unwrap();
        assert_eq!(read["versions"]["weird: \"key\"\n"], serde_yaml::Value::from("1e3"));
        assert_eq!(read["files"]["on"], serde_yaml::Value::from(Digest::of(b"").to_string()));
        assert_eq!(read["files"].as_mapping().unwrap().len(), 3);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let text = sample().to_text();
        let line = |text: &str| Lock::parse(text.as_bytes()).unwrap_err().line;
        assert_eq!(line(""), 1);
        assert_eq!(line(&text.replace("version: 1", "version: 2")), 2);
        assert_eq!(line(&text.replace("files:\n", "files:\n<<<<<<< HEAD\n")), 9);
        assert_eq!(line(&text.replace("clusters/prod", "../prod")), 9);
        assert_eq!(line(&(text.clone() + "  zzz: 1\n")), 12);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = Lock::parse(&bytes);
            let mut text = sample().to_text().into_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                let at = at * 7 % text.len();
                text[at] ^= byte & 31;
            }
            let _ = Lock::parse(&text);
        }
    }
}
