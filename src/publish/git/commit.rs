//! Commits that depend on nothing but what they are told: no clock, no user, no machine.

use git2::Oid;

use super::PublishError;

/// A person or machine, as a commit names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name, without `<`, `>` and line breaks.
    pub name: String,
    /// The mail address, without `<`, `>` and line breaks.
    pub email: String,
}

impl Default for Identity {
    /// Groundplan itself.
    fn default() -> Self {
        Self { name: "groundplan".to_owned(), email: "groundplan@localhost".to_owned() }
    }
}

/// The commit of the blueprint's own repository that was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCommit {
    /// 40 hexadecimal digits.
    pub id: String,
    /// Who wrote it.
    pub author: Identity,
    /// When it was committed, in seconds since 1970.
    pub date: i64,
    /// The first line of its message.
    pub subject: String,
    /// Where others find that repository, without credentials; empty if nobody said.
    pub repo_url: String,
    /// Whether the blueprint, or another file beside or below it, differs from that commit.
    pub is_modified: bool,
}

/// What every commit of a publication says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// Author and committer.
    pub author: Identity,
    /// The first line of the message.
    pub subject: String,
    /// Paragraphs between the first line and the trailers; may be empty.
    pub body: String,
    /// The blueprint's name: the trailer `Blueprint`. None if empty.
    pub blueprint: String,
    /// The version of the compiler: the trailer `Compiler-Version`. None if empty.
    pub compiler: String,
    /// More trailers, in this order.
    pub trailers: Vec<(String, String)>,
    /// The date in seconds since 1970 if somebody decided it (`SOURCE_DATE_EPOCH`); otherwise it is the source
    /// commit's, or the parent's, or 0.
    pub date: Option<i64>,
    /// What was compiled: the trailer `Dry-Commit` and `hydrator.metadata`.
    pub source: Option<SourceCommit>,
}

impl CommitInfo {
    /// The date of a commit on this parent.
    pub(super) fn date(&self, parent: Option<i64>) -> i64 {
        let date = self.date.or(self.source.as_ref().map(|source| source.date)).or(parent);
        // Git stores no date before 1970.
        date.unwrap_or(0).max(0)
    }

    /// The whole message, ending in one line break.
    pub(super) fn message(&self) -> Result<String, PublishError> {
        let text = |text: &str| {
            let text = text.replace("\r\n", "\n");
            if text.contains('\0') { Err(PublishError::Text { text }) } else { Ok(text) }
        };
        let subject = line(&self.subject)?;
        let mut message =
            if subject.is_empty() { "groundplan publish" } else { subject }.to_owned();
        let body = text(&self.body)?;
        for line in ["", ""]
            .into_iter()
            .chain(body.trim().lines())
            .skip(usize::from(!body.trim().is_empty()))
        {
            message.push('\n');
            message.push_str(line.trim_end());
        }
        let source = self.source.as_ref().map_or("", |source| source.id.as_str());
        let own = [
            ("Blueprint", self.blueprint.as_str()),
            ("Compiler-Version", self.compiler.as_str()),
            ("Dry-Commit", source),
        ];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let more = self.trailers.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut trailers = String::new();
        for (key, value) in own.chain(more) {
            let is_key =
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !is_key {
                return Err(PublishError::Text { text: key.to_owned() });
            }
            trailers.push_str(&format!("{key}: {}\n", line(value)?));
        }
        let message = message.trim_end();
        Ok(if trailers.is_empty() {
            format!("{message}\n")
        } else {
            format!("{message}\n\n{trailers}")
        })
    }

    /// The bytes of the commit object.
    pub(super) fn encode(
        &self,
        tree: Oid,
        parent: Option<(Oid, i64)>,
    ) -> Result<Vec<u8>, PublishError> {
        let Identity { name, email } = self.author.checked()?;
        let date = self.date(parent.map(|(_, date)| date));
        let mut text = format!("tree {tree}\n");
        if let Some((parent, _)) = parent {
            text.push_str(&format!("parent {parent}\n"));
        }
        for role in ["author", "committer"] {
            text.push_str(&format!("{role} {name} <{email}> {date} +0000\n"));
        }
        text.push('\n');
        text.push_str(&self.message()?);
        Ok(text.into_bytes())
    }
}

impl Identity {
    /// As git accepts it.
    pub(super) fn checked(&self) -> Result<Self, PublishError> {
        let part = |text: &str| {
            let text = line(text)?;
            let is_bad = text.is_empty() || text.contains(['<', '>']);
            if is_bad {
                Err(PublishError::Text { text: text.to_owned() })
            } else {
                Ok(text.to_owned())
            }
        };
        Ok(Self { name: part(&self.name)?, email: part(&self.email)? })
    }
}

/// A text that is one line.
fn line(text: &str) -> Result<&str, PublishError> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(PublishError::Text { text: text.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_subject_a_body_and_trailers() {
        let mut info = CommitInfo { subject: "acme: two changes".to_owned(), ..Default::default() };
        assert_eq!(info.message().unwrap(), "acme: two changes\n");
        info.blueprint = "acme".to_owned();
        assert_eq!(info.message().unwrap(), "acme: two changes\n\nBlueprint: acme\n");
        info.body = "one\n\ntwo \n".to_owned();
        info.trailers.push(("Ticket".to_owned(), "OPS-1".to_owned()));
        assert_eq!(
            info.message().unwrap(),
            "acme: two changes\n\none\n\ntwo\n\nBlueprint: acme\nTicket: OPS-1\n"
        );
        info.trailers.push(("Evil".to_owned(), "a\nSigned-off-by: b".to_owned()));
        assert!(matches!(info.message(), Err(PublishError::Text { .. })));
    }
}
