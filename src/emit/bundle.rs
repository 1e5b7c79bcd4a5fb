//! The output as a value: repository paths and their bytes. Compile twice, compare, diff, write, commit.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;
use std::str::FromStr;
use std::sync::Arc;

/// The longest path a bundle may hold, in bytes: Windows checkouts and tar headers have little more room.
pub(super) const LONGEST: usize = 200;

/// A file's or folder's path in the repository that comes out: `clusters/prod/argocd/root.yaml`.
///
/// It means the same file on every system that may check the repository out: relative, `/` between segments,
/// printable ASCII, nothing that git, Windows or a case-insensitive disk reads as something else. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Why a text is not a repository path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be a path in the repository: {reason}")]
pub struct InvalidRepoPath {
    /// The text.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl RepoPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Names the first rule that the text breaks.
    pub fn new(path: impl Into<Arc<str>>) -> Result<Self, InvalidRepoPath> {
        let path = path.into();
        match flaw(&path) {
            None => Ok(Self(path)),
            Some(reason) => Err(InvalidRepoPath { path: path.to_string(), reason }),
        }
    }

    /// A path made of checked names, for emitters: anything invalid is a bug, not the user's fault.
    ///
    /// # Panics
    /// If `path` is not a repository path.
    pub fn of(path: impl Into<Arc<str>>) -> Self {
        Self::new(path).unwrap_or_else(|error| crate::bug!("{error}"))
    }

    /// The path `below` under this one.
    ///
    /// # Panics
    /// If the result is not a repository path.
    #[must_use]
    pub fn join(&self, below: impl AsRef<str>) -> Self {
        Self::of(format!("{}/{}", self.0, below.as_ref()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder the path is in; `None` at the root.
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// All folders the path is in, the nearest first: `a/b`, then `a` for `a/b/c`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        ancestors(&self.0)
    }

    /// What is left of the path below `prefix`; `None` if it is not below it.
    pub fn below(&self, prefix: &Self) -> Option<&str> {
        self.0.strip_prefix(&*prefix.0)?.strip_prefix('/')
    }
}

impl AsRef<str> for RepoPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RepoPath {
    type Err = InvalidRepoPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let parent = |path: &str| path.rfind('/');
    std::iter::successors(parent(path).map(|end| &path[..end]), move |path| {
        parent(path).map(|end| &path[..end])
    })
}

fn flaw(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > LONGEST {
        return Some("it is longer than 200 bytes");
    }
    if path.bytes().any(|b| !(b' '..=b'~').contains(&b)) {
        return Some("it holds something other than printable ASCII");
    }
    if path.bytes().any(|b| matches!(b, b'\\' | b':' | b'*' | b'?' | b'"' | b'<' | b'>' | b'|')) {
        return Some("it holds one of \\ : * ? \" < > |, which Windows does not allow");
    }
    path.split('/').find_map(segment_flaw)
}

fn segment_flaw(segment: &str) -> Option<&'static str> {
    if segment.is_empty() {
        return Some("a segment is empty; write it relative, with single slashes");
    }
    if segment == "." || segment == ".." {
        return Some("`.` and `..` are not allowed");
    }
    if segment.ends_with(['.', ' ']) || segment.starts_with(' ') {
        return Some("a segment begins or ends with a space, or ends with a dot");
    }
    // `git~1` is the short name under which Windows finds `.git`; `git fsck --strict` refuses it too.
    if segment.eq_ignore_ascii_case(".git") || segment.eq_ignore_ascii_case("git~1") {
        return Some("`.git` belongs to git");
    }
    let stem = segment.split('.').next().unwrap_or(segment);
    let device = |name: &str| stem.eq_ignore_ascii_case(name);
    let numbered = stem.len() == 4
        && matches!(stem.as_bytes()[3], b'1'..=b'9')
        && ["com", "lpt"].iter().any(|name| stem[..3].eq_ignore_ascii_case(name));
    if numbered || ["con", "prn", "aux", "nul"].into_iter().any(device) {
        return Some("a segment is a reserved name on Windows");
    }
    None
}

/// What a name is already taken by, under its lower-case spelling.
#[derive(Clone, Debug)]
enum Taken {
    File(Arc<str>),
    Folder(Arc<str>),
}

/// An ordered map of repository path to bytes.
///
/// A path is written once, none is another's folder, and no two are told apart by case alone: whoever breaks
/// that is an emitter with a bug, so `insert` panics.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    files: BTreeMap<RepoPath, Vec<u8>>,
    /// Every file and every folder above one, by lower-case spelling. Looked up only, never iterated.
    taken: HashMap<Arc<str>, Taken>,
}

impl Bundle {
    /// A bundle without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    ///
    /// # Panics
    /// If the path was written before, is a folder of another path or lies below another file, or differs from
    /// another path by case alone.
    pub fn insert(&mut self, path: RepoPath, bytes: impl Into<Vec<u8>>) {
        self.claim(&path);
        self.files.insert(path, bytes.into());
    }

