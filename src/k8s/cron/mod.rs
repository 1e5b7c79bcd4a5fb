//! Schedules.
//!
//! The grammar is that of `robfig/cron` v3, with which Kubernetes reads CronJobs and Argo CD its sync windows.
//! Both get five plain fields: Argo CD knows no `@daily`, and a time zone is a field of its own.

mod field;

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};
use field::{FIELDS, Times};

leaf! {
    /// A schedule: minute, hour, day of the month, month and day of the week, such as `15 2 * * *`.
    ///
    /// `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are understood and written out.
    pub struct Cron(String);
    kind: Kind::Text,
    pattern: "^(@[a-z]+|[-0-9A-Za-z*?/,]+( +[-0-9A-Za-z*?/,]+){4})$",
    examples: ["15 2 * * *", "*/10 8-18 * * MON-FRI"],
}

as_written!(Cron);

/// The longest schedule: 60 minutes and 24 hours one by one, with room.
const LONGEST: usize = 400;

impl Cron {
    /// The five fields: minute, hour, day of the month, month, day of the week.
    pub fn fields(&self) -> [&str; 5] {
        let mut fields = self.0.split(' ');
        std::array::from_fn(|_| fields.next().unwrap_or_default())
    }

    /// How often it comes on a day on which it comes at all.
    pub fn times_a_day(&self) -> u32 {
        let [minutes, hours, ..] = self.times();
        minutes.count() * hours.count()
    }

    /// Whether it comes on every day.
    pub fn is_daily(&self) -> bool {
        let [_, _, days, months, weekdays] = self.times();
        // Two restricted day fields mean either of them (crontab(5)).
        let every = if days.any || weekdays.any {
            days.all(2) && weekdays.all(4)
        } else {
            days.all(2) || weekdays.all(4)
        };
        months.all(3) && every
    }

    fn times(&self) -> [Times; 5] {
        let fields = self.fields();
        std::array::from_fn(|index| {
            FIELDS[index].read(fields[index]).map(|(times, _)| times).unwrap_or_default()
        })
    }
}

impl FromStr for Cron {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write five fields: minute, hour, day of the month, month, day of the week, such as `15 2 * * *`";
        let invalid = |why: &str| Invalid::new(format!("schedule {} {why}", show(text)));
        if text.len() > LONGEST {
            return Err(invalid(&format!("is longer than {LONGEST} characters")).help(help));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let offer = |words: &[&str]| words.join(" ").parse::<Self>().ok();
        match words.as_slice() {
            [zone, rest @ ..] if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => {
                let rest = offer(rest).map(|rest| {
                    format!("write `{rest}`, and the zone as the time zone of the schedule")
                });
                return Err(invalid("holds a time zone, which has a field of its own")
                    .help(rest.unwrap_or_else(|| help.to_owned())));
            }
            [name, ..] if name.starts_with('@') => return named(text, &words),
            [_, rest @ ..] if words.len() == 6 => {
                return Err(invalid("has 6 fields; Kubernetes knows neither seconds nor years")
                    .write_or(offer(rest).or_else(|| offer(&words[..5])), help));
            }
            _ if words.len() != 5 => {
                let count = words.len();
                return Err(invalid(&format!("has {count} fields, 5 are needed")).help(help));
            }
            _ => {}
        }
        let mut times = [Times::default(); 5];
        let mut canonical: Vec<String> = Vec::with_capacity(5);
        for (index, word) in words.iter().enumerate() {
            match FIELDS[index].read(word) {
                Ok((read, spelling)) => {
                    times[index] = read;
                    canonical.push(spelling);
                }
                Err(fault) => {
                    let near = fault.near.and_then(|near| {
                        let mut words = words.clone();
                        words[index] = &near;
                        offer(&words)
                    });
                    return Err(invalid(&fault.why).write_or(near, &FIELDS[index].rule()));
                }
            }
        }
        if never_comes(&times) {
            return Err(invalid("never comes: no such month has such a day")
                .help("choose days that the months have; February has 29 at most"));
        }
        Ok(Self(canonical.join(" ")))
    }
}

/// Whether no month of the schedule has any of its days. A restricted weekday comes in every month.
fn never_comes(times: &[Times; 5]) -> bool {
    let [_, _, days, months, weekdays] = times;
    let longest = (1..=12).filter(|month| months.has(*month)).map(|month| match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    });
    weekdays.any && longest.max().is_some_and(|longest| days.first() > longest)
}

fn named(text: &str, words: &[&str]) -> Result<Cron, Invalid> {
    const NAMES: [(&str, &str); 7] = [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ];
    let known = |name: &str| NAMES.iter().find(|(known, _)| *known == name);
    if let (Some((_, fields)), [_]) = (known(text), words) {
        return Ok(Cron((*fields).to_owned()));
    }
    let names = NAMES.iter().map(|(name, _)| *name);
    match words {
        ["@every", ..] => {
            Err(Invalid::new(format!("schedule {} counts from the start of a program", show(text)))
                .help("write the times of the clock, such as `*/15 * * * *` for every 15 minutes"))
        }
        [name, ..] => Err(Invalid::new(format!("schedule {} is not known", show(text))).write_or(
            crate::diag::nearest(name, names),
            "write `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`, or five fields",
        )),
        [] => {
            Err(Invalid::new("a schedule is missing")
                .help("write five fields, such as `15 2 * * *`"))
        }
    }
}

#[cfg(test)]
mod tests;
