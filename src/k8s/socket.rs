//! A port with its protocol, as blueprints write it: `443`, `53/udp`.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf};

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// As Kubernetes spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

leaf! {
    /// A port, 1 to 65535, of TCP unless it says otherwise: `443`, `53/udp`.
    #[derive(Copy)]
    pub struct Socket {
        /// The number.
        pub port: u16,
        /// TCP or UDP.
        pub protocol: Protocol,
    }
    kind: Kind::Raw,
    pattern: r"^[0-9]{1,5}(/(tcp|udp))?$",
    examples: ["443", "53/udp"],
}

impl Socket {
    /// A TCP port.
    pub const fn tcp(port: u16) -> Self {
        Self { port, protocol: Protocol::Tcp }
    }

    /// A UDP port.
    pub const fn udp(port: u16) -> Self {
        Self { port, protocol: Protocol::Udp }
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Protocol::Tcp => write!(f, "{}", self.port),
            Protocol::Udp => write!(f, "{}/udp", self.port),
        }
    }
}

impl FromStr for Socket {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (number, protocol) = match text.split_once('/') {
            None => (text, Protocol::Tcp),
            Some((number, word)) if word.eq_ignore_ascii_case("tcp") => (number, Protocol::Tcp),
            Some((number, word)) if word.eq_ignore_ascii_case("udp") => (number, Protocol::Udp),
            Some(_) => {
                return Err(Invalid::new(format!("`{text}` is not of TCP or UDP"))
                    .help("write for example `53/udp`"));
            }
        };
        match number.parse() {
            Ok(port @ 1..) if !number.starts_with('+') => Ok(Self { port, protocol }),
            _ => Err(Invalid::new(format!("`{number}` is not a port"))
                .help("ports are whole numbers from 1 to 65535")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_print_as_they_are_written() {
        for text in ["443", "53/udp"] {
            assert_eq!(
                text.parse::<Socket>().map(|socket| socket.to_string()).as_deref(),
                Ok(text)
            );
        }
        assert_eq!("80/TCP".parse(), Ok(Socket::tcp(80)));
        for bad in ["0", "65536", "99999", "http", "-1", "+1", "80/sctp", ""] {
            assert!(bad.parse::<Socket>().is_err(), "{bad}");
        }
    }
}
