//! Bytes, of memory and of disks.

use std::fmt;
use std::str::FromStr;

use super::{Decimal, Product, respell, split};
use crate::k8s::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// Bytes, for memory and disks: a number with `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei` (powers of 1024) or `k`, `M`, `G`, `T`, `P`, `E` (powers of 1000).
    ///
    /// Only the amount is kept, so `1024Mi` and `1Gi` are equal. It prints with the suffix that leaves the
    /// smallest whole number, which is Kubernetes' canonical form of that amount: `512Mi`, `1536Mi`, `500M`.
    #[derive(Copy, Default)]
    pub struct Bytes(u64);
    kind: Kind::Raw,
    pattern: "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$",
    examples: ["512Mi", "20Gi", "1.5Gi"],
}

/// A suffix and its factor.
type Suffix = (&'static str, u64);

/// Suffixes with their factors, from the largest down.
const BINARY: [Suffix; 6] = [
    ("Ei", 1 << 60),
    ("Pi", 1 << 50),
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
];
const DECIMAL: [Suffix; 6] = [
    ("E", 10_u64.pow(18)),
    ("P", 10_u64.pow(15)),
    ("T", 10_u64.pow(12)),
    ("G", 10_u64.pow(9)),
    ("M", 10_u64.pow(6)),
    ("k", 10_u64.pow(3)),
];

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);
    /// One byte less than `8Ei`: beyond it Kubernetes silently takes every amount for this one.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// So many bytes, at most [`Bytes::MAX`].
    pub const fn new(bytes: u64) -> Self {
        if bytes > Self::MAX.0 { Self::MAX } else { Self(bytes) }
    }

    /// So many mebibytes, at most what can be counted.
    pub const fn from_mi(mebibytes: u64) -> Self {
        Self::new(mebibytes.saturating_mul(1 << 20))
    }

    /// So many gibibytes, at most what can be counted.
    pub const fn from_gi(gibibytes: u64) -> Self {
        Self::new(gibibytes.saturating_mul(1 << 30))
    }

    /// Bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether it is none at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is beyond what can be counted.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= Self::MAX.0).map(Self)
    }

    /// The difference, unless `other` is more.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `times` as much, unless it is beyond what can be counted.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).filter(|product| *product <= Self::MAX.0).map(Self)
    }

    /// This many hundredths of it, rounded down; at most [`Bytes::MAX`].
    pub fn percent(self, percent: u64) -> Self {
        let part = u128::from(self.0) * u128::from(percent) / 100;
        Self::new(u64::try_from(part).unwrap_or(u64::MAX))
    }

    /// Rounded up to a multiple of `step`, at most [`Bytes::MAX`]; a step of nothing changes nothing.
    pub fn round_up_to(self, step: Self) -> Self {
        match step.0 {
            0 => self,
            step => Self::new(self.0.checked_next_multiple_of(step).unwrap_or(u64::MAX)),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = |family: [Suffix; 6]| {
            family.into_iter().find(|(_, factor)| self.0.is_multiple_of(*factor)).unwrap_or(("", 1))
        };
        let (binary, decimal) = (largest(BINARY), largest(DECIMAL));
        let (suffix, factor) = if decimal.1 > binary.1 { decimal } else { binary };
        match self.0 {
            0 => f.write_str("0"),
            bytes => write!(f, "{}{suffix}", bytes / factor),
        }
    }
}

impl FromStr for Bytes {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (number, suffix) = split(text);
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write a number and a suffix, such as `512Mi` or `20Gi`";
        let factor =
            BINARY.into_iter().chain(DECIMAL).chain([("", 1)]).find(|(name, _)| *name == suffix);
        let (Some(number), Some((_, factor))) = (Decimal::parse(number), factor) else {
            let why = match suffix {
                "m" => "is thousandths of a byte",
                _ => "is not an amount of bytes",
            };
            return Err(invalid(why).help(meant(text).unwrap_or_else(|| help.to_owned())));
        };
        match number.times(factor) {
            Product::Exact(bytes) if bytes <= Self::MAX.0 => Ok(Self(bytes)),
            Product::Between(below) => {
                let step =
                    [1 << 30, 1 << 20, 1 << 10, 1].into_iter().find(|step| below / step >= 10);
                let above = below.checked_next_multiple_of(step.unwrap_or(1)).map(Self);
                let above = above.filter(|above| *above <= Self::MAX && above.0 > below);
                Err(invalid("is not a whole number of bytes").write_or(above, help))
            }
            Product::Exact(_) | Product::TooLarge => {
                Err(invalid("is more than can be counted").help("write less than `8Ei`"))
            }
        }
    }
}

