//! What is done again and again: by a word, or by a schedule.

use std::fmt;
use std::str::FromStr;

use super::cron::Cron;
use super::duration::Duration;
use super::leaf::{Invalid, Kind, leaf, show};
use crate::diag::nearest;

leaf! {
    /// How often something is done: `hourly`, `daily`, `weekly`, `monthly`, or five cron fields.
    ///
    /// A word leaves the hour to groundplan, which spreads what is due so that it does not come all at once.
    pub enum Routine {
        /// Every hour.
        Hourly,
        /// Every day.
        Daily,
        /// Every week.
        Weekly,
        /// Every month.
        Monthly,
        /// At these times.
        At(Cron),
    }
    kind: Kind::Text,
    pattern: "^(hourly|daily|weekly|monthly|[-0-9A-Za-z*?/,]+( +[-0-9A-Za-z*?/,]+){4})$",
    examples: ["weekly", "daily", "17 2 * * *"],
}

const WORDS: [(&str, Routine); 4] = [
    ("hourly", Routine::Hourly),
    ("daily", Routine::Daily),
    ("weekly", Routine::Weekly),
    ("monthly", Routine::Monthly),
];

impl Routine {
    /// The longest time between two runs, as far as the schedule says it: of cron fields, an hour where they come
    /// every day and more often, a day where they come every day, else the longest that their days allow.
    pub fn interval(&self) -> Duration {
        match self {
            Self::Hourly => Duration::from_hours(1),
            Self::Daily => Duration::from_days(1),
            Self::Weekly => Duration::from_days(7),
            Self::Monthly => Duration::from_days(31),
            Self::At(cron) => {
                let [_, hours, days, months, weekdays] = cron.fields();
                if cron.is_daily() {
                    // Every n hours, counted from midnight; a list of hours may leave a gap of almost a day.
                    let step = match hours {
                        "*" => Some(1),
                        _ => hours.strip_prefix("*/").and_then(|step| step.parse().ok()),
                    };
                    return Duration::from_hours(step.unwrap_or(24).clamp(1, 24));
                }
                match (months, days, weekdays) {
                    ("*", "*" | "?", _) => Duration::from_days(7),
                    ("*", ..) => Duration::from_days(31),
                    _ => Duration::from_days(366),
                }
            }
        }
    }

    /// The schedule, with the minute and the hour that words leave open: `hourly` uses the minute alone.
    pub fn cron(&self, minute: u32, hour: u32) -> String {
        let (minute, hour) = (minute % 60, hour % 24);
        match self {
            Self::Hourly => format!("{minute} * * * *"),
            Self::Daily => format!("{minute} {hour} * * *"),
            Self::Weekly => format!("{minute} {hour} * * 0"),
            Self::Monthly => format!("{minute} {hour} 1 * *"),
            Self::At(cron) => cron.to_string(),
        }
    }
}

impl fmt::Display for Routine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, WORDS.iter().find(|(_, routine)| routine == self)) {
            (Self::At(cron), _) => f.write_str(cron.as_str()),
            (_, Some((word, _))) => f.write_str(word),
            (_, None) => crate::bug!("{self:?} has no word"),
        }
    }
}

impl FromStr for Routine {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some((_, routine)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(routine.clone());
        }
        // cron's own `@daily` and the like mean the words.
        let plain = text.trim().trim_start_matches('@').to_ascii_lowercase();
        if !text.contains(' ') {
            let near = nearest(&plain, WORDS.iter().map(|(word, _)| *word));
            return Err(Invalid::new(format!("{} is not how often something is done", show(text)))
                .write_or(
                    near,
                    "write `hourly`, `daily`, `weekly`, `monthly` or five cron fields",
                ));
        }
        text.parse().map(Self::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn routines_are_words_or_schedules() {
        lawful::<Routine>();
        good::<Routine>(&[("weekly", "weekly"), ("17 2 * * *", "17 2 * * *")]);
        let rule = "write `hourly`, `daily`, `weekly`, `monthly` or five cron fields";
        bad::<Routine>(&[
            ("@daily", "`@daily` is not how often something is done", "write `daily`"),
            ("weekley", "`weekley` is not how often something is done", "write `weekly`"),
            ("sometimes", "`sometimes` is not how often something is done", rule),
        ]);
    }

    #[test]
    fn the_longest_gap_counts() {
        let days = |text: &str| text.parse::<Routine>().unwrap().interval().as_hours();
        assert_eq!(days("daily"), 24);
        assert_eq!(days("17 2 * * *"), 24);
        assert_eq!(days("0 */6 * * *"), 6);
        assert_eq!(days("0 2 * * 0"), 7 * 24);
        assert_eq!(days("0 2 1 * *"), 31 * 24);
    }
}
