//! `clusters`: the Kubernetes clusters of the estate, each with an Argo CD of its own.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Resolving, Symbols};
use crate::diag::Rule;
use crate::k8s::name::Name;
use crate::path::At;
use crate::source::Scope;

/// No cluster at all.
pub static NONE: Rule = Rule::error(
    "clusters/none",
    "the estate has no cluster",
    "Environments need a cluster to be on.",
    "clusters: {}",
);

/// A cluster. What it is made of stands in the sections `network`, `security` and `delivery`, which an overlay
/// with `cluster: <name>` may change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSpec {}

/// The clusters, by name.
#[derive(Debug)]
pub struct Clusters;

impl Component for Clusters {
    const ABOUT: About = About {
        section: "clusters",
        scope: Scope::Estate,
        required: true,
        named: true,
        summary: "the Kubernetes clusters, each with an Argo CD of its own",
        rules: &[&NONE],
        defaults: &[],
    };

    type Spec = IndexMap<Name, ClusterSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for name in spec.keys() {
            symbols.clusters.declare(name.to_string(), at.key(name), ());
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        if spec.is_empty() {
            cx.diags.report(&NONE, at, "there is no cluster").help("write `clusters: {main: {}}`");
            return None;
        }
        Some(Self)
    }
}
