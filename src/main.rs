//! The command; everything it does is in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    groundplan::cli::run(std::env::args_os())
}
