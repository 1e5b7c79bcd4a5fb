//! The leaf that only workloads have: capabilities.

use std::str::FromStr;

use crate::diag::nearest;
use crate::k8s::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// A Linux capability without `CAP_`, such as `NET_BIND_SERVICE`.
    pub struct Capability(String);
    kind: Kind::Text,
    pattern: "^[A-Z][A-Z0-9_]*$",
    examples: ["NET_BIND_SERVICE"],
}

as_written!(Capability);

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
