//! `groundplan publish`.

use anyhow::Context;
use clap::Args;

use super::Exit;
use super::check::{BlueprintArgs, Versions};
use super::compile::{OverwriteArgs, tell_changes, unproven};
use super::output::Output;
use crate::Compilation;
use crate::emit::bundle::RepoPath;
use crate::emit::{self, Bundle};
use crate::plan::{Layout, Plan, Repository};
use crate::publish::git::{
    Branch, CommitInfo, Create, Identity, PublishError, PublishOptions, Revision, Target, previous,
    publish, source_commit,
};
use crate::world::Disk;

/// Arguments of `groundplan publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan publish --repo ../estate.git
  groundplan publish blueprints/acme.yaml --overlays overlays --repo https://gitlab.example.org/estate.git

A folder that does not exist becomes a repository: bare if its name ends in .git. URLs are fetched and pushed with
your own git, so credentials, SSH and signing are yours. Nothing is committed when nothing changed; the same
blueprint on the same parent gives the same commit. What the branch was published from is what runs: what cannot \
change of it, or not in one step, is refused.")]
pub(super) struct PublishArgs {
    #[command(flatten)]
    blueprint: BlueprintArgs,
    /// The repository: a folder, or anything git can push to
    #[arg(long, value_name = "FOLDER|URL")]
    repo: String,
    /// The branch [default: `repository.branch` of the blueprint]
    #[arg(long)]
    branch: Option<String>,
    /// Sign the commits as git is configured to
    #[arg(long)]
    sign: bool,
    /// Who commits
    #[arg(long, default_value = "groundplan <groundplan@localhost>", value_parser = identity)]
    author: (String, String),
    #[command(flatten)]
    overwrite: OverwriteArgs,
}

fn identity(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('<').and_then(|(name, rest)| Some((name, rest.strip_suffix('>')?)));
    match parts {
        Some((name, email)) if !name.trim().is_empty() && !email.is_empty() => {
            Ok((name.trim().to_owned(), email.to_owned()))
        }
        _ => Err("write `Name <mail@example.org>`".to_owned()),
    }
}

pub(super) fn run(args: &PublishArgs, output: &Output) -> anyhow::Result<Exit> {
    let target = Target::parse(&args.repo);
    if matches!(target, Target::Remote(_)) {
        output.progress("fetching and pushing with git");
    }
    let mut unread = None;
    let checked = args.blueprint.compile(&Disk, output, |plan| {
        live(args, &target, plan).unwrap_or_else(|error| {
            unread = Some(error);
            Versions::new()
        })
    })?;
    if let Some(error) = unread {
        return Err(error);
    }
    let (Exit::Fine, Some(plan)) = (checked.exit, &checked.compilation.plan) else {
        return Ok(Exit::Findings);
    };
    unproven(plan, output);
    tell_changes(plan, output);
    let commit = commit(args, &checked.compilation)?;
    let branches = branches(args, plan)?;
    let options = PublishOptions {
        force: args.overwrite.force,
        allow_mass_deletion: args.overwrite.allow_mass_deletion,
        create: Create::ByName,
        sign: args.sign,
        ..PublishOptions::default()
    };
    let published = publish(&target, &branches, &commit, options);
    // The process ends: nobody has to take it apart piece by piece.
    std::mem::forget((checked, branches));
    match published {
        Ok(revisions) => {
            for revision in revisions {
                output.note(&match revision {
                    Revision::Created { branch, id } => format!("{branch}: committed {id}"),
                    Revision::Unchanged { branch, id } => format!("{branch}: unchanged at {id}"),
                });
            }
            Ok(Exit::Fine)
        }
        Err(error @ PublishError::Contended { .. }) => {
            output.error(&error.into());
            Ok(Exit::LostRace)
        }
        Err(error) => Err(error.into()),
    }
}

fn commit(args: &PublishArgs, compilation: &Compilation) -> anyhow::Result<CommitInfo> {
    let date = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            Some(text.trim().parse().context("SOURCE_DATE_EPOCH is not a number of seconds")?)
        }
        Err(_) => None,
    };
    let source = source_commit(args.blueprint.blueprint());
    let (name, version) = compilation.identity.clone().unwrap_or_default();
    let what =
        source.as_ref().map(|source| source.subject.clone()).filter(|subject| !subject.is_empty());
    let (author, email) = args.author.clone();
    Ok(CommitInfo {
        author: Identity { name: author, email },
        subject: match what {
            Some(what) => format!("{name} {version}: {what}"),
            None => format!("{name} {version}"),
        },
        body: String::new(),
        blueprint: name,
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        trailers: vec![("Blueprint-Version".to_owned(), version)],
        date,
        source,
    })
}

/// What the branches that will move were compiled from: what is on them is what runs.
fn live(args: &PublishArgs, target: &Target, plan: &Plan) -> anyhow::Result<Versions> {
    let Some(repository) = &plan.facts.repository else { return Ok(Versions::new()) };
    let names = match repository.layout {
        Layout::Folders => {
            vec![args.branch.clone().unwrap_or_else(|| repository.branch.clone())]
        }
        Layout::Branches => emit::branch_names(plan),
    };
    Ok(previous(target, &names, owned(repository)?.as_ref())?)
}

/// The folder of a branch that is groundplan's; `None` for all of it.
fn owned(repository: &Repository) -> anyhow::Result<Option<RepoPath>> {
    match repository.path.as_str() {
        "" => Ok(None),
        path => Ok(Some(RepoPath::new(path)?)),
    }
}

fn branches(args: &PublishArgs, plan: &Plan) -> anyhow::Result<Vec<Branch>> {
    let Some(repository) = &plan.facts.repository else {
        crate::bug!("a plan without a repository");
    };
    let prefix = owned(repository)?;
    let branch = |name: String, bundle: Bundle, is_rendered| Branch {
        name,
        prefix: prefix.clone(),
        bundle,
        versions: plan.versions.clone(),
        is_rendered,
    };
    if repository.layout == Layout::Folders {
        let name = args.branch.clone().unwrap_or_else(|| repository.branch.clone());
        return Ok(vec![branch(name, emit::folders(plan), false)]);
    }
    anyhow::ensure!(
        args.branch.is_none(),
        "--branch has no meaning with `branches: per-environment`"
    );
    Ok(emit::branches(plan).into_iter().map(|(name, bundle)| branch(name, bundle, true)).collect())
}
