//! Names of hosts.

use std::net::IpAddr;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// A DNS name such as `shop.acme.example`, or `*.acme.example` for every name below a domain.
    ///
    /// What the Gateway API takes as a hostname: lower case, no address, no dot at the end; and, beyond what it
    /// checks, parts of at most 63 characters, because DNS has no longer ones (RFC 1035, 2.3.4).
    pub struct HostName(String);
    kind: Kind::Text,
    pattern: "^(\\*\\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$",
    examples: ["shop.acme.example", "*.acme.example"],
}

as_written!(HostName);

impl HostName {
    /// Whether it stands for every name below a domain.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// The name without `*.`.
    pub fn domain(&self) -> &str {
        self.0.strip_prefix("*.").unwrap_or(&self.0)
    }

    /// Whether `other` is this name, or one that this wildcard stands for (one part or more, as in the Gateway API).
    pub fn covers(&self, other: &Self) -> bool {
        self == other || (self.is_wildcard() && other.is_below(self.domain()))
    }

    /// Whether the name is `domain` or below it.
    pub fn is_within(&self, domain: &str) -> bool {
        self.domain() == domain || self.is_below(domain)
    }

    fn is_below(&self, domain: &str) -> bool {
        self.domain().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl FromStr for HostName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write a DNS name such as `shop.acme.example`";
        if text.parse::<IpAddr>().is_ok() {
            return Err(invalid("is an address, a name is needed").help(help));
        }
        let why = match fault(text) {
            None => return Ok(Self(text.to_owned())),
            Some(why) => why,
        };
        let mut near = text.trim().to_ascii_lowercase().replace('_', "-");
        if let Some((_, rest)) = near.split_once("://") {
            near = rest.to_owned();
        }
        let end = near.find(['/', ':', '?']).unwrap_or(near.len());
        let near = near[..end].trim_end_matches('.');
        Err(invalid(why).write_or(Some(near).filter(|near| fault(near).is_none()), help))
    }
}

/// Why the text is no host name.
fn fault(text: &str) -> Option<&'static str> {
    let domain = text.strip_prefix("*.").unwrap_or(text);
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let edge = |part: &str| part.starts_with('-') || part.ends_with('-');
    if domain.is_empty() {
        Some("is empty")
    } else if domain.contains('*') {
        Some("has a `*` that is not the whole first part")
    } else if text.contains("://") || text.contains('/') {
        Some("is an address of a page, only the name of the host is needed")
    } else if !domain.chars().all(allowed) {
        Some("is not made of lower-case letters, digits, `-` and `.`")
    } else if text.len() > 253 {
        Some("is longer than 253 characters")
    } else if domain.split('.').any(|part| part.is_empty() || part.len() > 63 || edge(part)) {
        Some("has a part that is empty, longer than 63 characters, or has `-` at its edge")
    } else if domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
    {
        // WHATWG and RFC 3696 read such a name as an address.
        Some("ends in a number")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn host_names_are_dns_names() {
        lawful::<HostName>();
        good::<HostName>(&[
            ("shop.acme.example", "shop.acme.example"),
            ("*.acme.example", "*.acme.example"),
            ("localhost", "localhost"),
        ]);
        let rule = "write a DNS name such as `shop.acme.example`";
        let page = "is an address of a page, only the name of the host is needed";
        let alphabet = "is not made of lower-case letters, digits, `-` and `.`";
        bad::<HostName>(&[
            (
                "Shop.acme.example",
                &format!("`Shop.acme.example` {alphabet}"),
                "write `shop.acme.example`",
            ),
            ("https://shop.acme/x", &format!("`https://shop.acme/x` {page}"), "write `shop.acme`"),
            ("shop.acme:443", &format!("`shop.acme:443` {alphabet}"), "write `shop.acme`"),
            ("10.0.0.1", "`10.0.0.1` is an address, a name is needed", rule),
            ("shop.*.acme", "`shop.*.acme` has a `*` that is not the whole first part", rule),
            (
                "shop.acme.",
                "`shop.acme.` has a part that is empty, longer than 63 characters, or has `-` at its edge",
                "write `shop.acme`",
            ),
            ("10.0.0.1000", "`10.0.0.1000` ends in a number", rule),
            ("", "`` is empty", rule),
        ]);
    }

    #[test]
    fn wildcards_cover_what_is_below() {
        let host = |text: &str| text.parse::<HostName>().unwrap();
        assert!(host("*.acme.example").covers(&host("shop.acme.example")));
        assert!(host("*.acme.example").covers(&host("a.b.acme.example")));
        assert!(!host("*.acme.example").covers(&host("acme.example")));
        assert!(!host("*.acme.example").covers(&host("notacme.example")));
        assert!(host("acme.example").is_within("acme.example"));
        assert!(!host("notacme.example").is_within("acme.example"));
    }
}
