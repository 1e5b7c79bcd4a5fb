//! Bundle to files or to a commit.
