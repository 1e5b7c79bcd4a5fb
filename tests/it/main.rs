//! The one integration test binary. The ladder: a rule or a lowering is a file under `tests/cases`; what needs a
//! disk, a repository or the command line stands here.

#![allow(missing_docs, clippy::panic)]

mod cases;
mod cli;
mod docs;
mod publish;
mod readme;
mod seed;
mod tidy;
mod write;
