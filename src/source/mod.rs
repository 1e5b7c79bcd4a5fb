//! Text to documents: parsed, joined, overlaid; every node knows the file and the bytes that wrote it.

mod decode;
mod document;
mod files;
mod load;
mod manifest;
mod node;
mod overlay;
mod parse;
mod short;
mod unread;

use crate::diag::Rule;
pub use decode::{INVALID_VALUE, decode};
pub use document::{Document, Documents, Layer};
pub use files::{SourceFile, Sources};
pub use load::{API_VERSION, LoadError, Loaded, Scope, Section, load};
pub use manifest::{Unreadable, manifests};
pub use node::{Entry, Kind, Meaning, Node, Scalar};
pub use short::Short;
pub use unread::Unread;

/// Every rule of this stage.
pub static RULES: &[&Rule] = &[
    &parse::SYNTAX,
    &parse::DUPLICATE_KEY,
    &parse::TOO_DEEP,
    &parse::ALIAS_BOMB,
    &parse::UNSUPPORTED,
    &load::NOT_UTF8,
    &load::EMPTY,
    &load::HEADER,
    &load::UNKNOWN_SECTION,
    &load::WRONG_SCOPE,
    &load::TARGET,
    &overlay::DUPLICATE_LEAF,
    &overlay::CHANGES_NOTHING,
    &overlay::REMOVES_NOTHING,
    &overlay::ADDS_ENTRY,
    &decode::UNKNOWN_FIELD,
    &decode::MISSING_FIELD,
    &decode::WRONG_TYPE,
    &decode::INVALID_VALUE,
];

#[cfg(test)]
mod tests;
