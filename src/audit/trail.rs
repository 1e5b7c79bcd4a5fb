//! Where a walk through an object is, spelt only when there is something to say.

use std::fmt;

/// The way from an object's root to a field.
#[derive(Default)]
pub(super) struct Trail<'a>(Vec<Step<'a>>);

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    /// Goes into a key.
    pub fn key(&mut self, key: &'a str) {
        self.0.push(Step::Key(key));
    }

    /// Goes to an item of a list.
    pub fn index(&mut self, index: usize) {
        self.0.push(Step::Index(index));
    }

    /// Goes back one step.
    pub fn back(&mut self) {
        self.0.pop();
    }

    /// The key that the walk is in, past all positions in lists.
    pub fn last_key(&self) -> &'a str {
        let key = |step: &Step<'a>| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        };
        self.0.iter().rev().find_map(key).unwrap_or_default()
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                // Label keys and file names hold dots and slashes.
                Step::Key(key) if key.contains(['.', '/', '[', '"']) => write!(f, "[{key:?}]")?,
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}
