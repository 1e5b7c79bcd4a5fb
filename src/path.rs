//! Places in a blueprint, by name: the one currency of diagnostics and of provenance.
//!
//! A [`FieldPath`] does not move when somebody adds a comment to the blueprint, a line number does; so
//! everything that outlives one rendering holds paths, and lines are looked up late (`source`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a mapping; borrowed where the program itself spells it.
    Key(Cow<'static, str>),
    /// A position in a list, from 0.
    Index(usize),
}

/// A place in the blueprint: `databases.orders.members`, `clusters."a.b"`, `connects[0]`.
///
/// Segments, not a dotted string: label keys contain dots and slashes. Paths share their beginnings, since an estate
/// has several for each of its objects, nearly all of them fields of the same things.
#[derive(Clone, Default)]
pub struct FieldPath(Option<Arc<Step>>);

struct Step {
    before: FieldPath,
    segment: Segment,
    depth: usize,
}

impl FieldPath {
    /// The blueprint itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path and then `key`.
    #[must_use]
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        self.with(Segment::Key(Cow::Owned(key.as_ref().to_owned())))
    }

    /// This path and then a key that the program itself spells.
    #[must_use]
    pub fn field(&self, key: impl Into<Cow<'static, str>>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// This path and then the list element `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// This path and then one more segment.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let depth = self.depth() + 1;
        Self(Some(Arc::new(Step { before: self.clone(), segment, depth })))
    }

    /// How many segments there are.
    pub fn depth(&self) -> usize {
        self.0.as_ref().map_or(0, |step| step.depth)
    }

    /// The path without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.as_ref().map(|step| step.before.clone())
    }

    /// The segments from the root down.
    pub fn segments(&self) -> Vec<&Segment> {
        let mut segments = Vec::with_capacity(self.depth());
        let mut here = self;
        while let Some(step) = &here.0 {
            segments.push(&step.segment);
            here = &step.before;
        }
        segments.reverse();
        segments
    }

    /// The last segment if it is a key.
    pub fn last_key(&self) -> Option<&str> {
        match &self.0.as_ref()?.segment {
            Segment::Key(key) => Some(key),
            Segment::Index(_) => None,
        }
    }

    /// The first so many segments, or all if there are fewer.
    pub fn first(&self, depth: usize) -> &Self {
        let mut here = self;
        while let Some(step) = &here.0
            && step.depth > depth
        {
            here = &step.before;
        }
        here
    }

    /// The longest path that both begin with.
    #[must_use]
    pub fn common_with(&self, other: &Self) -> Self {
        let depth = self.depth().min(other.depth());
        let (mut one, mut two) = (self.first(depth), other.first(depth));
        while one != two {
            let depth = one.depth() - 1;
            (one, two) = (one.first(depth), two.first(depth));
        }
        one.clone()
    }

    /// Whether `prefix` is this path or one of its ancestors.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.first(prefix.depth()) == prefix
    }

    /// Whether this path is `pattern` or lies below it, where a key `*` of the pattern is any one segment.
    pub fn is_within(&self, pattern: &Self) -> bool {
        let any = |segment: &Segment| matches!(segment, Segment::Key(key) if key == "*");
        let (wanted, here) = (pattern.segments(), self.segments());
        wanted.len() <= here.len()
            && wanted.into_iter().zip(here).all(|(wanted, here)| any(wanted) || wanted == here)
    }

    /// Whether this path fits a pattern such as `workloads.*.scale.min`, in which `*` is any one segment.
    pub fn matches(&self, pattern: &str) -> bool {
        let mut steps = pattern.split('.');
        let fits = self.segments().into_iter().all(|segment| match (segment, steps.next()) {
            (_, Some("*")) => true,
            (Segment::Key(key), Some(step)) => key == step,
            _ => false,
        });
        fits && steps.next().is_none()
    }
}

impl PartialEq for FieldPath {
    fn eq(&self, other: &Self) -> bool {
        let (mut one, mut two) = (self, other);
        loop {
            match (&one.0, &two.0) {
                (None, None) => return true,
                // What both share need not be compared.
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return true,
                (Some(a), Some(b)) if a.depth == b.depth && a.segment == b.segment => {
                    (one, two) = (&a.before, &b.before);
                }
                _ => return false,
            }
        }
    }
}

impl Eq for FieldPath {}

impl PartialOrd for FieldPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldPath {
    fn cmp(&self, other: &Self) -> Ordering {
        /// Compares two paths of one depth from the root down.
        fn level(one: &FieldPath, two: &FieldPath) -> Ordering {
            match (&one.0, &two.0) {
                (Some(a), Some(b)) if !Arc::ptr_eq(a, b) => {
                    level(&a.before, &b.before).then_with(|| a.segment.cmp(&b.segment))
                }
                _ => Ordering::Equal,
            }
        }
        let depth = self.depth().min(other.depth());
        level(self.first(depth), other.first(depth)).then(self.depth().cmp(&other.depth()))
    }
}

impl Hash for FieldPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.segments().hash(state);
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_none() {
            return f.write_str("(the blueprint)");
        }
        for (position, segment) in self.segments().into_iter().enumerate() {
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
            // No field is that deep; a hostile text must not exhaust the stack.
            if path.depth() > 64 {
                return Err(invalid());
            }
            if let Some(after) = rest.strip_prefix('[') {
                let (index, after) = after.split_once(']').ok_or_else(invalid)?;
                path = path.index(index.parse().map_err(|_| invalid())?);
                rest = after;
                continue;
            }
            if path.0.is_some() {
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

    /// The field below this one that the program itself spells.
    #[must_use]
    pub fn field(&self, key: impl Into<Cow<'static, str>>) -> Self {
        Self { document: self.document, path: self.path.field(key) }
    }

    /// The list element `index` below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self { document: self.document, path: self.path.index(index) }
    }
}

/// The blueprint's spelling (`memberCount`) of a Rust field (`member_count`).
pub fn blueprint_spelling(field: &'static str) -> Cow<'static, str> {
    if !field.contains(['_', '#']) {
        return Cow::Borrowed(field);
    }
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
    Cow::Owned(spelling)
}

/// `field!(at, spec.scale.min)` is the place of that field below `at`.
///
/// It borrows the real field, so a name that does not exist does not compile.
#[macro_export]
macro_rules! field {
    ($at:expr, $owner:ident $(. $step:ident)+) => {{
        let _ = &$owner$(.$step)+;
        let at = $at.clone();
        $(let at = at.field($crate::path::blueprint_spelling(stringify!($step)));)+
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
