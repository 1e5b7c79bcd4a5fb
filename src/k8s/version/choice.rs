//! Which version to take from the catalogue.

use std::fmt;
use std::str::FromStr;

use super::{MinorVersion, SemVer, plain, semver};
use crate::k8s::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// Which version to take: `1.36` is the newest patch the catalogue knows, `1.36.2` exactly that one.
    pub enum VersionChoice {
        /// The newest patch of a series.
        Newest(MinorVersion),
        /// This version and no other.
        Exact(SemVer),
    }
    kind: Kind::Text,
    pattern: "^[0-9]+\\.[0-9]+(\\.[0-9]+(-[0-9A-Za-z.-]+)?)?$",
    examples: ["1.36", "1.36.2"],
}

impl VersionChoice {
    /// The series of the choice.
    pub const fn series(&self) -> MinorVersion {
        match self {
            Self::Newest(series) => *series,
            Self::Exact(version) => version.series(),
        }
    }

    /// Whether `version` is what was chosen, or may be.
    pub fn admits(&self, version: &SemVer) -> bool {
        match self {
            Self::Newest(series) => version.series() == *series && !version.is_pre_release(),
            Self::Exact(exact) => exact == version,
        }
    }
}

impl fmt::Display for VersionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest(series) => series.fmt(f),
            Self::Exact(version) => version.fmt(f),
        }
    }
}

impl FromStr for VersionChoice {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(series) = text.parse() {
            return Ok(Self::Newest(series));
        }
        if let Some(version) = semver(text) {
            return Ok(Self::Exact(version));
        }
        let near = plain(text).and_then(|(numbers, _)| match numbers.as_slice() {
            [major, minor] => Some(Self::Newest(MinorVersion::new(*major, *minor))),
            [major, minor, patch] => Some(Self::Exact(SemVer::new(*major, *minor, *patch))),
            _ => None,
        });
        Err(Invalid::new(format!("{} is not a version", show(text)))
            .write_or(near, "write a series such as `1.36`, or a version such as `1.36.2`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn a_choice_is_a_series_or_a_version() {
        lawful::<VersionChoice>();
        good::<VersionChoice>(&[("1.36", "1.36"), ("1.36.2", "1.36.2")]);
        let rule = "write a series such as `1.36`, or a version such as `1.36.2`";
        bad::<VersionChoice>(&[
            ("v1.36", "`v1.36` is not a version", "write `1.36`"),
            ("latest", "`latest` is not a version", rule),
        ]);
        let choice: VersionChoice = "1.36".parse().unwrap();
        assert!(choice.admits(&SemVer::new(1, 36, 4)));
        assert!(!choice.admits(&"1.36.0-rc.1".parse().unwrap()));
        assert!(!choice.admits(&SemVer::new(1, 35, 0)));
    }
}
