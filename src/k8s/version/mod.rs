//! Versions: of the estate itself, and of what is chosen from the catalogue.

mod choice;

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};
pub use choice::VersionChoice;

leaf! {
    /// A version as semver 2 writes it: `major.minor.patch`, perhaps with `-pre.release`.
    ///
    /// Ordered by precedence. Build metadata (`+…`) is refused: tags of images cannot hold it and it orders nothing.
    pub struct SemVer {
        major: u64,
        minor: u64,
        patch: u64,
        pre: Pre,
    }
    kind: Kind::Text,
    pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$",
    examples: ["1.0.0", "2.1.0-rc.1"],
}

leaf! {
    /// A series of releases: `major.minor`, such as `1.36`. Quoted, because YAML takes `1.10` for `1.1`.
    #[derive(Copy)]
    pub struct MinorVersion {
        major: u64,
        minor: u64,
    }
    kind: Kind::Text,
    pattern: "^[0-9]+\\.[0-9]+$",
    examples: ["1.36", "3.4"],
}

/// What stands after `-`; anything there comes before the release itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pre {
    Of(Vec<Identifier>),
    Released,
}

/// Numbers come before words (semver 2, 11.4.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl SemVer {
    /// A released version.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch, pre: Pre::Released }
    }

    /// The first number.
    pub const fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub const fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub const fn patch(&self) -> u64 {
        self.patch
    }

    /// Whether it comes before the release it names.
    pub fn is_pre_release(&self) -> bool {
        self.pre != Pre::Released
    }

    /// The series it belongs to.
    pub const fn series(&self) -> MinorVersion {
        MinorVersion { major: self.major, minor: self.minor }
    }
}

impl MinorVersion {
    /// That series.
    pub const fn new(major: u64, minor: u64) -> Self {
        Self { major, minor }
    }

    /// The first number.
    pub const fn major(self) -> u64 {
        self.major
    }

    /// The second number.
    pub const fn minor(self) -> u64 {
        self.minor
    }
}

impl fmt::Display for SemVer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        let Pre::Of(identifiers) = &self.pre else { return Ok(()) };
        for (position, identifier) in identifiers.iter().enumerate() {
            f.write_str(if position == 0 { "-" } else { "." })?;
            match identifier {
                Identifier::Number(number) => write!(f, "{number}")?,
                Identifier::Word(word) => f.write_str(word)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for MinorVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for SemVer {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        semver(text).ok_or_else(|| {
            let near = plain(text).and_then(|(numbers, rest)| match numbers.as_slice() {
                [major] => Some(Self::new(*major, 0, 0)),
                [major, minor] => Some(Self::new(*major, *minor, 0)),
                [major, minor, patch] => semver(&format!("{major}.{minor}.{patch}{rest}"))
                    .or(Some(Self::new(*major, *minor, *patch))),
                _ => None,
            });
            Invalid::new(format!("{} is not a version", show(text)))
                .write_or(near, "write `major.minor.patch`, such as `1.0.0`")
        })
    }
}

impl FromStr for MinorVersion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let exact = text
            .split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }));
        exact.ok_or_else(|| {
            let near = plain(text).and_then(|(numbers, _)| match numbers.as_slice() {
                [major, minor] | [major, minor, _] => Some(Self::new(*major, *minor)),
                _ => None,
            });
            Invalid::new(format!("{} is not a series of versions", show(text)))
                .write_or(near, "write `major.minor`, such as `1.36`")
        })
    }
}

/// Digits without a needless zero in front (semver 2, 2).
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits && (text == "0" || !text.starts_with('0')))
}

fn semver(text: &str) -> Option<SemVer> {
    let (numbers, pre) = match text.split_once('-') {
        None => (text, Pre::Released),
        Some((numbers, pre)) => {
            (numbers, Pre::Of(pre.split('.').map(identifier).collect::<Option<_>>()?))
        }
    };
    let mut parts = numbers.split('.').map(number);
    let version =
        SemVer { major: parts.next()??, minor: parts.next()??, patch: parts.next()??, pre };
    parts.next().is_none().then_some(version)
}

fn identifier(text: &str) -> Option<Identifier> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return number(text).map(Identifier::Number);
    }
    let allowed = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    allowed.then(|| Identifier::Word(text.to_owned()))
}

/// The numbers at the beginning of a version, without a `v` or needless zeros, and what follows them.
fn plain(text: &str) -> Option<(Vec<u64>, &str)> {
    let text = text.trim().trim_start_matches(['v', 'V', '=', '^', '~', ' ']);
    let text = text.split('+').next()?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let numbers: Option<Vec<u64>> =
        numbers.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
    Some((numbers?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn versions_follow_semver() {
        lawful::<SemVer>();
        good::<SemVer>(&[
            ("1.0.0", "1.0.0"),
            ("2.1.0-rc.1", "2.1.0-rc.1"),
            ("1.0.0-a-b.0", "1.0.0-a-b.0"),
        ]);
        let rule = "write `major.minor.patch`, such as `1.0.0`";
        bad::<SemVer>(&[
            ("v1.2.3", "`v1.2.3` is not a version", "write `1.2.3`"),
            ("1.2", "`1.2` is not a version", "write `1.2.0`"),
            ("01.2.3", "`01.2.3` is not a version", "write `1.2.3`"),
            ("1.2.3+build", "`1.2.3+build` is not a version", "write `1.2.3`"),
            ("v1.2.3-rc.1", "`v1.2.3-rc.1` is not a version", "write `1.2.3-rc.1`"),
            ("1.2.3.4", "`1.2.3.4` is not a version", rule),
            ("latest", "`latest` is not a version", rule),
            ("", "`` is not a version", rule),
        ]);
        let order =
            ["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1", "1.10.0"];
        let versions: Vec<SemVer> = order.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted());
        assert!(versions[0].is_pre_release());
    }

    #[test]
    fn series_have_two_numbers() {
        lawful::<MinorVersion>();
        good::<MinorVersion>(&[("1.36", "1.36"), ("1.10", "1.10")]);
        let rule = "write `major.minor`, such as `1.36`";
        bad::<MinorVersion>(&[
            ("v1.36", "`v1.36` is not a series of versions", "write `1.36`"),
            ("1.36.2", "`1.36.2` is not a series of versions", "write `1.36`"),
            ("1", "`1` is not a series of versions", rule),
            ("newest", "`newest` is not a series of versions", rule),
        ]);
        assert!(MinorVersion::new(1, 9) < MinorVersion::new(1, 36));
        assert!(serde_json::from_str::<MinorVersion>("1.10").is_err(), "YAML would make 1.1 of it");
    }
}
