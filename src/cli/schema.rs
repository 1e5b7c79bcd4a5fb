//! `groundplan schema`.

use clap::Args;

use super::Exit;
use super::output::Output;
use crate::reference::{Kind, schema};

/// Arguments of `groundplan schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Put this line at the top of a blueprint, and editors with a YAML language server complete and check it:
  # yaml-language-server: $schema=groundplan.schema.json")]
pub(super) struct SchemaArgs {
    /// The schema of overlays instead of blueprints
    #[arg(long)]
    overlay: bool,
}

pub(super) fn run(args: &SchemaArgs, output: &Output) -> anyhow::Result<Exit> {
    let kind = if args.overlay { Kind::Overlay } else { Kind::Blueprint };
    output.result(&format!("{:#}\n", schema(kind)))?;
    Ok(Exit::Fine)
}
