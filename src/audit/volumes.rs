//! Volumes that nothing would make.

use super::objects::{list, report_about};
use super::view::{Object, View};
use crate::diag::{Diagnostics, Rule};
use crate::plan::platform;

/// A claim that nothing fulfils.
pub static NO_VOLUMES: Rule = Rule::warning(
    "platform/no-volumes",
    "a volume is claimed, and this blueprint installs nothing that provides volumes",
    "The machines are this blueprint's, so what is on the cluster is mostly here. A claim without a class and a driver \
     waits for ever, and its pod with it (Kubernetes documentation, Persistent Volumes). Where volumes come from \
     elsewhere, waive this and say whence.",
    "machines: {pools: …}   # and no `storage`\nworkloads: {web: {volumes: {data: {mount: /data}}}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&NO_VOLUMES];

/// Finds claims on clusters that boot from this blueprint and have no storage.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    view.in_namespaces(diags, |namespace, diags| {
        let booted = view.plan.facts.machines.contains_key(namespace.cluster);
        if !booted || view.plan.addon(platform::STORAGE, namespace.cluster).is_some() {
            return;
        }
        for object in namespace.objects.iter().filter(|object| claims(**object)) {
            // One claim of a database is like the other.
            let message = format!(
                "nothing on the cluster `{}` makes the volumes it claims",
                namespace.cluster
            );
            report_about(diags, &NO_VOLUMES, object.resource, "volumes", message)
                .help("write `storage.classes` with a default one");
        }
    });
}

fn claims(object: Object<'_>) -> bool {
    match (object.group, object.kind) {
        ("", "PersistentVolumeClaim") => true,
        ("apps", "StatefulSet") => {
            let spec = object.tree().get("spec");
            spec.is_some_and(|spec| !list(spec, "volumeClaimTemplates").is_empty())
        }
        _ => false,
    }
}
