//! What a pod needs to start: accounts, claims, ConfigMaps, Secrets, volumes and the ports of its probes.

use std::collections::BTreeSet;

use super::index::Index;
use super::{MISSING_KEY, MISSING_PORT, MISSING_VOLUME, Reference};
use crate::audit::objects::{called, list, present, report, text};
use crate::audit::pods::{Part, Template};
use crate::diag::{Diagnostics, one_of};
use crate::k8s::tree::Tree;

/// Looks up everything that a pod refers to.
pub(super) fn judge(pod: Template<'_>, index: &Index<'_, '_>, diags: &mut Diagnostics) {
    let mut judge = Judge { pod, index, diags };
    let spec = pod.spec();
    let account = text(spec, "serviceAccountName");
    if !account.is_empty() {
        let field = || pod.field(Part::Pod, "serviceAccountName");
        Reference { resource: pod.resource, field: &field }.object(
            "ServiceAccount",
            account,
            index,
            judge.diags,
        );
    }
    for (position, secret) in list(spec, "imagePullSecrets").iter().enumerate() {
        judge.secret(
            Part::Pod,
            &|| format!("imagePullSecrets[{position}].name"),
            text(secret, "name"),
            &[],
        );
    }
    for (position, volume) in list(spec, "volumes").iter().enumerate() {
        judge.volume(&format!("volumes[{position}]"), volume);
    }
    let volumes = volumes(pod);
    for (part, container) in pod.containers() {
        judge.variables(part, container);
        judge.mounts(part, container, &volumes);
        judge.probes(part, container);
    }
}

struct Judge<'a, 'i, 'd> {
    pod: Template<'a>,
    index: &'i Index<'i, 'a>,
    diags: &'d mut Diagnostics,
}

/// The volumes that containers may mount; of a StatefulSet also those of its claims.
fn volumes<'a>(pod: Template<'a>) -> BTreeSet<&'a str> {
    let claims = pod.resource.as_tree().pointer("/spec/volumeClaimTemplates");
    let claims = claims.and_then(Tree::as_seq).unwrap_or_default();
    let claimed = claims.iter().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    let own = list(pod.spec(), "volumes").iter().map(|volume| text(volume, "name"));
    own.chain(claimed).collect()
}

fn is_optional(reference: &Tree) -> bool {
    reference.get("optional").and_then(Tree::as_bool) == Some(true)
}

/// The keys that a volume takes from a ConfigMap or Secret.
fn items(source: &Tree) -> Vec<&str> {
    list(source, "items").iter().map(|item| text(item, "key")).collect()
}

