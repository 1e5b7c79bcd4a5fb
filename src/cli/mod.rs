//! The command line: one file a command. What a command finds goes to stderr for people and to stdout for
//! machines; what a command makes goes to stdout or to files.

mod catalog;
mod check;
mod compile;
mod explain;
mod init;
mod memory;
mod output;
mod publish;
mod schema;
mod secrets;
mod seed;
mod upgrade;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use output::Output;

/// How a run ended. One table for all commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Fine,
    /// The blueprint has errors, or warnings where they are denied.
    Findings,
    /// `--check`: the output is not what the blueprint says.
    OutOfDate,
    /// The world refused: a file, a disk, a repository.
    World,
    /// Somebody else moved the branch, again and again.
    LostRace,
    /// The command line is wrong.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::OutOfDate => 2,
            Exit::World => 3,
            Exit::LostRace => 4,
            Exit::Usage => 64,
        })
    }
}

const AFTER: &str = "\
Exit codes:
  0   done, or nothing to do
  1   the blueprint has errors (or warnings, with --deny-warnings)
  2   compile --check: the output is out of date
  3   the world refused: a file, a disk, a repository
  4   publish: somebody else moved the branch, again and again
  64  the command line is wrong

Environment:
  NO_COLOR, CLICOLOR_FORCE   never, or always, use colour
  SOURCE_DATE_EPOCH          the date of commits, in seconds since 1970
  SOPS_AGE_KEY_FILE          the age identities that open secrets, where --identity is not given
  XDG_CACHE_HOME             where a compile that changed nothing is remembered [default: ~/.cache]";

/// Compiles one typed blueprint of a Kubernetes estate into the GitOps repository that Argo CD syncs.
#[derive(Debug, Parser)]
#[command(name = "groundplan", version, after_help = AFTER, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    output: OutputArgs,
    #[command(subcommand)]
    command: Command,
}

/// How a command speaks.
#[derive(Debug, Args)]
struct OutputArgs {
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    color: Color,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small working blueprint, its overlays, a pre-commit and a CI configuration
    Init(init::InitArgs),
    /// Find what is wrong with a blueprint, all of it at once; writes nothing
    Check(check::CheckArgs),
    /// Compile a blueprint into a folder
    Compile(compile::CompileArgs),
    /// Compile a blueprint and commit the result to a git repository
    Publish(publish::PublishArgs),
    /// Tell what a rule, a field of the blueprint or a file of the output is
    Explain(explain::ExplainArgs),
    /// Make the secrets of a cluster's first boot, in an encrypted file
    Secrets(secrets::SecretsArgs),
    /// Write what machines boot from, with its secrets, outside the repository
    Seed(seed::SeedArgs),
    /// Tell the steps to a newer Kubernetes, and the commands of every machine
    Upgrade(upgrade::UpgradeArgs),
    /// Print the JSON Schema of blueprints or overlays, for editors
    Schema(schema::SchemaArgs),
    /// Make the index of a chart's keys, so that the values of a release can be checked
    Catalog(catalog::CatalogArgs),
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one per command into a folder
    Man {
        /// The folder; without it the main page goes to stdout
        folder: Option<camino::Utf8PathBuf>,
    },
}

/// Runs the command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Printing help fails only when nobody is there to read it.
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Fine };
            return exit.into();
        }
    };
    let output = Output::new(cli.output.quiet, cli.output.color);
    let result = match cli.command {
        Command::Init(args) => init::run(&args, &output),
        Command::Check(args) => check::run(&args, &output),
        Command::Compile(args) => compile::run(&args, &output),
        Command::Publish(args) => publish::run(&args, &output),
        Command::Explain(args) => explain::run(&args, &output),
        Command::Secrets(args) => secrets::run(&args, &output),
        Command::Seed(args) => seed::run(&args, &output),
        Command::Upgrade(args) => upgrade::run(&args, &output),
        Command::Schema(args) => schema::run(&args, &output),
        Command::Catalog(args) => catalog::run(&args, &output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "groundplan", &mut script);
            output.result(&String::from_utf8_lossy(&script)).map(|()| Exit::Fine)
        }
        Command::Man { folder } => man(folder.as_deref(), &output),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            Exit::World.into()
        }
    }
}

fn man(folder: Option<&camino::Utf8Path>, output: &Output) -> anyhow::Result<Exit> {
    match folder {
        Some(folder) => {
            fs_err::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command(), folder)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            output.result(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
