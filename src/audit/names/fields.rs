//! Labels, annotations, ports and variables, wherever they stand in an object.

use std::collections::BTreeSet;

use super::{ANNOTATIONS_TOO_LARGE, LABEL, PORT, PORT_NAME, VARIABLE};
use crate::audit::objects::{called, report, text};
use crate::audit::trail::Trail;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::leaf::{Invalid, show};
use crate::k8s::name::{LabelKey, LabelValue, Name};
use crate::k8s::port::PortName;
use crate::k8s::tree::{Map, Tree};
use crate::plan::Resource;

/// Finds fields that Kubernetes refuses.
pub(super) fn judge(resource: &Resource, diags: &mut Diagnostics) {
    let mut walk = Walk { resource, diags, trail: Trail::default() };
    let object = resource.as_tree();
    // What the fields of custom resources mean is not known; their metadata is everybody's.
    let known = matches!(resource.group(), "" | "apps" | "batch" | "autoscaling" | "policy")
        || resource.group().ends_with(".k8s.io");
    let data = matches!(resource.kind(), "ConfigMap" | "Secret" | "CustomResourceDefinition");
    match object {
        Tree::Map(map) if known && !data => walk.map(map),
        _ => {
            if let Some(Tree::Map(metadata)) = object.get("metadata") {
                walk.within("metadata", |walk| walk.map(metadata));
            }
        }
    }
}

struct Walk<'a, 'd> {
    resource: &'a Resource,
    diags: &'d mut Diagnostics,
    trail: Trail<'a>,
}

/// The longest that all annotations of an object may be.
const ANNOTATIONS: usize = 256 << 10;

