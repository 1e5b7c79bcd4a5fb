//! Plan to bundle: these modules print, they never decide.

pub mod kustomize;
pub mod yaml;
