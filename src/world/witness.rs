//! What a run was told by the world, so that another run can know whether it would be told the same.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Standing, World};

/// Something that the world is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Question {
    /// [`World::read`].
    Read(Utf8PathBuf),
    /// [`World::walk`].
    Walk(Utf8PathBuf),
    /// [`World::standing`].
    Standing(Utf8PathBuf),
    /// [`World::today`].
    Today,
}

impl Question {
    /// The digest of what a world answers.
    pub fn ask(&self, world: &dyn World) -> String {
        match self {
            Self::Read(path) => of_read(&world.read(path)),
            Self::Walk(folder) => of_walk(&world.walk(folder)),
            Self::Standing(path) => of_standing(world.standing(path)),
            Self::Today => of_today(&world.today()),
        }
    }
}

/// Every question of a run with the digest of its answer.
pub type Testimony = Vec<(Question, String)>;

/// A world that remembers what it was asked, and the digests of what it answered.
pub struct Witness<'a> {
    world: &'a dyn World,
    /// `None` once two answers to one question differed: such a run was told no one thing.
    heard: Mutex<Option<BTreeMap<Question, String>>>,
}

impl<'a> Witness<'a> {
    /// A witness of what `world` is asked from now on.
    pub fn of(world: &'a dyn World) -> Self {
        Self { world, heard: Mutex::new(Some(BTreeMap::new())) }
    }

    /// What was heard; `None` if the world changed its answers meanwhile.
    pub fn testimony(self) -> Option<Testimony> {
        let heard = self.heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some(heard?.into_iter().collect())
    }

    fn hear(&self, question: Question, answer: String) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(answers) = heard.as_mut() else { return };
        if *answers.entry(question).or_insert_with(|| answer.clone()) != answer {
            *heard = None;
        }
    }
}

impl World for Witness<'_> {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let answer = self.world.read(path);
        self.hear(Question::Read(path.to_owned()), of_read(&answer));
        answer
    }

    fn walk(&self, folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        let answer = self.world.walk(folder);
        self.hear(Question::Walk(folder.to_owned()), of_walk(&answer));
        answer
    }

    fn standing(&self, path: &Utf8Path) -> Standing {
        let answer = self.world.standing(path);
        self.hear(Question::Standing(path.to_owned()), of_standing(answer));
        answer
    }

    fn today(&self) -> String {
        let answer = self.world.today();
        self.hear(Question::Today, of_today(&answer));
        answer
    }
}

fn of_read(answer: &io::Result<Vec<u8>>) -> String {
    match answer {
        Ok(bytes) => digest("bytes", bytes),
        Err(error) => refusal(error),
    }
}

fn of_walk(answer: &io::Result<Vec<Utf8PathBuf>>) -> String {
    let lines = |paths: &Vec<Utf8PathBuf>| {
        paths.iter().flat_map(|path| [path.as_str(), "\0"]).collect::<String>()
    };
    match answer {
        Ok(paths) => digest("paths", lines(paths).as_bytes()),
        Err(error) => refusal(error),
    }
}

fn of_standing(answer: Standing) -> String {
    digest("standing", format!("{answer:?}").as_bytes())
}

fn of_today(answer: &str) -> String {
    digest("today", answer.as_bytes())
}

/// The text too is part of the answer: diagnostics repeat it.
fn refusal(error: &io::Error) -> String {
    digest("refusal", format!("{:?}: {error}", error.kind()).as_bytes())
}

/// The digest of an answer of that kind.
fn digest(kind: &str, answer: &[u8]) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update(b"\0").chain_update(answer);
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Memory;

    fn world() -> Memory {
        Memory::new("2026-11-24").with("a/x.yaml", "x: 1\n").with("a/y.yaml", "y: 1\n")
    }

    #[test]
    fn other_answers_are_noticed() {
        let here = world();
        let witness = Witness::of(&here);
        assert_eq!(witness.read("a/x.yaml".into()).ok(), Some(b"x: 1\n".to_vec()));
        assert!(witness.read("b".into()).is_err());
        assert_eq!(witness.walk("a".into()).map(|found| found.len()).ok(), Some(2));
        assert_eq!((witness.standing("b".into()), witness.today().len()), (Standing::Nothing, 10));
        let testimony = witness.testimony().expect("one world");
        let same =
            |there: &Memory| testimony.iter().all(|(asked, heard)| asked.ask(there) == *heard);
        assert!(same(&here));
        assert!(same(&world().with("c", "nobody asked")));
        for other in [
            world().with("a/x.yaml", "x: 2\n"),
            world().with("a/z.yaml", ""),
            world().with("b", ""),
            Memory::new("2026-11-25").with("a/x.yaml", "x: 1\n").with("a/y.yaml", "y: 1\n"),
        ] {
            assert!(!same(&other));
        }
    }

    #[test]
    fn a_world_that_changes_bears_no_witness() {
        let here = world();
        let witness = Witness::of(&here);
        assert!(witness.read("a/x.yaml".into()).is_ok());
        witness.hear(Question::Read("a/x.yaml".into()), of_read(&Ok(b"x: 2\n".to_vec())));
        assert_eq!(witness.testimony(), None);
    }
}
