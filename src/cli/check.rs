//! `groundplan check`, and what every command that compiles has in common.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::Exit;
use super::output::Output;
use crate::plan::Plan;
use crate::report::{Format, Report};
use crate::world::{Disk, Standing, World};
use crate::{Compilation, Input, compile_after, compiled_into, rules};

/// What a lock says was chosen, by name.
pub(super) type Versions = BTreeMap<String, String>;

/// Which blueprint, and how findings are told.
#[derive(Debug, Args)]
pub(super) struct BlueprintArgs {
    /// The blueprint: a file, or a folder of files
    #[arg(default_value = "blueprint.yaml")]
    blueprint: Utf8PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// How the blueprint is read, and how findings are told.
#[derive(Debug, Args)]
pub(super) struct ReadingArgs {
    /// The folder of overlays [default: `overlays` beside the blueprint, if it is there]
    #[arg(long, value_name = "FOLDER")]
    overlays: Option<Utf8PathBuf>,
    /// How findings are told: for people on stderr, every other format on stdout
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Write the findings into a file as well; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report_file)]
    report: Vec<(Format, Utf8PathBuf)>,
    /// Treat warnings as errors
    #[arg(long)]
    deny_warnings: bool,
}

fn report_file(text: &str) -> Result<(Format, Utf8PathBuf), String> {
    let (format, file) =
        text.split_once('=').ok_or("write for example `gitlab=gl-code-quality.json`")?;
    let format = format.parse().map_err(|error| format!("{error}"))?;
    Ok((format, file.into()))
}

/// What reading and compiling came to.
pub(super) struct Checked {
    /// The compilation, which is never freed: the process ends right after it was used, and giving back hundreds of
    /// thousands of small pieces takes a tenth of a whole run.
    pub(super) compilation: ManuallyDrop<Compilation>,
    /// How the command must end if it does nothing more.
    pub(super) exit: Exit,
}

impl BlueprintArgs {
    pub(super) fn blueprint(&self) -> &Utf8Path {
        &self.blueprint
    }

    /// What is read, spelled; `None` where somebody waits for a report even of nothing.
    pub(super) fn spelled(&self) -> Option<String> {
        let ReadingArgs { overlays, format, report, .. } = &self.reading;
        let for_people = *format == Format::Human && report.is_empty();
        for_people.then(|| format!("{:?} {overlays:?}", self.blueprint))
    }

    /// Compiles and tells what was found, compared with what was chosen before.
    pub(super) fn compile(
        &self,
        world: &dyn World,
        output: &Output,
        previous: impl FnOnce(&Plan) -> Versions,
    ) -> anyhow::Result<Checked> {
        self.reading.compile(world, &self.blueprint, output, previous)
    }
}

impl ReadingArgs {
    /// Compiles and tells what was found.
    pub(super) fn compile(
        &self,
        world: &dyn World,
        blueprint: &Utf8Path,
        output: &Output,
        previous: impl FnOnce(&Plan) -> Versions,
    ) -> anyhow::Result<Checked> {
        let beside = blueprint.parent().unwrap_or(Utf8Path::new("")).join("overlays");
        let overlays = match &self.overlays {
            Some(folder) => Some(folder.as_path()),
            None => (world.standing(&beside) == Standing::Folder).then_some(beside.as_path()),
        };
        let compilation = compile_after(Input { world, blueprint, overlays }, previous)?;
        let root = repository_root();
        let here = current_folder();
        let mut report = Report::new(
            compilation.diagnostics.clone(),
            &compilation.loaded.sources,
            &compilation,
            &rules(),
            root.as_deref(),
        );
        if let Some(here) = &here {
            report = report.started_in(here);
        }
        for (format, file) in &self.report {
            fs_err::write(file, report.render(*format, false))
                .context("cannot write the report")?;
        }
        match self.format {
            Format::Human => output.findings(&report.render(Format::Human, output.color())),
            format => output.result(&report.render(format, false))?,
        }
        let denied = self.deny_warnings && report.warnings() > 0;
        let exit = if report.errors() > 0 || denied { Exit::Findings } else { Exit::Fine };
        drop(report);
        Ok(Checked { compilation: ManuallyDrop::new(compilation), exit })
    }
}

/// The root of the repository that the command runs in: machines want paths from there.
fn repository_root() -> Option<Utf8PathBuf> {
    let here = current_folder()?;
    here.ancestors().find(|folder| folder.join(".git").exists()).map(Utf8Path::to_owned)
}

fn current_folder() -> Option<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()
}

/// Arguments of `groundplan check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan check
  groundplan check blueprints/acme.yaml --overlays overlays
  groundplan check --report gitlab=gl-code-quality.json --report junit=junit.xml

What was compiled into --output before is what runs: what cannot change of it, or not in one step, is found.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    blueprint: BlueprintArgs,
    /// The folder that was compiled into before, if it is there
    #[arg(long, short, default_value = "output", value_name = "FOLDER")]
    output: Utf8PathBuf,
}

pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<Exit> {
    let checked = args.blueprint.compile(&Disk, output, |_| compiled_into(&Disk, &args.output))?;
    if let (Exit::Fine, Some(plan)) = (checked.exit, &checked.compilation.plan) {
        let objects: usize = plan.units.values().map(|unit| unit.resources.len()).sum();
        output.note(&format!(
            "{}: {} applications, {objects} objects, nothing wrong with it",
            args.blueprint.blueprint(),
            plan.applications().count()
        ));
    }
    Ok(checked.exit)
}
