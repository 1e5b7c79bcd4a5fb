//! Kubernetes vocabulary as types: the words a blueprint is written in and the objects that come out.

pub mod leaf;

pub mod name;
pub mod quantity;
pub mod secret;
