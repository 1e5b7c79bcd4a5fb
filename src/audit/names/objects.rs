//! The names of objects, by kind, and the names of what is in a pod.

use super::INVALID;
use crate::audit::objects::{called, list, report, text};
use crate::audit::pods::{Part, Template};
use crate::diag::Diagnostics;
use crate::k8s::leaf::Invalid;
use crate::k8s::name::{ConfigKey, Name, Subdomain};
use crate::k8s::tree::Tree;
use crate::plan::Resource;

/// Finds names that an object and the parts of its pods must not have.
pub(super) fn judge(resource: &Resource, diags: &mut Diagnostics) {
    let found = object(resource);
    let mut tell = |field: String, Invalid { message, help }: Invalid| {
        let message = format!("`{field}` of {}: {message}", called(resource));
        let diagnostic = report(diags, &INVALID, resource, message);
        if let Some(help) = help {
            diagnostic.help(help);
        }
    };
    if let Err(invalid) = found {
        tell("metadata.name".to_owned(), invalid);
    }
    if let Some(template) = Template::of(resource) {
        pod(template, &mut tell);
    }
    if resource.group().is_empty() && matches!(resource.kind(), "ConfigMap" | "Secret") {
        for field in ["data", "binaryData", "stringData"] {
            let data = resource.as_tree().get(field).and_then(Tree::as_map);
            for key in data.into_iter().flat_map(|data| data.keys()) {
                if let Err(invalid) = key.parse::<ConfigKey>() {
                    tell(format!("{field}[{key:?}]"), invalid);
                }
            }
        }
    }
}

fn object(resource: &Resource) -> Result<(), Invalid> {
    let name = resource.name();
    match (resource.group(), resource.kind()) {
        _ if name.is_empty() => Err(Invalid::new("it has no name")
            .help("write `metadata.name`; `generateName` makes another object at each sync")),
        // Roles are named as users like it: `system:reader`.
        ("rbac.authorization.k8s.io", _) => path_segment(name),
        ("", "Namespace") => name.parse::<Name>().map(drop),
        ("", "Service") => {
            let parsed = name.parse::<Name>()?;
            if parsed.starts_with_letter() {
                return Ok(());
            }
            Err(Invalid::new(format!("`{name}` does not begin with a letter"))
                .write(format!("svc-{name}")))
        }
        // Its Jobs get 11 characters more, and a Job's name is a label of its pods.
        ("batch", "CronJob") => name.parse::<Subdomain>().and_then(|_| at_most(name, 52)),
        ("batch", "Job") => name.parse::<Subdomain>().and_then(|_| at_most(name, 63)),
        ("apps", "StatefulSet") => {
            name.parse::<Subdomain>().and_then(|_| at_most(name, stateful_budget(resource)))
        }
        _ => name.parse::<Subdomain>().map(drop),
    }
}

/// The pods of a StatefulSet carry two labels that begin with its name: one goes on with a hash of ten digits, the
/// other with the number of the pod.
fn stateful_budget(resource: &Resource) -> usize {
    let replicas = resource.as_tree().pointer("/spec/replicas").and_then(Tree::as_i64).unwrap_or(1);
    let start = resource.as_tree().pointer("/spec/ordinals/start").and_then(Tree::as_i64);
    let last = start.unwrap_or(0).saturating_add(replicas.max(1) - 1);
    63 - 1 - last.to_string().len().max(10)
}

fn at_most(name: &str, most: usize) -> Result<(), Invalid> {
    if name.len() <= most {
        return Ok(());
    }
    let message =
        format!("`{name}` has {} characters, {most} are the most for this kind", name.len());
    Err(Invalid::new(message).help(format!("shorten it by {}", name.len() - most)))
}

fn path_segment(name: &str) -> Result<(), Invalid> {
    if matches!(name, "." | "..") || name.contains(['/', '%']) {
        return Err(Invalid::new(format!("`{name}` cannot be part of an address"))
            .help("write a name without `/` and `%`"));
    }
    Ok(())
}

fn pod(template: Template<'_>, tell: &mut impl FnMut(String, Invalid)) {
    let mut check = |part: Part, field: &str, name: &str| {
        if let Err(invalid) = name.parse::<Name>() {
            tell(template.field(part, field), invalid);
        }
    };
    for (part, container) in template.containers() {
        check(part, "name", text(container, "name"));
    }
    for (index, volume) in list(template.spec(), "volumes").iter().enumerate() {
        check(Part::Pod, &format!("volumes[{index}].name"), text(volume, "name"));
    }
    let mut names: Vec<&str> = template.containers().map(|(_, one)| text(one, "name")).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let invalid = Invalid::new(format!("two containers are called `{}`", twice[0]))
            .help("give each container a name of its own");
        tell(template.field(Part::Pod, "containers"), invalid);
    }
}
