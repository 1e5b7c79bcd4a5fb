//! `groundplan explain`.

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::Exit;
use super::check::{ReadingArgs, Versions};
use super::output::Output;
use crate::diag::nearest;
use crate::path::FieldPath;
use crate::reference::rule_entry;
use crate::world::Disk;
use crate::{explain, rules};

/// Arguments of `groundplan explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groundplan explain workloads/scale-min-above-max     a rule
  groundplan explain workloads.checkout                a field: its values, where they come from, what they reach
  groundplan explain output/workloads/web/base/deployment-web.yaml
                                                       a file: the fields and passes it comes from")]
pub(super) struct ExplainArgs {
    /// A rule, a field of the blueprint, or a file of the output
    what: String,
    /// The blueprint
    #[arg(long, default_value = "blueprint.yaml", value_name = "PATH")]
    blueprint: Utf8PathBuf,
    /// The folder that was compiled into
    #[arg(long, short, default_value = "output", value_name = "FOLDER")]
    output: Utf8PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(super) fn run(args: &ExplainArgs, output: &Output) -> anyhow::Result<Exit> {
    let rules = rules();
    if let Some(rule) = rules.iter().find(|rule| rule.name == args.what) {
        output.result(rule_entry(rule).trim_start())?;
        return Ok(Exit::Fine);
    }
    let checked = args.reading.compile(&Disk, &args.blueprint, output, |_| Versions::new())?;
    let file = Utf8Path::new(args.what.trim_start_matches("./"));
    let below = file.strip_prefix(&args.output).unwrap_or(file);
    if let Some(text) = explain::file(&checked.compilation, below.as_str()) {
        output.result(&text)?;
        return Ok(Exit::Fine);
    }
    let path: Option<FieldPath> = args.what.parse().ok();
    if let Some(text) = path.as_ref().and_then(|path| explain::field(&checked.compilation, path)) {
        output.result(&text)?;
        return Ok(Exit::Fine);
    }
    let rule = nearest(&args.what, rules.iter().map(|rule| rule.name));
    let help = match (rule, &path) {
        (Some(rule), _) => format!("did you mean the rule `{rule}`?"),
        (None, Some(path)) => explain::near_field(path).unwrap_or_default(),
        (None, None) => {
            "name a rule, a field such as `workloads.web`, or a file of the output".to_owned()
        }
    };
    output
        .error(&anyhow!("`{}` is no rule, no field and no file of the output; {help}", args.what));
    Ok(Exit::Usage)
}
