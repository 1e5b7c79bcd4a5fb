//! The controls that the level `restricted` adds: current hardening practice.

use super::{Control, Violation, restricted};
use crate::audit::objects::{list, present};
use crate::audit::pods::{Part, Template};
use crate::diag::Rule;
use crate::k8s::pod_security::Level;
use crate::k8s::tree::Tree;

pub(super) static CONTROLS: &[Control] = &[
    restricted(
        &VOLUME_TYPES,
        volume_types,
        "use a claim, a ConfigMap, a Secret, `emptyDir` or a CSI driver",
    ),
    restricted(
        &PRIVILEGE_ESCALATION,
        privilege_escalation,
        "write `allowPrivilegeEscalation: false`",
    ),
    restricted(&RUN_AS_NON_ROOT, run_as_non_root, "write `runAsNonRoot: true`"),
    restricted(&RUN_AS_USER, run_as_user, "take it away, or choose another user"),
    restricted(&DROP_ALL, drop_all, "write `drop: [ALL]`"),
];

/// A volume that is not the cluster's to give.
pub static VOLUME_TYPES: Rule = Rule::error(
    "pod-security/volume-types",
    "a pod mounts a kind of volume that is not for workloads",
    "Such volumes name storage by its address, past classes, quotas and access rules; the level `restricted` \
     refuses the pod, so the workload never starts (Pod Security Standards, Volume Types).",
    "patches: [{merge: {spec: {template: {spec: {volumes: [{name: share, nfs: {server: 10.0.0.5, \
     path: /export}}]}}}}}]",
);

fn volume_types(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    for (index, volume) in list(pod.spec(), "volumes").iter().enumerate() {
        if ALLOWED.iter().any(|kind| present(volume, kind).is_some()) {
            continue;
        }
        // A volume without a source is an `emptyDir`; a folder of the node has a rule of its own.
        let sources = volume.as_map().into_iter().flat_map(|volume| volume.iter());
        let other = sources
            .filter(|(key, source)| !matches!(*key, "name" | "hostPath") && !source.is_null())
            .map(|(key, _)| key)
            .next();
        if let Some(kind) = other {
            let field = pod.field(Part::Pod, &format!("volumes[{index}].{kind}"));
            found.push(Violation::new(field, "is not for workloads"));
        }
    }
}

/// More rights than at the start.
pub static PRIVILEGE_ESCALATION: Rule = Rule::error(
    "pod-security/privilege-escalation",
    "a program in the container may get more rights than it was started with",
    "A set-user-ID program makes root out of anybody; the level `restricted` refuses the pod, so the workload \
     never starts (Pod Security Standards, Privilege Escalation).",
    "patches: [{json: [{op: remove, path: /spec/template/spec/containers/0/securityContext/\
     allowPrivilegeEscalation}]}]",
);

fn privilege_escalation(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    if pod.is_windows() {
        return;
    }
    for (part, context) in containers(pod) {
        let problem = match context.get("allowPrivilegeEscalation").and_then(Tree::as_bool) {
            Some(false) => continue,
            Some(true) => "is true",
            None => "is missing",
        };
        let field = pod.field(part, "securityContext.allowPrivilegeEscalation");
        found.push(Violation::new(field, problem));
    }
}

/// Root is not excluded.
pub static RUN_AS_NON_ROOT: Rule = Rule::error(
    "pod-security/run-as-non-root",
    "a container is not kept from running as root",
    "The level `restricted` refuses the pod, so the workload never starts (Pod Security Standards, Running as \
     Non-root).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {runAsNonRoot: false}}}}}}]",
);

fn run_as_non_root(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    if pod.has_own_users() {
        return;
    }
    let field = "securityContext.runAsNonRoot";
    let (mut for_all, mut missing) = (false, false);
    for (part, context) in pod.contexts() {
        match context.get("runAsNonRoot").and_then(Tree::as_bool) {
            Some(true) => for_all |= part == Part::Pod,
            Some(false) => found.push(Violation::new(pod.field(part, field), "is false")),
            None => missing |= part != Part::Pod,
        }
    }
    if missing && !for_all && found.is_empty() {
        found.push(Violation::new(pod.field(Part::Pod, field), "is missing"));
    }
}

/// Root, in so many words.
pub static RUN_AS_USER: Rule = Rule::error(
    "pod-security/run-as-user",
    "a container runs as user 0, which is root",
    "The level `restricted` refuses the pod, so the workload never starts (Pod Security Standards, Running as \
     Non-root user).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {runAsUser: 0}}}}}}]",
);

fn run_as_user(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    if pod.has_own_users() {
        return;
    }
    for (part, context) in pod.contexts() {
        if context.get("runAsUser").and_then(Tree::as_i64) == Some(0) {
            found.push(Violation::new(pod.field(part, "securityContext.runAsUser"), "is 0"));
        }
    }
}

/// Capabilities that nobody asked for.
pub static DROP_ALL: Rule = Rule::error(
    "pod-security/drop-all",
    "a container keeps the capabilities that the container runtime gives by default",
    "The level `restricted` wants all of them dropped and refuses the pod, so the workload never starts (Pod \
     Security Standards, Capabilities).",
    "patches: [{json: [{op: remove, path: /spec/template/spec/containers/0/securityContext/capabilities}]}]",
);

fn drop_all(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    if pod.is_windows() {
        return;
    }
    for (part, context) in containers(pod) {
        let dropped = present(context, "capabilities").map(|one| list(one, "drop"));
        let all = |one: &Tree| one.as_str() == Some("ALL");
        if !dropped.is_some_and(|dropped| dropped.iter().any(all)) {
            let field = pod.field(part, "securityContext.capabilities.drop");
            found.push(Violation::new(field, "does not have `ALL`"));
        }
    }
}

fn containers(pod: Template<'_>) -> impl Iterator<Item = (Part, &Tree)> {
    pod.contexts().filter(|(part, _)| *part != Part::Pod)
}
