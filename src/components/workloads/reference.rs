//! The leaves that only workloads have: ports of what is connected to, capabilities.

use std::str::FromStr;

use crate::diag::nearest;
use crate::k8s::leaf::{Invalid, Kind, as_written, leaf, show};
use crate::k8s::port::PortName;
use crate::k8s::socket::Socket;

leaf! {
    /// A port of something else: by its name, or by its number where it has none (`443`, `53/udp`).
    pub struct PortReference(String);
    kind: Kind::Raw,
    pattern: "^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?(/(tcp|udp))?$",
    examples: ["http", "443"],
}

leaf! {
    /// A Linux capability without `CAP_`, such as `NET_BIND_SERVICE`.
    pub struct Capability(String);
    kind: Kind::Text,
    pattern: "^[A-Z][A-Z0-9_]*$",
    examples: ["NET_BIND_SERVICE"],
}

as_written!(PortReference, Capability);

impl FromStr for PortReference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(socket) = text.parse::<Socket>() {
            return Ok(Self(socket.to_string()));
        }
        text.parse::<PortName>().map(|name| Self(name.to_string()))
    }
}

/// `capabilities(7)`, as of Linux 6.16.
const CAPABILITIES: &[&str] = &[
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

impl FromStr for Capability {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if CAPABILITIES.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let near = nearest(bare, CAPABILITIES.iter().copied());
        Err(Invalid::new(format!("{} is not a capability of Linux", show(text)))
            .write_or(near, "write one of capabilities(7) without `CAP_`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn ports_have_names_or_numbers() {
        lawful::<PortReference>();
        good::<PortReference>(&[("http", "http"), ("443", "443"), ("53/udp", "53/udp")]);
    }

    #[test]
    fn capabilities_are_those_of_linux() {
        lawful::<Capability>();
        good::<Capability>(&[("NET_BIND_SERVICE", "NET_BIND_SERVICE")]);
        bad::<Capability>(&[(
            "CAP_NET_RAW",
            "`CAP_NET_RAW` is not a capability of Linux",
            "write `NET_RAW`",
        )]);
    }
}
