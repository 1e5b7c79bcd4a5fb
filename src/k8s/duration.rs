//! Lengths of time.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};
use super::quantity::{Decimal, Product, split};

leaf! {
    /// A length of time: numbers with `w`, `d`, `h`, `m`, `s` or `ms`, the largest unit first.
    ///
    /// A day is 24 hours. Kept in milliseconds, at most what Go's `time.Duration` holds (292 years).
    #[derive(Copy)]
    pub struct Duration(u64);
    kind: Kind::Unit,
    pattern: "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    examples: ["30s", "5m", "1h30m", "7d"],
}

/// Units with their length in milliseconds and the words people write for them, from the longest down.
const UNITS: [(&str, u64, &[&str]); 6] = [
    ("w", 7 * DAY, &["w", "wk", "wks", "week", "weeks"]),
    ("d", DAY, &["d", "day", "days"]),
    ("h", HOUR, &["h", "hr", "hrs", "hour", "hours"]),
    ("m", MINUTE, &["m", "min", "mins", "minute", "minutes"]),
    ("s", SECOND, &["", "s", "sec", "secs", "second", "seconds"]),
    ("ms", 1, &["ms", "msec", "millis", "millisecond", "milliseconds"]),
];
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const LONGEST: u64 = i64::MAX as u64 / 1_000_000;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds, at most the longest duration.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(if milliseconds > LONGEST { LONGEST } else { milliseconds })
    }

    /// So many seconds, at most the longest duration.
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(SECOND))
    }

    /// So many minutes, at most the longest duration.
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_millis(minutes.saturating_mul(MINUTE))
    }

    /// So many hours, at most the longest duration.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_millis(hours.saturating_mul(HOUR))
    }

    /// So many days, at most the longest duration.
    pub const fn from_days(days: u64) -> Self {
        Self::from_millis(days.saturating_mul(DAY))
    }

    /// Milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds, rounded up to a whole one.
    pub const fn as_secs(self) -> u64 {
        self.0.div_ceil(SECOND)
    }

    /// Hours, rounded up to a whole one.
    pub const fn as_hours(self) -> u64 {
        self.0.div_ceil(HOUR)
    }

    /// Days, rounded up to a whole one.
    pub const fn as_days(self) -> u64 {
        self.0.div_ceil(DAY)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is too long.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= LONGEST).map(Self)
    }

    /// `times` as long, unless it is too long.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).filter(|product| *product <= LONGEST).map(Self)
    }

    /// The form in which Go prints it (`1h0m0s`), which is what Kubernetes' API stores and Argo CD compares.
    pub fn to_go(self) -> String {
        let (hours, minutes, rest) = (self.0 / HOUR, self.0 % HOUR / MINUTE, self.0 % MINUTE);
        if self.0 < SECOND && self.0 > 0 {
            return format!("{}ms", self.0);
        }
        let fraction = format!(".{:03}", rest % SECOND);
        let seconds =
            format!("{}{}s", rest / SECOND, fraction.trim_end_matches('0').trim_end_matches('.'));
        match (hours, minutes) {
            (0, 0) => seconds,
            (0, _) => format!("{minutes}m{seconds}"),
            _ => format!("{hours}h{minutes}m{seconds}"),
        }
    }
}

impl fmt::Display for Duration {
    /// The short form: whole days (`7d`), else hours and less without zeros (`36h`, `1h30m`). Prometheus reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => return f.write_str("0s"),
            days if days % DAY == 0 => return write!(f, "{}d", days / DAY),
            _ => {}
        }
        let mut rest = self.0;
        for (unit, length, _) in &UNITS[2..] {
            if rest >= *length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl FromStr for Duration {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write for example `30s`, `5m`, `1h30m` or `7d`";
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        match strict(text) {
            Some(milliseconds) if milliseconds <= LONGEST => return Ok(Self(milliseconds)),
            Some(_) => return Err(invalid("is longer than 292 years").help(help)),
            None => {}
        }
        let why = match text.bytes().all(|b| b.is_ascii_digit()) {
            true if !text.is_empty() => "has no unit",
            _ => "is not a duration",
        };
        let near = lenient(&text.to_lowercase()).filter(|near| *near <= LONGEST).map(Self);
        Err(invalid(why).write_or(near, help))
    }
}

