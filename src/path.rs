//! Places in a blueprint, by name: the one currency of diagnostics and of provenance.
//!
//! A [`FieldPath`] does not move when somebody adds a comment to the blueprint, a line number does; so
//! everything that outlives one rendering holds paths, and lines are looked up late (`source`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a mapping.
    Key(Arc<str>),
    /// A position in a list, from 0.
    Index(usize),
}

/// A place in the blueprint: `databases.orders.members`, `clusters."a.b"`, `connects[0]`.
///
/// Segments, not a dotted string: label keys contain dots and slashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The blueprint itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path and then `key`.
    #[must_use]
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        self.with(Segment::Key(key.as_ref().into()))
    }

    /// This path and then the list element `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    /// The path without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// The longest path that both begin with.
    #[must_use]
    pub fn common_with(&self, other: &Self) -> Self {
        let same = self.0.iter().zip(&other.0).take_while(|(a, b)| a == b);
        Self(same.map(|(segment, _)| segment.clone()).collect())
    }

    /// The segments from the root down.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last segment if it is a key.
    pub fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Segment::Key(key) => Some(key),
            Segment::Index(_) => None,
        }
    }

    /// Whether `prefix` is this path or one of its ancestors.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// Whether this path is `pattern` or lies below it, where a key `*` of the pattern is any one segment.
    pub fn is_within(&self, pattern: &Self) -> bool {
        let any = |segment: &Segment| matches!(segment, Segment::Key(key) if &**key == "*");
        pattern.0.len() <= self.0.len()
            && pattern.0.iter().zip(&self.0).all(|(wanted, here)| any(wanted) || wanted == here)
    }

    /// Whether this path fits a pattern such as `workloads.*.scale.min`, in which `*` is any one segment.
    pub fn matches(&self, pattern: &str) -> bool {
        let mut steps = pattern.split('.');
        let fits = self.0.iter().all(|segment| match (segment, steps.next()) {
            (_, Some("*")) => true,
            (Segment::Key(key), Some(step)) => **key == *step,
            _ => false,
        });
        fits && steps.next().is_none()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(the blueprint)");
        }
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    let plain = !key.is_empty()
                        && key
                            .chars()
                            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '*'));
                    if plain { f.write_str(key)? } else { write!(f, "{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

/// Why a text is not a field path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a field path; write for example workloads.checkout.scale.min or connects[0]")]
pub struct InvalidFieldPath(String);

impl FromStr for FieldPath {
    type Err = InvalidFieldPath;

    /// Reads what `Display` prints.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidFieldPath(text.to_owned());
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let (index, after) = after.split_once(']').ok_or_else(invalid)?;
                path = path.index(index.parse().map_err(|_| invalid())?);
                rest = after;
                continue;
            }
            if !path.0.is_empty() {
                rest = rest.strip_prefix('.').ok_or_else(invalid)?;
            }
            if let Some(after) = rest.strip_prefix('"') {
                let (key, after) = after.split_once('"').ok_or_else(invalid)?;
                path = path.key(key);
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(invalid());
                }
                path = path.key(&rest[..end]);
                rest = &rest[end..];
            }
        }
        Ok(path)
    }
}

/// Which merged document a path belongs to: the blueprint itself, or the blueprint with a layer over it.
///
/// The same path may have been written by different files in different documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u32);

impl DocumentId {
    /// The blueprint without any overlay.
    pub const BASE: Self = Self(0);
}

/// A field of one document: what rules and lowering hand around as "here".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The document the path is looked up in.
    pub document: DocumentId,
    /// The field.
    pub path: FieldPath,
}

impl At {
    /// The root of a document.
    pub fn root(document: DocumentId) -> Self {
        Self { document, path: FieldPath::root() }
    }

    /// The field `key` below this one.
    #[must_use]
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        Self { document: self.document, path: self.path.key(key) }
    }

    /// The list element `index` below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self { document: self.document, path: self.path.index(index) }
    }
}

/// The blueprint's spelling (`memberCount`) of a Rust field (`member_count`).
pub fn blueprint_spelling(field: &str) -> String {
    let mut spelling = String::with_capacity(field.len());
    let mut upper = false;
    for c in field.trim_start_matches("r#").chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            spelling.extend(c.to_uppercase());
            upper = false;
        } else {
            spelling.push(c);
        }
    }
    spelling
}

/// `field!(at, spec.scale.min)` is the place of that field below `at`.
///
/// It borrows the real field, so a name that does not exist does not compile.
#[macro_export]
macro_rules! field {
    ($at:expr, $owner:ident $(. $step:ident)+) => {{
        let _ = &$owner$(.$step)+;
        let at = $at.clone();
        $(let at = at.key($crate::path::blueprint_spelling(stringify!($step)));)+
        at
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_the_same_path() {
        let path = FieldPath::root().key("workloads").key("a.b/c d").key("connects").index(2);
        assert_eq!(path.to_string(), "workloads.\"a.b/c d\".connects[2]");
        assert_eq!(path.to_string().parse(), Ok(path));
        assert!(".a".parse::<FieldPath>().is_err());
        assert!("a[x]".parse::<FieldPath>().is_err());
    }

    #[test]
    fn patterns_match_one_segment_a_star() {
        let path = FieldPath::root().key("workloads").key("web").key("scale").key("min");
        assert!(path.matches("workloads.*.scale.min"));
        assert!(!path.matches("workloads.*.scale"));
        assert!(!path.matches("workloads.*.scale.min.more"));
    }
}
