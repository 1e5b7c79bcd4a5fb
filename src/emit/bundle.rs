//! The output as a value: repository paths and their bytes. Compile twice, compare, diff, write, commit.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest path a bundle may hold, in bytes: Windows checkouts and tar headers have little more room.
pub(super) const LONGEST: usize = 200;

const TOO_LONG: &str = "it is longer than 200 bytes";

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
        let below = below.as_ref();
        let path = format!("{}/{below}", self.0);
        // What is above was checked already.
        let reason = if path.len() > LONGEST { Some(TOO_LONG) } else { flaw(below) };
        match reason {
            None => Self(path.into()),
            Some(reason) => crate::bug!("{}", InvalidRepoPath { path, reason }),
        }
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
        return Some(TOO_LONG);
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

/// An ordered map of repository path to bytes.
///
/// A path is written once, none is another's folder, and no two are told apart by case alone: whoever breaks
/// that is an emitter with a bug, so making such a bundle panics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Sorted by path.
    files: Vec<File>,
}

type File = (RepoPath, Vec<u8>);

impl Bundle {
    /// A bundle without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bundle of these files; those in the order of their paths are put together fastest.
    ///
    /// # Panics
    /// If a path is there twice, lies below another one, or differs from another one by case alone.
    pub fn of(mut files: Vec<File>) -> Self {
        files.sort_by(|one, two| one.0.cmp(&two.0));
        tell_apart(&files, 0);
        Self { files }
    }

    /// Adds a file. To make a bundle of many, collect them.
    ///
    /// # Panics
    /// As [`Bundle::of`].
    pub fn insert(&mut self, path: RepoPath, bytes: impl Into<Vec<u8>>) {
        self.files.push((path, bytes.into()));
        *self = Self::of(std::mem::take(&mut self.files));
    }

    fn position(&self, path: &str) -> Result<usize, usize> {
        self.files.binary_search_by(|(own, _)| own.as_str().cmp(path))
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.position(path).ok().map(|at| self.files[at].1.as_slice())
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
    /// As [`Bundle::of`].
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.into_iter().chain(other).collect()
    }

    /// The files below a folder, with their full paths.
    pub fn below(&self, folder: &RepoPath) -> impl Iterator<Item = (&RepoPath, &[u8])> {
        let (Ok(first) | Err(first)) = self.position(&format!("{folder}/"));
        self.files[first..]
            .iter()
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

impl FromIterator<(RepoPath, Vec<u8>)> for Bundle {
    fn from_iter<T: IntoIterator<Item = (RepoPath, Vec<u8>)>>(files: T) -> Self {
        Self::of(files.into_iter().collect())
    }
}

impl IntoIterator for Bundle {
    type Item = (RepoPath, Vec<u8>);
    type IntoIter = std::vec::IntoIter<(RepoPath, Vec<u8>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}

/// Refuses sorted files, all in one folder whose path has `depth` bytes with its slash, that not every system could
/// tell apart.
fn tell_apart(files: &[File], depth: usize) {
    let mut names: Vec<(&str, &RepoPath)> = Vec::new();
    let mut rest = files;
    while let Some(((path, _), after)) = rest.split_first() {
        let below = &path.as_str()[depth..];
        let Some(end) = below.find('/') else {
            if after.first().is_some_and(|(next, _)| next == path) {
                crate::bug!("`{path}` was written twice");
            }
            names.push((below, path));
            rest = after;
            continue;
        };
        let folder = &path.as_str()[..=depth + end];
        let same = rest.partition_point(|(path, _)| path.as_str().starts_with(folder));
        let (inside, others) = rest.split_at(same);
        tell_apart(inside, folder.len());
        names.push((&below[..end], path));
        rest = others;
    }
    names.sort_by(|(one, _), (two, _)| {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        one.bytes().map(lower).cmp(two.bytes().map(lower))
    });
    for pair in names.windows(2) {
        let ((one, path), (two, other)) = (pair[0], pair[1]);
        if one == two {
            let (file, below) = if path.as_str().len() < other.as_str().len() {
                (path, other)
            } else {
                (other, path)
            };
            crate::bug!("`{below}` lies below the file `{file}`");
        }
        if one.eq_ignore_ascii_case(two) {
            crate::bug!("`{path}` and `{other}` are one where case does not matter");
        }
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
    #[should_panic(expected = "`a/b/c` lies below the file `a/b`")]
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
