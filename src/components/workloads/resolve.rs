//! A workload as written to a workload without doubts.

use super::defaults as default;
use super::model::{Disruption, Kind, Resources, Scale, Schedule, Security, Workload};
use super::ports::NO_TIME;
use super::spec::{
    DisruptionSpec, ResourcesSpec, ScaleSpec, ScheduleSpec, SecuritySpec, WorkloadSpec,
};
use super::{config, connects, logins, manifests, patches, ports, secret_files, volumes};
use crate::component::Resolving;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::count::Count;
use crate::k8s::cron::Cron;
use crate::k8s::name::Name;
use crate::path::At;
use crate::source::Short;

/// Resolves a workload. What is wrong is reported and left out, so that one run finds all of it.
pub fn workload(name: Name, spec: WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Workload {
    let at = &at.key(&name);
    cx.symbols.teams.bind(spec.team.as_str(), &field!(at, spec.team), cx.diags);
    cx.bind_consent(&spec.allows, &field!(at, spec.allows), &connects::ALLOWS_NO_CLIENT);
    let scale = scale(&spec, at, cx.diags);
    let connects = connects::connects(&name, &spec, at, cx);
    Workload {
        expose: ports::expose(&spec, at, cx.diags),
        health: ports::health(&spec, at, cx.diags),
        metrics: ports::metrics(&spec, at, cx.diags),
        logins: logins::logins(&name, &spec, &connects, at, cx),
        connects,
        secrets: config::secrets(&spec),
        files: config::files(&spec, at, cx),
        volumes: volumes::volumes(&spec, at, cx.diags),
        secret_files: secret_files::read(&spec, at, cx),
        patches: patches::patches(&spec, at, cx.diags),
        manifests: manifests::manifests(&spec, at, cx),
        resources: resources(spec.resources.unwrap_or_default()),
        disruption: disruption(spec.disruption, scale, at, cx.diags),
        security: security(spec.security.clone().unwrap_or_default(), at, cx.diags),
        spread: spec.spread.unwrap_or_else(|| default::SPREAD.get()),
        termination_grace: spec.termination_grace.unwrap_or_else(|| default::GRACE.get()),
        always: always(&spec),
        kind: match spec.schedule {
            Some(schedule) => Kind::CronJob(self::schedule(schedule, at, cx.diags)),
            None if spec.stateful => Kind::StatefulSet,
            None => Kind::Deployment,
        },
        team: spec.team,
        image: spec.image,
        command: spec.command,
        args: spec.args,
        ports: spec.ports,
        config: spec.config,
        api_token: spec.api_token,
        node_selector: spec.node_selector,
        scale,
        name,
    }
}

/// The written fields that only make sense for what always runs.
fn always(spec: &WorkloadSpec) -> Vec<&'static str> {
    let written = [
        ("ports", !spec.ports.is_empty()),
        ("expose", spec.expose.is_some()),
        ("allows", !spec.allows.is_empty()),
        ("scale", spec.scale.is_some()),
        ("health", spec.health.is_some()),
        ("metrics", spec.metrics.is_some()),
        ("disruption", spec.disruption.is_some()),
        ("spread", spec.spread.is_some()),
        ("stateful", spec.stateful),
    ];
    written.into_iter().filter(|(_, is)| *is).map(|(key, _)| key).collect()
}

fn resources(spec: ResourcesSpec) -> Resources {
    Resources {
        cpu: spec.cpu.unwrap_or_else(|| default::CPU.get()),
        memory: spec.memory.unwrap_or_else(|| default::MEMORY.get()),
        cpu_limit: spec.cpu_limit,
        ephemeral_storage: spec.ephemeral_storage,
    }
}

/// A target that nothing is done to reach.
pub static SCALE_TARGET_UNUSED: Rule = Rule::warning(
    "workloads/scale-target-unused",
    "a load is named, but the number of copies is fixed",
    "Without a `max` above `min` there is no HorizontalPodAutoscaler; whoever reads the blueprint believes there is.",
    "workloads: {web: {scale: {min: 3, cpu: 70%}}}",
);

