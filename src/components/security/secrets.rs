//! `secrets`: the controller that makes Secrets, and the store it reads.

use schemars::JsonSchema;
use serde::Deserialize;

use super::SECTION;
use crate::component::{Default, Resolving};
use crate::diag::Rule;
use crate::k8s::name::Name;
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::k8s::url::Url;
use crate::path::At;
use crate::plan::{API_SERVER, Addon, Metrics, Network, Origin, Plan, Resource, charts, platform};
use crate::tree;

/// Nowhere to read from.
pub static STORE_MISSING: Rule = Rule::error(
    "security/store-missing",
    "secrets come from a store, and none is named",
    "Every reference to a secret becomes an ExternalSecret, which stays without a value until there is a store.",
    "security: {secrets: {provider: external-secrets}}",
);

/// A field too few or too many.
pub static STORE_FIELD: Rule = Rule::error(
    "security/store-field",
    "a store of secrets lacks a field, or has one that its kind or the provider does not know",
    "A store that cannot be reached is found out on the day of the first deployment; a field of another kind would \
     change nothing.",
    "security: {secrets: {store: {kind: vault, path: kubernetes}}}",
);

/// Secrets in the clear.
pub static STORE_PLAIN: Rule = Rule::error(
    "security/store-plain",
    "a store of secrets is reached without encryption",
    "Every secret of the estate would cross the network readable, with the token that reads them all.",
    "security: {secrets: {store: {kind: vault, address: http://vault.acme.internal:8200, path: kubernetes}}}",
);

/// A certificate that is not there.
pub static STORE_CA: Rule = Rule::error(
    "security/store-ca",
    "the certificate authority of a store cannot be read",
    "The operator would not trust the store, and no Secret would ever be made.",
    "security: {secrets: {store: {kind: vault, address: https://vault:8200, path: kv, ca: missing.pem}}}",
);

pub static PROVIDER: Default = Default::new(
    "security.secrets.provider",
    "external-secrets",
    "values stay in one store, out of git, and rotate without a commit",
);
pub static ROLE: Default = Default::new(
    "security.secrets.store.role",
    "external-secrets",
    "the name of the operator, which is the one that logs in",
);
pub static MOUNT: Default = Default::new(
    "security.secrets.store.mount",
    "kubernetes",
    "where `vault auth enable kubernetes` puts it",
);
pub static CREDENTIALS: Default = Default::new(
    "security.secrets.store.credentials",
    "store-credentials",
    "the one Secret that is made by hand, before everything else",
);

/// Where secrets are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretsSpec {
    /// What makes Secrets of references or of files.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// The store that External Secrets reads.
    #[serde(default)]
    pub store: Option<StoreSpec>,
}

/// What makes Secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// External Secrets, from a store.
    ExternalSecrets,
    /// Sealed Secrets, from encrypted files in git.
    SealedSecrets,
    /// SOPS files in git; Argo CD decrypts them with a plugin that is not part of this.
    Sops,
}

impl std::str::FromStr for Provider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "external-secrets" => Ok(Self::ExternalSecrets),
            "sealed-secrets" => Ok(Self::SealedSecrets),
            "sops" => Ok(Self::Sops),
            _ => Err(format!("`{text}` is no provider of secrets")),
        }
    }
}

/// A store of secrets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreSpec {
    /// What it is.
    pub kind: StoreKind,
    /// Where it is: `https://vault.acme.internal:8200`; for Vault and GitLab.
    #[serde(default)]
    pub address: Option<Url>,
    /// Where in it the secrets are: the mount of a KV engine (version 2), the number or path of a GitLab project.
    #[serde(default)]
    pub path: Option<String>,
    /// The role that the operator logs in with; for Vault.
    #[serde(default)]
    pub role: Option<Name>,
    /// The mount of the Kubernetes login; for Vault.
    #[serde(default)]
    pub mount: Option<Name>,
    /// The region; for AWS.
    #[serde(default)]
    pub region: Option<Name>,
    /// The Secret in `external-secrets` with the operator's own credentials, made by hand at the beginning: `token`
    /// for GitLab, `access-key` and `secret-key` for AWS. Vault needs none.
    #[serde(default)]
    pub credentials: Option<Name>,
    /// A file with the certificates (PEM) of the authority that issued the store's.
    #[serde(default)]
    pub ca: Option<String>,
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// HashiCorp Vault or OpenBao.
    Vault,
    /// The variables of a GitLab project.
    Gitlab,
    /// AWS Secrets Manager.
    Aws,
}

impl StoreKind {
    /// The fields that it needs, and an example of each.
    fn needs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Vault => {
                &[("address", "https://vault.acme.internal:8200"), ("path", "kubernetes")]
            }
            Self::Gitlab => &[("address", "https://gitlab.acme.example"), ("path", "\"42\"")],
            Self::Aws => &[("region", "eu-central-1")],
        }
    }

    /// The fields that it may have beside them.
    fn may_have(self) -> &'static [&'static str] {
        match self {
            Self::Vault => &["role", "mount", "ca"],
            Self::Gitlab => &["credentials", "ca"],
            Self::Aws => &["credentials"],
        }
    }
}

