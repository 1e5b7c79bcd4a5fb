//! Publishes to a URL: fetch the tips into a repository for the moment, commit there, push with a lease.
//!
//! The push says for each branch where it was; a server where it has moved refuses, and everything is done again
//! on the new tips. Generated files are never merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use git2::{Oid, Repository, RepositoryInitOptions};
use tempfile::TempDir;

use super::branch::{Draft, Run, reference, unchanged};
use super::pack;
use super::program::{Git, masked_url, said};
use super::{Moment, PublishError, Revision};

pub(super) fn publish(run: &Run<'_>, url: &str) -> Result<Vec<Revision>, PublishError> {
    let (folder, repository) = momentary()?;
    let server = Server { url, folder: folder.path() };

    let mut verdict = Verdict::Accepted;
    for attempt in 0..run.options.attempts.max(1) {
        // Runners that collide should not collide again.
        std::thread::sleep(Duration::from_millis(50) * attempt + jitter(attempt));
        let heads = server.heads()?;
        for wanted in &run.wanted {
            wanted.fits_beside(heads.keys().map(String::as_str))?;
        }
        server.fetch(&repository, run.wanted.iter().map(|wanted| wanted.name), &heads)?;
        let mut drafts = Vec::new();
        for wanted in &run.wanted {
            drafts.push(run.draft(&repository, wanted)?);
        }
        let objects = drafts.iter_mut().flat_map(|draft| std::mem::take(&mut draft.objects));
        pack::store(&repository, objects.collect())?;
        let mut moves = Vec::new();
        let mut revisions = Vec::new();
        for (wanted, draft) in run.wanted.iter().zip(&drafts) {
            match run.finish(&repository, draft)? {
                None => revisions.push(unchanged(wanted.name, draft.tip)),
                Some(id) => {
                    moves.push(Move { name: wanted.name, from: draft.tip, to: id });
                    revisions.push(Revision::Created { branch: wanted.name.to_owned(), id });
                }
            }
        }
        if drafts.iter().all(|draft: &Draft<'_>| !draft.is_change()) {
            return Ok(revisions);
        }
        for change in &moves {
            (run.watch)(Moment::Move(change.name));
        }
        let was_unknown = matches!(verdict, Verdict::Unknown { .. });
        verdict = server.push(&moves)?;
        match &verdict {
            Verdict::Accepted => return Ok(revisions),
            Verdict::Moved { .. } => {}
            // Servers have many words; one that persists is a refusal.
            Verdict::Unknown { .. } if !was_unknown => {}
            Verdict::Refused { branch, reason } | Verdict::Unknown { branch, reason } => {
                let (branch, reason) = (branch.clone(), reason.clone());
                return Err(PublishError::Rejected { branch, reason });
            }
        }
    }
    Err(match verdict {
        Verdict::Refused { branch, reason } | Verdict::Unknown { branch, reason } => {
            PublishError::Rejected { branch, reason }
        }
        Verdict::Moved { branch } => {
            PublishError::Contended { branch, attempts: run.options.attempts }
        }
        Verdict::Accepted => crate::bug!("an accepted push ends the publication"),
    })
}

/// A repository that is gone with its folder.
fn momentary() -> Result<(TempDir, Repository), PublishError> {
    let folder = tempfile::tempdir()
        .map_err(|source| PublishError::io("create a folder in", &std::env::temp_dir(), source))?;
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    let repository = Repository::init_opts(folder.path(), &options)
        .map_err(|source| PublishError::git("create a repository for the moment", source))?;
    Ok((folder, repository))
}

/// Looks at the tips of those branches that are there.
pub(super) fn tips<T>(
    url: &str,
    branches: &[String],
    look: impl FnOnce(&Repository) -> Result<T, PublishError>,
) -> Result<T, PublishError> {
    let (folder, repository) = momentary()?;
    let server = Server { url, folder: folder.path() };
    let heads = server.heads()?;
    server.fetch(&repository, branches.iter().map(String::as_str), &heads)?;
    look(&repository)
}

/// A pause that differs between processes, and decides nothing else.
fn jitter(attempt: u32) -> Duration {
    Duration::from_millis(u64::from(std::process::id() % 97 * attempt))
}

struct Move<'a> {
    name: &'a str,
    from: Option<Oid>,
    to: Oid,
}

/// What the server made of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// The branch was not where we believed it.
    Moved {
        branch: String,
    },
    /// A rule forbids it.
    Refused {
        branch: String,
        reason: String,
    },
    /// Words we do not know.
    Unknown {
        branch: String,
        reason: String,
    },
}

struct Server<'s> {
    url: &'s str,
    folder: &'s Path,
}

