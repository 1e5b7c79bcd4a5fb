//! `certificates`: cert-manager, and who issues.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SECTION;
use crate::component::Resolving;
use crate::diag::Rule;
use crate::k8s::name::Name;
use crate::k8s::pod_security::Level;
use crate::k8s::secret::SecretPath;
use crate::k8s::socket::Socket;
use crate::k8s::text::Email;
use crate::k8s::tree::Tree;
use crate::k8s::url::Url;
use crate::path::At;
use crate::plan::{
    API_SERVER, Addon, IgnoredField, Metrics, Network, Origin, Plan, Resource, SecretEntry,
    SecretNeed, charts, platform,
};
use crate::tree;

/// A field too few or too many.
pub static ISSUER_FIELD: Rule = Rule::error(
    "security/issuer-field",
    "an issuer lacks a field that its kind needs, or has one that it does not know",
    "An issuer that is not ready issues nothing; the first certificate is missed when the gateway starts without.",
    "security: {certificates: {issuers: {acme: {kind: acme, email: platform@acme.example}}}}",
);

/// A key that cannot be fetched.
pub static ISSUER_SECRET: Rule = Rule::error(
    "security/issuer-secret",
    "the key of an issuer is in a store, and there is no store",
    "The Secret would never be made, and the issuer never be ready.",
    "security: {secrets: {provider: sealed-secrets}, certificates: {issuers: {own: {kind: ca, secret: pki/ca}}}}",
);

/// Who issues certificates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificatesSpec {
    /// Issuers, by name.
    pub issuers: IndexMap<Name, IssuerSpec>,
}

/// An issuer of certificates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IssuerSpec {
    /// What it is.
    pub kind: IssuerKind,
    /// The directory of an ACME server, or the address of a Vault.
    #[serde(default)]
    pub server: Option<Url>,
    /// Whom the ACME server may write to.
    #[serde(default)]
    pub email: Option<Email>,
    /// Where the certificate and key of an authority are kept (`tls.crt` and `tls.key`).
    #[serde(default)]
    pub secret: Option<SecretPath>,
    /// Where a Vault signs: `pki/sign/kubernetes`.
    #[serde(default)]
    pub path: Option<String>,
}

/// What an issuer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerKind {
    /// An ACME server; it asks the gateway over plain HTTP whether the name is ours.
    Acme,
    /// An authority of one's own, whose key is in the store.
    Ca,
    /// A Vault that signs; cert-manager logs in as its own service account.
    Vault,
    /// Certificates that vouch for themselves.
    SelfSigned,
}

impl IssuerKind {
    /// The fields that it needs, and an example of each; it has no others.
    fn needs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Acme => &[
                ("server", "https://acme.acme.internal/directory"),
                ("email", "platform@acme.example"),
            ],
            Self::Ca => &[("secret", "pki/kubernetes")],
            Self::Vault => {
                &[("server", "https://vault.acme.internal:8200"), ("path", "pki/sign/kubernetes")]
            }
            Self::SelfSigned => &[],
        }
    }
}

/// Who issues certificates, resolved.
#[derive(Debug)]
pub struct Certificates {
    issuers: IndexMap<Name, IssuerSpec>,
}

impl Certificates {
    pub fn resolve(
        spec: CertificatesSpec,
        at: &At,
        has_store: bool,
        cx: &mut Resolving<'_>,
    ) -> Self {
        for (name, issuer) in &spec.issuers {
            let at = at.key("issuers").key(name);
            fields(issuer, &at, cx);
            if issuer.secret.is_some() && !has_store {
                cx.diags
                    .report(&ISSUER_SECRET, at.key("secret"), "there is no store to read it from")
                    .help("name a store in `security.secrets.store`, or choose another kind of issuer");
            }
        }
        Self { issuers: spec.issuers }
    }

    pub fn lower(&self, at: &At, cluster: &str, plan: &mut Plan) {
        let acme = self.issuers.values().any(|issuer| issuer.kind == IssuerKind::Acme);
        let mut ports = vec![API_SERVER, Socket::tcp(80), Socket::tcp(443)];
        let servers = self.issuers.values().filter_map(|issuer| issuer.server.as_ref());
        ports.extend(servers.map(|server| Socket::tcp(server.port().get())));
        ports.sort_unstable();
        ports.dedup();
        let origin = Origin::lowered(SECTION, [at.clone()]);
        cert_manager(acme, ports).install(plan, cluster, SECTION, origin);
        let at = at.key("issuers");
        let id = Addon::id(platform::ISSUERS, cluster);
        let unit = plan.unit(id.clone(), &at);
        unit.namespace = Some("cert-manager".to_owned());
        for (name, issuer) in &self.issuers {
            let at = at.key(name);
            let origin = Origin::lowered(SECTION, [at.clone()]);
            unit.add(Resource::tree(object(name, issuer), origin));
        }
        let authorities = self.issuers.iter().filter_map(|(name, issuer)| {
            Some(SecretNeed {
                unit: id.clone(),
                namespace: "cert-manager".to_owned(),
                name: format!("issuer-{name}"),
                entries: pair(issuer.secret.as_ref()?, &at.key(name)),
                component: SECTION,
            })
        });
        plan.facts.secrets.extend(authorities);
    }
}