/// Where secrets are kept, resolved.
#[derive(Debug)]
pub struct Secrets {
    provider: Provider,
    store: Option<(StoreSpec, Option<String>)>,
}

impl Secrets {
    /// Whether references to secrets can be fulfilled.
    pub fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Whether a diagnostic already says what is missing.
    pub fn is_broken(&self) -> bool {
        self.provider == Provider::ExternalSecrets && self.store.is_none()
    }

    pub fn resolve(spec: SecretsSpec, at: &At, cx: &mut Resolving<'_>) -> Self {
        let provider = spec.provider.unwrap_or_else(|| PROVIDER.get());
        let place = at.key("store");
        let mut store = None;
        match (provider, spec.store) {
            (Provider::ExternalSecrets, Some(written)) => {
                fields(&written, &place, cx);
                let ca = written.ca.as_ref().and_then(|file| authority(file, &place, cx));
                store = Some((written, ca));
            }
            (Provider::ExternalSecrets, None) => {
                cx.diags
                    .report(&STORE_MISSING, at, "there is no `store`")
                    .help("write for example `store: {kind: vault, address: https://…, path: kubernetes}`");
            }
            (_, Some(_)) => {
                cx.diags
                    .report(&STORE_FIELD, &place, "this provider reads no store")
                    .related(at.key("provider"), "the provider")
                    .help("leave `store` out, or write `provider: external-secrets`");
            }
            (_, None) => {}
        }
        Self { provider, store }
    }

    pub fn lower(&self, at: &At, cluster: &str, plan: &mut Plan) {
        let origin = Origin::lowered(SECTION, [at.clone()]);
        match self.provider {
            Provider::ExternalSecrets => {
                let Some((store, ca)) = &self.store else { return };
                external_secrets(store).install(plan, cluster, SECTION, origin);
                add_store(store, ca.as_deref(), &at.key("store"), cluster, plan);
            }
            Provider::SealedSecrets => {
                sealed_secrets().install(plan, cluster, SECTION, origin);
            }
            // Argo CD's plugin decrypts them: nothing runs in the cluster.
            Provider::Sops => {}
        }
    }
}

fn fields(store: &StoreSpec, at: &At, cx: &mut Resolving<'_>) {
    let written = [
        ("address", store.address.is_some()),
        ("path", store.path.is_some()),
        ("role", store.role.is_some()),
        ("mount", store.mount.is_some()),
        ("region", store.region.is_some()),
        ("credentials", store.credentials.is_some()),
        ("ca", store.ca.is_some()),
    ];
    for (field, is_written) in written {
        let needed = store.kind.needs().iter().find(|(name, _)| *name == field);
        match (needed, is_written) {
            (Some((_, example)), false) => {
                cx.diags
                    .report(&STORE_FIELD, at, format!("a store of this kind needs `{field}`"))
                    .help(format!("write for example `{field}: {example}`"));
            }
            (None, true) if !store.kind.may_have().contains(&field) => {
                cx.diags
                    .report(
                        &STORE_FIELD,
                        at.key(field),
                        format!("a store of this kind has no `{field}`"),
                    )
                    .related(at.key("kind"), "the kind")
                    .help("leave it out");
            }
            _ => {}
        }
    }
    if let Some(address) = store.address.as_ref().filter(|address| !address.is_encrypted()) {
        cx.diags
            .report(&STORE_PLAIN, at.key("address"), format!("{address} is not encrypted"))
            .help("write `https://`");
    }
}

fn authority(file: &str, at: &At, cx: &mut Resolving<'_>) -> Option<String> {
    let read = cx.files.read(file).and_then(|bytes| {
        String::from_utf8(bytes)
            .ok()
            .filter(|text| text.contains("-----BEGIN CERTIFICATE-----"))
            .filter(|text| !text.contains("PRIVATE KEY"))
            .ok_or_else(|| format!("`{file}` is no certificate in PEM"))
    });
    match read {
        Ok(text) => Some(text),
        Err(message) => {
            cx.diags.report(&STORE_CA, at.key("ca"), message).help(
                "name a file beside the blueprint that holds the authority's certificate in PEM",
            );
            None
        }
    }
}

/// The certificate of its webhook is made by its own controller: with one of cert-manager, an issuer whose key is in
/// the store could never start.
fn external_secrets(store: &StoreSpec) -> Addon {
    let port = store.address.as_ref().map_or(443, |address| address.port().get());
    let mut reaches = vec![API_SERVER, Socket::tcp(443)];
    if port != 443 {
        reaches.push(Socket::tcp(port));
    }
    Addon {
        name: platform::SECRETS,
        namespace: "external-secrets",
        pod_security: Level::Restricted,
        network: Some(Network { answers: vec![Socket::tcp(10250)], reaches, among: Vec::new() }),
        chart: charts::EXTERNAL_SECRETS,
        values: tree!({
            "fullnameOverride": "external-secrets",
            "replicaCount": 2,
            "leaderElect": true,
            "metrics": {"service": {"enabled": true}},
            "priorityClassName": "system-cluster-critical",
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "resources": {
                "requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}
            },
            "webhook": {
                "replicaCount": 2,
                "priorityClassName": "system-cluster-critical",
                "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
                "resources": {
                    "requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}
                }
            },
            "certController": {
                "priorityClassName": "system-cluster-critical",
                "resources": {
                    "requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}
                }
            }
        }),
        // Its own controller puts the certificate in.
        ignored: super::issuers::ca_bundles(),
        needs: Vec::new(),
        scrapes: vec![Metrics {
            name: "external-secrets",
            service: &[("app.kubernetes.io/name", "external-secrets")],
            port: "metrics",
            pods: &[("app.kubernetes.io/name", "external-secrets")],
            socket: Socket::tcp(8080),
        }],
    }
}

