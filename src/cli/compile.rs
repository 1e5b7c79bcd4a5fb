//! `groundplan compile`.

use camino::Utf8PathBuf;
use clap::Args;

use super::Exit;
use super::check::BlueprintArgs;
use super::memory::Memory;
use super::output::Output;
use crate::audit::live;
use crate::compiled_into;
use crate::emit;
use crate::plan::{Layout, Plan};
use crate::publish::files::{self, Changes, WriteOptions};
use crate::world::{Disk, Witness};

/// Arguments of `groundplan compile`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan compile
  groundplan compile blueprints/acme.yaml --overlays overlays --output output
  groundplan compile --check          exits with 2 when the output is out of date; writes nothing

The folder holds groundplan.lock, which names every file that groundplan owns. Other files are never touched.")]
pub(super) struct CompileArgs {
    #[command(flatten)]
    blueprint: BlueprintArgs,
    /// The folder to compile into
    #[arg(long, short, default_value = "output", value_name = "FOLDER")]
    output: Utf8PathBuf,
    /// Write nothing; say what would change, and exit with 2 if anything would
    #[arg(long)]
    check: bool,
    /// What to write [default: what `repository` says]
    #[arg(long, value_enum)]
    layout: Option<Form>,
    #[command(flatten)]
    overwrite: OverwriteArgs,
}

/// What may be overwritten and deleted.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct OverwriteArgs {
    /// Overwrite generated files that were edited by hand, and foreign files that stand in the way
    #[arg(long)]
    pub(super) force: bool,
    /// Delete even if it is more than a third of the files that groundplan owns
    #[arg(long)]
    pub(super) allow_mass_deletion: bool,
}

impl CompileArgs {
    /// The memory of this command; `None` where findings go to somebody who waits for them even if there are none.
    fn memory(&self) -> Option<Memory> {
        let layout = format!("{:?}", self.layout);
        let read = self.blueprint.spelled()?;
        Memory::of(&["compile", &read, self.output.as_str(), &layout])
    }
}

pub(super) fn run(args: &CompileArgs, output: &Output) -> anyhow::Result<Exit> {
    let memory = args.memory();
    if let Some(count) = memory.as_ref().and_then(|memory| memory.recall(&args.output)) {
        unchanged(count, args, output);
        return Ok(Exit::Fine);
    }
    let world = Witness::of(&Disk);
    let checked =
        args.blueprint.compile(&world, output, |_| compiled_into(&world, &args.output))?;
    let (Exit::Fine, Some(plan)) = (checked.exit, &checked.compilation.plan) else {
        return Ok(Exit::Findings);
    };
    let bundle = match args.layout.unwrap_or_else(|| Form::of(plan)) {
        Form::Kustomize => emit::folders(plan),
        Form::Rendered => emit::rendered(plan),
    };
    unproven(plan, output);
    tell_changes(plan, output);
    let OverwriteArgs { force, allow_mass_deletion } = args.overwrite;
    let options = WriteOptions { force, allow_mass_deletion };
    let changes = match args.check {
        true => files::check(&bundle, &plan.versions, &args.output)?,
        false => files::write(&bundle, &plan.versions, &args.output, options)?,
    };
    if changes.is_empty() {
        unchanged(bundle.len(), args, output);
        let is_silent = checked.compilation.diagnostics.is_empty()
            && live::changes(plan).is_empty()
            && plan.unproven.is_empty();
        if let (true, Some(memory), Some(told)) = (is_silent, memory, world.testimony()) {
            memory.keep(told, changes.digest);
        }
    } else if args.check {
        return Ok(out_of_date(&changes, args, output));
    } else {
        output.note(&format!("{}: {} files, {}", args.output, bundle.len(), summary(&changes)));
    }
    // The process ends: nobody has to take it apart piece by piece.
    std::mem::forget((checked, bundle));
    // pre-commit looks at what git tracks, so it would miss the files of a first compile.
    let hook = std::env::var_os("PRE_COMMIT").is_some_and(|value| value == "1");
    if hook && !changes.is_empty() {
        output.findings("the output was out of date and is now written: add it and commit again\n");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

/// What `compile` writes.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Form {
    /// A base, and an overlay per environment
    Kustomize,
    /// The final objects of every environment
    Rendered,
}

impl Form {
    /// What the blueprint's `repository` says.
    fn of(plan: &Plan) -> Self {
        match plan.facts.repository.as_ref().map(|repository| repository.layout) {
            Some(Layout::Branches) => Self::Rendered,
            _ => Self::Kustomize,
        }
    }
}

/// What changes of things that run take.
pub(super) fn tell_changes(plan: &Plan, output: &Output) {
    for change in live::changes(plan) {
        output.note(&format!("{}: {}", change.subject, change.takes.join(", ")));
    }
}

/// What went round the compiler, so that nobody takes it for proven.
pub(super) fn unproven(plan: &Plan, output: &Output) {
    let mut places: Vec<String> = plan.unproven.iter().map(|(_, at)| at.path.to_string()).collect();
    places.sort();
    places.dedup();
    if !places.is_empty() {
        output
            .note(&format!("not proven, since it goes round the compiler: {}", places.join(", ")));
    }
}

/// Tells that there was nothing to do.
fn unchanged(count: usize, args: &CompileArgs, output: &Output) {
    let state =
        if args.check { "up to date".to_owned() } else { format!("{count} files, unchanged") };
    output.note(&format!("{}: {state}", args.output));
}

fn summary(changes: &Changes) -> String {
    format!(
        "{} created, {} changed, {} deleted",
        changes.created.len(),
        changes.changed.len(),
        changes.deleted.len()
    )
}

fn out_of_date(changes: &Changes, args: &CompileArgs, output: &Output) -> Exit {
    for (word, paths) in
        [("create", &changes.created), ("change", &changes.changed), ("delete", &changes.deleted)]
    {
        for path in paths.iter().take(20) {
            let edited = if changes.edited.contains(path) { " (edited by hand)" } else { "" };
            output.findings(&format!("would {word} {}/{path}{edited}\n", args.output));
        }
        if paths.len() > 20 {
            output.findings(&format!("would {word} {} more\n", paths.len() - 20));
        }
    }
    output.findings(&format!(
        "{}: out of date, {}; run the same command without --check\n",
        args.output,
        summary(changes)
    ));
    Exit::OutOfDate
}