    fn claim(&mut self, path: &RepoPath) {
        let folded = if path.0.bytes().any(|b| b.is_ascii_uppercase()) {
            Arc::from(path.0.to_ascii_lowercase())
        } else {
            path.0.clone()
        };
        match self.taken.insert(folded.clone(), Taken::File(path.0.clone())) {
            None => {}
            Some(Taken::File(other)) if other == path.0 => {
                crate::bug!("`{path}` was written twice")
            }
            Some(Taken::File(other)) => {
                crate::bug!("`{path}` and `{other}` are one file where case does not matter")
            }
            Some(Taken::Folder(folder)) => {
                crate::bug!("`{path}` is a file and `{folder}` a folder")
            }
        }
        for (folded, spelled) in ancestors(&folded).zip(path.ancestors()) {
            match self.taken.get(folded) {
                None => {
                    self.taken.insert(folded.into(), Taken::Folder(spelled.into()));
                }
                // Its own ancestors were claimed together with it.
                Some(Taken::Folder(known)) if **known == *spelled => break,
                Some(Taken::Folder(known)) => crate::bug!(
                    "`{path}` needs the folder `{spelled}`, `{known}` is the same where case does not matter"
                ),
                Some(Taken::File(file)) => crate::bug!("`{path}` lies below the file `{file}`"),
            }
        }
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files, ordered by the bytes of their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&RepoPath, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Both bundles as one, for producers that ran in parallel. The order of merging does not show.
    ///
    /// # Panics
    /// As [`Bundle::insert`].
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let (mut large, small) =
            if self.len() < other.len() { (other, self) } else { (self, other) };
        for (path, bytes) in small.files {
            large.insert(path, bytes);
        }
        large
    }

    /// The files below a folder, with their full paths.
    pub fn below(&self, folder: &RepoPath) -> impl Iterator<Item = (&RepoPath, &[u8])> {
        let first = format!("{folder}/");
        let range = (Bound::Included(first.as_str()), Bound::Unbounded);
        self.files
            .range::<str, _>(range)
            .take_while(|(path, _)| path.below(folder).is_some())
            .map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// A copy of the files below a folder, as a bundle whose root is that folder.
    #[must_use]
    pub fn subtree(&self, folder: &RepoPath) -> Self {
        self.below(folder)
            .filter_map(|(path, bytes)| Some((RepoPath::of(path.below(folder)?), bytes.to_vec())))
            .collect()
    }
}

impl PartialEq for Bundle {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Bundle {}

impl FromIterator<(RepoPath, Vec<u8>)> for Bundle {
    fn from_iter<T: IntoIterator<Item = (RepoPath, Vec<u8>)>>(files: T) -> Self {
        let mut bundle = Self::new();
        for (path, bytes) in files {
            bundle.insert(path, bytes);
        }
        bundle
    }
}

impl IntoIterator for Bundle {
    type Item = (RepoPath, Vec<u8>);
    type IntoIter = std::collections::btree_map::IntoIter<RepoPath, Vec<u8>>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(paths: &[&str]) -> Bundle {
        paths.iter().map(|path| (RepoPath::of(*path), path.as_bytes().to_vec())).collect()
    }

    #[test]
    fn paths_mean_the_same_everywhere() {
        for good in ["a", "a/b.yaml", ".gitlab-ci.yml", "a b/c", "a/.github/x", "console/x", "com0"]
        {
            assert!(RepoPath::new(good).is_ok(), "{good}");
        }
        let long = "a/".repeat(100) + "b";
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/./b",
            ".git/x",
            "a/.GIT",
            "git~1",
            "a:b",
            "a\\b",
            "a\n",
            "é",
            "a.",
            "a /b",
            "CON",
            "nul.txt",
            "com1",
            "x/LPT9.yaml",
            "a*",
            &long,
        ] {
            assert!(RepoPath::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ancestors_are_nearest_first() {
        let path = RepoPath::of("a/b/c");
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!((path.parent(), path.file_name()), (Some("a/b"), "c"));
        assert_eq!(path.below(&RepoPath::of("a")), Some("b/c"));
        assert_eq!(RepoPath::of("ab/c").below(&RepoPath::of("a")), None);
    }

    #[test]
    fn a_subtree_is_the_folder_and_not_its_neighbours() {
        let all = bundle(&["a-b/x", "a/x", "a/y/z", "a0", "ab/x"]);
        assert_eq!(all.below(&RepoPath::of("a")).count(), 2);
        let sub = all.subtree(&RepoPath::of("a"));
        assert_eq!(sub.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["x", "y/z"]);
        assert_eq!(sub.get("y/z"), Some("a/y/z".as_bytes()));
    }

    #[test]
    fn merging_does_not_depend_on_the_order() {
        let (one, two) = (bundle(&["a/x", "a/y", "b"]), bundle(&["a/z"]));
        assert_eq!(one.clone().merge(two.clone()), two.merge(one));
    }

    #[test]
    #[should_panic(expected = "`a/x` was written twice")]
    fn a_path_is_written_once() {
        let _ = bundle(&["a/x"]).merge(bundle(&["a/x"]));
    }

    #[test]
    #[should_panic(expected = "lies below the file `a`")]
    fn a_file_is_not_a_folder() {
        let _ = bundle(&["a", "a/b/c"]);
    }

    #[test]
    #[should_panic(expected = "`a/b` is a file and `a/b` a folder")]
    fn a_folder_is_not_a_file() {
        let _ = bundle(&["a/b/c", "a/b"]);
    }

    #[test]
    #[should_panic(expected = "where case does not matter")]
    fn case_alone_tells_no_files_apart() {
        let _ = bundle(&["README.md", "readme.md"]);
    }

    #[test]
    #[should_panic(expected = "where case does not matter")]
    fn case_alone_tells_no_folders_apart() {
        let _ = bundle(&["A/x", "a/y"]);
    }
}
