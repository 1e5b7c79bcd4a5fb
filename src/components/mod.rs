//! One file or folder each: a section of the blueprint, its rules and what it becomes. In the order of the language.

pub mod autoscaling;
pub mod backup;
pub mod clusters;
pub mod databases;
pub mod delivery;
pub mod environments;
pub mod externals;
pub mod kubernetes;
pub mod logging;
pub mod machines;
pub mod metadata;
pub mod monitoring;
pub mod network;
pub mod releases;
pub mod repository;
pub mod security;
pub mod storage;
pub mod teams;
pub mod waivers;
pub mod workloads;
