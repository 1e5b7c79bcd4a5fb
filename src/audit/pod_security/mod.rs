//! The Pod Security Standards, evaluated for every pod template against the level that its namespace enforces.
//!
//! The cluster would admit a Deployment that breaks them with no more than a warning, and then refuse its pods.
//! The controls are those of the admission plugin for the version that namespaces pin
//! (kubernetes/pod-security-admission, `policy/check_*.go`): what it admits is silent here, what it refuses is
//! an error. Like there, a restricted control takes the place of the baseline control it sharpens.

mod baseline;
mod host;
mod restricted;

use crate::diag::{Diagnostics, Rule};
use crate::k8s::pod_security::Level;
use crate::plan::Tenancy;

use super::objects::report_about;
use super::pods::Template;
use super::view::View;

/// One control: from which level on it holds, how it finds what breaks it, and what to do then.
struct Control {
    rule: &'static Rule,
    from: Level,
    find: Find,
    help: &'static str,
}

/// How a control finds what breaks it.
type Find = fn(Template<'_>, Level, &mut Vec<Violation>);

const fn baseline(rule: &'static Rule, find: Find, help: &'static str) -> Control {
    Control { rule, from: Level::Baseline, find, help }
}

const fn restricted(rule: &'static Rule, find: Find, help: &'static str) -> Control {
    Control { rule, from: Level::Restricted, find, help }
}

/// A field that breaks a control.
struct Violation {
    /// Its path in the object.
    field: String,
    /// What is wrong with it: `is true`.
    problem: String,
}

impl Violation {
    fn new(field: String, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// The rules in the order of the standards.
pub static RULES: &[&Rule] = &[
    &host::HOST_PROCESS,
    &host::HOST_NAMESPACES,
    &baseline::PRIVILEGED,
    &baseline::CAPABILITIES,
    &host::HOST_PATH,
    &host::HOST_PORTS,
    &host::HOST_PROBES,
    &baseline::APP_ARMOR,
    &baseline::SELINUX,
    &baseline::PROC_MOUNT,
    &baseline::SECCOMP,
    &baseline::SYSCTLS,
    &restricted::VOLUME_TYPES,
    &restricted::PRIVILEGE_ESCALATION,
    &restricted::RUN_AS_NON_ROOT,
    &restricted::RUN_AS_USER,
    &restricted::DROP_ALL,
];

/// Finds pods that their namespace would refuse.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    view.in_namespaces(diags, |namespace, diags| {
        // The namespaces of the platform are judged where the platform states their level.
        let Some(tenancy) = namespace.tenancy else { return };
        for template in &namespace.pods {
            judge(*template, tenancy, diags);
        }
    });
}

fn judge(template: Template<'_>, tenancy: &Tenancy, diags: &mut Diagnostics) {
    let mut found = Vec::new();
    let controls = [host::CONTROLS, baseline::CONTROLS, restricted::CONTROLS];
    for control in controls.into_iter().flatten() {
        if tenancy.pod_security < control.from {
            continue;
        }
        (control.find)(template, tenancy.pod_security, &mut found);
        let mut fields = found.drain(..);
        let Some(Violation { field, problem }) = fields.next() else { continue };
        let others: Vec<String> = fields.map(|other| format!("`{}`", other.field)).collect();
        let object = super::objects::called(template.resource);
        let message = format!("`{field}` of {object} {problem}");
        let also = match others.as_slice() {
            [] => String::new(),
            all => format!("; the same for {}", all.join(", ")),
        };
        let enforced = tenancy.pod_security.word();
        let why = format!("the namespace `{}` enforces `{enforced}`", tenancy.namespace);
        report_about(diags, control.rule, template.resource, "security", message)
            .related(&tenancy.at, why)
            .help(format!("{}{also}", control.help));
    }
}

#[cfg(test)]
mod tests;
