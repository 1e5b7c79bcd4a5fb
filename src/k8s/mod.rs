//! Kubernetes vocabulary as types: the words a blueprint is written in and the objects that come out.

pub mod leaf;

pub mod count;
pub mod cron;
pub mod date;
pub mod duration;
pub mod host;
pub mod image;
pub mod kinds;
pub mod name;
pub mod network;
pub mod patch;
pub mod path;
pub mod port;
pub mod pod_security;
pub mod quantity;
pub mod secret;
pub mod socket;
pub mod subject;
pub mod text;
pub mod tree;
pub mod url;
pub mod version;
pub mod zone;
