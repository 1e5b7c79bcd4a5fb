//! Words of monitoring: names of metrics, and of channels that people are told in.

use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};

leaf! {
    /// The name of a metric: letters, digits, `_` and `:`, no digit first.
    ///
    /// What Prometheus takes without quotes.
    pub struct MetricName(String);
    kind: Kind::Text,
    pattern: "^[A-Za-z_:][A-Za-z0-9_:]*$",
    examples: ["http_requests_total"],
}

leaf! {
    /// A channel of a chat, with its `#`, or a person with `@`.
    pub struct ChannelName(String);
    kind: Kind::Text,
    pattern: "^[#@][A-Za-z0-9._-]{1,80}$",
    examples: ["#alerts"],
}

as_written!(MetricName, ChannelName);

impl FromStr for MetricName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        let begins = text.starts_with(|c: char| allowed(c) && !c.is_ascii_digit());
        if begins && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        let near: String = text.trim().chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        let near = near.starts_with(|c: char| !c.is_ascii_digit()).then_some(near);
        Err(Invalid::new(format!("{} is not the name of a metric", show(text)))
            .write_or(near, "write a name such as `http_requests_total`"))
    }
}

impl FromStr for ChannelName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = |name: &str| (1..=80).contains(&name.len()) && name.chars().all(allowed);
        match text.strip_prefix(['#', '@']) {
            Some(name) if fits(name) => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new(format!("{} is not a channel", show(text))).write_or(
                fits(text).then(|| format!("#{text}")),
                "write a channel such as `#alerts` in quotes",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn metrics_are_what_prometheus_takes() {
        lawful::<MetricName>();
        good::<MetricName>(&[("up", "up"), ("a:b_total", "a:b_total")]);
        let rule = "write a name such as `http_requests_total`";
        bad::<MetricName>(&[
            (
                "http-requests",
                "`http-requests` is not the name of a metric",
                "write `http_requests`",
            ),
            ("5xx", "`5xx` is not the name of a metric", rule),
            ("", "`` is not the name of a metric", rule),
        ]);
    }

    #[test]
    fn channels_say_what_they_are() {
        lawful::<ChannelName>();
        good::<ChannelName>(&[("#alerts", "#alerts"), ("@on.call", "@on.call")]);
        bad::<ChannelName>(&[
            ("alerts", "`alerts` is not a channel", "write `#alerts`"),
            ("# a", "`# a` is not a channel", "write a channel such as `#alerts` in quotes"),
        ]);
    }
}
