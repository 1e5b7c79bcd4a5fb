//! Bundle to files or to a commit.

pub mod files;
pub mod lock;
