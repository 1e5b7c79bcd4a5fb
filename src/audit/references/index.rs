//! What is there in a namespace, by kind and name.

use std::collections::{BTreeMap, BTreeSet};

use super::producers::{self, Makes};
use crate::audit::labelled::Labelled;
use crate::audit::objects::{list, text};
use crate::audit::pods::Template;
use crate::audit::view::{Namespace, Object};
use crate::k8s::tree::Tree;
use crate::plan::Resource;

static NULL: Tree = Tree::Null;

/// What is there in a namespace.
pub(super) struct Index<'n, 'a> {
    objects: BTreeMap<&'a str, BTreeMap<&'a str, &'a Resource>>,
    /// Who makes each Secret.
    pub secrets: BTreeMap<String, Vec<Maker<'a>>>,
    /// Whether something is there that may make Secrets and ConfigMaps nobody knows of.
    pub has_unknown: bool,
    /// The pod templates.
    pub pods: &'n [Template<'a>],
    /// The same by their labels.
    pub pod_labels: &'n Labelled<'a>,
    /// The Services.
    pub services: Vec<&'a Resource>,
    /// The same by their labels.
    pub service_labels: Labelled<'a>,
}

/// Something that makes a Secret.
pub(super) struct Maker<'a> {
    /// The object.
    pub resource: &'a Resource,
    /// The keys of the Secret, if they are known.
    pub keys: Option<Vec<String>>,
}

impl<'n, 'a> Index<'n, 'a> {
    /// Everything in a namespace.
    pub fn of(namespace: &'n Namespace<'a>) -> Self {
        let mut index = Self {
            objects: BTreeMap::new(),
            secrets: BTreeMap::new(),
            has_unknown: false,
            pods: &namespace.pods,
            pod_labels: &namespace.pod_labels,
            services: Vec::new(),
            service_labels: Labelled::default(),
        };
        for object in &namespace.objects {
            index.add(*object);
        }
        index
    }

    fn add(&mut self, object: Object<'a>) {
        let resource = object.resource;
        self.objects.entry(object.kind).or_default().insert(object.name, resource);
        match producers::of(object) {
            Makes::Unknown => self.has_unknown = true,
            Makes::Secrets(made) => {
                for one in made {
                    let maker = Maker { resource, keys: one.keys };
                    self.secrets.entry(one.name).or_default().push(maker);
                }
            }
        }
        if object.kind == "Service" && object.group.is_empty() {
            self.service_labels
                .push(resource.as_tree().pointer("/metadata/labels").unwrap_or(&NULL));
            self.services.push(resource);
        }
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: &str, name: &str) -> Option<&'a Resource> {
        self.objects.get(kind)?.get(name).copied()
    }

    /// Whether there is an object of that kind and name, or Kubernetes itself makes it in every namespace.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        matches!((kind, name), ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt"))
            || self.get(kind, name).is_some()
    }

    /// The names of that kind.
    pub fn names(&self, kind: &str) -> impl Iterator<Item = &'a str> {
        self.objects.get(kind).into_iter().flat_map(|objects| objects.keys().copied())
    }

    /// The names of the ports of a Service.
    pub fn service_ports(service: &'a Resource) -> impl Iterator<Item = (&'a str, i64)> {
        let ports = service.as_tree().pointer("/spec/ports").and_then(Tree::as_seq);
        ports.unwrap_or_default().iter().map(|port| {
            let number = port.get("port").and_then(Tree::as_i64).unwrap_or_default();
            (text(port, "name"), number)
        })
    }

    /// The ports that these pods declare.
    pub fn declared(&self, pods: &[usize]) -> (BTreeSet<&'a str>, BTreeSet<i64>) {
        let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for number in pods {
            for (_, container) in self.pods[*number].containers() {
                for port in list(container, "ports") {
                    names.extend(port.get("name").and_then(Tree::as_str));
                    numbers.extend(port.get("containerPort").and_then(Tree::as_i64));
                }
            }
        }
        (names, numbers)
    }
}
