//! Processor time.

use std::fmt;
use std::str::FromStr;

use super::{Decimal, Product, respell, split};
use crate::k8s::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// Processor time: cores (`2`, `0.5`) or thousandths of a core (`250m`).
    ///
    /// Prints as Kubernetes stores it: `0.5` is `500m`, `1000m` is `1`.
    #[derive(Copy, Default)]
    pub struct Cpu(u64);
    kind: Kind::Raw,
    pattern: "^[0-9]+(\\.[0-9]+)?m?$",
    examples: ["2", "250m", "0.5"],
}

impl Cpu {
    /// No processor.
    pub const ZERO: Self = Self(0);

    /// So many thousandths of a core.
    pub const fn from_millicores(millicores: u64) -> Self {
        Self(millicores)
    }

    /// Whole cores, if that many can be counted.
    pub const fn from_cores(cores: u32) -> Self {
        Self(cores as u64 * 1000)
    }

    /// Thousandths of a core.
    pub const fn millicores(self) -> u64 {
        self.0
    }

    /// Cores, rounded up to a whole one.
    pub const fn cores_rounded_up(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// Whether it is none at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is beyond what can be counted.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless `other` is more.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `times` as much, unless it is beyond what can be counted.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            whole if whole % 1000 == 0 => write!(f, "{}", whole / 1000),
            millicores => write!(f, "{millicores}m"),
        }
    }
}

impl FromStr for Cpu {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (number, suffix) = split(text);
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        let help = "write cores such as `2` or `0.5`, or thousandths such as `250m`";
        let Some(number) = Decimal::parse(number) else {
            return Err(
                invalid("is not an amount of processor").write_or(respell(text, cpu_like), help)
            );
        };
        let factor = match suffix {
            "" => 1000,
            "m" => 1,
            _ => {
                return Err(invalid("is not an amount of processor")
                    .write_or(respell(text, cpu_like), help));
            }
        };
        match number.times(factor) {
            Product::Exact(millicores) => Ok(Self(millicores)),
            Product::Between(below) => Err(invalid("is finer than a thousandth of a core")
                .write_or(below.checked_add(1).map(Self), help)),
            Product::TooLarge => Err(invalid("is more processor than can be counted").help(help)),
        }
    }
}

fn cpu_like(number: &str, unit: &str) -> Option<String> {
    let suffix = match unit {
        "" | "c" | "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus" => "",
        _ if unit.starts_with('m') => "m",
        _ => return None,
    };
    Some(format!("{number}{suffix}").parse::<Cpu>().ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good};
    use proptest::prelude::*;

    #[test]
    fn processor_is_read_and_printed_canonically() {
        good::<Cpu>(&[
            ("2", "2"),
            ("0.5", "500m"),
            ("250m", "250m"),
            ("1000m", "1"),
            ("1.250", "1250m"),
            ("0", "0"),
            ("012", "12"),
        ]);
        let rule = "write cores such as `2` or `0.5`, or thousandths such as `250m`";
        bad::<Cpu>(&[
            ("100mm", "`100mm` is not an amount of processor", "write `100m`"),
            ("2 cores", "`2 cores` is not an amount of processor", "write `2`"),
            ("500M", "`500M` is not an amount of processor", "write `500m`"),
            (".5", "`.5` is not an amount of processor", "write `500m`"),
            ("0,5", "`0,5` is not an amount of processor", "write `500m`"),
            ("-1", "`-1` is not an amount of processor", rule),
            ("", "`` is not an amount of processor", rule),
            ("many", "`many` is not an amount of processor", rule),
            ("0.0005", "`0.0005` is finer than a thousandth of a core", "write `1m`"),
            ("1.5m", "`1.5m` is finer than a thousandth of a core", "write `2m`"),
            (
                "99999999999999999999",
                "`99999999999999999999` is more processor than can be counted",
                rule,
            ),
        ]);
    }

    proptest! {
        #[test]
        fn prints_what_reads_back(millicores: u64) {
            let cpu = Cpu::from_millicores(millicores);
            prop_assert_eq!(cpu.to_string().parse(), Ok(cpu));
        }

        #[test]
        fn sums_and_products_are_exact_or_none(a: u64, b: u64) {
            let (x, y) = (Cpu(a), Cpu(b));
            let exact = |n: u128| u64::try_from(n).ok().map(Cpu);
            prop_assert_eq!(x.checked_add(y), exact(u128::from(a) + u128::from(b)));
            prop_assert_eq!(x.checked_mul(b), exact(u128::from(a) * u128::from(b)));
            prop_assert_eq!(x.checked_sub(y).is_some(), a >= b);
        }
    }
}
