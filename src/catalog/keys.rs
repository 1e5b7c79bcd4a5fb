//! The keys of a chart as a tree, and the text that it is kept in.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// The keys below one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The known ones.
    pub below: BTreeMap<String, Keys>,
    /// Whether any other key is accepted too: the chart passes the map on as it is.
    pub open: bool,
    /// Whether the chart has the key among its values and reads it nowhere.
    pub dead: bool,
}

impl Keys {
    /// The keys at a path, made when they are not there yet.
    pub fn at<'a>(&mut self, path: impl IntoIterator<Item = &'a str>) -> &mut Self {
        path.into_iter().fold(self, |keys, key| keys.below.entry(key.to_owned()).or_default())
    }

    /// The keys at a path.
    pub fn find<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |keys, key| keys.below.get(key))
    }

    /// Takes over what another tree knows.
    pub fn merge(&mut self, other: Self) {
        self.open |= other.open;
        self.dead &= other.dead;
        for (key, keys) in other.below {
            match self.below.entry(key) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(keys);
                }
                std::collections::btree_map::Entry::Occupied(mut slot) => {
                    slot.get_mut().merge(keys)
                }
            }
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.below.values().map(|keys| 1 + keys.len()).sum()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.below.is_empty()
    }

    fn print(&self, depth: usize, out: &mut String) {
        for (key, keys) in &self.below {
            let mark = match (keys.dead, keys.open) {
                (true, _) => " !",
                (_, true) => " *",
                _ => "",
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "{:depth$}{key}{mark}", "");
            keys.print(depth + 1, out);
        }
    }
}

/// One key a line, indented by one space for each level; ` *` behind a key accepts anything below it, ` !` says
/// that nothing reads it.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.print(0, &mut text);
        f.write_str(&text)
    }
}

impl std::str::FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keys = Self::default();
        let mut path: Vec<&str> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let depth = line.len() - line.trim_start_matches(' ').len();
            let (key, mark) = match line.trim().split_once(' ') {
                Some((key, mark @ ("*" | "!"))) => (key, mark),
                Some(_) => return Err(format!("line {}: a key holds a space", number + 1)),
                None => (line.trim(), ""),
            };
            if depth > path.len() {
                return Err(format!("line {}: indented by more than one space", number + 1));
            }
            path.truncate(depth);
            path.push(key);
            let at = keys.at(path.iter().copied());
            at.open = mark == "*";
            at.dead = mark == "!";
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trees() -> impl Strategy<Value = Keys> {
        let leaf = (any::<bool>(), any::<bool>()).prop_map(|(open, dead)| Keys {
            open: open && !dead,
            dead,
            ..Keys::default()
        });
        leaf.prop_recursive(4, 24, 4, |inner| {
            (
                proptest::collection::btree_map("[a-z][a-zA-Z0-9./_-]{0,6}", inner, 0..4),
                any::<bool>(),
            )
                .prop_map(|(below, open)| Keys { below, open, dead: false })
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(keys in trees()) {
            let keys = Keys { open: false, dead: false, ..keys };
            prop_assert_eq!(keys.to_string().parse::<Keys>(), Ok(keys));
        }
    }

    #[test]
    fn a_broken_index_is_told_with_its_line() {
        for (text, message) in [
            ("a\n  b\n", "line 2: indented by more than one space"),
            ("a b\n", "line 1: a key holds a space"),
        ] {
            assert_eq!(text.parse::<Keys>(), Err(message.to_owned()));
        }
    }
}
