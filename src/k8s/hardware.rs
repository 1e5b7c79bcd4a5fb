//! What machines and their networks are described with: VLANs, packet sizes, hardware addresses, keys of people.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::count::whole;
use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::name::Subdomain;
use super::words::words;

leaf! {
    /// The number of a VLAN, 1 to 4094 (IEEE 802.1Q).
    #[derive(Copy)]
    pub struct VlanId(u16);
    kind: Kind::Whole(1, 4094),
    pattern: "^[0-9]{1,4}$",
    examples: ["120"],
}

leaf! {
    /// The largest packet of a network in bytes, 1280 to 9216.
    #[derive(Copy)]
    pub struct Mtu(u32);
    kind: Kind::Whole(1280, 9216),
    pattern: "^[0-9]{4}$",
    examples: ["1500", "9000"],
}

leaf! {
    /// The length of a network's prefix in bits, 1 to 128.
    #[derive(Copy)]
    pub struct PrefixLength(u8);
    kind: Kind::Whole(1, 128),
    pattern: "^[0-9]{1,3}$",
    examples: ["24"],
}

leaf! {
    /// The number of an autonomous system, 1 to 2147483647; 64512 to 65534 are private.
    #[derive(Copy)]
    pub struct Asn(u32);
    kind: Kind::Whole(1, 2_147_483_647),
    pattern: "^[0-9]{1,10}$",
    examples: ["64512"],
}

leaf! {
    /// A hardware address of one network card: six bytes in lower-case hexadecimal with colons.
    #[derive(Copy)]
    pub struct MacAddress([u8; 6]);
    kind: Kind::Text,
    pattern: "^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
    examples: ["52:54:00:aa:01:01"],
}

leaf! {
    /// A public key of OpenSSH, one line as in `authorized_keys`: Ed25519, ECDSA, a security key, or RSA.
    pub struct SshKey(String);
    kind: Kind::Text,
    pattern: "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com) [A-Za-z0-9+/]{40,}={0,2}( [A-Za-z0-9._@-]+)?$",
    examples: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExam ops"],
}

leaf! {
    /// A server by its address or its name.
    pub struct Server(String);
    kind: Kind::Text,
    pattern: "^[a-z0-9:]([-a-z0-9.:]*[a-z0-9])?$",
    examples: ["10.20.0.2", "ntp.acme.internal"],
}

leaf! {
    /// A registry as image names spell it, with its port if it has one: `registry.k8s.io`; `_default` is every other one.
    pub struct Registry(String);
    kind: Kind::Text,
    pattern: "^(_default|[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$",
    examples: ["registry.k8s.io", "_default"],
}

leaf! {
    /// The name of a user of a machine: a lower-case letter or `_`, then letters, digits, `_` and `-`, at most 32 characters.
    ///
    /// What useradd accepts everywhere (shadow, `chkname`). Names of users that the system has are refused: `root`.
    pub struct UserName(String);
    kind: Kind::Text,
    pattern: "^[a-z_][a-z0-9_-]{0,31}$",
    examples: ["ops", "jane_doe"],
}

/// What runs the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Infrastructure {
    /// Proxmox VE.
    Proxmox,
    /// VMware vSphere.
    Vsphere,
    /// OpenStack.
    OpenStack,
    /// KubeVirt.
    KubeVirt,
    /// Bare metal by Metal3.
    Metal3,
}

words! {
    Infrastructure {
        "proxmox" => Proxmox,
        "vsphere" => Vsphere,
        "openstack" => OpenStack,
        "kubevirt" => KubeVirt,
        "metal3" => Metal3,
    }
}

as_written!(SshKey, Server, Registry, UserName);

/// Users that Ubuntu has from the beginning or that its packages make.
const SYSTEM_USERS: [&str; 16] = [
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "man",
    "mail",
    "proxy",
    "backup",
    "nobody",
    "syslog",
    "sshd",
    "messagebus",
    "haproxy",
    "etcd",
    "keepalived_script",
];

/// Types of keys that OpenSSH 9 still accepts, as the first word of a key.
const KEY_TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Gives leaves that are a whole number in a range their ways.
macro_rules! number {
    ($($name:ident($inner:ty), $least:literal..=$most:literal, $what:literal, $rule:literal;)+) => {$(
        impl $name {
            /// The number.
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let number = whole(text, $rule).map_err(|invalid| match text.parse::<f64>() {
                    // What would have been a whole number outside of the range is no better when it is one.
                    Ok(near) if (f64::from($least)..=f64::from($most)).contains(&near) => invalid,
                    _ => invalid.help($rule),
                })?;
                match <$inner>::try_from(number) {
                    Ok(number @ $least..=$most) => Ok(Self(number)),
                    _ => Err(Invalid::new(format!("{} is no {}", show(text), $what)).help($rule)),
                }
            }
        }
    )+};
}

number! {
    VlanId(u16), 1..=4094, "number of a VLAN", "VLANs are 1 to 4094";
    Mtu(u32), 1280..=9216, "size of a packet", "packets are 1280 to 9216 bytes; 1500 is usual, 9000 is jumbo";
    PrefixLength(u8), 1..=128, "length of a prefix", "prefixes are 1 to 32 bits in IPv4, to 128 in IPv6";
    Asn(u32), 1..=2_147_483_647, "autonomous system", "autonomous systems are 1 to 2147483647; 64512 to 65534 are private";
}

