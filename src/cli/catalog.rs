//! `groundplan catalog`.

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};

use super::Exit;
use super::output::Output;
use crate::catalog::{Chart, known, unpack};
use crate::world::{Disk, World as _};

/// Arguments of `groundplan catalog`.
#[derive(Debug, Args)]
pub(super) struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Index the keys that a chart reads
    #[command(after_help = "\
The index is a file `<chart>-<version>.yaml` of names of keys. In the folder `catalog` beside the
blueprint it is found by itself; commit it. Fetch the chart as your Argo CD will:
  helm pull oci://registry.acme.example/charts/shop --version 1.4.0
  groundplan catalog add shop-1.4.0.tgz")]
    Add {
        /// A chart's folder, or its package (.tgz)
        chart: Utf8PathBuf,
        /// The folder that the index is written to
        #[arg(long, default_value = "catalog", value_name = "FOLDER")]
        to: Utf8PathBuf,
    },
    /// List the charts and versions that need no index of your own
    List,
}

pub(super) fn run(args: &CatalogArgs, output: &Output) -> anyhow::Result<Exit> {
    match &args.command {
        CatalogCommand::Add { chart, to } => add(chart, to, output)?,
        CatalogCommand::List => {
            let lines = known().map(|(chart, version)| format!("{chart} {version}\n"));
            output.result(&lines.collect::<String>())?;
        }
    }
    Ok(Exit::Fine)
}

fn add(path: &Utf8Path, to: &Utf8Path, output: &Output) -> anyhow::Result<()> {
    let chart = read(path).with_context(|| format!("cannot read the chart {path}"))?;
    let index = chart.index().with_context(|| format!("cannot index the chart {path}"))?;
    fs_err::create_dir_all(to)?;
    let file = to.join(format!("{}-{}.yaml", index.chart, index.version));
    fs_err::write(&file, index.to_string())?;
    output.note(&format!("{file}: {} keys of {} {}", index.keys.len(), index.chart, index.version));
    Ok(())
}

fn read(path: &Utf8Path) -> anyhow::Result<Chart> {
    if fs_err::metadata(path)?.is_file() {
        return Ok(Chart::packaged(unpack(&fs_err::read(path)?)?));
    }
    let mut files = Vec::new();
    for file in Disk.walk(path)? {
        let name = file.strip_prefix(path)?.to_string();
        files.push((name, fs_err::read(&file)?));
    }
    Ok(Chart::new(files))
}
