//! `groundplan upgrade`.

use anyhow::anyhow;
use camino::Utf8PathBuf;
use clap::Args;

use super::Exit;
use super::check::BlueprintArgs;
use super::output::Output;
use crate::compiled_into;
use crate::diag::{Place, one_of};
use crate::k8s::version::VersionChoice;
use crate::path::At;
use crate::report::Locate;
use crate::upgrade::{self, Obstacle, Upgrade};
use crate::world::Disk;

/// Arguments of `groundplan upgrade`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan upgrade                   the charts, for the version that runs
  groundplan upgrade --to 1.37
  groundplan upgrade blueprints/acme.yaml --to 1.37.1 --cluster main

Changes nothing. Prints the steps, one minor after the other, and in each the commands of every machine in order: \
control planes, members of an external etcd, workers. Charts that are not tested with the next minor move before the \
machines where a newer version is tested with both, else after them; what the newer version does otherwise is told at \
the lines that it touches. A chart is not moved past a custom resource that the estate still has objects of. What stands in the way is told at its line of the blueprint, and \
the exit code is 1 then; what nobody knows stands in the way too, unless --accept-unknown says otherwise.")]
pub(super) struct UpgradeArgs {
    #[command(flatten)]
    blueprint: BlueprintArgs,
    /// The version of Kubernetes: a minor (its newest known patch) or an exact one
    /// [default: the one that runs, so that only charts move]
    #[arg(long, value_name = "VERSION")]
    to: Option<VersionChoice>,
    /// The folder of the last compilation, whose lock file says which charts of the platform run
    #[arg(long, short, default_value = "output", value_name = "FOLDER")]
    output: Utf8PathBuf,
    /// The cluster [default: all whose machines are described]
    #[arg(long)]
    cluster: Option<String>,
    /// Take for fine what nobody says works together
    #[arg(long)]
    accept_unknown: bool,
}

pub(super) fn run(args: &UpgradeArgs, output: &Output) -> anyhow::Result<Exit> {
    let checked = args.blueprint.compile(&Disk, output, |_| compiled_into(&Disk, &args.output))?;
    let (Exit::Fine, Some(plan)) = (checked.exit, &checked.compilation.plan) else {
        return Ok(Exit::Findings);
    };
    let known: Vec<&String> = plan.facts.machines.keys().collect();
    let chosen: Vec<&str> = match &args.cluster {
        Some(cluster) if !plan.facts.machines.contains_key(cluster) => {
            let help = one_of(cluster, known.iter().map(|name| name.as_str()));
            output.error(&anyhow!("no machine of a cluster `{cluster}` is described; {help}"));
            return Ok(Exit::Usage);
        }
        Some(cluster) => vec![cluster],
        None => known.iter().map(|name| name.as_str()).collect(),
    };
    if chosen.is_empty() {
        output.error(&anyhow!("the blueprint describes no machines: nothing here to upgrade"));
        return Ok(Exit::Findings);
    }
    let mut exit = Exit::Fine;
    for cluster in chosen {
        let way = match &args.to {
            Some(to) => upgrade::way(plan, cluster, to),
            None => upgrade::stay(plan, cluster),
        };
        match way {
            Ok(way) => {
                let open = tell(&way, args, &checked.compilation, output)?;
                if !open {
                    exit = Exit::Findings;
                }
            }
            Err(error) => {
                output.error(&anyhow!("{cluster}: {error}"));
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

/// Tells the way, or what is in it; whether it is open.
fn tell(
    way: &Upgrade,
    args: &UpgradeArgs,
    compilation: &crate::Compilation,
    output: &Output,
) -> anyhow::Result<bool> {
    let mut told: Vec<&Obstacle> = Vec::new();
    for obstacle in &way.obstacles {
        if told.contains(&obstacle) {
            continue;
        }
        told.push(obstacle);
        let place = place(&obstacle.at, compilation);
        output.findings(&format!("{place}: {}\n  help: {}\n", obstacle.what, obstacle.help));
    }
    let open = way.is_open(args.accept_unknown);
    if open {
        output.result(&way.to_text(&|at| place(at, compilation)))?;
    }
    Ok(open)
}

/// File and line of a field.
fn place(at: &At, compilation: &crate::Compilation) -> String {
    match compilation.locate(&Place::Key(at.clone())) {
        Some(span) => compilation.loaded.sources.line(&span),
        None => at.path.to_string(),
    }
}
