//! References to container images.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// A container image with a tag or a digest: `registry.acme.example/team/web:1.2.0`.
    ///
    /// The grammar of `distribution/reference`. No tag at all would mean `latest`, which is a different image
    /// tomorrow, so one or the other is asked for.
    pub struct Image {
        registry: Option<String>,
        repository: String,
        tag: Option<String>,
        digest: Option<String>,
    }
    kind: Kind::Text,
    pattern: "^[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$",
    examples: ["registry.acme.example/storefront/web:5.2.0"],
}

impl Image {
    /// The host of the registry, with its port; none means Docker Hub.
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The path in the registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The reference without tag and digest.
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{registry}/{}", self.repository),
            None => self.repository.clone(),
        }
    }

    /// Whether it is the same image for ever.
    pub fn is_pinned_by_digest(&self) -> bool {
        self.digest.is_some()
    }

    /// Whether it is another image tomorrow by intent: the tag `latest`, or none, and no digest.
    pub fn is_floating(&self) -> bool {
        self.digest.is_none() && self.tag.as_deref().is_none_or(|tag| tag == "latest")
    }

    /// The same image, pinned.
    pub fn with_digest(&self, digest: &str) -> Result<Self, Invalid> {
        Ok(Self { digest: Some(check_digest(digest)?), ..self.clone() })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Image {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write a reference such as `registry.acme.example/team/web:1.2.0`";
        let trimmed = text.trim().trim_end_matches('/');
        let without_scheme = trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest);
        if without_scheme != text {
            let near = without_scheme.parse::<Self>().ok();
            return Err(
                invalid("is an address, a reference to an image is needed").write_or(near, help)
            );
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(check_digest(digest)?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            // What has a `/` behind it is the port of a registry.
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if name.contains(|c: char| c.is_ascii_uppercase()) {
            let lower = text.replacen(name, &name.to_ascii_lowercase(), 1);
            let near = Some(lower).filter(|lower| lower.parse::<Self>().is_ok());
            return Err(invalid("has upper case before the tag").write_or(near, help));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
                (Some(host), path)
            }
            _ => (None, name),
        };
        if registry.is_some_and(|registry| !is_registry(registry)) {
            return Err(invalid("does not begin with the host of a registry").help(help));
        }
        if name.len() > 255 || !repository.split('/').all(is_component) {
            return Err(invalid("is not a reference to an image").help(help));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid(
                "has a tag that is not 1 to 128 letters, digits, `_`, `.` and `-`",
            )
            .help(help));
        }
        if tag.is_none() && digest.is_none() {
            let message = "has neither a tag nor a digest, so it would be another image tomorrow";
            return Err(invalid(message).help(format!("add the version, such as `{name}:1.2.0`")));
        }
        Ok(Self {
            registry: registry.map(str::to_owned),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

fn check_digest(digest: &str) -> Result<String, Invalid> {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let right =
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match right {
        true => Ok(digest.to_owned()),
        false => Err(Invalid::new(format!("{} is not a digest", show(digest)))
            .help("write `sha256:` and 64 hexadecimal digits in lower case")),
    }
}

/// A host, perhaps with a port.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let name = |part: &str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !part.is_empty()
            && part.bytes().all(allowed)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    host.split('.').all(name) && port.is_none_or(|port| port.parse::<super::port::Port>().is_ok())
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let joints = text.split(word).filter(|joint| !joint.is_empty());
    let edges = text.starts_with(word) && text.ends_with(word);
    edges
        && joints
            .into_iter()
            .all(|joint| matches!(joint, "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
}

fn is_tag(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn images_have_a_version() {
        lawful::<Image>();
        let digest = format!("sha256:{}", "0a".repeat(32));
        let pinned = format!("registry.acme.example:5000/a/b_c:1.0@{digest}");
        good::<Image>(&[
            (
                "registry.acme.example/storefront/web:5.2.0",
                "registry.acme.example/storefront/web:5.2.0",
            ),
            ("nginx:1.27", "nginx:1.27"),
            ("localhost:5000/web:V1", "localhost:5000/web:V1"),
            (&pinned, &pinned),
        ]);
        let rule = "write a reference such as `registry.acme.example/team/web:1.2.0`";
        bad::<Image>(&[
            (
                "acme.example/web",
                "`acme.example/web` has neither a tag nor a digest, so it would be another image tomorrow",
                "add the version, such as `acme.example/web:1.2.0`",
            ),
            (
                "acme.example:5000/web",
                "`acme.example:5000/web` has neither a tag nor a digest, so it would be another image tomorrow",
                "add the version, such as `acme.example:5000/web:1.2.0`",
            ),
            (
                "Acme.example/Web:1",
                "`Acme.example/Web:1` has upper case before the tag",
                "write `acme.example/web:1`",
            ),
            (
                "https://acme.example/web:1",
                "`https://acme.example/web:1` is an address, a reference to an image is needed",
                "write `acme.example/web:1`",
            ),
            (
                "web:",
                "`web:` has a tag that is not 1 to 128 letters, digits, `_`, `.` and `-`",
                rule,
            ),
            (
                "web@sha256:abc",
                "`sha256:abc` is not a digest",
                "write `sha256:` and 64 hexadecimal digits in lower case",
            ),
            ("my app:1", "`my app:1` is not a reference to an image", rule),
            ("", "`` is not a reference to an image", rule),
        ]);
    }

    #[test]
    fn images_come_apart() {
        let image: Image = "localhost:5000/team/web:latest".parse().unwrap();
        assert_eq!(image.registry(), Some("localhost:5000"));
        assert_eq!(image.repository(), "team/web");
        assert_eq!((image.tag(), image.digest()), (Some("latest"), None));
        assert!(image.is_floating() && !image.is_pinned_by_digest());
        let pinned = image.with_digest(&format!("sha256:{}", "f".repeat(64))).unwrap();
        assert!(!pinned.is_floating() && pinned.is_pinned_by_digest());
        assert_eq!(pinned.name(), "localhost:5000/team/web");
    }
}
