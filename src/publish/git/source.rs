//! The commit that the blueprint was compiled from.

use camino::Utf8Path;
use git2::{Repository, StatusOptions};

use super::commit::{Identity, SourceCommit};
use super::program::masked_url;

/// The tip of the repository that holds the blueprint, a file or a folder; `None` if it is in no repository, or in
/// one without commits, or one that cannot be read.
pub fn source_commit(blueprint: &Utf8Path) -> Option<SourceCommit> {
    let blueprint = blueprint.canonicalize_utf8().ok()?;
    let repository = Repository::discover(&blueprint).ok()?;
    let workdir = Utf8Path::from_path(repository.workdir()?)?.canonicalize_utf8().ok()?;
    let folder = if blueprint.is_dir() { &blueprint } else { blueprint.parent()? };
    let commit = repository.head().ok()?.peel_to_commit().ok()?;
    let author = commit.author();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let remote = repository.find_remote("origin").ok();
    let repo_url = remote.map_or_else(String::new, |remote| masked_url(&text(remote.url_bytes())));
    let mut options = StatusOptions::new();
    options.include_untracked(false).disable_pathspec_match(true);
    let below = folder.strip_prefix(&workdir).ok()?;
    if !below.as_str().is_empty() {
        options.pathspec(below.as_str());
    }
    let is_modified = repository.statuses(Some(&mut options)).is_ok_and(|found| !found.is_empty());
    let subject = text(commit.summary_bytes().unwrap_or_default());
    Some(SourceCommit {
        id: commit.id().to_string(),
        author: Identity { name: text(author.name_bytes()), email: text(author.email_bytes()) },
        date: commit.time().seconds(),
        subject: subject.chars().filter(|c| !c.is_control()).collect(),
        repo_url,
        is_modified,
    })
}
