//! Text to documents: parsed, joined, overlaid; every node knows the file and the bytes that wrote it.

mod files;

pub use files::{SourceFile, Sources};
