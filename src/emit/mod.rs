//! Plan to bundle: these modules print, they never decide.

pub mod yaml;
