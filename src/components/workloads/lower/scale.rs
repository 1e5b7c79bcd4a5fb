//! The autoscaler, where load decides how many copies there are.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget,
    ResourceMetricSource,
};

use super::{Cx, api_version};
use crate::components::workloads::model::Kind;
use crate::plan::Resource;

/// The HorizontalPodAutoscaler.
pub fn autoscaler(cx: Cx<'_>) -> Option<Resource> {
    let workload = cx.workload;
    let scale = workload.scale;
    if matches!(workload.kind, Kind::CronJob(_)) || !scale.is_elastic() {
        return None;
    }
    let metrics = [("cpu", scale.cpu), ("memory", scale.memory)]
        .into_iter()
        .filter_map(|(name, target)| Some(metric(name, target?.get())));
    let object = HorizontalPodAutoscaler {
        metadata: cx.metadata(workload.name.as_str()),
        spec: HorizontalPodAutoscalerSpec {
            min_replicas: Some(number(scale.min)),
            max_replicas: number(scale.max),
            metrics: Some(metrics.collect()),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some(api_version(&workload.kind).to_owned()),
                kind: workload.kind.word().to_owned(),
                name: workload.name.to_string(),
            },
            behavior: Some(behavior()),
        },
        ..HorizontalPodAutoscaler::default()
    };
    Some(Resource::object(&object, cx.from(&["scale"])))
}

fn metric(name: &str, percent: u32) -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: name.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(number(percent)),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}

/// Load rises faster than it falls: copies come at once, doubling every half a minute, and go a quarter a minute
/// after five minutes without need. Without this Kubernetes may take all of them away at once.
fn behavior() -> HorizontalPodAutoscalerBehavior {
    let policy = |type_: &str, value, period_seconds| HPAScalingPolicy {
        type_: type_.to_owned(),
        value,
        period_seconds,
    };
    let rules = |window, policies| HPAScalingRules {
        stabilization_window_seconds: Some(window),
        select_policy: Some("Max".to_owned()),
        policies: Some(policies),
        ..HPAScalingRules::default()
    };
    HorizontalPodAutoscalerBehavior {
        scale_up: Some(rules(0, vec![policy("Percent", 100, 30), policy("Pods", 2, 30)])),
        scale_down: Some(rules(300, vec![policy("Percent", 25, 60), policy("Pods", 1, 60)])),
    }
}

/// Counts are at most what an `int32` holds (`k8s::count`).
fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
