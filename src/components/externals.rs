//! `externals`: what may be reached outside the cluster.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Endpoint, EndpointOf, Resolving, Symbols};
use crate::diag::Rule;
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::network::Cidr;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::source::Scope;

/// No address or no port.
pub static EMPTY: Rule = Rule::error(
    "externals/empty",
    "an external has no address or no port",
    "A policy without addresses allows nothing, one without ports allows every port.",
    "externals: {card-network: {cidrs: [], ports: [443]}}",
);

/// The whole internet.
pub static EVERYTHING: Rule = Rule::warning(
    "externals/everything",
    "an external is every address there is",
    "Whoever breaks into a pod can then send data anywhere; name the ranges that are needed.",
    "externals: {internet: {cidrs: [0.0.0.0/0], ports: [443]}}",
);

/// Something outside the cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSpec {
    /// Its address ranges.
    pub cidrs: Vec<Cidr>,
    /// Its ports, such as `443` or `53/udp`.
    pub ports: Vec<Socket>,
}

/// What may be reached outside the cluster, by name.
#[derive(Debug)]
pub struct Externals;

impl Component for Externals {
    const ABOUT: About = About {
        section: "externals",
        scope: Scope::Environment,
        required: false,
        named: true,
        summary: "what may be reached outside the cluster",
        rules: &[&EMPTY, &EVERYTHING],
        defaults: &[],
    };

    type Spec = IndexMap<Name, ExternalSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, external) in spec {
            let endpoint = Endpoint {
                of: EndpointOf::Addresses(external.cidrs.iter().map(|cidr| cidr.net()).collect()),
                ports: external.ports.iter().map(|socket| (socket.to_string(), *socket)).collect(),
                metrics: None,
                allows: Vec::new(),
            };
            symbols.endpoints.declare(format!("external/{name}"), at.key(name), endpoint);
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        for (name, external) in &spec {
            let at = at.key(name);
            if external.cidrs.is_empty() || external.ports.is_empty() {
                cx.diags
                    .report(
                        &EMPTY,
                        &at,
                        format!("`{name}` needs at least one address range and one port"),
                    )
                    .help("write `{cidrs: [203.0.113.0/28], ports: [443]}`");
            }
            for (index, cidr) in external.cidrs.iter().enumerate() {
                if cidr.net().prefix_len() == 0 {
                    cx.diags
                        .report(
                            &EVERYTHING,
                            field!(at, external.cidrs).index(index),
                            format!("`{name}` is every address there is"),
                        )
                        .help("name the ranges that are needed, or waive this with the reason");
                }
            }
        }
        Some(Self)
    }
}
