//! `security`: what holds for every namespace unless a team says otherwise.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Symbols};
use crate::k8s::pod_security::Level;
use crate::path::At;
use crate::source::Scope;

static POD_SECURITY: Default = Default::new(
    "security.podSecurity",
    "restricted",
    "what a workload of one's own can always reach; whoever needs more says so per team, with a reason",
);

/// What holds for every namespace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySpec {
    /// The level of the Pod Security Standards that namespaces enforce.
    #[serde(default)]
    pub pod_security: Option<Level>,
}

/// What holds for every namespace.
#[derive(Debug)]
pub struct Security {
    /// The level.
    pub pod_security: Level,
}

impl Component for Security {
    const ABOUT: About = About {
        section: "security",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "what holds for every namespace unless a team says otherwise",
        rules: &[],
        defaults: &[&POD_SECURITY],
    };

    type Spec = SecuritySpec;

    fn declare(spec: &SecuritySpec, _: &At, symbols: &mut Symbols) {
        symbols.pod_security = spec.pod_security.unwrap_or_else(|| POD_SECURITY.get());
    }

    fn resolve(_: SecuritySpec, _: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        Some(Self { pod_security: cx.symbols.pod_security })
    }
}
