use super::*;
use crate::audit::testing::{Estate, at, messages, production, rules_found};
use crate::k8s::tree::Tree;
use crate::plan::{self, Plan};
use crate::tree;

fn scraped(object: Tree) -> Plan {
    let mut plan = Estate::new().object(object).plan();
    for name in ["prometheus", "node-exporter", "kubelet"] {
        plan.facts.exporters.push(plan::Exporter {
            stage: production(),
            name,
            at: at("monitoring"),
        });
    }
    plan
}

fn rule(expression: &str) -> Tree {
    tree!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
        "metadata": {"name": "web", "namespace": "shop-production"},
        "spec": {"groups": [{"name": "web", "rules": [
            {"record": "web:load", "expr": "node_load1"},
            {"alert": "Web", "expr": (expression.to_owned())},
        ]}]},
    })
}

#[test]
fn a_metric_must_be_served_by_what_is_scraped() {
    for (expression, wanted) in [
        ("node_load1 > web:load and up == 1", &[][..]),
        ("node_load2 > 1", &["metrics/unknown"]),
        ("kube_pod_info > 1", &["metrics/unknown"]),
        ("kubelet_of_tomorrow > 1", &["metrics/unchecked"]),
        ("sum(node_load1", &["metrics/expression"]),
    ] {
        assert_eq!(rules_found(audit, &scraped(rule(expression))), wanted, "{expression}");
    }
}

#[test]
fn help_names_what_was_meant_or_who_would_serve_it() {
    let help = |expression: &str| {
        let found = crate::audit::testing::found(audit, &scraped(rule(expression)));
        found.iter().next().and_then(|found| found.help.clone()).unwrap_or_default()
    };
    assert_eq!(help("node_laod1 > 1"), "did you mean `node_load1`?");
    assert_eq!(help("kube_pod_info > 1"), "kube-state-metrics serves it, but is not scraped here");
    assert!(help("orders_of_all_kinds > 1").contains("monitoring.metrics"));
}

#[test]
fn where_nothing_is_known_to_be_scraped_nothing_is_judged() {
    assert!(messages(audit, &Estate::new().object(rule("nonsense")).plan()).is_empty());
}

#[test]
fn what_workloads_serve_is_known() {
    let mut plan = scraped(rule("orders_total > 1"));
    let metric = plan::ServedMetric {
        stage: production(),
        name: "orders_total".to_owned(),
        at: at("monitoring.metrics"),
    };
    plan.facts.served_metrics.push(metric);
    assert!(messages(audit, &plan).is_empty());
}

#[test]
fn dashboards_and_autoscalers_name_metrics_too() {
    let dashboard = tree!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": "shop-production", "labels": {"grafana_dashboard": "1"}},
        "data": {"web.json": "{\"templating\": {\"list\": [{\"query\": \"label_values(node_lost, job)\"}]}, \
                              \"panels\": [{\"targets\": [{\"expr\": \"node_load1\"}, {\"expr\": \"node_x\"}]}]}"},
    });
    assert_eq!(messages(audit, &scraped(dashboard)).len(), 2);
    let autoscaler = tree!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop-production"},
        "spec": {"metrics": [
            {"type": "Resource", "resource": {"name": "cpu"}},
            {"type": "Pods", "pods": {"metric": {"name": "queue_length"}}},
        ]},
    });
    assert_eq!(rules_found(audit, &scraped(autoscaler)), ["metrics/unknown"]);
}