fn fields(issuer: &IssuerSpec, at: &At, cx: &mut Resolving<'_>) {
    let written = [
        ("server", issuer.server.is_some()),
        ("email", issuer.email.is_some()),
        ("secret", issuer.secret.is_some()),
        ("path", issuer.path.is_some()),
    ];
    for (field, is_written) in written {
        let needed = issuer.kind.needs().iter().find(|(name, _)| *name == field);
        match (needed, is_written) {
            (Some((_, example)), false) => {
                cx.diags
                    .report(&ISSUER_FIELD, at, format!("an issuer of this kind needs `{field}`"))
                    .help(format!("write for example `{field}: {example}`"));
            }
            (None, true) => {
                cx.diags
                    .report(
                        &ISSUER_FIELD,
                        at.key(field),
                        format!("an issuer of this kind has no `{field}`"),
                    )
                    .related(at.key("kind"), "the kind")
                    .help("leave it out");
            }
            _ => {}
        }
    }
}

/// The two keys of an authority in the store.
fn pair(path: &SecretPath, at: &At) -> Vec<SecretEntry> {
    let at = at.key("secret");
    let entry = |key: &str| SecretEntry {
        key: key.to_owned(),
        reference: path.property(key),
        at: at.clone(),
    };
    ["tls.crt", "tls.key"].map(entry).into()
}

/// What the injectors of certificates write into objects of charts.
pub fn ca_bundles() -> Vec<IgnoredField> {
    vec![IgnoredField {
        group: "admissionregistration.k8s.io",
        kind: "ValidatingWebhookConfiguration",
        jq_path: ".webhooks[]?.clientConfig.caBundle",
    }]
}

/// The hook that waits for its webhook would run with every sync, so it is off; issuers are a unit of their own,
/// which comes when cert-manager is healthy.
fn cert_manager(acme: bool, reaches: Vec<Socket>) -> Addon {
    let spread = |component: &'static str| {
        tree!([{
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {
                "app.kubernetes.io/instance": "cert-manager",
                "app.kubernetes.io/component": component
            }}
        }])
    };
    let mut values = tree!({
        "crds": {"enabled": true, "keep": true},
        "global": {
            "priorityClassName": "system-cluster-critical",
            "leaderElection": {"namespace": "cert-manager"}
        },
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
        "resources": {
            "requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}
        },
        "topologySpreadConstraints": (spread("controller")),
        "webhook": {
            "replicaCount": 3,
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "resources": {
                "requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}
            },
            "topologySpreadConstraints": (spread("webhook"))
        },
        "cainjector": {
            "replicaCount": 2,
            "podDisruptionBudget": {"enabled": true, "minAvailable": 1},
            "resources": {
                "requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}
            }
        },
        "startupapicheck": {"enabled": false}
    });
    if let Some(map) = values.as_map_mut().filter(|_| acme) {
        map.insert(
            "config",
            tree!({
                "apiVersion": "controller.config.cert-manager.io/v1alpha1",
                "kind": "ControllerConfiguration",
                "enableGatewayAPI": true
            }),
        );
    }
    Addon {
        name: platform::CERT_MANAGER,
        namespace: "cert-manager",
        pod_security: Level::Restricted,
        network: Some(Network { answers: vec![Socket::tcp(10250)], reaches, among: Vec::new() }),
        chart: charts::CERT_MANAGER,
        values,
        ignored: ca_bundles(),
        // With the Gateway API switched on, the controller does not start without its definitions.
        needs: if acme { vec![platform::GATEWAY_CRDS] } else { Vec::new() },
        scrapes: vec![Metrics {
            name: "cert-manager",
            service: &[("app.kubernetes.io/component", "controller")],
            port: "http-metrics",
            pods: &[("app.kubernetes.io/component", "controller")],
            socket: Socket::tcp(9402),
        }],
    }
}

fn object(name: &Name, issuer: &IssuerSpec) -> Tree {
    let text = |value: Option<String>| value.unwrap_or_default();
    let server = text(issuer.server.as_ref().map(ToString::to_string));
    let spec = match issuer.kind {
        IssuerKind::Acme => tree!({"acme": {
            "server": server,
            "email": (text(issuer.email.as_ref().map(ToString::to_string))),
            "privateKeySecretRef": {"name": (format!("account-{name}"))},
            "solvers": [{"http01": {"gatewayHTTPRoute": {"parentRefs": [{
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "name": (platform::GATEWAY_NAME),
                "namespace": (platform::GATEWAY.namespace),
                "sectionName": (platform::GATEWAY_HTTP)
            }]}}}]
        }}),
        IssuerKind::Ca => tree!({"ca": {"secretName": (format!("issuer-{name}"))}}),
        IssuerKind::Vault => tree!({"vault": {
            "server": server,
            "path": (text(issuer.path.clone())),
            "auth": {"kubernetes": {
                "mountPath": "/v1/auth/kubernetes",
                "role": "cert-manager",
                "serviceAccountRef": {"name": "cert-manager"}
            }}
        }}),
        IssuerKind::SelfSigned => tree!({"selfSigned": {}}),
    };
    tree!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": (name.to_string())},
        "spec": spec
    })
}
