//! `hydrator.metadata`: how Argo CD's Source Hydrator and GitOps Promoter learn what a branch was rendered from.

use serde::Serialize;

use super::git::{CommitInfo, SourceCommit};

/// The file's name, at the root of what a branch owns.
pub const METADATA: &str = "hydrator.metadata";

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(rename = "repoURL", skip_serializing_if = "str::is_empty")]
    repo_url: &'a str,
    #[serde(rename = "drySha")]
    dry_sha: &'a str,
    author: String,
    date: String,
    subject: &'a str,
}

/// The file's bytes; `None` if nobody knows what was compiled, for a reader takes no file without `drySha`.
pub fn metadata(commit: &CommitInfo) -> Option<Vec<u8>> {
    let SourceCommit { id, author, date, subject, repo_url, is_modified: _ } =
        commit.source.as_ref()?;
    let metadata = Metadata {
        repo_url,
        dry_sha: id,
        author: format!("{} <{}>", author.name, author.email),
        date: rfc3339(*date),
        subject,
    };
    let mut bytes = serde_json::to_vec_pretty(&metadata).ok()?;
    bytes.push(b'\n');
    Some(bytes)
}

/// Seconds since 1970 as `2026-11-20T09:30:00Z`.
fn rfc3339(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil date from days, in years that begin in March, so that the leap day is the last (H. Hinnant).
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_what_date_prints() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_167_000, "2026-11-20T09:30:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
