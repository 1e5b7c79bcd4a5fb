//! groundplan
#![allow(missing_docs)]
pub mod diag;
pub mod emit;
pub mod k8s;
pub mod path;
pub mod publish;
pub mod report;
pub mod source;
pub mod world;
