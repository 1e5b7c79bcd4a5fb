//! What keeps the pods running: a Deployment, a StatefulSet or a CronJob.

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment, StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec, StatefulSetUpdateStrategy,
};
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Cx, pod, selector, service, storage};
use crate::components::workloads::model::{Kind, Schedule, Volume, Workload};
use crate::plan::Resource;

/// How many old ReplicaSets or revisions are kept: a rollback is a commit, so they only serve to look at.
const REVISIONS: i32 = 3;

/// The controller.
pub fn controller(cx: Cx<'_>) -> Resource {
    let mut fields = pod::fields(cx.workload);
    match &cx.workload.kind {
        Kind::Deployment => {
            fields.push("scale");
            Resource::object(&deployment(cx), cx.from(&fields))
        }
        Kind::StatefulSet => {
            fields.extend(["scale", "stateful"]);
            Resource::object(&stateful_set(cx), cx.from(&fields))
        }
        Kind::CronJob(schedule) => {
            fields.push("schedule");
            Resource::object(&cron_job(cx, schedule), cx.from(&fields))
        }
    }
}

fn selects(workload: &Workload) -> LabelSelector {
    LabelSelector { match_labels: Some(selector(&workload.name)), ..LabelSelector::default() }
}

/// The number of copies; nobody's but the autoscaler's where there is one.
fn replicas(workload: &Workload) -> Option<i32> {
    (!workload.scale.is_elastic()).then(|| i32::try_from(workload.scale.min).unwrap_or(i32::MAX))
}

fn deployment(cx: Cx<'_>) -> Deployment {
    let workload = cx.workload;
    Deployment {
        metadata: cx.metadata(workload.name.as_str()),
        spec: Some(DeploymentSpec {
            replicas: replicas(workload),
            revision_history_limit: Some(REVISIONS),
            selector: selects(workload),
            strategy: Some(strategy(workload)),
            template: pod::template(cx),
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn strategy(workload: &Workload) -> DeploymentStrategy {
    // The new pod would wait for the volume of the old one, and the old one for the new pod.
    if workload.volumes.values().any(Volume::is_exclusive) {
        return DeploymentStrategy {
            type_: Some("Recreate".to_owned()),
            ..DeploymentStrategy::default()
        };
    }
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        // Never fewer copies than there should be.
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::String("25%".to_owned())),
            max_unavailable: Some(IntOrString::Int(0)),
        }),
    }
}

fn stateful_set(cx: Cx<'_>) -> StatefulSet {
    let workload = cx.workload;
    let templates = storage::templates(workload);
    StatefulSet {
        metadata: cx.metadata(workload.name.as_str()),
        spec: Some(StatefulSetSpec {
            replicas: replicas(workload),
            revision_history_limit: Some(REVISIONS),
            selector: selects(workload),
            service_name: Some(service::headless(workload)),
            // The first member is there before the second looks for it.
            pod_management_policy: Some("OrderedReady".to_owned()),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                ..StatefulSetUpdateStrategy::default()
            }),
            // What scaling down leaves behind may be all there is.
            persistent_volume_claim_retention_policy: Some(
                StatefulSetPersistentVolumeClaimRetentionPolicy {
                    when_deleted: Some("Retain".to_owned()),
                    when_scaled: Some("Retain".to_owned()),
                },
            ),
            volume_claim_templates: (!templates.is_empty()).then_some(templates),
            template: pod::template(cx),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

fn cron_job(cx: Cx<'_>, schedule: &Schedule) -> CronJob {
    let seconds = |time: crate::k8s::duration::Duration| i64::try_from(time.as_secs()).ok();
    let count = |count: u32| Some(i32::try_from(count).unwrap_or(i32::MAX));
    CronJob {
        metadata: cx.metadata(cx.workload.name.as_str()),
        spec: CronJobSpec {
            schedule: schedule.cron.to_string(),
            time_zone: Some(schedule.timezone.to_string()),
            concurrency_policy: Some(schedule.concurrency.word().to_owned()),
            starting_deadline_seconds: seconds(schedule.start_within),
            successful_jobs_history_limit: count(schedule.history),
            failed_jobs_history_limit: count(schedule.history),
            job_template: JobTemplateSpec {
                spec: Some(JobSpec {
                    active_deadline_seconds: seconds(schedule.deadline),
                    backoff_limit: count(schedule.retries),
                    template: pod::template(cx),
                    ..JobSpec::default()
                }),
                ..JobTemplateSpec::default()
            },
            ..CronJobSpec::default()
        },
        ..CronJob::default()
    }
}