impl<'a> Walk<'a, '_> {
    fn map(&mut self, map: &'a Map) {
        for (key, value) in map.iter() {
            self.trail.key(key);
            match (key, value) {
                ("labels" | "matchLabels" | "nodeSelector", Tree::Map(labels)) => {
                    self.labels(labels)
                }
                ("annotations", Tree::Map(annotations)) => self.annotations(annotations),
                ("selector", Tree::Map(labels)) if self.resource.kind() == "Service" => {
                    self.labels(labels);
                }
                (
                    "port" | "targetPort" | "containerPort" | "hostPort" | "nodePort" | "endPort",
                    Tree::Int(number),
                ) => self.port(key, *number),
                ("number", Tree::Int(number)) if self.resource.kind() == "Ingress" => {
                    self.port(key, *number);
                }
                // A port of somebody else's container or Service by its name.
                ("port" | "targetPort", Tree::Str(name)) if self.refers_by_name() => {
                    if let Err(invalid) = name.parse::<PortName>() {
                        self.tell(&PORT_NAME, invalid);
                    }
                }
                ("ports", Tree::Seq(ports)) => {
                    self.ports(ports);
                    self.list(ports);
                }
                ("env", Tree::Seq(variables)) => {
                    self.variables(variables);
                    self.list(variables);
                }
                _ => self.tree(value),
            }
            self.trail.back();
        }
    }

    fn tree(&mut self, tree: &'a Tree) {
        match tree {
            Tree::Map(map) => self.map(map),
            Tree::Seq(items) => self.list(items),
            _ => {}
        }
    }

    fn list(&mut self, items: &'a [Tree]) {
        for (index, item) in items.iter().enumerate() {
            self.trail.index(index);
            self.tree(item);
            self.trail.back();
        }
    }

    fn within(&mut self, key: &'a str, inside: impl FnOnce(&mut Self)) {
        self.trail.key(key);
        inside(self);
        self.trail.back();
    }

    fn labels(&mut self, labels: &'a Map) {
        for (key, value) in labels.iter() {
            let value = match value {
                Tree::Str(text) if is_plain(text) => Ok(()),
                Tree::Str(text) => text.parse::<LabelValue>().map(drop),
                Tree::Null => Ok(()),
                _ => Err(Invalid::new("it is not text").help("put it in quotes")),
            };
            if let Err(invalid) = label_key(key).and(value) {
                self.within(key, |walk| walk.tell(&LABEL, invalid));
            }
        }
    }

    fn annotations(&mut self, annotations: &'a Map) {
        let mut size = 0;
        for (key, value) in annotations.iter() {
            size += key.len() + value.as_str().map_or(0, str::len);
            // Upper case is allowed in the domain of an annotation.
            let invalid = label_key(key).or_else(|_| label_key(&key.to_ascii_lowercase())).err();
            let invalid = invalid.or_else(|| {
                let text = matches!(value, Tree::Str(_) | Tree::Null);
                (!text).then(|| Invalid::new("it is not text").help("put it in quotes"))
            });
            if let Some(invalid) = invalid {
                self.within(key, |walk| walk.tell(&LABEL, invalid));
            }
        }
        if size > ANNOTATIONS {
            let invalid = Invalid::new(format!("it has {size} bytes, {ANNOTATIONS} are the most"))
                .help("put what is large into a ConfigMap");
            self.tell(&ANNOTATIONS_TOO_LARGE, invalid);
        }
    }

    fn port(&mut self, key: &str, number: i64) {
        // The API server reads 0 as not set in these two.
        let unset = number == 0 && matches!(key, "hostPort" | "nodePort");
        if !unset && !(1..=65535).contains(&number) {
            let invalid = Invalid::new(format!("{number} is not a port"));
            self.tell(&PORT, invalid.help("ports are 1 to 65535"));
        }
    }

    /// Whether a port that is text here is the name of a port and no address of another kind.
    fn refers_by_name(&self) -> bool {
        !matches!(self.resource.kind(), "Ingress")
            && self.resource.group() != "gateway.networking.k8s.io"
    }

    /// The ports of a container or of a Service: names are valid, and each is there once.
    fn ports(&mut self, ports: &'a [Tree]) {
        let of_service = self.resource.kind() == "Service";
        if !of_service && !ports.iter().any(|port| port.get("containerPort").is_some()) {
            return;
        }
        let mut seen = BTreeSet::new();
        for (index, port) in ports.iter().enumerate() {
            let Some(name) = port.get("name").and_then(Tree::as_str) else { continue };
            let valid = match of_service {
                true => name.parse::<Name>().map(drop),
                false => name.parse::<PortName>().map(drop),
            };
            let twice = || Invalid::new(format!("the name {} is used twice", show(name)));
            let once = if seen.insert(name) {
                Ok(())
            } else {
                Err(twice().help("give each port a name of its own"))
            };
            if let Err(invalid) = valid.and(once) {
                self.trail.index(index);
                self.within("name", |walk| walk.tell(&PORT_NAME, invalid));
                self.trail.back();
            }
        }
    }

    fn variables(&mut self, variables: &'a [Tree]) {
        let mut seen = BTreeSet::new();
        for (index, variable) in variables.iter().enumerate() {
            let name = text(variable, "name");
            let printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=');
            let invalid = if name.is_empty() || !printable {
                Invalid::new(format!("{} is not the name of a variable", show(name)))
                    .help("write letters, digits and `_`, such as `LOG_LEVEL`")
            } else if !seen.insert(name) {
                Invalid::new(format!("the variable {} is there twice", show(name)))
                    .help("take one of them away")
            } else {
                continue;
            };
            self.trail.index(index);
            self.within("name", |walk| walk.tell(&VARIABLE, invalid));
            self.trail.back();
        }
    }

    fn tell(&mut self, rule: &'static Rule, Invalid { message, help }: Invalid) {
        let message = format!("`{}` of {}: {message}", self.trail, called(self.resource));
        let diagnostic = report(self.diags, rule, self.resource, message);
        if let Some(help) = help {
            diagnostic.help(help);
        }
    }
}

/// Checks the key of a label; those that everybody uses without a copy of them.
fn label_key(key: &str) -> Result<(), Invalid> {
    let plain = match key.split_once('/') {
        Some((domain, name)) => {
            let letter = |b: u8| b.is_ascii_lowercase() || b == b'.';
            let whole = domain.split('.').all(|part| !part.is_empty());
            domain.len() <= 253 && domain.bytes().all(letter) && whole && is_plain(name)
        }
        None => is_plain(key),
    };
    if plain { Ok(()) } else { key.parse::<LabelKey>().map(drop) }
}

/// Whether a text is certainly the value of a label, or the name of one: this is asked of every label of an estate.
fn is_plain(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
