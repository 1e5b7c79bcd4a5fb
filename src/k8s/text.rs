//! What is written for people: reasons and addresses of mail.

use std::str::FromStr;

use super::host::HostName;
use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// Why something is as it is: a sentence that somebody who was not there understands.
    ///
    /// Runs of white space are one space.
    pub struct Reason(String);
    kind: Kind::Text,
    pattern: "\\S(.|\\s){8,}\\S",
    examples: ["the driver needs host networking until its next release"],
}

leaf! {
    /// An address of mail.
    ///
    /// The usual ones of RFC 5321: no quotes, no comments, a host with a domain.
    pub struct Email(String);
    kind: Kind::Text,
    pattern: "^[A-Za-z0-9._%+'-]+@[a-z0-9-]+(\\.[a-z0-9-]+)+$",
    examples: ["platform@acme.example"],
}

as_written!(Reason, Email);

impl FromStr for Reason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const NO_REASONS: [&str; 10] = [
            "todo",
            "fixme",
            "tbd",
            "xxx",
            "n/a",
            "none",
            "no reason",
            "because",
            "temporary",
            "legacy",
        ];
        let help = "say in a sentence why, for somebody who was not there";
        let words: Vec<&str> =
            text.split_whitespace().filter(|word| !word.contains(char::is_control)).collect();
        let sentence = words.join(" ");
        let bare = sentence.to_lowercase();
        let bare = bare.trim_matches(|c: char| !c.is_alphanumeric());
        let unfinished = ["todo", "fixme", "tbd"].iter().any(|word| {
            bare.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        });
        if bare.is_empty() {
            Err(Invalid::new("a reason is missing").help(help))
        } else if NO_REASONS.contains(&bare) || unfinished {
            Err(Invalid::new(format!("{} is not a reason", show(text))).help(help))
        } else if sentence.chars().count() < 10 || !sentence.contains(' ') {
            Err(Invalid::new(format!("{} is too short for a reason", show(text))).help(help))
        } else {
            Ok(Self(sentence))
        }
    }
}

impl Email {
    /// The part after `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_email(text) {
            return Ok(Self(text.to_owned()));
        }
        let near = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>']);
        let near =
            near.rsplit_once('@').map(|(who, host)| format!("{who}@{}", host.to_ascii_lowercase()));
        Err(Invalid::new(format!("{} is not an address of mail", show(text))).write_or(
            near.filter(|near| is_email(near)),
            "write an address such as `platform@acme.example`",
        ))
    }
}

fn is_email(text: &str) -> bool {
    let Some((who, host)) = text.split_once('@') else { return false };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._%+'-".contains(c);
    let dots = !who.starts_with('.') && !who.ends_with('.') && !who.contains("..");
    let host = host
        .parse::<HostName>()
        .is_ok_and(|host| !host.is_wildcard() && host.as_str().contains('.'));
    (1..=64).contains(&who.len()) && who.chars().all(allowed) && dots && host
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn reasons_are_sentences() {
        lawful::<Reason>();
        good::<Reason>(&[
            ("the vendor's image runs as root", "the vendor's image runs as root"),
            ("  folded\n  over lines ", "folded over lines"),
        ]);
        let help = "say in a sentence why, for somebody who was not there";
        bad::<Reason>(&[
            ("", "a reason is missing", help),
            ("-", "a reason is missing", help),
            ("TODO", "`TODO` is not a reason", help),
            ("todo: ask the platform team", "`todo: ask the platform team` is not a reason", help),
            ("n/a", "`n/a` is not a reason", help),
            ("needed", "`needed` is too short for a reason", help),
        ]);
    }

    #[test]
    fn mail_has_a_domain() {
        lawful::<Email>();
        good::<Email>(&[
            ("platform@acme.example", "platform@acme.example"),
            ("a+b@x.y", "a+b@x.y"),
        ]);
        let rule = "write an address such as `platform@acme.example`";
        bad::<Email>(&[
            ("platform", "`platform` is not an address of mail", rule),
            ("platform@localhost", "`platform@localhost` is not an address of mail", rule),
            (
                "mailto:Ops@Acme.example",
                "`mailto:Ops@Acme.example` is not an address of mail",
                "write `Ops@acme.example`",
            ),
            ("a..b@acme.example", "`a..b@acme.example` is not an address of mail", rule),
        ]);
        assert_eq!(Email::known("platform@acme.example").domain(), "acme.example");
    }
}