/// Whole numbers with units in falling order; a sum that is too large to count is as large as can be.
fn strict(text: &str) -> Option<u64> {
    let (mut rest, mut sum, mut units) = (text, 0_u64, UNITS.iter());
    if text.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        if number.is_empty() {
            return None;
        }
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (_, length, _) = units.find(|(unit, ..)| *unit == &after[..end])?;
        let part = number.parse().unwrap_or(u64::MAX).saturating_mul(*length);
        sum = sum.saturating_add(part);
        rest = &after[end..];
    }
    Some(sum)
}

/// What was probably meant: fractions, words, spaces and any order are understood.
fn lenient(text: &str) -> Option<u64> {
    match text.trim() {
        "hourly" => return Some(HOUR),
        "daily" => return Some(DAY),
        "weekly" => return Some(7 * DAY),
        _ => {}
    }
    let (mut rest, mut sum) = (text.trim(), 0_u64);
    while !rest.is_empty() {
        let (number, after) = split(rest);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let word = &after[..end];
        let length = match word {
            "mo" | "month" | "months" => 30 * DAY,
            "y" | "yr" | "year" | "years" => 365 * DAY,
            _ => UNITS.iter().find(|(.., words)| words.contains(&word))?.1,
        };
        let Product::Exact(part) = Decimal::parse(number)?.times(length) else { return None };
        sum = sum.checked_add(part)?;
        rest = after[end..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    (!text.trim().is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_and_printed_short() {
        lawful::<Duration>();
        good::<Duration>(&[
            ("30s", "30s"),
            ("5m", "5m"),
            ("1h30m", "1h30m"),
            ("90m", "1h30m"),
            ("7d", "7d"),
            ("2w", "14d"),
            ("1d12h", "36h"),
            ("64h", "64h"),
            ("1h0m0s", "1h"),
            ("1500ms", "1s500ms"),
            ("0s", "0s"),
        ]);
        let rule = "write for example `30s`, `5m`, `1h30m` or `7d`";
        bad::<Duration>(&[
            ("5 minutes", "`5 minutes` is not a duration", "write `5m`"),
            ("4 weeks", "`4 weeks` is not a duration", "write `28d`"),
            ("30", "`30` has no unit", "write `30s`"),
            ("1.5h", "`1.5h` is not a duration", "write `1h30m`"),
            ("30m1h", "`30m1h` is not a duration", "write `1h30m`"),
            ("5M", "`5M` is not a duration", "write `5m`"),
            ("1 month", "`1 month` is not a duration", "write `30d`"),
            ("1y", "`1y` is not a duration", "write `365d`"),
            ("weekly", "`weekly` is not a duration", "write `7d`"),
            ("-5m", "`-5m` is not a duration", rule),
            ("", "`` is not a duration", rule),
            ("soon", "`soon` is not a duration", rule),
            ("99999999999999999999w", "`99999999999999999999w` is longer than 292 years", rule),
        ]);
    }

    #[test]
    fn go_prints_hours_minutes_and_seconds() {
        for (text, go) in [
            ("1h", "1h0m0s"),
            ("7d", "168h0m0s"),
            ("5m", "5m0s"),
            ("30s", "30s"),
            ("1500ms", "1.5s"),
            ("20ms", "20ms"),
            ("1m10ms", "1m0.01s"),
            ("0s", "0s"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_go(), go);
        }
    }

    proptest! {
        #[test]
        fn prints_what_reads_back(milliseconds: u64, shift in 0..64_u32) {
            let duration = Duration::from_millis(milliseconds >> shift);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
}
