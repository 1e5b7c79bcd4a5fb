//! Paths: in the file system of a container, and in the address of a page.

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// An absolute path in a container, without `..`, `//` or a `/` at the end.
    ///
    /// Kubernetes forbids `:` in mount paths; mounting over `/` hides the program itself.
    pub struct MountPath(String);
    kind: Kind::Text,
    pattern: "^(/[^/:]+)+$",
    examples: ["/var/lib/data"],
}

leaf! {
    /// The path of a page, beginning with `/`, without a query.
    ///
    /// What a path match of the Gateway API takes.
    pub struct HttpPath(String);
    kind: Kind::Text,
    pattern: "^/[-A-Za-z0-9/._~!$&'()*+,;=:@%]*$",
    examples: ["/", "/healthz"],
}

as_written!(MountPath, HttpPath);

impl MountPath {
    /// Whether this path is `other` or below it: mounts that hide each other.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for MountPath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let why = if text.contains(':') {
            "has a `:`"
        } else if text.contains(char::is_control) {
            "has a character that cannot be seen"
        } else if !text.starts_with('/') {
            "does not begin with `/`"
        } else if text == "/" {
            "is the root, which holds the program itself"
        } else if normal(text) != text {
            "has `//`, `.`, `..` or a `/` at the end"
        } else {
            return Ok(Self(text.to_owned()));
        };
        let near = normal(text.trim().trim_end_matches(':'));
        let valid = near != "/" && !near.contains(|c: char| c == ':' || c.is_control());
        Err(Invalid::new(format!("{} {why}", show(text)))
            .write_or(valid.then_some(near), "write an absolute path such as `/var/lib/data`"))
    }
}

/// The absolute path that a text names, `..` taken back as a shell would.
fn normal(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl FromStr for HttpPath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some(why) = fault(text) else { return Ok(Self(text.to_owned())) };
        let near = match text.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
            None => text.trim(),
        };
        let near = near.find(['?', '#']).map_or(near, |end| &near[..end]);
        let end = if near.ends_with('/') { "/" } else { "" };
        let near = format!("{}{end}", normal(near)).replace("//", "/");
        let near = Some(near).filter(|near| !text.is_empty() && fault(near).is_none());
        Err(Invalid::new(format!("{} {why}", show(text)))
            .write_or(near, "write a path such as `/healthz`"))
    }
}

fn fault(text: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@%".contains(c);
    let lower = text.to_ascii_lowercase();
    if text.contains("://") {
        Some("is a whole address, only its path is needed")
    } else if !text.starts_with('/') {
        Some("does not begin with `/`")
    } else if text.contains(['?', '#']) {
        Some("has a query, only the path is needed")
    } else if !text.chars().all(allowed) || !escapes_well(text) {
        Some("has a character that a path must escape with `%`")
    } else if text.contains("//") || text.split('/').any(|part| matches!(part, "." | "..")) {
        Some("has `//`, `.` or `..`")
    } else if lower.contains("%2f") {
        Some("has an escaped `/`")
    } else {
        None
    }
}

/// Whether every `%` is followed by two hexadecimal digits.
pub(super) fn escapes_well(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn mounts_are_absolute_and_normal() {
        lawful::<MountPath>();
        good::<MountPath>(&[("/outbox", "/outbox"), ("/var/lib/my data", "/var/lib/my data")]);
        let rule = "write an absolute path such as `/var/lib/data`";
        let normal = "has `//`, `.`, `..` or a `/` at the end";
        bad::<MountPath>(&[
            ("data", "`data` does not begin with `/`", "write `/data`"),
            ("/data/", &format!("`/data/` {normal}"), "write `/data`"),
            ("/a//b", &format!("`/a//b` {normal}"), "write `/a/b`"),
            ("/a/../b", &format!("`/a/../b` {normal}"), "write `/b`"),
            ("/data:ro", "`/data:ro` has a `:`", rule),
            ("/", "`/` is the root, which holds the program itself", rule),
            ("", "`` does not begin with `/`", rule),
        ]);
        let path = |text: &str| text.parse::<MountPath>().unwrap();
        assert!(path("/a/b").is_within(&path("/a")));
        assert!(!path("/ab").is_within(&path("/a")));
    }

    #[test]
    fn pages_are_paths_without_query() {
        lawful::<HttpPath>();
        good::<HttpPath>(&[("/", "/"), ("/healthz", "/healthz"), ("/a%20b/", "/a%20b/")]);
        let rule = "write a path such as `/healthz`";
        bad::<HttpPath>(&[
            ("healthz", "`healthz` does not begin with `/`", "write `/healthz`"),
            ("/a?b=c", "`/a?b=c` has a query, only the path is needed", "write `/a`"),
            ("/a//b/", "`/a//b/` has `//`, `.` or `..`", "write `/a/b/`"),
            (
                "http://web:8080/healthz",
                "`http://web:8080/healthz` is a whole address, only its path is needed",
                "write `/healthz`",
            ),
            ("/a b", "`/a b` has a character that a path must escape with `%`", rule),
            ("/a%2Fb", "`/a%2Fb` has an escaped `/`", rule),
            ("", "`` does not begin with `/`", rule),
        ]);
    }
}
