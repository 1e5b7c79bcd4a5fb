//! `autoscaling`: who makes and removes machines, and what counts the load of pods.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation, Symbols};
use crate::diag::{Diagnostics, Place, Rule};
use crate::k8s::hardware::Infrastructure;
use crate::k8s::name::Name;
use crate::k8s::tree::Tree;
use crate::k8s::words::words;
use crate::path::At;
use crate::plan::nodes::NodeAutoscaling;
use crate::plan::{Plan, Stage};
use crate::source::Scope;

/// Pools that grow without anybody who makes machines.
pub static NO_PROVIDER: Rule = Rule::error(
    "autoscaling/no-provider",
    "a pool grows and shrinks, and nobody makes its machines",
    "The pool would stay empty for ever: without an interface to what runs machines there is no node autoscaling, \
     only a number in a blueprint.",
    "machines: {pools: {burst: {role: worker, autoscale: {min: 0, max: 10}}}}  # and no `autoscaling.nodes`",
);

/// Somebody who makes machines for no pool.
pub static NO_POOL: Rule = Rule::warning(
    "autoscaling/no-pool",
    "machines could be made, and no pool grows",
    "The Cluster Autoscaler would run and find nothing to do.",
    "autoscaling: {nodes: {provider: cluster-api, infrastructure: proxmox}}",
);

static NAMESPACE: Default = Default::new(
    "autoscaling.nodes.namespace",
    "cluster-api",
    "one namespace for the objects of Cluster API, apart from its controllers",
);
static METRICS: Default = Default::new(
    "autoscaling.pods.metrics",
    "true",
    "HorizontalPodAutoscalers on CPU and memory read them from metrics-server",
);

/// Who makes and removes machines, and what counts the load of pods.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalingSpec {
    /// Who makes and removes the machines of autoscaled pools.
    #[serde(default)]
    pub nodes: Option<NodesSpec>,
    /// What counts the load of pods.
    #[serde(default)]
    pub pods: PodsSpec,
}

/// Who makes and removes the machines of autoscaled pools.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodesSpec {
    /// Through which interface.
    pub provider: Provider,
    /// What runs the machines.
    pub infrastructure: Infrastructure,
    /// The namespace of its objects.
    #[serde(default)]
    pub namespace: Option<Name>,
    /// Fields of the provider's machine template (`spec.template.spec`) beyond the machine's size, as it wants them.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub template: Option<Tree>,
    /// Fields of the provider's cluster object (`spec`) beyond the address of the API, as it wants them: where it is
    /// reached, and that the control plane is not its own.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub cluster: Option<Tree>,
}

/// An interface to what runs machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Cluster API, with the Cluster Autoscaler.
    ClusterApi,
}

/// What counts the load of pods.
#[derive(Clone, Copy, Debug, std::default::Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodsSpec {
    /// Whether metrics-server runs.
    #[serde(default)]
    pub metrics: Option<bool>,
}

words! {
    Provider { "cluster-api" => ClusterApi }
}

/// Who makes machines.
#[derive(Debug)]
struct Nodes {
    infrastructure: Infrastructure,
    namespace: Name,
    template: Option<Tree>,
    cluster: Option<Tree>,
}

/// Who makes and removes machines, with no default left.
#[derive(Debug)]
pub struct Autoscaling {
    nodes: Option<Nodes>,
    metrics: bool,
}

impl Component for Autoscaling {
    const ABOUT: About = About {
        section: "autoscaling",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "who makes and removes machines, and what counts the load of pods",
        rules: &[&NO_PROVIDER, &NO_POOL],
        defaults: &[&NAMESPACE, &METRICS],
    };

    type Spec = AutoscalingSpec;

    fn resolve(spec: AutoscalingSpec, _: &At, _: &mut Resolving<'_>) -> Option<Self> {
        let nodes = spec.nodes.map(|nodes| {
            let namespace = nodes.namespace.unwrap_or_else(|| NAMESPACE.get());
            let NodesSpec { infrastructure, template, cluster, .. } = nodes;
            Nodes { infrastructure, namespace, template, cluster }
        });
        Some(Self { nodes, metrics: spec.pods.metrics.unwrap_or_else(|| METRICS.get()) })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        let mut growing = symbols.pools.iter().filter(|(_, _, pool)| pool.most.is_some());
        match (&self.nodes, growing.next()) {
            (None, Some((name, pool, _))) => {
                diags
                    .report(
                        &NO_PROVIDER,
                        Place::Value(pool.field("autoscale")),
                        format!("nobody makes machines for `{name}`"),
                    )
                    .help("write `autoscaling: {nodes: {provider: cluster-api, infrastructure: …}}`, or `count`");
            }
            (Some(_), None) => {
                diags
                    .report(&NO_POOL, at.field("nodes"), "no pool has `autoscale`")
                    .help("write `autoscale: {min: 0, max: 10}` in a pool, or leave `nodes` out");
            }
            _ => {}
        }
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        plan.facts.pod_metrics.insert(cluster.clone(), (self.metrics, at.field("pods")));
        let Some(nodes) = &self.nodes else { return };
        let facts = NodeAutoscaling {
            infrastructure: nodes.infrastructure,
            namespace: nodes.namespace.to_string(),
            template: nodes.template.clone(),
            cluster: nodes.cluster.clone(),
            at: at.clone(),
        };
        plan.facts.node_autoscaling.insert(cluster.clone(), facts);
    }
}
