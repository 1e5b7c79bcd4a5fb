//! Addresses of services and of repositories.
//!
//! An address with credentials in it is refused, and the message does not repeat it.

use std::net::Ipv6Addr;
use std::str::FromStr;

use super::host::HostName;
use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::path::escapes_well;
use super::port::Port;
use super::secret::credential_shape;
use crate::diag::nearest;

leaf! {
    /// The address of a service: `https://` or `http://`, a host, perhaps a port and a path. No credentials.
    ///
    /// RFC 3986 and no more than this of it; scheme and host in lower case.
    pub struct Url(String);
    kind: Kind::Text,
    pattern: "^https?://[a-z0-9.\\[\\]:-]+([/?#][!-~]*)?$",
    examples: ["https://vault.acme.internal:8200"],
}

leaf! {
    /// Where a repository is: `https://`, `http://`, `ssh://`, `git://`, `oci://` or `file://`, or `git@host:path`. No credentials.
    pub struct RepositoryUrl(String);
    kind: Kind::Text,
    pattern: "^((https?|git|oci)://|ssh://([a-z_][a-z0-9_-]*@)?|file:///|[a-z_][a-z0-9_-]*@)[!-~]+$",
    examples: ["https://gitlab.acme.example/platform/estate.git", "git@gitlab.acme.example:platform/estate.git"],
}

as_written!(Url, RepositoryUrl);

/// The parts of an address.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
}

impl Url {
    /// `https` or `http`.
    pub fn scheme(&self) -> &str {
        split(&self.0).map_or("", |parts| parts.scheme)
    }

    /// Whether what is said there is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.scheme() == "https"
    }

    /// The name or the address of the host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        split(&self.0).map_or("", |parts| parts.host)
    }

    /// The port that is written, else the scheme's own.
    pub fn port(&self) -> Port {
        let written = split(&self.0).and_then(|parts| parts.port?.parse().ok());
        written.unwrap_or(if self.is_encrypted() { Port::known(443) } else { Port::known(80) })
    }

    /// What follows host and port, with its `/`; may be empty.
    pub fn path(&self) -> &str {
        split(&self.0).map_or("", |parts| parts.path)
    }
}

impl RepositoryUrl {
    /// The scheme; `ssh` for `git@host:path`.
    pub fn scheme(&self) -> &str {
        split(&self.0).map_or("ssh", |parts| parts.scheme)
    }

    /// The name or the address of the host; empty for `file://`.
    pub fn host(&self) -> &str {
        match (split(&self.0), self.0.split_once('@')) {
            (Some(parts), _) => parts.host,
            (None, Some((_, rest))) => rest.split(':').next().unwrap_or_default(),
            (None, None) => "",
        }
    }

    /// Whether it is a registry of OCI artefacts.
    pub fn is_oci(&self) -> bool {
        self.scheme() == "oci"
    }
}

impl FromStr for Url {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write an address such as `https://vault.acme.internal:8200`";
        let parts = parts_of::<Self>(text, &["https", "http"], help)?;
        check_place(text, parts, help)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for RepositoryUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write an address such as `https://gitlab.acme.example/platform/estate.git`";
        if let Some((user, rest)) = text.split_once('@')
            && !text.contains("://")
        {
            let place = rest
                .split_once(':')
                .filter(|(host, path)| is_host(host) && is_path(path) && !path.is_empty());
            return match place {
                Some(_) if is_user(user) => Ok(Self(text.to_owned())),
                _ => Err(Invalid::new("the address is not of the form user, `@`, host, `:`, path")
                    .help(help)),
            };
        }
        let parts = parts_of::<Self>(text, &["https", "http", "ssh", "git", "oci", "file"], help)?;
        if parts.scheme == "file" {
            let absolute = parts.host.is_empty() && parts.user.is_none() && parts.port.is_none();
            return match absolute && parts.path.len() > 1 && is_path(parts.path) {
                true => Ok(Self(text.to_owned())),
                false => Err(Invalid::new("a `file` address needs an absolute path")
                    .help("write it as `file:///srv/git/estate`")),
            };
        }
        if parts.path.trim_matches('/').is_empty() && parts.scheme != "oci" {
            return Err(Invalid::new("the address names a host, but no repository").help(help));
        }
        check_place(text, parts, help)?;
        Ok(Self(text.to_owned()))
    }
}

