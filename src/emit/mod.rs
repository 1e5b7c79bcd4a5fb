//! Plan to bundle: these modules print, they never decide.

pub mod bundle;
pub mod kustomize;
pub mod yaml;

pub use bundle::Bundle;
