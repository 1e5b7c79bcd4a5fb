//! `waivers`: warnings that somebody has looked at and accepts, for a time.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Resolving};
use crate::diag::{Diagnostic, Diagnostics, Place, Rule, Severity, one_of};
use crate::k8s::date::Date;
use crate::k8s::text::Reason;
use crate::path::{At, FieldPath};
use crate::source::Scope;

/// A rule that does not exist.
pub static UNKNOWN_RULE: Rule = Rule::error(
    "waivers/unknown-rule",
    "a waiver names a rule that does not exist",
    "It waives nothing, and whoever wrote it believes otherwise.",
    "waivers: [{rule: workloads/no-such-rule, at: workloads.web, reason: …, until: \"2027-01-31\"}]",
);

/// An error.
pub static NOT_WAIVABLE: Rule = Rule::error(
    "waivers/not-waivable",
    "a waiver names an error",
    "Warnings can be waived, errors cannot: an error is an outage or a lie, whatever the reason for it.",
    "waivers: [{rule: workloads/scale-min-above-max, at: workloads.web, reason: …, until: \"2027-01-31\"}]",
);

/// A waiver whose day has come.
pub static EXPIRED: Rule = Rule::warning(
    "waivers/expired",
    "a waiver has expired",
    "What was accepted for a time is no longer accepted; the warning it covered is shown again.",
    "waivers: [{rule: externals/everything, at: externals.internet, reason: …, until: \"2020-01-01\"}]",
);

/// A waiver for nothing.
pub static UNUSED: Rule = Rule::warning(
    "waivers/unused",
    "a waiver covers no warning",
    "What it was for is gone; it would silently cover the next one at that place.",
    "waivers: [{rule: externals/everything, at: externals.card-network, reason: …, until: \"2027-01-31\"}]",
);

/// A warning that somebody accepts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaiverSpec {
    /// The rule, such as `externals/everything`.
    pub rule: String,
    /// The field it is waived at, and everything below; `*` stands for any name.
    pub at: String,
    /// Why it is acceptable.
    pub reason: Reason,
    /// The last day on which it is accepted.
    pub until: Date,
}

/// Warnings that are accepted.
#[derive(Debug)]
pub struct Waivers {
    list: Vec<(FieldPath, WaiverSpec)>,
}

impl Component for Waivers {
    const ABOUT: About = About {
        section: "waivers",
        scope: Scope::Estate,
        required: false,
        named: false,
        summary: "warnings that are accepted, each with a reason and a last day",
        rules: &[&UNKNOWN_RULE, &NOT_WAIVABLE, &EXPIRED, &UNUSED],
        defaults: &[],
    };

    type Spec = Vec<WaiverSpec>;

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let mut list = Vec::new();
        for (index, waiver) in spec.into_iter().enumerate() {
            match waiver.at.parse::<FieldPath>() {
                Ok(path) => list.push((path, waiver)),
                Err(error) => {
                    cx.diags.report(
                        &crate::source::INVALID_VALUE,
                        at.index(index).key("at"),
                        error.to_string(),
                    );
                    return None;
                }
            }
        }
        Some(Self { list })
    }
}

impl Waivers {
    /// Takes the waived warnings out of `diags`, and reports what is wrong with the waivers themselves.
    pub fn apply(&self, at: &At, today: &str, rules: &[&'static Rule], diags: &mut Diagnostics) {
        let mut own = Diagnostics::new();
        for (index, (path, waiver)) in self.list.iter().enumerate() {
            let at = at.index(index);
            let Some(rule) = rules.iter().find(|rule| rule.name == waiver.rule) else {
                own.report(
                    &UNKNOWN_RULE,
                    at.key("rule"),
                    format!("there is no rule `{}`", waiver.rule),
                )
                .help(one_of(&waiver.rule, rules.iter().map(|rule| rule.name)));
                continue;
            };
            if rule.severity == Severity::Error {
                own.report(
                    &NOT_WAIVABLE,
                    at.key("rule"),
                    format!("`{}` is an error and cannot be waived", rule.name),
                )
                .help("mend what it points at");
                continue;
            }
            let covers =
                |found: &Diagnostic| found.rule.name == rule.name && covered(&found.place, path);
            if waiver.until.to_string().as_str() < today {
                own.report(
                    &EXPIRED,
                    at.key("until"),
                    format!("the waiver ended on {}", waiver.until),
                )
                .help("mend what it covers, or extend it with a fresh reason");
            } else if diags.iter().any(covers) {
                diags.retain(|found| !covers(found));
            } else {
                own.report(&UNUSED, &at, format!("nothing breaks `{}` at `{path}`", rule.name))
                    .help("remove the waiver");
            }
        }
        diags.append(own);
    }
}

fn covered(place: &Place, path: &FieldPath) -> bool {
    match place {
        Place::Value(at) | Place::Key(at) => at.path.is_within(path),
        Place::Text(_) | Place::File(_) => false,
    }
}
