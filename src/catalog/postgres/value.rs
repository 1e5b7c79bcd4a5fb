//! Values of settings as PostgreSQL reads them (`guc.c`, `parse_int`, `parse_real`, `parse_bool`).

use super::{Setting, Type};
use crate::diag::one_of;

/// What a value comes to, in the setting's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A number of the setting's units.
    Number(f64),
    /// Something else than a number.
    Other,
}

/// Why PostgreSQL would not take a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// Whether the value is of the right kind, but too little or too much.
    pub out_of_range: bool,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// Units with what one of them is of the smallest of its family: bytes, or microseconds.
const MEMORY: [(&str, f64); 5] = [
    ("B", 1.0),
    ("kB", 1024.0),
    ("MB", 1_048_576.0),
    ("GB", 1_073_741_824.0),
    ("TB", 1_099_511_627_776.0),
];
const TIME: [(&str, f64); 6] =
    [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("min", 60e6), ("h", 3600e6), ("d", 86400e6)];

impl Setting {
    /// Reads a value as PostgreSQL would.
    ///
    /// # Errors
    /// Says why PostgreSQL would refuse it.
    pub fn read(&self, text: &str) -> Result<Amount, BadValue> {
        match self.kind {
            Type::Text => Ok(Amount::Other),
            Type::Bool => self.boolean(text).map(|()| Amount::Other),
            Type::Enum => self.word(text).map(|()| Amount::Other),
            Type::Integer | Type::Real => self.number(text).map(Amount::Number),
        }
    }

    /// A number of the setting's units as bytes, or as microseconds; as it is where the setting has no unit.
    pub fn scaled(&self, number: f64) -> f64 {
        number * self.factor().map_or(1.0, |(_, factor)| factor)
    }

    /// The family of the setting's unit, and what one such unit is of its smallest.
    fn factor(&self) -> Option<(&'static [(&'static str, f64)], f64)> {
        // `8kB` is a page.
        let digits = self.unit.trim_start_matches(|c: char| c.is_ascii_digit());
        let count: f64 = match self.unit.strip_suffix(digits) {
            Some("") | None => 1.0,
            Some(count) => count.parse().unwrap_or(1.0),
        };
        let find = |family: &'static [(&'static str, f64)]| {
            let (_, factor) = family.iter().find(|(unit, _)| *unit == digits)?;
            Some((family, factor * count))
        };
        find(&MEMORY).or_else(|| find(&TIME))
    }

    fn boolean(&self, text: &str) -> Result<(), BadValue> {
        let lower = text.to_ascii_lowercase();
        // Any beginning of a word that begins no other: `o` could be both.
        let known = ["true", "false", "yes", "no", "on", "off"]
            .iter()
            .any(|word| word.starts_with(&lower) && !lower.is_empty() && lower != "o");
        if known || matches!(text, "0" | "1") {
            return Ok(());
        }
        Err(self.refused(text, "it is `on` or `off`", "write `on` or `off`".to_owned()))
    }

    fn word(&self, text: &str) -> Result<(), BadValue> {
        // Some enums also take words of booleans; those are not listed, and have a listed equivalent.
        if self.words.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Ok(());
        }
        let help = one_of(text, self.words.iter().copied());
        Err(self.refused(text, "it is one of a few words", help))
    }

    fn number(&self, text: &str) -> Result<f64, BadValue> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(text.len());
        let (digits, unit) = (&text[..end], text[end..].trim());
        let what = match self.kind {
            Type::Integer => "it is a whole number",
            _ => "it is a number",
        };
        let Ok(number) = digits.parse::<f64>() else {
            return Err(self.refused(text, what, self.example()));
        };
        let scaled = match (unit, self.factor()) {
            ("", _) => number,
            (_, None) => {
                return Err(self.refused(text, "it has no unit", format!("write `{digits}`")));
            }
            (_, Some((family, own))) => {
                let Some((_, factor)) = family.iter().find(|(known, _)| *known == unit) else {
                    let near = family.iter().find(|(known, _)| {
                        known.eq_ignore_ascii_case(unit.trim_end_matches(['i', 'b', 'B']))
                            || known.eq_ignore_ascii_case(unit)
                            || same_size(known, unit)
                    });
                    let help = match near {
                        Some((known, _)) => format!("write `{digits}{known}`"),
                        None => {
                            let units: Vec<String> =
                                family.iter().map(|(unit, _)| format!("`{unit}`")).collect();
                            format!("its units are {}", units.join(", "))
                        }
                    };
                    return Err(self.refused(text, "its unit is none of PostgreSQL's", help));
                };
                number * factor / own
            }
        };
        let value = if self.kind == Type::Integer { scaled.round() } else { scaled };
        if let Some((least, most)) = self.range
            && !(least..=most).contains(&value)
        {
            return Err(BadValue {
                out_of_range: true,
                message: format!("`{}` cannot be `{text}`", self.name),
                help: format!(
                    "write {}{unit} to {}{unit}",
                    plain(least),
                    plain(most),
                    unit = if self.unit.is_empty() {
                        String::new()
                    } else {
                        format!(" × {}", self.unit)
                    },
                ),
            });
        }
        Ok(value)
    }

    fn example(&self) -> String {
        match self.factor() {
            Some((family, _)) if family[0].0 == "B" => "write an amount such as `64MB`".to_owned(),
            Some(_) => "write a time such as `30s`".to_owned(),
            None => "write a number".to_owned(),
        }
    }

    fn refused(&self, text: &str, what: &str, help: String) -> BadValue {
        let message = format!("`{}` cannot be `{text}`: {what}", self.name);
        BadValue { out_of_range: false, message, help }
    }
}

/// Whether `32Mi`, `32M` and `32mb` mean PostgreSQL's `MB`.
fn same_size(known: &str, unit: &str) -> bool {
    let letter = |unit: &str| unit.chars().next().map(|c| c.to_ascii_lowercase());
    known.len() == 2 && known.ends_with('B') && letter(known) == letter(unit)
}

/// A limit without an exponent where it has no need of one.
fn plain(number: f64) -> String {
    if number.abs() < 1e15 { format!("{number}") } else { format!("{number:e}") }
}