impl Server<'_> {
    fn git(&self, verb: &str, what: &str) -> Git {
        Git::new(self.folder, verb, format!("{what} {}", masked_url(self.url)))
    }

    /// The branches there are.
    fn heads(&self) -> Result<BTreeMap<String, Oid>, PublishError> {
        let list = self.git("ls-remote", "read").args(["--heads", "--", self.url]).run()?;
        let mut heads = BTreeMap::new();
        for line in list.lines() {
            let Some((id, name)) = line.split_once('\t') else { continue };
            if id.len() == 64 {
                let path = masked_url(self.url).into();
                return Err(PublishError::Format { path, format: "SHA-256" });
            }
            let id =
                Oid::from_str(id).map_err(|e| PublishError::git("read the server's list", e))?;
            heads.insert(name.trim_start_matches("refs/heads/").to_owned(), id);
        }
        Ok(heads)
    }

    /// Brings the tips of the branches here; of their history nothing is needed.
    fn fetch<'n>(
        &self,
        repository: &Repository,
        names: impl Iterator<Item = &'n str>,
        heads: &BTreeMap<String, Oid>,
    ) -> Result<(), PublishError> {
        let mut wanted = Vec::new();
        for name in names {
            let reference = reference(name);
            if heads.contains_key(name) {
                wanted.push(format!("+{reference}:{reference}"));
            } else if let Ok(mut gone) = repository.find_reference(&reference) {
                gone.delete().map_err(|e| PublishError::git("forget a deleted branch", e))?;
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        self.git("fetch", "fetch from")
            .args(["--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", self.url])
            .args(wanted)
            .run()
            .map(drop)
    }

    /// Pushes all or nothing.
    fn push(&self, moves: &[Move<'_>]) -> Result<Verdict, PublishError> {
        let mut git = self.git("push", "push to").arg("--porcelain");
        if moves.len() > 1 {
            git = git.arg("--atomic");
        }
        for Move { name, from, .. } in moves {
            let from = from.map_or_else(String::new, |from| from.to_string());
            git = git.arg(format!("--force-with-lease={}:{from}", reference(name)));
        }
        git = git.args(["--", self.url]);
        for Move { name, to, .. } in moves {
            git = git.arg(format!("{to}:{}", reference(name)));
        }
        let output = git.output()?;
        if output.status.success() {
            return Ok(Verdict::Accepted);
        }
        let report = String::from_utf8_lossy(&output.stdout);
        classify(&report, &said(&output)).ok_or_else(|| PublishError::Program {
            what: format!("push to {}", masked_url(self.url)),
            reason: said(&output),
        })
    }
}

/// Reads the porcelain report of a failed push; `None` if no branch was the reason.
fn classify(report: &str, said: &str) -> Option<Verdict> {
    const MOVED: [&str; 8] = [
        "stale info",
        "fetch first",
        "non-fast-forward",
        "cannot lock ref",
        "incorrect old value",
        "failed to update ref",
        "already exists",
        "remote ref updated",
    ];
    const REFUSED: [&str; 6] =
        ["hook declined", "protected", "checked out", "not allowed", "denied", "prohibited"];
    let lines = report.lines().filter_map(|line| {
        let mut fields = line.strip_prefix("!\t")?.split('\t');
        let (_, reference) = fields.next()?.rsplit_once(':')?;
        Some((reference.trim_start_matches("refs/heads/").to_owned(), fields.next()?.to_owned()))
    });
    let mut verdict: Option<Verdict> = None;
    for (branch, reason) in lines {
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if says(&REFUSED) {
            // The hook's own words came on the other channel.
            let reason = format!("{reason}\n{said}");
            return Some(Verdict::Refused { branch, reason });
        }
        if says(&MOVED) {
            verdict = Some(Verdict::Moved { branch });
        } else if verdict.is_none() {
            verdict = Some(Verdict::Unknown { branch, reason: format!("{reason}\n{said}") });
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_told_apart() {
        let line = |reason: &str| format!("To x\n!\tabc:refs/heads/a/b\t{reason}\nDone\n");
        let moved = Some(Verdict::Moved { branch: "a/b".to_owned() });
        for reason in [
            "[rejected] (stale info)",
            "[remote rejected] (cannot lock ref 'refs/heads/a/b': is at 1 but expected 2)",
            "[remote rejected] (incorrect old value provided)",
            "[rejected] (fetch first)",
        ] {
            assert_eq!(classify(&line(reason), ""), moved, "{reason}");
        }
        let refused = classify(&line("[remote rejected] (pre-receive hook declined)"), "why");
        assert!(
            matches!(refused, Some(Verdict::Refused { reason, .. }) if reason.ends_with("why"))
        );
        assert!(matches!(classify(&line("[rejected] (?)"), ""), Some(Verdict::Unknown { .. })));
        assert_eq!(classify("", "fatal: no such host"), None);
        let both = line("[rejected] (atomic push failed)") + &line("[rejected] (stale info)");
        assert_eq!(classify(&both, ""), moved);
    }
}
