//! Where backups are kept: buckets, regions, servers of files.

use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::host::HostName;
use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::words::words;

leaf! {
    /// The name of a bucket: 3 to 63 lower-case letters, digits, `-` and `.`, beginning and ending with a letter or
    /// digit.
    ///
    /// The rules of Amazon S3 for general purpose buckets, which MinIO and Ceph keep too.
    pub struct Bucket(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    examples: ["acme-backups"],
}

leaf! {
    /// The region of an S3 service; services that have none still sign with one.
    pub struct Region(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    examples: ["us-east-1", "eu-central-1"],
}

leaf! {
    /// A machine by its address or its DNS name.
    pub struct Server(String);
    kind: Kind::Text,
    pattern: "^[A-Za-z0-9.:-]+$",
    examples: ["10.20.30.10", "nas.acme.internal"],
}

as_written!(Bucket, Region, Server);

/// What becomes of volumes when objects are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SavedVolumes {
    /// Nothing: objects alone are saved.
    None,
    /// A snapshot is taken, and stays in the storage that it is of.
    Snapshots,
    /// A snapshot is taken, and what is in it is copied to the store.
    Copies,
    /// The files are read from the machines while programs write them, and copied to the store.
    Files,
}

words! {
    SavedVolumes {
        "none" => None, "snapshots" => Snapshots, "copies" => Copies, "files" => Files
    }
}

impl SavedVolumes {
    /// Whether snapshots are taken.
    pub fn snapshots(self) -> bool {
        matches!(self, Self::Snapshots | Self::Copies)
    }

    /// Whether what is in volumes leaves the cluster.
    pub fn leaves(self) -> bool {
        matches!(self, Self::Copies | Self::Files)
    }
}

impl Server {
    /// Its address, if that is how it is written.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl FromStr for Bucket {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let why = if !(3..=63).contains(&text.len()) {
            "does not have 3 to 63 characters"
        } else if !text.chars().all(inner) {
            "is not made of lower-case letters, digits, `-` and `.`"
        } else if !text.starts_with(edge) || !text.ends_with(edge) {
            "does not begin and end with a letter or digit"
        } else if text.contains("..") || text.parse::<IpAddr>().is_ok() {
            "is not a name that an S3 service takes"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Invalid::new(format!("the bucket {} {why}", show(text)))
            .help("write the bucket's name alone, such as `acme-backups`"))
    }
}

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let edges = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > 63 || edges || !text.chars().all(inner) {
            return Err(Invalid::new(format!("{} is not the name of a region", show(text)))
                .help("write for example `us-east-1`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Server {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let named = text.parse::<HostName>().is_ok_and(|name| !name.is_wildcard());
        if named || text.parse::<IpAddr>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is neither an address nor the name of a machine", show(text)))
            .help("write for example `10.20.30.10` or `nas.acme.internal`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_as_s3_takes_them() {
        for good in ["acme-backups", "a.b-c", "abc"] {
            assert!(good.parse::<Bucket>().is_ok(), "{good}");
        }
        for bad in ["ab", "Acme", "a_b", "-abc", "abc-", "a..b", "10.0.0.1", "s3://acme"] {
            assert!(bad.parse::<Bucket>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_is_an_address_or_a_name() {
        assert_eq!("10.0.0.9".parse::<Server>().unwrap().address(), "10.0.0.9".parse().ok());
        assert_eq!("nas.acme.internal".parse::<Server>().unwrap().address(), None);
        for bad in ["", "*.acme.internal", "nas:/export", "https://nas"] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_is_a_word() {
        assert!("us-east-1".parse::<Region>().is_ok());
        for bad in ["", "-a", "US", "a b"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
