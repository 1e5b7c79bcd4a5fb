//! To which state a database is restored.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// A moment (`2026-11-24T10:00:00Z`), or the name of a restore point.
    ///
    /// A moment says its offset from UTC: PostgreSQL would take one without for the server's own time zone.
    pub enum RecoveryTarget {
        /// A moment, as PostgreSQL reads it: `2026-11-24 10:00:00+00`.
        Time(String),
        /// The name of a restore point.
        Name(String),
    }
    kind: Kind::Text,
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$|^[A-Za-z_][A-Za-z0-9_.-]{0,62}$",
    examples: ["2026-11-24T10:00:00Z", "before-migration"],
}

impl FromStr for RecoveryTarget {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(time) = moment(text) {
            return Ok(Self::Time(time));
        }
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        if text.starts_with(first) && text.chars().all(inner) && text.len() <= 63 {
            return Ok(Self::Name(text.to_owned()));
        }
        Err(Invalid::new(format!("{} is neither a moment nor a restore point", show(text)))
            .help("write for example `2026-11-24T10:00:00Z`, with the offset from UTC"))
    }
}

impl fmt::Display for RecoveryTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => {
                let (date, clock) = time.split_once(' ').unwrap_or((time, ""));
                let clock =
                    clock.strip_suffix("+00:00").map_or(clock.to_owned(), |it| format!("{it}Z"));
                write!(f, "{date}T{clock}")
            }
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// An RFC 3339 time in PostgreSQL's spelling.
fn moment(text: &str) -> Option<String> {
    let (date, clock) = text.split_once('T')?;
    let number = |text: &str, digits: usize, most: u32| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| fits && *number <= most)
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let dated = number(year, 4, 9999)? > 0 && number(month, 2, 12)? > 0 && number(day, 2, 31)? > 0;
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, "+00:00".to_owned()),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let (hours, minutes) = clock.get(at + 1..)?.split_once(':')?;
            number(hours, 2, 14)?;
            number(minutes, 2, 59)?;
            (clock.get(..at)?, clock.get(at..)?.to_owned())
        }
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':');
    number(parts.next()?, 2, 23)?;
    number(parts.next()?, 2, 59)?;
    number(parts.next()?, 2, 59)?;
    let whole_date = dated && date.len() == 10 && parts.next().is_none();
    let fine = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    (whole_date && fine).then(|| format!("{date} {clock}{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn a_target_is_a_moment_with_its_offset_or_a_name() {
        lawful::<RecoveryTarget>();
        good::<RecoveryTarget>(&[
            ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
            ("2026-11-24T10:00:00.25+01:00", "2026-11-24T10:00:00.25+01:00"),
            ("before-migration", "before-migration"),
        ]);
        let help = "write for example `2026-11-24T10:00:00Z`, with the offset from UTC";
        let refused =
            |text: &'static str| format!("`{text}` is neither a moment nor a restore point");
        for text in ["2026-11-24", "2026-11-24T10:00:00", "2026-13-24T10:00:00Z", "24 November"] {
            bad::<RecoveryTarget>(&[(text, refused(text).as_str(), help)]);
        }
    }

    #[test]
    fn postgresql_reads_it() {
        let Ok(RecoveryTarget::Time(time)) = "2026-11-24T10:00:00Z".parse() else {
            panic!("a moment")
        };
        assert_eq!(time, "2026-11-24 10:00:00+00:00");
    }
}