/// More copies at least than at most.
pub static SCALE_MIN_ABOVE_MAX: Rule = Rule::error(
    "workloads/scale-min-above-max",
    "the fewest copies are more than the most",
    "Kubernetes refuses such a HorizontalPodAutoscaler (minReplicas must be less than or equal to maxReplicas).",
    "workloads: {web: {scale: {min: 5, max: 2}}}",
);

/// No copy.
pub static SCALE_ZERO: Rule = Rule::error(
    "workloads/scale-zero",
    "a workload runs in no copies",
    "What runs in no copies does nothing, and its HorizontalPodAutoscaler and disruption budget are refused or \
     mean nothing. In an environment that does not need it, remove it with `null` in the overlay.",
    "workloads: {web: {scale: {min: 0}}}",
);

fn scale(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> Scale {
    let ScaleSpec { min, max, cpu, memory } = spec.scale.unwrap_or_default();
    let place = field!(at, spec.scale);
    let (written_min, written_max) = (min.map(Count::get), max.map(Count::get));
    // Whoever wants one copy at most does not want two at least.
    let by_default: Count = default::MIN.get();
    let min = written_min.unwrap_or_else(|| by_default.get().min(written_max.unwrap_or(u32::MAX)));
    let max = written_max.unwrap_or(min);
    for (key, written) in [("min", written_min), ("max", written_max)] {
        if written == Some(0) {
            diags
                .report(&SCALE_ZERO, place.key(key), "no copy would run")
                .help("write at least 1, or remove the workload where it is not needed");
            return Scale { min: 1, max: 1, cpu: None, memory: None };
        }
    }
    if min > max {
        diags
            .report(&SCALE_MIN_ABOVE_MAX, place.key("min"), format!("{min} is more than {max}"))
            .related(place.key("max"), "the most copies")
            .help(format!("write at most {max}"));
        return Scale { min: max, max, cpu, memory };
    }
    if min == max {
        for (key, target) in [("cpu", cpu), ("memory", memory)] {
            // Whoever writes `min: 1, max: 1` over an autoscaled workload, as overlays do, knows.
            if target.is_some() && written_max.is_none() {
                diags
                    .report(
                        &SCALE_TARGET_UNUSED,
                        place.key(key),
                        format!("there are always {min} copies"),
                    )
                    .help(format!("write a `max` above {min}, or leave `{key}` out"));
            }
        }
        return Scale { min, max, cpu: None, memory: None };
    }
    let cpu = if memory.is_none() { cpu.or_else(|| Some(default::TARGET_CPU.get())) } else { cpu };
    Scale { min, max, cpu, memory }
}

/// A drain that never ends.
pub static BLOCKS_DRAIN: Rule = Rule::error(
    "workloads/disruption-blocks-drain",
    "no copy may be away",
    "A PodDisruptionBudget that allows no disruption blocks every drain, and with it every upgrade of a node \
     (Kubernetes documentation, Disruptions).",
    "workloads: {web: {scale: {min: 2}, disruption: {minAvailable: 2}}}",
);

/// Two budgets in one.
pub static DISRUPTION_TWICE: Rule = Rule::error(
    "workloads/disruption-twice",
    "`maxUnavailable` and `minAvailable` are both written",
    "A PodDisruptionBudget takes one of them (policy/v1).",
    "workloads: {web: {disruption: {maxUnavailable: 1, minAvailable: 1}}}",
);

fn disruption(
    spec: Option<DisruptionSpec>,
    scale: Scale,
    at: &At,
    diags: &mut Diagnostics,
) -> Disruption {
    let at = at.key("disruption");
    let by_default: Count = default::UNAVAILABLE.get();
    let by_default = Disruption { max_unavailable: by_default.get() };
    let Some(DisruptionSpec { max_unavailable, min_available }) = spec else { return by_default };
    let least = scale.min;
    match (max_unavailable.map(Count::get), min_available.map(Count::get)) {
        (Some(_), Some(_)) => {
            diags
                .report(
                    &DISRUPTION_TWICE,
                    at.key("minAvailable"),
                    "`maxUnavailable` is written too",
                )
                .related(at.key("maxUnavailable"), "here")
                .help("keep one of them");
        }
        (Some(0), None) => {
            diags
                .report(&BLOCKS_DRAIN, at.key("maxUnavailable"), "no copy may be away")
                .help("write at least 1");
        }
        (None, Some(stay)) if stay >= least => {
            let report = diags.report(
                &BLOCKS_DRAIN,
                at.key("minAvailable"),
                format!("{stay} of at least {least} copies must stay"),
            );
            if least > 1 {
                report.help(format!("write at most {}", least - 1));
            } else {
                report.help("leave it out, or run more than one copy");
            }
        }
        (Some(max_unavailable), None) => return Disruption { max_unavailable },
        (None, Some(stay)) => return Disruption { max_unavailable: least - stay },
        (None, None) => {}
    }
    by_default
}

/// Root, and not root.
pub static ROOT_AND_NOT: Rule = Rule::error(
    "workloads/root-and-not",
    "it runs as root and is not to run as root",
    "The kubelet would refuse to start it: container's runAsUser breaks non-root policy.",
    "workloads: {web: {security: {runAsUser: 0, runAsNonRoot: true}}}",
);

fn security(spec: SecuritySpec, at: &At, diags: &mut Diagnostics) -> Security {
    let place = at.key("security");
    let user = spec.run_as_user.map(Count::get);
    if user == Some(0) && spec.run_as_non_root == Some(true) {
        diags
            .report(&ROOT_AND_NOT, field!(place, spec.run_as_user), "user 0 is root")
            .related(field!(place, spec.run_as_non_root), "which this forbids")
            .help("write another user, or leave `runAsNonRoot` out");
    }
    // Kubernetes refuses a container that is privileged, or has CAP_SYS_ADMIN, and may not gain privileges.
    let all = spec.privileged || spec.capabilities.iter().any(|one| one.as_str() == "SYS_ADMIN");
    Security {
        run_as_user: user,
        run_as_group: spec.run_as_group.map(Count::get),
        fs_group: spec
            .fs_group
            .or(spec.run_as_group)
            .unwrap_or_else(|| default::FS_GROUP.get())
            .get(),
        // Whoever names root as the user means it; what the namespace thinks of it is its own rule.
        run_as_non_root: spec
            .run_as_non_root
            .unwrap_or_else(|| default::NON_ROOT.get::<bool>() && user != Some(0)),
        read_only_root: spec.read_only_root.unwrap_or_else(|| default::READ_ONLY_ROOT.get()),
        capabilities: spec.capabilities,
        privilege_escalation: spec.privilege_escalation.unwrap_or(false) || all,
        privileged: spec.privileged,
        host_network: spec.host_network,
        seccomp: spec.seccomp.unwrap_or_default(),
    }
}

fn schedule(spec: Short<Cron, ScheduleSpec>, at: &At, diags: &mut Diagnostics) -> Schedule {
    let spec = match spec {
        Short::Long(spec) => spec,
        Short::Short(cron) => ScheduleSpec {
            cron,
            timezone: None,
            concurrency: None,
            deadline: None,
            start_within: None,
            history: None,
            retries: None,
        },
    };
    for (key, time) in [("deadline", spec.deadline), ("startWithin", spec.start_within)] {
        if time.is_some_and(|time| time.as_millis() < 1000) {
            diags
                .report(&NO_TIME, at.key("schedule").key(key), "this is less than a second")
                .help("write at least `1s`");
        }
    }
    Schedule {
        cron: spec.cron,
        timezone: spec.timezone.unwrap_or_else(|| default::TIMEZONE.get()),
        concurrency: spec.concurrency.unwrap_or_else(|| default::CONCURRENCY.get()),
        deadline: spec.deadline.unwrap_or_else(|| default::DEADLINE.get()),
        start_within: spec.start_within.unwrap_or_else(|| default::START_WITHIN.get()),
        history: spec.history.unwrap_or_else(|| default::HISTORY.get()).get(),
        retries: spec.retries.unwrap_or_else(|| default::RETRIES.get()).get(),
    }
}
