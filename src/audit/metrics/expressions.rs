//! Where objects name metrics: in rules, in dashboards, and in autoscalers.

use crate::audit::objects::{list, text};
use crate::audit::view::Object;
use crate::k8s::tree::Tree;

/// The label by which Grafana's sidecar finds dashboards.
const DASHBOARD: &str = "grafana_dashboard";

/// A text that names metrics.
pub(super) enum Expression<'a> {
    /// The name of one.
    Metric(&'a str),
    /// An expression.
    PromQl(std::borrow::Cow<'a, str>),
}

impl Expression<'_> {
    pub fn text(&self) -> &str {
        match self {
            Self::Metric(name) => name,
            Self::PromQl(text) => text,
        }
    }
}

/// What an object says about metrics.
pub(super) fn of(object: Object<'_>) -> Vec<Expression<'_>> {
    match (object.group, object.kind) {
        ("monitoring.coreos.com", "PrometheusRule") => {
            rules(object).map(|rule| Expression::PromQl(text(rule, "expr").into())).collect()
        }
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object.tree()),
        ("", "ConfigMap") => dashboards(object.tree()),
        _ => Vec::new(),
    }
}

/// The metrics that the rules of an object record.
pub(super) fn recorded(object: Object<'_>) -> impl Iterator<Item = &str> {
    let is_rule = object.kind == "PrometheusRule" && object.group == "monitoring.coreos.com";
    let rules = is_rule.then(|| rules(object)).into_iter().flatten();
    rules.map(|rule| text(rule, "record")).filter(|name| !name.is_empty())
}

fn rules(object: Object<'_>) -> impl Iterator<Item = &Tree> {
    let groups = object.tree().get("spec").map(|spec| list(spec, "groups")).unwrap_or_default();
    groups.iter().flat_map(|group| list(group, "rules"))
}

/// Metrics other than those of the metrics server, which are `Resource` and `ContainerResource`.
fn autoscaler(object: &Tree) -> Vec<Expression<'_>> {
    let metrics = object.get("spec").map(|spec| list(spec, "metrics")).unwrap_or_default();
    let named = metrics.iter().filter_map(|metric| {
        ["pods", "object", "external"]
            .iter()
            .find_map(|kind| metric.get(kind)?.pointer("/metric/name")?.as_str())
    });
    named.map(Expression::Metric).collect()
}

fn dashboards(object: &Tree) -> Vec<Expression<'_>> {
    let labels = object.pointer("/metadata/labels");
    if labels.is_none_or(|labels| text(labels, DASHBOARD).is_empty()) {
        return Vec::new();
    }
    let files = object.get("data").and_then(Tree::as_map);
    let files = files.into_iter().flat_map(|files| files.iter());
    let mut found = Vec::new();
    for (_, file) in files {
        let json = file.as_str().and_then(|file| serde_json::from_str(file).ok());
        if let Some(json) = json {
            collect(&json, &mut found);
        }
    }
    found.into_iter().map(|text| Expression::PromQl(text.into())).collect()
}

/// The queries of panels (`expr`) and of variables (`query`, which may be wrapped in `label_values`).
fn collect(json: &serde_json::Value, found: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value.as_str()) {
                    ("expr", Some(text)) => found.push(text.to_owned()),
                    ("query", Some(text)) => found.extend(of_variable(text)),
                    _ => collect(value, found),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The expression in a variable's query: `label_values(up{job="x"}, instance)`.
fn of_variable(query: &str) -> Option<String> {
    let inside = query.strip_prefix("label_values(")?.strip_suffix(')')?;
    // With one argument it is a label alone.
    inside.rsplit_once(',').map(|(expression, _)| expression.to_owned())
}
