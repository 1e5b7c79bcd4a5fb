//! Whole numbers with a meaning: how many, what part of a hundred.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// How many: a whole number, at most 2147483647.
    ///
    /// Kubernetes counts in `int32`.
    #[derive(Copy, Default)]
    pub struct Count(u32);
    kind: Kind::Whole(0, Count::MAX),
    pattern: "^[0-9]+$",
    examples: ["3"],
}

leaf! {
    /// A part of a hundred, 1% to 1000%: more than 100% makes sense for a load relative to what was requested.
    #[derive(Copy)]
    pub struct Percent(u16);
    kind: Kind::Unit,
    pattern: "^[0-9]{1,4}%$",
    examples: ["70%"],
}

impl Count {
    /// The largest count.
    pub const MAX: u32 = i32::MAX as u32;

    /// That many, at most [`Count::MAX`].
    pub const fn new(number: u32) -> Self {
        Self(if number > Self::MAX { Self::MAX } else { number })
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as Kubernetes' API holds it.
    pub const fn as_i32(self) -> i32 {
        self.0.cast_signed()
    }
}

impl Percent {
    /// The number before `%`.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for Count {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = whole(text, "write a whole number such as `3`")?;
        match u32::try_from(number) {
            Ok(number) if number <= Self::MAX => Ok(Self(number)),
            _ => Err(Invalid::new(format!("{} is too many", show(text)))
                .help(format!("counts are 0 to {}", Self::MAX))),
        }
    }
}

impl FromStr for Percent {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write a percentage such as `70%`";
        let Some(number) = text.strip_suffix('%') else {
            let invalid = Invalid::new(format!("{} has no `%`", show(text)));
            return Err(invalid.write_or(meant(text), help));
        };
        let number = whole(number, help).map_err(|_| {
            Invalid::new(format!("{} is not a whole percentage", show(text)))
                .write_or(meant(text), help)
        })?;
        match u16::try_from(number) {
            Ok(number @ 1..=1000) => Ok(Self(number)),
            _ => Err(Invalid::new(format!("{} is out of range", show(text)))
                .help("percentages are 1% to 1000%")),
        }
    }
}

/// The percentage that `70`, `70 %`, `70.0%` or `0.7` stands for.
fn meant(text: &str) -> Option<String> {
    let number = text.trim_end_matches('%').trim();
    let hundredths = match number.strip_prefix("0.").or_else(|| number.strip_prefix('.')) {
        Some(digits) if !text.contains('%') => format!("{:0<2}", digits.get(..2).unwrap_or(digits)),
        _ => number.split('.').next()?.to_owned(),
    };
    let number: u16 = hundredths.parse().ok()?;
    (1..=1000).contains(&number).then(|| Percent(number).to_string())
}

/// Reads digits; of anything else it says what whole number it resembles.
pub(super) fn whole(text: &str, rule: &str) -> Result<u64, Invalid> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .parse()
            .map_err(|_| Invalid::new(format!("{} is too large", show(text))).help(rule));
    }
    let plain: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | ',' | '\'')).collect();
    let plain = plain.strip_suffix(".0").unwrap_or(&plain).trim_start_matches('+');
    let near = plain.parse::<u16>().ok().filter(|_| !text.contains(',') || plain.len() > 3);
    let near = near.filter(|_| !text.contains('.') || text.ends_with(".0"));
    let what = if text.starts_with('-') { "is negative" } else { "is not a whole number" };
    Err(Invalid::new(format!("{} {what}", show(text)))
        .write_or(near.filter(|near| *near > 0), rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn counts_are_whole() {
        lawful::<Count>();
        good::<Count>(&[("0", "0"), ("3", "3"), ("2147483647", "2147483647"), ("012", "12")]);
        let rule = "write a whole number such as `3`";
        bad::<Count>(&[
            ("2.0", "`2.0` is not a whole number", "write `2`"),
            ("1_000", "`1_000` is not a whole number", "write `1000`"),
            ("2.5", "`2.5` is not a whole number", rule),
            ("-1", "`-1` is negative", rule),
            ("three", "`three` is not a whole number", rule),
            ("", "`` is not a whole number", rule),
            ("2147483648", "`2147483648` is too many", "counts are 0 to 2147483647"),
            ("99999999999999999999", "`99999999999999999999` is too large", rule),
        ]);
    }

    #[test]
    fn percentages_have_their_sign() {
        lawful::<Percent>();
        good::<Percent>(&[("70%", "70%"), ("1%", "1%"), ("150%", "150%")]);
        bad::<Percent>(&[
            ("70", "`70` has no `%`", "write `70%`"),
            ("0.7", "`0.7` has no `%`", "write `70%`"),
            ("70 %", "`70 %` is not a whole percentage", "write `70%`"),
            ("70.5%", "`70.5%` is not a whole percentage", "write `70%`"),
            ("0%", "`0%` is out of range", "percentages are 1% to 1000%"),
            ("2000%", "`2000%` is out of range", "percentages are 1% to 1000%"),
            ("most", "`most` has no `%`", "write a percentage such as `70%`"),
        ]);
    }

    #[test]
    fn numbers_are_read_from_json_and_counts_printed_as_such() {
        assert_eq!(serde_json::from_str::<Count>("3").unwrap(), Count(3));
        assert_eq!(serde_json::to_string(&Count(3)).unwrap(), "3");
        let refusal = serde_json::from_str::<Percent>("70").unwrap_err().to_string();
        assert!(refusal.starts_with("`70` has no `%`\nwrite `70%`"), "{refusal}");
        assert!(serde_json::from_str::<Count>("true").is_err());
    }
}
