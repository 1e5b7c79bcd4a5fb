//! The strings of trees: short ones are where they are used, and those of the program itself are never copied.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;

/// A string of a tree. Most are names and words, which need no memory of their own.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(CompactString);

impl Text {
    /// A copy of any string.
    pub fn copy(text: &str) -> Self {
        Self(CompactString::new(text))
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        // Copying in place is faster than borrowing, where there is room.
        let is_short = text.len() <= size_of::<CompactString>();
        Self(if is_short { CompactString::new(text) } else { CompactString::const_new(text) })
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Cow<'static, str>> for Text {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl PartialEq<str> for Text {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
