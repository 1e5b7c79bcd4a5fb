//! `security`: what holds for every namespace, where secrets are kept, and who issues certificates.

mod issuers;
mod secrets;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation, Symbols};
use crate::k8s::pod_security::Level;
use crate::path::At;
use crate::plan::{Plan, Stage};
use crate::source::Scope;
use issuers::{Certificates, CertificatesSpec};
use secrets::{Secrets, SecretsSpec};

const SECTION: &str = "security";

static POD_SECURITY: Default = Default::new(
    "security.podSecurity",
    "restricted",
    "what a workload of one's own can always reach; whoever needs more says so per team, with a reason",
);

/// What holds for every namespace, where secrets are kept, and who issues certificates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySpec {
    /// The level of the Pod Security Standards that namespaces enforce.
    #[serde(default)]
    pub pod_security: Option<Level>,
    /// Where secrets are kept; somebody else's business if not said.
    #[serde(default)]
    pub secrets: Option<SecretsSpec>,
    /// Who issues certificates; somebody else's business if not said.
    #[serde(default)]
    pub certificates: Option<CertificatesSpec>,
}

/// What holds for every namespace, where secrets are kept, and who issues certificates.
#[derive(Debug)]
pub struct Security {
    secrets: Option<Secrets>,
    certificates: Option<Certificates>,
}

impl Component for Security {
    const ABOUT: About = About {
        section: SECTION,
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "what holds for every namespace, where secrets are kept, and who issues certificates",
        rules: &[
            &secrets::STORE_MISSING,
            &secrets::STORE_FIELD,
            &secrets::STORE_PLAIN,
            &secrets::STORE_CA,
            &issuers::ISSUER_FIELD,
            &issuers::ISSUER_SECRET,
        ],
        defaults: &[
            &POD_SECURITY,
            &secrets::PROVIDER,
            &secrets::ROLE,
            &secrets::MOUNT,
            &secrets::CREDENTIALS,
        ],
    };

    type Spec = SecuritySpec;

    fn declare(spec: &SecuritySpec, at: &At, symbols: &mut Symbols) {
        symbols.pod_security = spec.pod_security.unwrap_or_else(|| POD_SECURITY.get());
        let at = at.key("certificates").key("issuers");
        for name in spec.certificates.iter().flat_map(|spec| spec.issuers.keys()) {
            symbols.issuers.declare(name.to_string(), at.key(name), ());
        }
    }

    fn resolve(spec: SecuritySpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let secrets = spec.secrets.map(|spec| Secrets::resolve(spec, &at.key("secrets"), cx));
        let has_store = secrets.as_ref().is_none_or(Secrets::has_store);
        let certificates = spec
            .certificates
            .map(|spec| Certificates::resolve(spec, &at.key("certificates"), has_store, cx));
        Some(Self { secrets: secrets.filter(|secrets| !secrets.is_broken()), certificates })
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        if let Some(secrets) = &self.secrets {
            secrets.lower(&at.key("secrets"), cluster, plan);
        }
        if let Some(certificates) = &self.certificates {
            certificates.lower(&at.key("certificates"), cluster, plan);
        }
    }
}
