//! Opens the local repository, or creates it.

use std::fs;
use std::path::Path;

use git2::{ErrorCode, Repository, RepositoryInitOptions, RepositoryOpenFlags};

use super::{Create, PublishError};

/// Opens the repository at exactly this path; if there is nothing, creates one whose first branch is `first`.
pub(super) fn open_or_create(
    path: &Path,
    create: Create,
    first: &str,
) -> Result<Repository, PublishError> {
    match open(path) {
        Err(PublishError::Git { source, .. }) if source.code() == ErrorCode::NotFound => {}
        outcome => return outcome,
    }
    let is_vacant = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(source) => return Err(PublishError::io("read", path, source)),
    };
    if !is_vacant {
        return Err(PublishError::NotARepository { path: path.to_owned() });
    }
    self::create(path, create, first)?;
    open(path)
}

pub(super) fn open(path: &Path) -> Result<Repository, PublishError> {
    let none: [&Path; 0] = [];
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none)
        .map_err(|source| explain(path, source))
}

/// What libgit2 says in its own words about repositories it cannot use.
fn explain(path: &Path, source: git2::Error) -> PublishError {
    let path = path.to_owned();
    let message = source.message();
    if source.code() == ErrorCode::Owner {
        PublishError::Owner { path }
    } else if message.contains("object format") || message.contains("objectformat") {
        PublishError::Format { path, format: "SHA-256" }
    } else if message.contains("refstorage") {
        PublishError::Format { path, format: "reftable" }
    } else {
        PublishError::git("open the repository", source)
    }
}

/// Makes the repository beside its place and renames it, so that nobody ever sees half of one.
fn create(path: &Path, create: Create, first: &str) -> Result<(), PublishError> {
    let is_bare = match create {
        Create::Bare => true,
        Create::Normal => false,
        Create::ByName => path.extension().is_some_and(|extension| extension == "git"),
    };
    let absolute =
        std::path::absolute(path).map_err(|source| PublishError::io("find", path, source))?;
    let parent = absolute.parent().unwrap_or(&absolute);
    fs::create_dir_all(parent).map_err(|source| PublishError::io("create", parent, source))?;
    let draft = tempfile::Builder::new()
        .prefix(".groundplan-init-")
        .tempdir_in(parent)
        .map_err(|source| PublishError::io("create a folder in", parent, source))?;
    let inner = draft.path().join("repository");
    let mut options = RepositoryInitOptions::new();
    // No templates: hooks and settings of this machine are nobody's intention here.
    options.bare(is_bare).initial_head(first).external_template(false);
    Repository::init_opts(&inner, &options)
        .map_err(|source| PublishError::git("create the repository", source))?;
    match fs::rename(&inner, path) {
        Ok(()) => Ok(()),
        // Another groundplan was faster.
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(source) => Err(PublishError::io("create", path, source)),
    }
}