impl Judge<'_, '_, '_> {
    fn volume(&mut self, field: &str, volume: &Tree) {
        if let Some(claim) = present(volume, "persistentVolumeClaim") {
            let name = text(claim, "claimName");
            let place =
                || self.pod.field(Part::Pod, &format!("{field}.persistentVolumeClaim.claimName"));
            Reference { resource: self.pod.resource, field: &place }.object(
                "PersistentVolumeClaim",
                name,
                self.index,
                self.diags,
            );
        }
        self.source(field, volume, "secretName");
        for (position, source) in present(volume, "projected")
            .map(|one| list(one, "sources"))
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            self.source(&format!("{field}.projected.sources[{position}]"), source, "name");
        }
    }

    /// A ConfigMap or a Secret as files; a plain volume and a part of a projected one name the Secret differently.
    fn source(&mut self, field: &str, source: &Tree, secret_key: &str) {
        if let Some(map) = present(source, "configMap").filter(|map| !is_optional(map)) {
            let place = || format!("{field}.configMap.name");
            self.config_map(Part::Pod, &place, text(map, "name"), &items(map));
        }
        if let Some(secret) = present(source, "secret").filter(|secret| !is_optional(secret)) {
            let place = || format!("{field}.secret.{secret_key}");
            self.secret(Part::Pod, &place, text(secret, secret_key), &items(secret));
        }
    }

    fn variables(&mut self, part: Part, container: &Tree) {
        for (position, from) in list(container, "envFrom").iter().enumerate() {
            let place = |kind: &str| format!("envFrom[{position}].{kind}.name");
            if let Some(map) = present(from, "configMapRef").filter(|map| !is_optional(map)) {
                self.config_map(part, &|| place("configMapRef"), text(map, "name"), &[]);
            }
            if let Some(secret) = present(from, "secretRef").filter(|secret| !is_optional(secret)) {
                self.secret(part, &|| place("secretRef"), text(secret, "name"), &[]);
            }
        }
        for (position, variable) in list(container, "env").iter().enumerate() {
            let Some(from) = present(variable, "valueFrom") else { continue };
            let place = |kind: &str| format!("env[{position}].valueFrom.{kind}");
            if let Some(map) = present(from, "configMapKeyRef").filter(|map| !is_optional(map)) {
                let keys = [text(map, "key")];
                self.config_map(part, &|| place("configMapKeyRef"), text(map, "name"), &keys);
            }
            if let Some(secret) =
                present(from, "secretKeyRef").filter(|secret| !is_optional(secret))
            {
                let keys = [text(secret, "key")];
                self.secret(part, &|| place("secretKeyRef"), text(secret, "name"), &keys);
            }
        }
    }

    fn config_map(&mut self, part: Part, field: &dyn Fn() -> String, name: &str, keys: &[&str]) {
        if let Some(map) = self.index.get("ConfigMap", name) {
            let fields =
                ["data", "binaryData"].into_iter().filter_map(|field| map.as_tree().get(field));
            let existing: Vec<&str> =
                fields.filter_map(Tree::as_map).flat_map(|data| data.keys()).collect();
            self.keys(part, field, "ConfigMap", name, keys, &existing);
        } else if !self.index.has_unknown && !self.index.has("ConfigMap", name) {
            let place = || self.pod.field(part, &field());
            Reference { resource: self.pod.resource, field: &place }.missing(
                "ConfigMap",
                name,
                self.index.names("ConfigMap"),
                self.diags,
            );
        }
    }

    fn secret(&mut self, part: Part, field: &dyn Fn() -> String, name: &str, keys: &[&str]) {
        match self.index.secrets.get(name).and_then(|makers| makers.first()) {
            Some(maker) => {
                if let Some(existing) = &maker.keys {
                    let existing: Vec<&str> = existing.iter().map(String::as_str).collect();
                    self.keys(part, field, "Secret", name, keys, &existing);
                }
            }
            None if self.index.has_unknown => {}
            None => {
                let place = || self.pod.field(part, &field());
                let existing = self.index.secrets.keys().map(String::as_str);
                Reference { resource: self.pod.resource, field: &place }
                    .missing("Secret", name, existing, self.diags);
            }
        }
    }

    fn keys(
        &mut self,
        part: Part,
        field: &dyn Fn() -> String,
        kind: &str,
        name: &str,
        wanted: &[&str],
        existing: &[&str],
    ) {
        for key in wanted.iter().filter(|key| !existing.contains(key)) {
            let (field, object) = (self.pod.field(part, &field()), called(self.pod.resource));
            let message = format!("`{field}` of {object}: the {kind} `{name}` has no key `{key}`");
            report(self.diags, &MISSING_KEY, self.pod.resource, message)
                .help(one_of(key, existing.iter().copied()));
        }
    }

    fn mounts(&mut self, part: Part, container: &Tree, volumes: &BTreeSet<&str>) {
        for field in ["volumeMounts", "volumeDevices"] {
            for (position, mount) in list(container, field).iter().enumerate() {
                let name = text(mount, "name");
                if !volumes.contains(name) {
                    let field = self.pod.field(part, &format!("{field}[{position}].name"));
                    let object = called(self.pod.resource);
                    let message = format!("`{field}` of {object}: the pod has no volume `{name}`");
                    report(self.diags, &MISSING_VOLUME, self.pod.resource, message)
                        .help(one_of(name, volumes.iter().copied()));
                }
            }
        }
    }

    fn probes(&mut self, part: Part, container: &Tree) {
        let names = || list(container, "ports").iter().map(|port| text(port, "name"));
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let Some(handler) = present(container, probe) else { continue };
            for action in ["httpGet", "tcpSocket"] {
                let port = present(handler, action).and_then(|action| action.get("port"));
                let Some(wanted) = port.and_then(Tree::as_str) else { continue };
                if !names().any(|name| name == wanted) {
                    let field = self.pod.field(part, &format!("{probe}.{action}.port"));
                    let object = called(self.pod.resource);
                    let message =
                        format!("`{field}` of {object}: the container has no port `{wanted}`");
                    let existing = names().filter(|name| !name.is_empty());
                    report(self.diags, &MISSING_PORT, self.pod.resource, message)
                        .help(one_of(wanted, existing));
                }
            }
        }
    }
}
