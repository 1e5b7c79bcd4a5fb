//! What the branches that are about to move say of the last time.

use std::collections::BTreeMap;

use git2::{ErrorCode, Repository};

use super::branch::reference;
use super::{PublishError, Target, remote, repository};
use crate::emit::bundle::RepoPath;
use crate::publish::lock::{LOCK, Lock};

/// The versions that the locks on these branches hold, and what runs by them; nothing of what is not there.
///
/// # Errors
/// The repository, a branch or its lock cannot be read.
pub fn previous(
    target: &Target,
    branches: &[String],
    prefix: Option<&RepoPath>,
) -> Result<BTreeMap<String, String>, PublishError> {
    match target {
        Target::Local(path) => match repository::open(path.as_std_path()) {
            Ok(repository) => of(&repository, branches, prefix),
            // Publishing makes it, or refuses to.
            Err(PublishError::Git { source, .. }) if source.code() == ErrorCode::NotFound => {
                Ok(BTreeMap::new())
            }
            Err(error) => Err(error),
        },
        Target::Remote(url) => {
            remote::tips(url, branches, |repository| of(repository, branches, prefix))
        }
    }
}

fn of(
    repository: &Repository,
    branches: &[String],
    prefix: Option<&RepoPath>,
) -> Result<BTreeMap<String, String>, PublishError> {
    let mut versions = BTreeMap::new();
    for branch in branches {
        let Some(bytes) = lock(repository, branch, prefix)
            .map_err(|source| PublishError::git("read the lock of the branch", source))?
        else {
            continue;
        };
        let lock = Lock::parse(&bytes)
            .map_err(|source| PublishError::Lock { branch: branch.clone(), source })?;
        versions.extend(lock.versions);
    }
    Ok(versions)
}

/// The bytes of the lock on a branch; `None` where the branch, the folder or the file is not there.
fn lock(
    repository: &Repository,
    branch: &str,
    prefix: Option<&RepoPath>,
) -> Result<Option<Vec<u8>>, git2::Error> {
    let read = || {
        let tree = repository.find_reference(&reference(branch))?.peel_to_tree()?;
        let path = match prefix {
            Some(prefix) => format!("{prefix}/{LOCK}"),
            None => LOCK.to_owned(),
        };
        let entry = tree.get_path(path.as_ref())?;
        Ok::<_, git2::Error>(repository.find_blob(entry.id())?.content().to_vec())
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
