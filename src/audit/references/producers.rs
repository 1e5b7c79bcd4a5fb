//! Which Secrets an object makes, or has made by the operator it is for.

use crate::audit::objects::{list, present, text};
use crate::audit::view::Object;
use crate::k8s::tree::Tree;

/// A Secret that an object makes.
pub(super) struct Made {
    /// Its name.
    pub name: String,
    /// Its keys; `None` if they are not known.
    pub keys: Option<Vec<String>>,
}

/// What an object makes.
pub(super) enum Makes {
    /// These Secrets, and no other ConfigMap or Secret.
    Secrets(Vec<Made>),
    /// Perhaps Secrets or ConfigMaps, of names that are not known.
    Unknown,
}

/// Operators that name their Secrets after the object: group, kind, and what they append.
const BY_NAME: &[(&str, &str, &[&str])] = &[
    ("onepassword.com", "OnePasswordItem", &[""]),
    ("kafka.strimzi.io", "KafkaUser", &[""]),
    // cloudnative-pg, docs/src/applications.md and certificates.md.
    ("postgresql.cnpg.io", "Cluster", &["-app", "-superuser", "-ca", "-server", "-replication"]),
    // cluster-operator, internal/resource/default_user_secret.go.
    ("rabbitmq.com", "RabbitmqCluster", &["-default-user"]),
    // cloud-on-k8s, docs: k8s-users, k8s-tls-certificates.
    (
        "elasticsearch.k8s.elastic.co",
        "Elasticsearch",
        &["-es-elastic-user", "-es-http-certs-public", "-es-http-certs-internal"],
    ),
    ("kibana.k8s.elastic.co", "Kibana", &["-kb-http-certs-public", "-kb-http-certs-internal"]),
];

/// Groups of custom resources that make neither Secrets nor ConfigMaps.
const SILENT: &[&str] = &[
    "autoscaling.k8s.io",
    "cilium.io",
    "crd.projectcalico.org",
    "gateway.networking.k8s.io",
    "keda.sh",
    "monitoring.coreos.com",
    "projectcalico.org",
    "snapshot.storage.k8s.io",
];

/// Groups that Kubernetes itself serves.
const BUILT_IN: &[&str] = &[
    "",
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "storage.k8s.io",
];

/// What an object makes.
pub(super) fn of(object: Object<'_>) -> Makes {
    let Object { group, kind, name: own, .. } = object;
    let object = object.tree();
    let spec = present(object, "spec").unwrap_or(&Tree::Null);
    let one = |name: &str, keys: Option<Vec<String>>| {
        Makes::Secrets(vec![Made { name: name.to_owned(), keys }])
    };
    match (group, kind) {
        ("", "Secret") => {
            let fields = ["data", "stringData"].into_iter().filter_map(|field| object.get(field));
            one(own, Some(fields.flat_map(keys).collect()))
        }
        ("external-secrets.io", "ExternalSecret") => external(own, spec),
        ("external-secrets.io", "SecretStore" | "PushSecret") => Makes::Secrets(Vec::new()),
        ("bitnami.com", "SealedSecret") => sealed(own, spec),
        ("isindir.github.com" | "craftypath.github.io", "SopsSecret") => {
            let made: Option<Vec<Made>> = list(spec, "secretTemplates").iter().map(sops).collect();
            made.map_or(Makes::Unknown, Makes::Secrets)
        }
        ("cert-manager.io", "Certificate") => one(text(spec, "secretName"), None),
        ("cert-manager.io", "Issuer") => Makes::Secrets(Vec::new()),
        (
            "secrets.hashicorp.com",
            "VaultStaticSecret" | "VaultDynamicSecret" | "VaultPKISecret",
        ) => match present(spec, "destination") {
            Some(destination) => one(text(destination, "name"), None),
            None => Makes::Secrets(Vec::new()),
        },
        (group, kind) => {
            let known = BY_NAME.iter().find(|(of, name, _)| *of == group && *name == kind);
            match known {
                Some((_, _, ends)) => Makes::Secrets(
                    ends.iter()
                        .map(|end| Made { name: format!("{own}{end}"), keys: None })
                        .collect(),
                ),
                None if BUILT_IN.contains(&group) || SILENT.contains(&group) => {
                    Makes::Secrets(Vec::new())
                }
                None => Makes::Unknown,
            }
        }
    }
}

fn keys(map: &Tree) -> Vec<String> {
    map.as_map().map(|map| map.keys().map(str::to_owned).collect()).unwrap_or_default()
}

fn external(own: &str, spec: &Tree) -> Makes {
    let target = present(spec, "target").unwrap_or(&Tree::Null);
    // With these two it only writes into a Secret that something else makes.
    if matches!(text(target, "creationPolicy"), "Merge" | "None") {
        return Makes::Secrets(Vec::new());
    }
    let named = text(target, "name");
    let name = if named.is_empty() { own } else { named };
    let whole = list(spec, "dataFrom").is_empty() && present(target, "template").is_none();
    let listed =
        || list(spec, "data").iter().map(|one| text(one, "secretKey").to_owned()).collect();
    Makes::Secrets(vec![Made { name: name.to_owned(), keys: whole.then(listed) }])
}

fn sealed(own: &str, spec: &Tree) -> Makes {
    let template = present(spec, "template");
    let metadata = template.and_then(|template| present(template, "metadata"));
    let named = metadata.map_or("", |metadata| text(metadata, "name"));
    let name = if named.is_empty() { own } else { named };
    let encrypted = present(spec, "encryptedData").map(keys).unwrap_or_default();
    let more =
        template.and_then(|template| present(template, "data")).map(keys).unwrap_or_default();
    let keys = encrypted.into_iter().chain(more).collect();
    Makes::Secrets(vec![Made { name: name.to_owned(), keys: Some(keys) }])
}

/// A Secret of a SopsSecret; `None` if even its name is encrypted.
fn sops(template: &Tree) -> Option<Made> {
    let name = text(template, "name");
    if name.is_empty() || name.starts_with("ENC[") {
        return None;
    }
    let fields = ["data", "stringData"].into_iter().filter_map(|field| template.get(field));
    Some(Made { name: name.to_owned(), keys: Some(fields.flat_map(keys).collect()) })
}
