//! What holds where the blueprint says nothing, and why.

use crate::component::Default;

pub static CPU: Default = Default::new(
    "workloads.*.resources.cpu",
    "100m",
    "a request is what the scheduler and autoscaling count with; a tenth of a core starts most programs",
);
pub static MEMORY: Default = Default::new(
    "workloads.*.resources.memory",
    "128Mi",
    "memory cannot be taken back: a copy that may use more than is reserved is killed when its node \
     fills up, so this is request and limit in one",
);
pub static MIN: Default = Default::new(
    "workloads.*.scale.min",
    "2",
    "one copy is gone whenever its node is drained, updated or lost",
);
pub static TARGET_CPU: Default = Default::new(
    "workloads.*.scale.cpu",
    "70%",
    "it leaves room for the load that arrives until a new copy has started",
);
pub static EXPOSE_PATH: Default =
    Default::new("workloads.*.expose.path", "/", "the whole host belongs to the workload");
pub static METRICS_PATH: Default =
    Default::new("workloads.*.metrics.path", "/metrics", "it is where Prometheus looks by default");
pub static METRICS_INTERVAL: Default = Default::new(
    "workloads.*.metrics.interval",
    "30s",
    "it is the interval of kube-prometheus-stack: rates over five minutes have ten samples",
);
pub static ORDERED: Default = Default::new(
    "workloads.*.connects.*.ordered",
    "true",
    "what a program connects to at its start should be there first, on a new cluster and after a disaster",
);
pub static PERIOD: Default =
    Default::new("workloads.*.health.period", "10s", "it is Kubernetes' own default, written out");
pub static TIMEOUT: Default = Default::new(
    "workloads.*.health.timeout",
    "3s",
    "Kubernetes' default of one second takes a copy that collects garbage for dead",
);
pub static FAILURES: Default = Default::new(
    "workloads.*.health.failures",
    "3",
    "one lost answer means nothing; half a minute without one does",
);
pub static STARTUP: Default = Default::new(
    "workloads.*.health.startup",
    "5m",
    "until it has started once, slowness is no fault; later it would be restarted in a loop",
);
pub static GRACE: Default = Default::new(
    "workloads.*.terminationGrace",
    "30s",
    "it is Kubernetes' own default, written out; the first 5 seconds are a pause in which no new traffic arrives",
);
pub static READ_ONLY_ROOT: Default = Default::new(
    "workloads.*.security.readOnlyRoot",
    "true",
    "whoever breaks in cannot change the program; /tmp is a scratch volume, so that most programs never notice",
);
pub static NON_ROOT: Default = Default::new(
    "workloads.*.security.runAsNonRoot",
    "true",
    "the restricted level of Pod Security asks for it: root in a container is root on the node after one kernel bug",
);
pub static UNAVAILABLE: Default = Default::new(
    "workloads.*.disruption.maxUnavailable",
    "1",
    "a drain then always proceeds, one copy after the other",
);
pub static ACCESS: Default =
    Default::new("workloads.*.volumes.*.access", "ReadWriteOnce", "every storage driver can do it");
pub static SCRATCH: Default = Default::new(
    "workloads.*.volumes.*.size",
    "1Gi",
    "a scratch volume without a limit lets one pod fill the node's disk, and every pod there is evicted",
);
pub static SPREAD: Default = Default::new(
    "workloads.*.spread",
    "preferred",
    "copies go to different zones and nodes, but a full zone does not keep them from running",
);
pub static TIMEZONE: Default = Default::new(
    "workloads.*.schedule.timezone",
    "UTC",
    "without one the controller's own zone counts, which is another on another machine",
);
pub static CONCURRENCY: Default = Default::new(
    "workloads.*.schedule.concurrency",
    "Forbid",
    "two runs of the same job at once are seldom meant",
);
pub static DEADLINE: Default = Default::new(
    "workloads.*.schedule.deadline",
    "24h",
    "a run that hangs would keep every later one from starting",
);
pub static START_WITHIN: Default = Default::new(
    "workloads.*.schedule.startWithin",
    "10m",
    "without it a CronJob that missed a hundred starts never starts again (Kubernetes documentation, CronJob)",
);
pub static HISTORY: Default = Default::new(
    "workloads.*.schedule.history",
    "3",
    "they are enough to compare a failed run with a good one",
);
pub static RETRIES: Default = Default::new(
    "workloads.*.schedule.retries",
    "2",
    "passing faults pass; Kubernetes' default of 6 takes ten minutes to say that a job is broken",
);
pub static FS_GROUP: Default = Default::new(
    "workloads.*.security.fsGroup",
    "65532",
    "the processes of a pod are in the group that its volumes belong to, so any number will do; this is the group of \
     distroless images",
);

/// All of them.
pub static ALL: &[&Default] = &[
    &CPU,
    &MEMORY,
    &MIN,
    &TARGET_CPU,
    &EXPOSE_PATH,
    &METRICS_PATH,
    &METRICS_INTERVAL,
    &ORDERED,
    &PERIOD,
    &TIMEOUT,
    &FAILURES,
    &STARTUP,
    &GRACE,
    &READ_ONLY_ROOT,
    &NON_ROOT,
    &UNAVAILABLE,
    &ACCESS,
    &SCRATCH,
    &SPREAD,
    &TIMEZONE,
    &CONCURRENCY,
    &DEADLINE,
    &START_WITHIN,
    &HISTORY,
    &RETRIES,
    &FS_GROUP,
];
