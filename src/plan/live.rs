//! What is stated of things that will run for long, so that the next output knows of them.

use crate::path::At;

/// Something that runs, and what of it the lock remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its name in the lock: `database/orders@production`.
    pub subject: String,
    /// The facts by name, in the order of the lock.
    pub facts: Vec<(&'static str, LiveFact)>,
}

/// A fact of something that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveFact {
    /// It cannot change where it stands.
    Fixed {
        /// The value, without spaces.
        value: String,
        /// The field.
        at: At,
        /// What to do instead.
        instead: &'static str,
    },
    /// It can only grow.
    Grows {
        /// How much it is.
        bytes: u64,
        /// The field.
        at: At,
    },
    /// It may change; that takes something.
    Digest {
        /// What stands for the value.
        value: String,
        /// What another value takes: `a restart in place`.
        takes: &'static str,
    },
}

impl Live {
    /// The facts as the lock holds them: words without spaces.
    pub fn remembered(&self) -> String {
        let word = |(name, fact): &(&'static str, LiveFact)| match fact {
            LiveFact::Fixed { value, .. } | LiveFact::Digest { value, .. } => {
                format!("{name}={value}")
            }
            LiveFact::Grows { bytes, .. } => format!("{name}={bytes}"),
        };
        self.facts.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}