/// Splits `scheme://user@host:port/path`; nothing is checked yet.
fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let (place, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, place) =
        place.rsplit_once('@').map_or((None, place), |(user, place)| (Some(user), place));
    // The colons of an IPv6 address are inside its brackets.
    let colon = place.rfind(':').filter(|colon| place.rfind(']').is_none_or(|end| end < *colon));
    let (host, port) =
        colon.map_or((place, None), |colon| (&place[..colon], Some(&place[colon + 1..])));
    Some(Parts { scheme, user, host, port, path })
}

/// The parts of an address of one of the schemes, without credentials.
fn parts_of<'a, T: FromStr>(
    text: &'a str,
    schemes: &[&'static str],
    help: &str,
) -> Result<Parts<'a>, Invalid> {
    let Some(parts) = split(text) else {
        // What has an `@` may hold a password, whatever else is wrong with it.
        if text.contains('@') {
            return Err(Invalid::new("the address has no scheme such as `https://`").help(help));
        }
        let near = format!("https://{}", text.trim().trim_start_matches('/'));
        let near = Some(near).filter(|near| text.contains('.') && near.parse::<T>().is_ok());
        return Err(Invalid::new(format!("{} has no scheme such as `https://`", show(text)))
            .write_or(near, help));
    };
    let login = matches!(parts.scheme, "ssh") && parts.user.is_none_or(is_user);
    if parts.user.is_some() && !login || credential_shape(text).is_some() {
        return Err(Invalid::new("the address holds credentials").help(
            "write it without what stands before `@`, and keep the credentials in the secret store",
        ));
    }
    if !schemes.contains(&parts.scheme) {
        let lower = parts.scheme.to_ascii_lowercase();
        let near = schemes
            .iter()
            .find(|scheme| **scheme == lower)
            .copied()
            .or_else(|| nearest(&lower, schemes.iter().copied()));
        let known: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect();
        let help = match near {
            Some(near) => format!("did you mean `{near}://`?"),
            None => format!("begin with one of {}", known.join(", ")),
        };
        return Err(
            Invalid::new(format!("the scheme {} is not known here", show(parts.scheme))).help(help)
        );
    }
    Ok(parts)
}

/// Host, port and path of an address that holds no credentials.
fn check_place(text: &str, parts: Parts<'_>, help: &str) -> Result<(), Invalid> {
    let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
    if parts.host.is_empty() {
        return Err(invalid("names no host").help(help));
    }
    if !is_host(parts.host) {
        let lower = text.replacen(parts.host, &parts.host.to_ascii_lowercase(), 1);
        let valid = split(&lower)
            .is_some_and(|parts| is_host(parts.host) && check_place(&lower, parts, "").is_ok());
        return Err(invalid("has a host that is neither a name nor an address")
            .write_or(valid.then_some(lower), help));
    }
    if parts.port.is_some_and(|port| port.parse::<Port>().is_err()) {
        return Err(invalid("has no such port").help("ports are 1 to 65535"));
    }
    if !is_path(parts.path) {
        return Err(invalid("has a character that an address must escape with `%`").help(help));
    }
    Ok(())
}

fn is_host(text: &str) -> bool {
    let six = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match six {
        Some(six) => six.parse::<Ipv6Addr>().is_ok() && six == six.to_ascii_lowercase(),
        None => {
            text.parse::<std::net::Ipv4Addr>().is_ok()
                || text.parse::<HostName>().is_ok_and(|host| !host.is_wildcard())
        }
    }
}

fn is_user(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(allowed)
        && text.len() <= 32
}

/// Characters that may stand in an address as they are (RFC 3986, 2).
fn is_path(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    text.chars().all(allowed) && escapes_well(text)
}

#[cfg(test)]
mod tests;