impl MacAddress {
    /// That address.
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for MacAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let read = |separator: char| {
            let parts: Option<Vec<u8>> = text
                .split(separator)
                .map(|part| (part.len() == 2).then(|| u8::from_str_radix(part, 16).ok()).flatten())
                .collect();
            parts?.try_into().ok().map(Self)
        };
        let help = "write six bytes such as `52:54:00:aa:01:01`";
        let near = read(':').or_else(|| read('-'));
        match near {
            Some(address) if address.0[0] & 1 == 1 => {
                Err(Invalid::new(format!("{} is not of one network card", show(text)))
                    .help("the first byte of a single card's address is even"))
            }
            Some(address) if address.to_string() == text => Ok(address),
            near => Err(Invalid::new(format!("{} is not a hardware address", show(text)))
                .write_or(near, help)),
        }
    }
}

impl FromStr for SshKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write the line of the `.pub` file, such as `ssh-ed25519 AAAA… ops`";
        let words: Vec<&str> = text.split(' ').collect();
        let [kind, key, comment @ ..] = words.as_slice() else {
            return Err(Invalid::new("this is not a public key of OpenSSH").help(help));
        };
        if !KEY_TYPES.contains(kind) {
            let message = match *kind {
                "ssh-dss" => "keys of this type are refused by OpenSSH",
                _ => "this is not a public key of OpenSSH",
            };
            return Err(Invalid::new(message).help(help));
        }
        let body = key.trim_end_matches('=');
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b))
        };
        let base64 = body.len() >= 40
            && key.len() - body.len() <= 2
            && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        if !base64 || comment.len() > 1 || !comment.iter().all(|comment| plain(comment)) {
            return Err(Invalid::new("the key after its type is damaged").help(help));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Server {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !numeric && text.parse::<Subdomain>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is neither an address nor a name", show(text)))
            .help("write an address such as `10.20.0.2`, or a name such as `ntp.acme.internal`"))
    }
}

impl FromStr for UserName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write a lower-case letter, then letters, digits, `_` and `-`, 32 at most";
        if SYSTEM_USERS.contains(&text) {
            return Err(Invalid::new(format!("{} is a user of the system's own", show(text)))
                .help("write the name of a person, or of a group such as `ops`"));
        }
        let fits = text.len() <= 32
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(format!("{} is not the name of a user", show(text))).help(help))
        }
    }
}

impl FromStr for Registry {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (host, port) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
        let port_fits = port.is_none_or(|port| port.parse::<super::port::Port>().is_ok());
        if text == "_default" || port_fits && host.parse::<Subdomain>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is not a registry", show(text)))
            .help("write a host such as `registry.k8s.io`, or `_default` for every other one"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn numbers_have_their_ranges() {
        lawful::<VlanId>();
        lawful::<Mtu>();
        lawful::<PrefixLength>();
        lawful::<Asn>();
        good::<VlanId>(&[("1", "1"), ("4094", "4094")]);
        bad::<VlanId>(&[
            ("0", "`0` is no number of a VLAN", "VLANs are 1 to 4094"),
            ("4095", "`4095` is no number of a VLAN", "VLANs are 1 to 4094"),
        ]);
        bad::<Mtu>(&[(
            "576",
            "`576` is no size of a packet",
            "packets are 1280 to 9216 bytes; 1500 is usual, 9000 is jumbo",
        )]);
    }

    #[test]
    fn hardware_addresses_are_of_one_card() {
        lawful::<MacAddress>();
        good::<MacAddress>(&[("52:54:00:aa:01:01", "52:54:00:aa:01:01")]);
        bad::<MacAddress>(&[
            (
                "52-54-00-AA-01-01",
                "`52-54-00-AA-01-01` is not a hardware address",
                "write `52:54:00:aa:01:01`",
            ),
            (
                "01:00:5e:00:00:01",
                "`01:00:5e:00:00:01` is not of one network card",
                "the first byte of a single card's address is even",
            ),
            (
                "52:54:00",
                "`52:54:00` is not a hardware address",
                "write six bytes such as `52:54:00:aa:01:01`",
            ),
        ]);
    }

    #[test]
    fn keys_are_public_and_of_this_age() {
        lawful::<SshKey>();
        let help = "write the line of the `.pub` file, such as `ssh-ed25519 AAAA… ops`";
        bad::<SshKey>(&[
            ("ssh-dss AAAA", "keys of this type are refused by OpenSSH", help),
            ("ssh-ed25519 AAAA", "the key after its type is damaged", help),
            ("hunter2", "this is not a public key of OpenSSH", help),
        ]);
    }

    #[test]
    fn users_are_people() {
        lawful::<UserName>();
        good::<UserName>(&[("ops", "ops"), ("_admin-1", "_admin-1")]);
        bad::<UserName>(&[
            (
                "root",
                "`root` is a user of the system's own",
                "write the name of a person, or of a group such as `ops`",
            ),
            (
                "1st",
                "`1st` is not the name of a user",
                "write a lower-case letter, then letters, digits, `_` and `-`, 32 at most",
            ),
        ]);
    }

    #[test]
    fn registries_are_hosts() {
        lawful::<Registry>();
        good::<Registry>(&[
            ("registry.k8s.io", "registry.k8s.io"),
            ("localhost:5000", "localhost:5000"),
        ]);
        bad::<Registry>(&[(
            "../etc",
            "`../etc` is not a registry",
            "write a host such as `registry.k8s.io`, or `_default` for every other one",
        )]);
    }

    #[test]
    fn servers_are_addresses_or_names() {
        lawful::<Server>();
        good::<Server>(&[("10.20.0.2", "10.20.0.2"), ("ntp.acme.internal", "ntp.acme.internal")]);
        bad::<Server>(&[(
            "10.20.0.256",
            "`10.20.0.256` is neither an address nor a name",
            "write an address such as `10.20.0.2`, or a name such as `ntp.acme.internal`",
        )]);
    }
}
