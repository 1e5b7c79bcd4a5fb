//! `environments`: the stages of promotion. Each team gets a namespace in each.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Environment, Resolving, Symbols};
use crate::diag::Rule;
use crate::k8s::name::Name;
use crate::path::At;
use crate::source::Scope;

/// No environment at all.
pub static NONE: Rule = Rule::error(
    "environments/none",
    "the estate has no environment",
    "Workloads run in environments; without one nothing would be deployed.",
    "environments: {}",
);

static PROTECTED: Default = Default::new(
    "environments.*.protected",
    "false",
    "protection costs a person's consent for every deletion; say where it is worth that",
);

/// An environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentSpec {
    /// The cluster it is on.
    pub cluster: Name,
    /// Whether deletions need a person's consent, and images a digest.
    #[serde(default)]
    pub protected: Option<bool>,
}

/// The environments, in the order of promotion.
#[derive(Debug)]
pub struct Environments {
    list: Vec<(Name, Environment)>,
}

impl Environments {
    /// Names and properties, in the order of promotion.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Environment)> {
        self.list.iter().map(|(name, environment)| (name, environment))
    }
}

impl EnvironmentSpec {
    fn resolved(&self) -> Environment {
        Environment {
            cluster: self.cluster.to_string(),
            protected: self.protected.unwrap_or_else(|| PROTECTED.get()),
        }
    }
}

impl Component for Environments {
    const ABOUT: About = About {
        section: "environments",
        scope: Scope::Estate,
        required: true,
        named: true,
        summary: "the stages of promotion, in order, each on a cluster",
        rules: &[&NONE],
        defaults: &[&PROTECTED],
    };

    type Spec = IndexMap<Name, EnvironmentSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, environment) in spec {
            symbols.environments.declare(name.to_string(), at.key(name), environment.resolved());
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        if spec.is_empty() {
            cx.diags
                .report(&NONE, at, "there is no environment")
                .help("write `environments: {production: {cluster: main}}`");
            return None;
        }
        let mut list = Vec::new();
        for (name, environment) in spec {
            let cluster = at.key(&name).key("cluster");
            cx.symbols.clusters.bind(environment.cluster.as_str(), &cluster, cx.diags);
            list.push((name, environment.resolved()));
        }
        Some(Self { list })
    }
}
