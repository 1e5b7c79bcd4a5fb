//! Every metric that a rule, a dashboard or an autoscaler names is one that something scraped serves.
//!
//! A metric that nobody serves is no error to Prometheus: the expression is empty, so the alert never fires and the
//! panel says "no data". Clusters whose Prometheus is somebody else's are not judged: nothing is known of
//! what it scrapes.

mod expressions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{called, report};
use super::view::{Object, View};
use crate::catalog::metrics::{Exporter, Served, exporter, is_built_in};
use crate::diag::{Diagnostics, Rule, nearest};
use crate::k8s::promql;
use expressions::Expression;

/// A metric of nobody.
pub static UNKNOWN: Rule = Rule::error(
    "metrics/unknown",
    "a rule, dashboard or autoscaler names a metric that nothing serves that is scraped here",
    "Prometheus takes it for a series that is not there yet: the alert never fires, the panel stays empty, the \
     autoscaler stands still. Each exporter of the catalogue (src/catalog/metrics) is read at its pinned version.",
    "workloads: {web: {manifests: [k8s/rule.yaml]}}  # expr: node_memory_free > 0",
);

/// A metric that may exist.
pub static UNCHECKED: Rule = Rule::warning(
    "metrics/unchecked",
    "a metric fits an exporter of which the catalogue does not hold every name",
    "It may be misspelt, and nobody would be told.",
    "workloads: {web: {manifests: [k8s/rule.yaml]}}  # expr: kubelet_of_tomorrow > 0",
);

/// No PromQL.
pub static EXPRESSION: Rule = Rule::error(
    "metrics/expression",
    "an expression is not PromQL",
    "The Prometheus operator refuses the whole rule file, and with it every other alert in it.",
    "workloads: {web: {manifests: [k8s/rule.yaml]}}  # expr: sum(up",
);

pub static RULES: &[&Rule] = &[&UNKNOWN, &UNCHECKED, &EXPRESSION];

/// What is served on one cluster.
#[derive(Default)]
struct Cluster<'a> {
    exporters: BTreeMap<&'a str, &'static Exporter>,
    /// What workloads serve and rules record.
    others: BTreeSet<String>,
}

/// Finds the metrics that nobody serves.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    let clusters = clusters(view);
    view.in_namespaces(diags, |namespace, diags| {
        let Some(cluster) = clusters.get(namespace.cluster) else { return };
        for object in &namespace.objects {
            for expression in expressions::of(*object) {
                cluster.judge(*object, &expression, diags);
            }
        }
    });
}

fn clusters<'a>(view: &View<'a>) -> BTreeMap<&'a str, Cluster<'a>> {
    let facts = &view.plan.facts;
    let mut clusters: BTreeMap<&str, Cluster<'_>> = BTreeMap::new();
    for stated in &facts.exporters {
        let Some(known) = exporter(stated.name) else {
            crate::bug!("the catalogue has no exporter {}", stated.name)
        };
        let cluster = clusters.entry(stated.stage.cluster().unwrap_or_default()).or_default();
        cluster.exporters.insert(stated.name, known);
    }
    clusters.retain(|_, cluster| cluster.exporters.contains_key("prometheus"));
    for metric in &facts.served_metrics {
        if let Some(cluster) = clusters.get_mut(metric.stage.cluster().unwrap_or_default()) {
            cluster.others.insert(metric.name.clone());
        }
    }
    for namespace in &view.namespaces {
        let Some(cluster) = clusters.get_mut(namespace.cluster) else { continue };
        for object in &namespace.objects {
            cluster.others.extend(expressions::recorded(*object).map(str::to_owned));
        }
    }
    clusters
}

impl Cluster<'_> {
    fn judge(&self, object: Object<'_>, expression: &Expression<'_>, diags: &mut Diagnostics) {
        let metrics = match expression {
            Expression::Metric(name) => Ok(vec![(*name).to_owned()]),
            Expression::PromQl(text) => promql::metrics(text),
        };
        let metrics = match metrics {
            Ok(metrics) => metrics,
            Err(invalid) => {
                let message = format!("{}: {}", called(object.resource), invalid.message);
                report(diags, &EXPRESSION, object.resource, message)
                    .help(format!("correct `{}`", expression.text()));
                return;
            }
        };
        for metric in metrics {
            match self.serves(&metric) {
                Served::Yes => {}
                Served::Perhaps => {
                    let message = format!(
                        "{} names `{metric}`, which the catalogue can neither confirm nor deny",
                        called(object.resource)
                    );
                    report(diags, &UNCHECKED, object.resource, message).help(
                        "look it up at the exporter itself, and waive this with what you found",
                    );
                }
                Served::No => {
                    let message = format!(
                        "{} names `{metric}`, which nothing serves that is scraped here",
                        called(object.resource)
                    );
                    report(diags, &UNKNOWN, object.resource, message).help(self.help(&metric));
                }
            }
        }
    }

    fn serves(&self, metric: &str) -> Served {
        if is_built_in(metric) || self.others.contains(metric) {
            return Served::Yes;
        }
        self.exporters.values().map(|exporter| exporter.serves(metric)).max().unwrap_or(Served::No)
    }

    fn help<'a>(&'a self, metric: &'a str) -> String {
        let mut served: Vec<&str> = self.others.iter().map(String::as_str).collect();
        for exporter in self.exporters.values() {
            served.extend(exporter.metrics());
        }
        if let Some(nearest) = nearest(metric, served) {
            return format!("did you mean `{nearest}`?");
        }
        let elsewhere = crate::catalog::metrics::exporters()
            .find(|exporter| exporter.serves(metric) == Served::Yes);
        match elsewhere {
            Some(exporter) => format!("{} serves it, but is not scraped here", exporter.name),
            None => "a metric that a workload serves is listed in `monitoring.metrics`".to_owned(),
        }
    }
}
