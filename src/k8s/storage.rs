//! Names of what storage is on.

use std::net::IpAddr;
use std::str::FromStr;

use super::host::HostName;
use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// A server, by its address or its DNS name: `10.20.30.10`, `nas.acme.example`.
    pub struct Server(String);
    kind: Kind::Text,
    pattern: "^[0-9A-Za-z.:-]+$",
    examples: ["10.20.30.10", "nas.acme.example"],
}

as_written!(Server);

impl Server {
    /// The address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl FromStr for Server {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.parse::<IpAddr>().is_err() {
            let name: HostName = text.parse()?;
            if name.is_wildcard() {
                return Err(Invalid::new(format!("{} is no one server", show(text)))
                    .help("write the name or the address of the server"));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

leaf! {
    /// A ZFS dataset, from its pool on: `tank/kubernetes`.
    pub struct Dataset(String);
    kind: Kind::Text,
    pattern: "^[A-Za-z][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*$",
    examples: ["tank/kubernetes"],
}

as_written!(Dataset);

impl FromStr for Dataset {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        };
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins && text.split('/').all(part) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is no dataset", show(text)))
            .help("write the pool and the names below it, such as `tank/kubernetes`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_datasets_are_read() {
        for good in ["10.20.30.10", "fd00::1", "nas.acme.example"] {
            assert!(good.parse::<Server>().is_ok(), "{good}");
        }
        for bad in ["", "nas_1", "*.acme.example", "https://nas"] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
        for good in ["tank", "tank/k8s/vols-1"] {
            assert!(good.parse::<Dataset>().is_ok(), "{good}");
        }
        for bad in ["", "/tank", "tank/", "tank//x", "tank/a b"] {
            assert!(bad.parse::<Dataset>().is_err(), "{bad}");
        }
    }
}
