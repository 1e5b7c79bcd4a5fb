//! A range of versions as Helm reads `kubeVersion` of a chart: alternatives of comparisons.

use std::fmt;
use std::str::FromStr;

use crate::k8s::version::{MinorVersion, SemVer};

/// The versions of Kubernetes that a chart lets itself be rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    text: String,
    alternatives: Vec<Vec<Comparison>>,
}

/// From one version, included, to another, excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    from: Option<SemVer>,
    below: Option<SemVer>,
    /// Everything but that.
    inverted: bool,
}

/// Why a range cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of versions")]
pub struct UnreadableRange(String);

impl Range {
    /// Whether a release of a minor is in it; of which patch is not asked, since the newest is taken.
    pub fn holds(&self, minor: MinorVersion) -> bool {
        let newest = SemVer::new(minor.major(), minor.minor(), u64::from(u32::MAX));
        self.alternatives.iter().any(|all| all.iter().all(|one| one.holds(&newest)))
    }
}

impl Comparison {
    fn holds(&self, version: &SemVer) -> bool {
        let inside = self.from.as_ref().is_none_or(|from| version >= from)
            && self.below.as_ref().is_none_or(|below| version < below);
        inside != self.inverted
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Range {
    type Err = UnreadableRange;

    fn from_str(text: &str) -> Result<Self, UnreadableRange> {
        let unreadable = || UnreadableRange(text.to_owned());
        let alternatives = text
            .split("||")
            .map(|all| comparisons(all).ok_or_else(unreadable))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), alternatives })
    }
}

/// Comparisons that all must hold, with commas or spaces between, and perhaps spaces behind the sign.
fn comparisons(text: &str) -> Option<Vec<Comparison>> {
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, to) = (comparison(&format!(">={from}"))?, comparison(&format!("<={to}"))?);
        return Some(vec![from, to]);
    }
    let is_sign = |c: char| "<>=!~^".contains(c);
    let mut found = Vec::new();
    let mut sign = String::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        if word.chars().all(is_sign) {
            sign.push_str(word);
            continue;
        }
        found.push(comparison(&format!("{sign}{word}"))?);
        sign.clear();
    }
    (sign.is_empty() && !found.is_empty()).then_some(found)
}

fn comparison(text: &str) -> Option<Comparison> {
    let text = text.replace(' ', "");
    let numbers = text.trim_start_matches(|c: char| "<>=!~^".contains(c));
    let sign = &text[..text.len() - numbers.len()];
    let (least, next, exact) = bounds(numbers)?;
    let major = SemVer::new(least.major() + 1, 0, 0);
    let minor = SemVer::new(least.major(), least.minor() + 1, 0);
    // `~1` permits every minor, as `1` does.
    let tilde =
        if next.as_ref().is_none_or(|next| *next > minor) { next.clone() } else { Some(minor) };
    let of = |from, below| Some(Comparison { from, below, inverted: false });
    match sign {
        "" | "=" | "==" => of(Some(least), next),
        "!=" => Some(Comparison { from: Some(least), below: next, inverted: true }),
        ">=" | "=>" => of(Some(least), None),
        "<" => of(None, Some(least)),
        "<=" | "=<" => of(None, next),
        ">" if exact => of(next, None),
        ">" => of(Some(next?), None),
        "~" | "~>" => of(Some(least), tilde),
        "^" => of(Some(least), next.map(|_| major)),
        _ => None,
    }
}

/// The least version that some numbers stand for, the first that they do not, and whether they are all there. What
/// follows a `-` only says that pre-releases are welcome.
fn bounds(text: &str) -> Option<(SemVer, Option<SemVer>, bool)> {
    let text = text.trim_start_matches('v').split(['-', '+']).next()?;
    let mut numbers = Vec::new();
    for part in text.split('.') {
        if matches!(part, "x" | "X" | "*") {
            break;
        }
        numbers.push(part.parse::<u64>().ok()?);
    }
    match *numbers.as_slice() {
        [] => Some((SemVer::new(0, 0, 0), None, false)),
        [major] => Some((SemVer::new(major, 0, 0), Some(SemVer::new(major + 1, 0, 0)), false)),
        [major, minor] => {
            Some((SemVer::new(major, minor, 0), Some(SemVer::new(major, minor + 1, 0)), false))
        }
        [major, minor, patch] => Some((
            SemVer::new(major, minor, patch),
            Some(SemVer::new(major, minor, patch + 1)),
            true,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_helm_reads_them() {
        for (range, held, others) in [
            (">=1.25.0-0", &[25, 37][..], &[24][..]),
            (">= 1.22.0-0, < 1.36", &[22, 35], &[21, 36, 37]),
            (">=1.22.0 <1.36.0-0", &[22, 35], &[21, 36]),
            ("^1.21-0", &[21, 37], &[20]),
            ("~1.35.0", &[35], &[34, 36]),
            ("1.35.x || 1.36", &[35, 36], &[34, 37]),
            ("1.33 - 1.35", &[33, 34, 35], &[32, 36]),
            ("*", &[1, 99], &[]),
            ("1.x", &[1, 99], &[]),
            ("!=1.36", &[35, 37], &[36]),
            (">1.35", &[36], &[34, 35]),
            ("<=1.35", &[35], &[36]),
            ("~1", &[1, 36], &[]),
        ] {
            let read: Range = range.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.to_string(), range);
            let minors = |list: &[u64]| {
                list.iter().map(|minor| MinorVersion::new(1, *minor)).collect::<Vec<_>>()
            };
            for minor in minors(held) {
                assert!(read.holds(minor), "{range} holds {minor}");
            }
            for minor in minors(others) {
                assert!(!read.holds(minor), "{range} does not hold {minor}");
            }
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", ">=", "latest", "1.2.3.4", "1 ||", "<>1.2", ">= one"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