/// Help for a text that was meant as bytes, if it can be guessed.
fn meant(text: &str) -> Option<String> {
    respell(text, |number, unit| {
        let exponent = unit.strip_prefix('e').and_then(|exponent| exponent.parse::<usize>().ok());
        let written = match (unit, exponent) {
            ("" | "b" | "byte" | "bytes", _) => number.to_owned(),
            (_, Some(exponent)) if exponent <= 19 && !number.contains('.') => {
                format!("{number}{}", "0".repeat(exponent))
            }
            _ => {
                let index = "eptgmk".find(unit.chars().next()?)?;
                let (decimal, binary) = (DECIMAL[index].0, BINARY[index].0);
                match &unit[1..] {
                    "" | "b" => {
                        return Some(format!("write `{number}{decimal}` or `{number}{binary}`"));
                    }
                    "i" | "ib" => format!("{number}{binary}"),
                    _ => return None,
                }
            }
        };
        Some(format!("write `{}`", written.parse::<Bytes>().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good};
    use proptest::prelude::*;

    #[test]
    fn bytes_are_read_and_printed_canonically() {
        good::<Bytes>(&[
            ("512Mi", "512Mi"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("500M", "500M"),
            ("1000M", "1G"),
            ("1E", "1E"),
            ("8Ti", "8Ti"),
            ("0.5Ki", "512"),
            ("1000", "1k"),
            ("1024", "1Ki"),
            ("0Gi", "0"),
            ("7Ei", "7Ei"),
        ]);
        let rule = "write a number and a suffix, such as `512Mi` or `20Gi`";
        bad::<Bytes>(&[
            ("512MB", "`512MB` is not an amount of bytes", "write `512M` or `512Mi`"),
            ("512m", "`512m` is thousandths of a byte", "write `512M` or `512Mi`"),
            ("1g", "`1g` is not an amount of bytes", "write `1G` or `1Gi`"),
            ("4K", "`4K` is not an amount of bytes", "write `4k` or `4Ki`"),
            ("1 Gi", "`1 Gi` is not an amount of bytes", "write `1Gi`"),
            ("2GiB", "`2GiB` is not an amount of bytes", "write `2Gi`"),
            ("1e9", "`1e9` is not an amount of bytes", "write `1G`"),
            ("100 bytes", "`100 bytes` is not an amount of bytes", "write `100`"),
            ("1_024", "`1_024` is not an amount of bytes", "write `1Ki`"),
            ("-1Gi", "`-1Gi` is not an amount of bytes", rule),
            ("big", "`big` is not an amount of bytes", rule),
            ("0.1Gi", "`0.1Gi` is not a whole number of bytes", "write `103Mi`"),
            ("8Ei", "`8Ei` is more than can be counted", "write less than `8Ei`"),
        ]);
    }

    proptest! {
        #[test]
        fn prints_what_reads_back(bytes: u64, shift in 0..64_u32) {
            for bytes in [bytes, bytes >> shift, (bytes >> shift) << shift, bytes / 1000 * 1000] {
                let bytes = Bytes::new(bytes);
                prop_assert_eq!(bytes.to_string().parse(), Ok(bytes));
            }
        }

        #[test]
        fn arithmetic_is_exact_or_none(a in 0..1_u64 << 63, b in 0..1_u64 << 63, percent in 0..1000_u64) {
            let (x, y) = (Bytes(a), Bytes(b));
            let exact = |n: u128| u64::try_from(n).ok().map(Bytes).filter(|n| *n <= Bytes::MAX);
            prop_assert_eq!(x.checked_add(y), exact(u128::from(a) + u128::from(b)));
            prop_assert_eq!(x.checked_mul(b), exact(u128::from(a) * u128::from(b)));
            prop_assert_eq!(x.checked_sub(y).is_some(), a >= b);
            let part = exact(u128::from(a) * u128::from(percent) / 100).unwrap_or(Bytes::MAX);
            prop_assert_eq!(x.percent(percent), part);
            prop_assert!(x.round_up_to(y) >= x);
        }

        #[test]
        fn whole_amounts_are_what_the_suffix_says(n in 0..8_u64, index in 0..6_usize) {
            for (suffix, factor) in [BINARY[index], DECIMAL[index]] {
                prop_assert_eq!(format!("{n}{suffix}").parse(), Ok(Bytes(n * factor)));
            }
        }
    }
}
