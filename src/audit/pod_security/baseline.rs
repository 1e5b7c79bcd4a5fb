//! The controls of the level `baseline` about what a container may do: known ways to escape from it.

use super::{Control, Violation, baseline};
use crate::audit::objects::{list, present, text};
use crate::audit::pods::{Part, Template};
use crate::diag::Rule;
use crate::k8s::pod_security::Level;
use crate::k8s::tree::Tree;

pub(super) static CONTROLS: &[Control] = &[
    baseline(&PRIVILEGED, privileged, "take it away, or set it to `false`"),
    baseline(&CAPABILITIES, capabilities, "take the capability away"),
    baseline(&APP_ARMOR, app_armor, "write `RuntimeDefault`, or take it away"),
    baseline(&SELINUX, selinux, "take it away: the container runtime chooses the right one"),
    baseline(&PROC_MOUNT, proc_mount, "write `Default`, or take it away"),
    baseline(&SECCOMP, seccomp, "write `RuntimeDefault`"),
    baseline(&SYSCTLS, sysctls, "take it away, or set it on the nodes of a pool of its own"),
];

/// A container that may do everything.
pub static PRIVILEGED: Rule = Rule::error(
    "pod-security/privileged",
    "a container is privileged",
    "It may do whatever its node can; namespaces of the levels `baseline` and `restricted` refuse the pod, so the \
     workload never starts (Pod Security Standards, Privileged Containers).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/securityContext/privileged, value: true}]}]",
);

fn privileged(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    for (part, context) in pod.contexts() {
        if context.get("privileged").and_then(Tree::as_bool) == Some(true) {
            found.push(Violation::new(pod.field(part, "securityContext.privileged"), "is true"));
        }
    }
}

/// Rights of root that a container must not have.
pub static CAPABILITIES: Rule = Rule::error(
    "pod-security/capabilities",
    "a container adds a capability that its namespace does not allow",
    "`restricted` allows NET_BIND_SERVICE, `baseline` what container runtimes give by default; with another one \
     the pod is refused and the workload never starts (Pod Security Standards, Capabilities).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/securityContext/capabilities/add, \
     value: [SYS_ADMIN]}]}]",
);

fn capabilities(pod: Template<'_>, level: Level, found: &mut Vec<Violation>) {
    const BASELINE: &[&str] = &[
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ];
    let allowed = match level {
        // The API server refuses capabilities of a pod for Windows before the level is asked.
        Level::Restricted if pod.is_windows() => return,
        Level::Restricted => &["NET_BIND_SERVICE"],
        _ => BASELINE,
    };
    for (part, context) in pod.contexts() {
        let Some(capabilities) = present(context, "capabilities") else { continue };
        let mut added = list(capabilities, "add").iter().filter_map(Tree::as_str);
        if let Some(wrong) = added.find(|capability| !allowed.contains(capability)) {
            let field = pod.field(part, "securityContext.capabilities.add");
            found.push(Violation::new(field, format!("has `{wrong}`")));
        }
    }
}

/// Confinement by AppArmor, switched off.
pub static APP_ARMOR: Rule = Rule::error(
    "pod-security/app-armor",
    "a pod switches AppArmor off",
    "`RuntimeDefault` and `Localhost` are allowed; with another profile namespaces of the levels `baseline` and \
     `restricted` refuse the pod (Pod Security Standards, AppArmor).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {appArmorProfile: {type: Unconfined}}}}}}}]",
);

fn app_armor(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    for (part, context) in pod.contexts() {
        let Some(profile) = present(context, "appArmorProfile") else { continue };
        let profile = text(profile, "type");
        if !matches!(profile, "RuntimeDefault" | "Localhost") {
            let field = pod.field(part, "securityContext.appArmorProfile.type");
            found.push(Violation::new(field, format!("is `{profile}`")));
        }
    }
    let annotations = present(pod.metadata(), "annotations").and_then(Tree::as_map);
    for (key, value) in annotations.into_iter().flat_map(|annotations| annotations.iter()) {
        let profile = value.as_str().unwrap_or_default();
        let allowed =
            matches!(profile, "" | "runtime/default") || profile.starts_with("localhost/");
        if key.starts_with(PREFIX) && !allowed {
            let field = pod.metadata_field(&format!("annotations[{key:?}]"));
            found.push(Violation::new(field, format!("is `{profile}`")));
        }
    }
}

