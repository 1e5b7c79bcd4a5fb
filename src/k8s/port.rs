//! Ports and their names.

use std::fmt;
use std::str::FromStr;

use super::count::whole;
use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::name::squeeze;

leaf! {
    /// A port of TCP or UDP, 1 to 65535.
    #[derive(Copy)]
    pub struct Port(u16);
    kind: Kind::Whole(1, 65535),
    pattern: "^[0-9]{1,5}$",
    examples: ["8080"],
}

leaf! {
    /// The name of a port: at most 15 lower-case letters, digits and single `-`, with at least one letter.
    ///
    /// An IANA service name (RFC 6335, 5.1), as Kubernetes checks it.
    pub struct PortName(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$",
    examples: ["http", "metrics"],
}

as_written!(PortName);

impl Port {
    /// That port, unless it is 0.
    pub const fn new(number: u16) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// A port that groundplan itself chose; 0 is a bug, found when a constant is compiled.
    pub const fn known(number: u16) -> Self {
        assert!(number != 0, "there is no port 0");
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether binding it takes a privilege that restricted pods do not have (below 1024).
    pub const fn is_privileged(self) -> bool {
        self.0 < 1024
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Port {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid =
            || Invalid::new(format!("{} is not a port", show(text))).help("ports are 1 to 65535");
        match whole(text, "ports are 1 to 65535") {
            Ok(number) => u16::try_from(number).ok().and_then(Self::new).ok_or_else(invalid),
            Err(Invalid { help, .. }) => Err(Invalid { help, ..invalid() }),
        }
    }
}

impl FromStr for PortName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let letter = |text: &str| text.bytes().any(|b| b.is_ascii_lowercase());
        let lower = text.to_ascii_lowercase();
        // Squeezing what is no letter and no digit makes every run of punctuation one `-`.
        let near = squeeze(&lower, '-', |c| allowed(c) && c != '-');
        let why = if text.is_empty() {
            "is empty"
        } else if !text.chars().all(allowed) {
            "is not made of lower-case letters, digits and `-`"
        } else if !letter(text) {
            "has no letter"
        } else if near != text {
            "has a `-` at its edge or two in a row"
        } else if text.len() > 15 {
            "is longer than 15 characters"
        } else {
            return Ok(Self(text.to_owned()));
        };
        let near = Some(near).filter(|near| letter(near) && near.len() <= 15);
        Err(Invalid::new(format!("port name {} {why}", show(text)))
            .write_or(near, "write a short name such as `http` or `metrics`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn ports_are_numbers_in_range() {
        lawful::<Port>();
        good::<Port>(&[("1", "1"), ("8080", "8080"), ("65535", "65535")]);
        let rule = "ports are 1 to 65535";
        bad::<Port>(&[
            ("99999", "`99999` is not a port", rule),
            ("0", "`0` is not a port", rule),
            ("-1", "`-1` is not a port", rule),
            ("http", "`http` is not a port", rule),
            ("", "`` is not a port", rule),
            ("8_080", "`8_080` is not a port", "write `8080`"),
        ]);
        assert_eq!(serde_json::to_string(&Port::known(443)).unwrap(), "443");
        assert!(Port::known(443).is_privileged());
    }

    #[test]
    fn port_names_are_service_names() {
        lawful::<PortName>();
        good::<PortName>(&[("http", "http"), ("h2c", "h2c"), ("grpc-web", "grpc-web")]);
        let rule = "write a short name such as `http` or `metrics`";
        let alphabet = "is not made of lower-case letters, digits and `-`";
        bad::<PortName>(&[
            ("HTTP", &format!("port name `HTTP` {alphabet}"), "write `http`"),
            ("my_port", &format!("port name `my_port` {alphabet}"), "write `my-port`"),
            ("8080", "port name `8080` has no letter", rule),
            ("a--b", "port name `a--b` has a `-` at its edge or two in a row", "write `a-b`"),
            ("a-very-long-port", "port name `a-very-long-port` is longer than 15 characters", rule),
            ("", "port name `` is empty", rule),
        ]);
    }
}
