//! Backups of a database: archiving, backups on schedule, and whether they can keep what they promise.

pub mod lower;
pub mod model;
pub mod pods;
pub mod resolve;
pub mod rules;