/// A role of SELinux that confines less.
pub static SELINUX: Rule = Rule::error(
    "pod-security/selinux",
    "a pod sets the user, the role or a forbidden type of SELinux",
    "Such a context may leave the container; namespaces of the levels `baseline` and `restricted` refuse the pod \
     (Pod Security Standards, SELinux).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {seLinuxOptions: {type: spc_t}}}}}}}]",
);

fn selinux(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    const TYPES: &[&str] =
        &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    for (part, context) in pod.contexts() {
        let Some(options) = present(context, "seLinuxOptions") else { continue };
        for key in ["type", "user", "role"] {
            let value = text(options, key);
            let allowed: &[&str] = if key == "type" { TYPES } else { &[""] };
            if !allowed.contains(&value) {
                let field = pod.field(part, &format!("securityContext.seLinuxOptions.{key}"));
                found.push(Violation::new(field, format!("is `{value}`")));
            }
        }
    }
}

/// The node's `/proc`, unmasked.
pub static PROC_MOUNT: Rule = Rule::error(
    "pod-security/proc-mount",
    "a container sees all of `/proc`",
    "The masks hide what tells about the node and can change it; the level `restricted` refuses the pod, \
     `baseline` unless it has users of its own (Pod Security Standards, /proc Mount Type).",
    "patches: [{json: [{op: add, path: /spec/template/spec/containers/0/securityContext/procMount, \
     value: Unmasked}]}]",
);

fn proc_mount(pod: Template<'_>, level: Level, found: &mut Vec<Violation>) {
    if level < Level::Restricted && pod.has_own_users() {
        return;
    }
    for (part, context) in pod.contexts() {
        let mount = text(context, "procMount");
        if !matches!(mount, "" | "Default") {
            let field = pod.field(part, "securityContext.procMount");
            found.push(Violation::new(field, format!("is `{mount}`")));
        }
    }
}

/// Calls to the kernel without a filter.
pub static SECCOMP: Rule = Rule::error(
    "pod-security/seccomp",
    "a pod has no filter for calls to the kernel",
    "`RuntimeDefault` and `Localhost` are allowed, and `restricted` wants one of them said; otherwise the pod is \
     refused and the workload never starts (Pod Security Standards, Seccomp).",
    "workloads: {web: {security: {seccomp: Unconfined}}}",
);

fn seccomp(pod: Template<'_>, level: Level, found: &mut Vec<Violation>) {
    // The API server refuses the field for a pod for Windows before the level is asked.
    if level >= Level::Restricted && pod.is_windows() {
        return;
    }
    let field = "securityContext.seccompProfile.type";
    let profile = |context| present(context, "seccompProfile").map(|one| text(one, "type"));
    let (mut for_all, mut missing) = (false, None);
    for (part, context) in pod.contexts() {
        match profile(context) {
            Some("RuntimeDefault" | "Localhost") => for_all |= part == Part::Pod,
            Some(other) => {
                let problem = format!("is `{other}`");
                found.push(Violation::new(pod.field(part, field), problem));
            }
            None if part != Part::Pod => missing = missing.or(Some(part)),
            None => {}
        }
    }
    if level >= Level::Restricted && !for_all && found.is_empty() && missing.is_some() {
        found.push(Violation::new(pod.field(Part::Pod, field), "is missing"));
    }
}

/// A setting of the kernel that concerns others.
pub static SYSCTLS: Rule = Rule::error(
    "pod-security/sysctls",
    "a pod sets a kernel parameter that is not safe",
    "Unsafe parameters reach beyond the pod; namespaces of the levels `baseline` and `restricted` refuse the pod \
     (Pod Security Standards, Sysctls).",
    "patches: [{merge: {spec: {template: {spec: {securityContext: {sysctls: [{name: kernel.msgmax, \
     value: \"65536\"}]}}}}}}]",
);

fn sysctls(pod: Template<'_>, _: Level, found: &mut Vec<Violation>) {
    // Those of 1.32; two more are allowed from 1.37 on, which namespaces do not pin yet.
    const SAFE: &[&str] = &[
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    ];
    let Some(context) = present(pod.spec(), "securityContext") else { return };
    for (index, sysctl) in list(context, "sysctls").iter().enumerate() {
        let name = text(sysctl, "name");
        if !SAFE.contains(&name) {
            let field = pod.field(Part::Pod, &format!("securityContext.sysctls[{index}].name"));
            found.push(Violation::new(field, format!("is `{name}`")));
        }
    }
}
