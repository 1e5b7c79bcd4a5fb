//! Bundle to files or to a commit.

pub mod files;
pub mod git;
pub mod hydrator;
pub mod lock;
