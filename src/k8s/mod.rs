//! Kubernetes vocabulary as types: the words a blueprint is written in and the objects that come out.

pub mod leaf;

pub mod count;
pub mod crd;
pub mod cron;
pub mod date;
pub mod duration;
pub mod hardware;
pub mod host;
pub mod image;
pub mod kinds;
pub mod name;
pub mod network;
pub mod patch;
pub mod path;
pub mod pod_security;
pub mod port;
pub mod quantity;
pub mod secret;
pub mod socket;
pub mod storage;
pub mod subject;
pub mod text;
pub mod tree;
pub mod url;
pub mod version;
pub(crate) mod words;
pub mod zone;

pub use count::{Count, Percent};
pub use cron::Cron;
pub use date::Date;
pub use duration::Duration;
pub use host::HostName;
pub use image::Image;
pub use leaf::Invalid;
pub use name::{ConfigKey, EnvName, LabelKey, LabelValue, Name, Subdomain};
pub use network::{Address, AddressRange, Cidr};
pub use path::{HttpPath, MountPath};
pub use port::{Port, PortName};
pub use quantity::{Bytes, Cpu};
pub use secret::{SecretPath, SecretRef, looks_like_credential};
pub use subject::Subject;
pub use text::{Email, Reason};
pub use url::{RepositoryUrl, Url};
pub use version::{MinorVersion, SemVer, VersionChoice};
pub use zone::TimeZone;
