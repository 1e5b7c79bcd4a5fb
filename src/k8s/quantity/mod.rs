//! Amounts of processor and of bytes: exact, in whole thousandths and whole bytes, without floating point.
//!
//! The grammar is a part of Kubernetes' `resource.Quantity`. What that accepts and nobody means is refused:
//! exponents, thousandths of a byte (`512m`), fractions that Kubernetes would round without a word.

mod bytes;
mod cpu;

pub use bytes::Bytes;
pub use cpu::Cpu;

/// The number a text begins with, and the rest.
pub(in crate::k8s) fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// A number in decimal notation, exact: `digits` over ten to the power of `scale`.
#[derive(Clone, Copy, Debug)]
pub(in crate::k8s) struct Decimal {
    digits: u128,
    scale: u32,
}

/// What an exact multiplication comes to.
pub(in crate::k8s) enum Product {
    Exact(u64),
    /// Not whole: the whole number below.
    Between(u64),
    TooLarge,
}

impl Decimal {
    /// Reads `12` or `1.5`; neither side of the point may be empty.
    pub(in crate::k8s) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        // What is beyond 38 digits is no amount of anything; `TooLarge` is for what has a meaning.
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let digits = format!("0{whole}{fraction}").parse().ok()?;
        Some(Self { digits, scale: u32::try_from(fraction.len()).ok()? })
    }

    pub(in crate::k8s) fn times(self, factor: u64) -> Product {
        let (Some(product), Some(divisor)) =
            (self.digits.checked_mul(u128::from(factor)), 10_u128.checked_pow(self.scale))
        else {
            return Product::TooLarge;
        };
        match u64::try_from(product / divisor) {
            Err(_) => Product::TooLarge,
            Ok(whole) if product % divisor == 0 => Product::Exact(whole),
            Ok(whole) => Product::Between(whole),
        }
    }
}

/// A valid spelling of what was probably meant: `like` maps the number and the lower-cased unit to one.
fn respell(text: &str, like: fn(&str, &str) -> Option<String>) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
    let text = text.trim_start_matches('+').replace(',', ".").to_ascii_lowercase();
    let (number, unit) = split(&text);
    let number = match number.strip_prefix('.') {
        Some(fraction) => format!("0.{fraction}"),
        None => number.trim_end_matches('.').to_owned(),
    };
    Decimal::parse(&number)?;
    like(&number, unit)
}
