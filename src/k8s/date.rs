//! Days of the calendar. There is no clock here: what day it is comes from the world.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};

leaf! {
    /// A day: year, month and day, such as `2026-12-31`.
    ///
    /// ISO 8601, Gregorian, the years 1900 to 9999.
    #[derive(Copy)]
    pub struct Date {
        year: u16,
        month: u8,
        day: u8,
    }
    kind: Kind::Text,
    pattern: "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$",
    examples: ["2026-12-31"],
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Date {
    /// That day, if the calendar has it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let real = (1900..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        real.then_some(Self { year, month, day })
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, January being 1.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days from this one to `other`, negative if that is earlier.
    pub fn days_until(self, other: Self) -> i64 {
        other.number() - self.number()
    }

    /// The days since 1 January 1970.
    pub fn number(self) -> i64 {
        // Years are counted from March, so that the leap day is the last one (H. Hinnant, "chrono-compatible
        // low-level date algorithms").
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        year * 365 + leap_days + (153 * month + 2) / 5 + i64::from(self.day) - 1 - 719_468
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let form = parts.iter().map(|part| part.len()).eq([4, 2, 2]);
        let Some([year, month, day]) = numbers(text, '-').filter(|_| form) else {
            let near = ['-', '/', '.'].into_iter().find_map(|separator| {
                let [a, b, c] = numbers(text.trim(), separator)?;
                // Only what begins with the year, or ends with it after a day that cannot be a month.
                let (year, month, day) = if a >= 1000 { (a, b, c) } else { (c, b, a) };
                let certain = a >= 1000 || day > 12;
                let date = Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
                date.filter(|_| certain)
            });
            let message = format!("{} is not a date", show(text));
            return Err(Invalid::new(message)
                .write_or(near, "write year, month and day, such as `2026-12-31`"));
        };
        let (month, day) = (narrow(month), narrow(day));
        if let Some(date) = Self::new(year, month, day) {
            return Ok(date);
        }
        let invalid = |why: String| Invalid::new(format!("{} is no day: {why}", show(text)));
        if year < 1900 {
            return Err(
                invalid("years are 1900 to 9999".to_owned()).help("write a year of this age")
            );
        }
        match MONTHS.get(usize::from(month).wrapping_sub(1)) {
            None => Err(invalid("months are 01 to 12".to_owned())
                .help("write year, month and day, such as `2026-12-31`")),
            Some(name) => {
                let last = days_in(year, month);
                let near = Self { year, month, day: day.clamp(1, last) };
                Err(invalid(format!("{name} {year} has {last} days")).write(near))
            }
        }
    }
}

fn narrow(number: u16) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Three numbers between separators.
fn numbers(text: &str, separator: char) -> Option<[u16; 3]> {
    let mut parts = text
        .split(separator)
        .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};
    use proptest::prelude::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        lawful::<Date>();
        good::<Date>(&[("2026-12-31", "2026-12-31"), ("2028-02-29", "2028-02-29")]);
        let rule = "write year, month and day, such as `2026-12-31`";
        bad::<Date>(&[
            (
                "2026-02-30",
                "`2026-02-30` is no day: February 2026 has 28 days",
                "write `2026-02-28`",
            ),
            ("2026-13-01", "`2026-13-01` is no day: months are 01 to 12", rule),
            ("2026-1-5", "`2026-1-5` is not a date", "write `2026-01-05`"),
            ("2026/12/31", "`2026/12/31` is not a date", "write `2026-12-31`"),
            ("31.12.2026", "`31.12.2026` is not a date", "write `2026-12-31`"),
            ("01/02/2026", "`01/02/2026` is not a date", rule),
            ("2026-12-3 ", "`2026-12-3 ` is not a date", "write `2026-12-03`"),
            ("tomorrow", "`tomorrow` is not a date", rule),
            ("", "`` is not a date", rule),
            (
                "0001-01-01",
                "`0001-01-01` is no day: years are 1900 to 9999",
                "write a year of this age",
            ),
        ]);
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2026-12-31") < day("2027-01-01"));
        assert_eq!(day("1970-01-01").number(), 0);
        assert_eq!(day("2026-02-28").days_until(day("2026-03-01")), 1);
        assert_eq!(day("2028-03-01").days_until(day("2028-02-28")), -2);
    }

    proptest! {
        #[test]
        fn days_are_numbered_in_order(year in 1900..9999_u16, month in 1..=12_u8, day in 1..=31_u8) {
            if let Some(date) = Date::new(year, month, day) {
                let next = Date::new(year, month, day + 1)
                    .or(Date::new(year, month + 1, 1))
                    .or(Date::new(year + 1, 1, 1))
                    .unwrap();
                prop_assert_eq!(date.days_until(next), 1);
                prop_assert!(date < next);
            }
        }
    }
}
