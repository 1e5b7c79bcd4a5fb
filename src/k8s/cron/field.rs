//! One field of a schedule.

use crate::diag::nearest;

/// What a field may hold.
pub(super) struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

pub(super) const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[] },
    Field { name: "hour", min: 0, max: 23, names: &[] },
    Field { name: "day of the month", min: 1, max: 31, names: &[] },
    Field {
        name: "month",
        min: 1,
        max: 12,
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
    },
    Field {
        name: "day of the week",
        min: 0,
        max: 6,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    },
];

/// The times that a field names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    bits: u64,
    /// Whether it is `*` alone or among others, which `cron` tells from a list of everything.
    pub(super) any: bool,
}

impl Times {
    pub(super) fn has(self, number: u32) -> bool {
        self.bits & (1 << number) != 0
    }

    pub(super) fn count(self) -> u32 {
        self.bits.count_ones()
    }

    /// The smallest number.
    pub(super) fn first(self) -> u32 {
        self.bits.trailing_zeros()
    }

    /// Whether it is all that field number `index` may hold.
    pub(super) fn all(self, index: usize) -> bool {
        self.count() == FIELDS[index].max - FIELDS[index].min + 1
    }
}

/// Why a field is refused, with the field as it was probably meant.
pub(super) struct Fault {
    pub(super) why: String,
    pub(super) near: Option<String>,
}

impl Field {
    /// What may stand in the field, in words.
    pub(super) fn rule(&self) -> String {
        let Self { name, min, max, names } = self;
        match names {
            [first, .., last] => format!("the {name} is {min} to {max} or {first} to {last}"),
            _ => format!("the {name} is {min} to {max}"),
        }
    }

    /// The times of a list of ranges, and its canonical spelling.
    pub(super) fn read(&self, text: &str) -> Result<(Times, String), Fault> {
        let items: Vec<&str> = text.split(',').collect();
        let mut times = Times::default();
        let mut spelling = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (read, spelt) = self.item(item).map_err(|Fault { why, near }| {
                let near = near.filter(|near| near.split(',').all(|item| self.item(item).is_ok()));
                let near = near.map(|near| {
                    let mut items = items.clone();
                    items[index] = &near;
                    items.join(",")
                });
                Fault { why: format!("has a wrong {}: {why}", self.name), near }
            })?;
            times.bits |= read.bits;
            times.any |= read.any;
            spelling.push(spelt);
        }
        Ok((times, spelling.join(",")))
    }

    /// `*`, `n`, `n-m`, each perhaps with `/step`; `n/step` runs to the end of the field.
    fn item(&self, item: &str) -> Result<(Times, String), Fault> {
        let fault = |why: String, near: Option<String>| Err(Fault { why, near });
        let (range, step) =
            item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let (low, high, any, spelling) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (self.min, self.max, true, "*".to_owned()),
            None => {
                let (number, spelling) = self.number(range)?;
                (number, if step.is_some() { self.max } else { number }, false, spelling)
            }
            Some((low, high)) => {
                let ((low, from), (high, to)) = match (self.number(low), self.number(high)) {
                    (Ok(low), Ok(high)) => (low, high),
                    // `MON-7` and `5-7` end with the Sunday that is written 0.
                    (Ok((low, _)), Err(_)) if self.max == 6 && high == "7" => {
                        let near = if low == 0 { "*".to_owned() } else { format!("{low}-6,0") };
                        return fault("`7` is not a day, Sunday is 0".to_owned(), Some(near));
                    }
                    (low, high) => {
                        return Err(low
                            .err()
                            .or(high.err())
                            .unwrap_or_else(|| self.unknown(range)));
                    }
                };
                if low > high {
                    let part = |from, to| {
                        if from == to { format!("{from}") } else { format!("{from}-{to}") }
                    };
                    let near = format!("{},{}", part(low, self.max), part(self.min, high));
                    return fault(
                        format!("`{range}` runs backwards"),
                        step.is_none().then_some(near),
                    );
                }
                (low, high, false, format!("{from}-{to}"))
            }
        };
        let Some(step) = step else {
            return Ok((Times { bits: bits(low, high, 1), any }, spelling));
        };
        let stride = match digits(step) {
            Some(stride) if stride > 0 => stride,
            _ => {
                return fault(
                    format!("the step `{step}` is not a number above 0"),
                    Some(range.to_owned()),
                );
            }
        };
        if stride > self.max - self.min {
            return fault(
                format!("the step `{stride}` is larger than the field"),
                Some(low.to_string()),
            );
        }
        // With a step `*` restricts the field, as `cron` sees it.
        Ok((
            Times { bits: bits(low, high, stride), any: any && stride == 1 },
            format!("{spelling}/{stride}"),
        ))
    }

    /// A number or a name, and its canonical spelling.
    fn number(&self, text: &str) -> Result<(u32, String), Fault> {
        let upper = text.to_ascii_uppercase();
        if let Some(index) = self.names.iter().position(|name| *name == upper) {
            return Ok((self.min + u32::try_from(index).unwrap_or_default(), upper));
        }
        match digits(text) {
            Some(number) if (self.min..=self.max).contains(&number) => {
                Ok((number, number.to_string()))
            }
            Some(7) if self.max == 6 => Err(Fault {
                why: "`7` is not a day, Sunday is 0".to_owned(),
                near: Some("0".to_owned()),
            }),
            Some(number) => {
                let (min, max) = (self.min, self.max);
                Err(Fault { why: format!("`{number}` is not within {min} to {max}"), near: None })
            }
            None => Err(self.unknown(text)),
        }
    }

    fn unknown(&self, text: &str) -> Fault {
        let upper = text.to_ascii_uppercase();
        let long =
            self.names.iter().find(|name| upper.len() > 3 && upper.starts_with(**name)).copied();
        let near = long.or_else(|| nearest(&upper, self.names.iter().copied())).map(str::to_owned);
        let why = match text {
            "" => "there is a gap between two commas, hyphens or slashes".to_owned(),
            _ if text.contains(['L', 'W', '#']) && near.is_none() => {
                format!("`{text}` is not known to Kubernetes")
            }
            _ => format!(
                "`{text}` is not a number{}",
                if self.names.is_empty() { "" } else { " or a name" }
            ),
        };
        Fault { why, near }
    }
}

fn digits(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn bits(low: u32, high: u32, stride: u32) -> u64 {
    let mut bits = 0;
    let mut number = low;
    while number <= high {
        bits |= 1 << number;
        number += stride;
    }
    bits
}
