use super::*;
use crate::k8s::leaf::check::{bad, good, lawful};
use proptest::prelude::*;

#[test]
fn schedules_are_five_fields() {
    lawful::<Cron>();
    good::<Cron>(&[
        ("15 2 * * *", "15 2 * * *"),
        ("  15   02 * * ? ", "15 2 * * *"),
        ("*/10 8-18 * * mon-fri", "*/10 8-18 * * MON-FRI"),
        ("0,30 0 1-7 JAN,jul SUN", "0,30 0 1-7 JAN,JUL SUN"),
        ("5/15 * * * *", "5/15 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 30 2 MON", "0 0 30 2 MON"),
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
    ]);
}

#[test]
fn what_is_wrong_is_named_with_its_field() {
    let rule = "write five fields: minute, hour, day of the month, month, day of the week, such as `15 2 * * *`";
    let wrong = |text: &str, why: &str| format!("schedule `{text}` has a wrong {why}");
    bad::<Cron>(&[
        (
            "60 2 * * *",
            &wrong("60 2 * * *", "minute: `60` is not within 0 to 59"),
            "the minute is 0 to 59",
        ),
        (
            "0 24 * * *",
            &wrong("0 24 * * *", "hour: `24` is not within 0 to 23"),
            "the hour is 0 to 23",
        ),
        (
            "0 0 * * 7",
            &wrong("0 0 * * 7", "day of the week: `7` is not a day, Sunday is 0"),
            "write `0 0 * * 0`",
        ),
        (
            "0 0 * * 1-7",
            &wrong("0 0 * * 1-7", "day of the week: `7` is not a day, Sunday is 0"),
            "write `0 0 * * 1-6,0`",
        ),
        (
            "0 0 * * monday",
            &wrong("0 0 * * monday", "day of the week: `monday` is not a number or a name"),
            "write `0 0 * * MON`",
        ),
        (
            "0 22-6 * * *",
            &wrong("0 22-6 * * *", "hour: `22-6` runs backwards"),
            "write `0 22-23,0-6 * * *`",
        ),
        (
            "0 0 * * FRI-MON",
            &wrong("0 0 * * FRI-MON", "day of the week: `FRI-MON` runs backwards"),
            "write `0 0 * * 5-6,0-1`",
        ),
        (
            "*/0 * * * *",
            &wrong("*/0 * * * *", "minute: the step `0` is not a number above 0"),
            "write `* * * * *`",
        ),
        (
            "*/90 * * * *",
            &wrong("*/90 * * * *", "minute: the step `90` is larger than the field"),
            "write `0 * * * *`",
        ),
        (
            "0 0 L * *",
            &wrong("0 0 L * *", "day of the month: `L` is not known to Kubernetes"),
            "the day of the month is 1 to 31",
        ),
        (
            "0,,5 * * * *",
            &wrong("0,,5 * * * *", "minute: there is a gap between two commas, hyphens or slashes"),
            "the minute is 0 to 59",
        ),
        (
            "0 15 2 * * *",
            "schedule `0 15 2 * * *` has 6 fields; Kubernetes knows neither seconds nor years",
            "write `15 2 * * *`",
        ),
        ("15 2 * *", "schedule `15 2 * *` has 4 fields, 5 are needed", rule),
        ("", "schedule `` has 0 fields, 5 are needed", rule),
        (
            "TZ=Europe/Paris 15 2 * * *",
            "schedule `TZ=Europe/Paris 15 2 * * *` holds a time zone, which has a field of its own",
            "write `15 2 * * *`, and the zone as the time zone of the schedule",
        ),
        (
            "0 0 30 2 *",
            "schedule `0 0 30 2 *` never comes: no such month has such a day",
            "choose days that the months have; February has 29 at most",
        ),
        (
            "@every 5m",
            "schedule `@every 5m` counts from the start of a program",
            "write the times of the clock, such as `*/15 * * * *` for every 15 minutes",
        ),
        ("@dayly", "schedule `@dayly` is not known", "write `@daily`"),
    ]);
}

#[test]
fn schedules_are_counted() {
    let cron = |text: &str| text.parse::<Cron>().unwrap();
    assert_eq!(cron("*/15 8-17 * * *").times_a_day(), 40);
    assert!(cron("15 2 * * *").is_daily());
    assert!(cron("15 2 */1 * 0-6").is_daily());
    assert!(!cron("15 2 * * 1").is_daily());
    assert!(!cron("15 2 1 * *").is_daily());
    assert!(!cron("15 2 1 * 1").is_daily());
    assert_eq!(cron("@weekly").fields(), ["0", "0", "*", "*", "0"]);
}

proptest! {
    #[test]
    fn near_schedules_are_read_or_refused(text in "([0-9*]{1,2}([-/,][0-9A-Z]{1,3})?[ ]){4}[0-9A-Z*]{1,3}") {
        if let Ok(cron) = text.parse::<Cron>() {
            prop_assert_eq!(cron.to_string().parse(), Ok(cron));
        }
    }

    #[test]
    fn long_lists_are_no_trouble(count in 0..20_000_usize) {
        let _ = format!("{}0 * * * *", "61,".repeat(count)).parse::<Cron>();
    }
}
