//! One file or folder each: a section of the blueprint, its rules and what it becomes. In the order of the language.

pub mod metadata;
pub mod repository;
pub mod clusters;
pub mod environments;
pub mod network;
pub mod security;
pub mod delivery;
pub mod teams;
pub mod externals;
pub mod workloads;
pub mod waivers;
