//! The command; everything it does is in `cli`.

use std::process::ExitCode;

/// A compilation is hundreds of thousands of small pieces from several threads (docs/decisions/0003).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    groundplan::cli::run(std::env::args_os())
}