fn sealed_secrets() -> Addon {
    Addon {
        name: platform::SECRETS,
        namespace: "sealed-secrets",
        // Its pod says no seccomp profile.
        pod_security: Level::Baseline,
        network: Some(Network {
            answers: vec![Socket::tcp(8080)],
            reaches: vec![API_SERVER],
            among: Vec::new(),
        }),
        chart: charts::SEALED_SECRETS,
        values: tree!({
            // Where kubeseal looks for it.
            "fullnameOverride": "sealed-secrets-controller",
            "priorityClassName": "system-cluster-critical",
            "resources": {
                "requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}
            }
        }),
        ignored: Vec::new(),
        needs: Vec::new(),
        scrapes: vec![Metrics {
            name: "sealed-secrets",
            service: &[("app.kubernetes.io/component", "metrics")],
            port: "metrics",
            pods: &[("app.kubernetes.io/name", "sealed-secrets")],
            socket: Socket::tcp(8081),
        }],
    }
}

/// The store that all ExternalSecrets name, in a unit after the operator: its webhook admits it.
fn add_store(store: &StoreSpec, ca: Option<&str>, at: &At, cluster: &str, plan: &mut Plan) {
    let unit = plan.unit(Addon::id(platform::SECRET_STORE_UNIT, cluster), at);
    unit.namespace = Some("external-secrets".to_owned());
    let origin = Origin::lowered(SECTION, [at.clone()]);
    if let Some(certificates) = ca {
        let object = tree!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "store-ca", "namespace": "external-secrets"},
            "data": {"ca.crt": (certificates.to_owned())}
        });
        unit.add(Resource::tree(object, Origin::lowered(SECTION, [at.key("ca")])));
    }
    let provider = match store.kind {
        StoreKind::Vault => tree!({"vault": (vault(store, ca.is_some()))}),
        StoreKind::Gitlab => tree!({"gitlab": (gitlab(store, ca.is_some()))}),
        StoreKind::Aws => tree!({"aws": (aws(store))}),
    };
    let object = tree!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": (platform::SECRET_STORE)},
        "spec": {"provider": provider}
    });
    unit.add(Resource::tree(object, origin));
}

fn vault(store: &StoreSpec, has_ca: bool) -> Tree {
    let role = store.role.clone().unwrap_or_else(|| ROLE.get()).to_string();
    let mount = store.mount.clone().unwrap_or_else(|| MOUNT.get()).to_string();
    let account = tree!({"name": "external-secrets", "namespace": "external-secrets"});
    let mut vault = tree!({
        "server": (address(store)),
        "path": (store.path.clone().unwrap_or_default()),
        "version": "v2",
        "auth": {"kubernetes": {
            "mountPath": mount, "role": role, "serviceAccountRef": account
        }}
    });
    with_ca(&mut vault, has_ca);
    vault
}

fn gitlab(store: &StoreSpec, has_ca: bool) -> Tree {
    let mut gitlab = tree!({
        "url": (address(store)),
        "projectID": (store.path.clone().unwrap_or_default()),
        "auth": {"SecretRef": {"accessToken": (credential(store, "token"))}}
    });
    with_ca(&mut gitlab, has_ca);
    gitlab
}

fn aws(store: &StoreSpec) -> Tree {
    tree!({
        "service": "SecretsManager",
        "region": (store.region.as_ref().map(ToString::to_string).unwrap_or_default()),
        "auth": {"secretRef": {
            "accessKeyIDSecretRef": (credential(store, "access-key")),
            "secretAccessKeySecretRef": (credential(store, "secret-key"))
        }}
    })
}

fn address(store: &StoreSpec) -> String {
    store.address.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn credential(store: &StoreSpec, key: &'static str) -> Tree {
    let name = store.credentials.clone().unwrap_or_else(|| CREDENTIALS.get()).to_string();
    tree!({"name": name, "namespace": "external-secrets", "key": key})
}

fn with_ca(provider: &mut Tree, has_ca: bool) {
    if let Some(map) = provider.as_map_mut().filter(|_| has_ca) {
        map.insert(
            "caProvider",
            tree!({
                "type": "ConfigMap", "name": "store-ca", "key": "ca.crt",
                "namespace": "external-secrets"
            }),
        );
    }
}
