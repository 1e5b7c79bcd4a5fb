//! `network`: the address ranges of a cluster, as far as policies need them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Symbols};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::name::Subdomain;
use crate::k8s::network::Cidr;
use crate::path::At;
use crate::source::Scope;

/// Two ranges share addresses.
pub static OVERLAP: Rule = Rule::error(
    "network/overlap",
    "two address ranges overlap",
    "An address in both would be a pod and a Service at once; kube-proxy and the CNI route it differently, and \
     connections are lost at random (kubeadm refuses such a configuration only for some pairs).",
    "network: {pods: 10.96.0.0/12, services: 10.96.0.0/16}",
);

/// An external in the cluster's own ranges.
pub static INSIDE: Rule = Rule::error(
    "network/external-inside",
    "an external range lies inside the cluster's own ranges",
    "A policy by address does not match pods reliably: most CNIs evaluate it before or after translation, so \
     the connection would be allowed or refused by accident (NetworkPolicy documentation, ipBlock).",
    "network: {pods: 10.244.0.0/16}\nexternals: {billing: {cidrs: [10.244.1.0/24], ports: [443]}}",
);

static PODS: Default = Default::new(
    "network.pods",
    "10.244.0.0/16",
    "65,536 pod addresses; the range most CNIs expect",
);
static SERVICES: Default =
    Default::new("network.services", "10.96.0.0/16", "inside kubeadm's default of 10.96.0.0/12");
static DOMAIN: Default =
    Default::new("network.domain", "cluster.local", "the domain of Services that charts assume");

/// The address ranges of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkSpec {
    /// The range that pods get their addresses from.
    #[serde(default)]
    pub pods: Option<Cidr>,
    /// The range that Services get their addresses from.
    #[serde(default)]
    pub services: Option<Cidr>,
    /// The DNS domain of the cluster's Services.
    #[serde(default)]
    pub domain: Option<Subdomain>,
}

/// The address ranges of a cluster.
#[derive(Debug)]
pub struct Network {
    /// Pods.
    pub pods: Cidr,
    /// Services.
    pub services: Cidr,
    /// The DNS domain.
    pub domain: Subdomain,
}

impl Component for Network {
    const ABOUT: About = About {
        section: "network",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "the address ranges of a cluster",
        rules: &[&OVERLAP, &INSIDE],
        defaults: &[&PODS, &SERVICES, &DOMAIN],
    };

    type Spec = NetworkSpec;

    fn resolve(spec: NetworkSpec, _: &At, _: &mut Resolving<'_>) -> Option<Self> {
        Some(Self {
            pods: spec.pods.unwrap_or_else(|| PODS.get()),
            services: spec.services.unwrap_or_else(|| SERVICES.get()),
            domain: spec.domain.unwrap_or_else(|| DOMAIN.get()),
        })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        if self.pods.overlaps(self.services) {
            diags
                .report(
                    &OVERLAP,
                    field!(at, self.services),
                    format!("the Services' {} overlaps the pods' {}", self.services, self.pods),
                )
                .related(field!(at, self.pods), "the pods' range")
                .help("choose two ranges that share no address, and none of the network around the cluster");
        }
        for (name, external, endpoint) in symbols.endpoints.iter() {
            let crate::component::EndpointOf::Addresses(addresses) = &endpoint.of else { continue };
            for (index, address) in addresses.iter().enumerate() {
                for (whose, own, field) in [
                    ("pods", &self.pods, field!(at, self.pods)),
                    ("Services", &self.services, field!(at, self.services)),
                ] {
                    if own.net().contains(address) || address.contains(&own.net()) {
                        diags
                            .report(
                                &INSIDE,
                                external.key("cidrs").index(index),
                                format!("{address} of `{name}` overlaps the {whose}' range {own}"),
                            )
                            .related(field, format!("the {whose}' range"))
                            .help("connect to a workload instead, or correct the range");
                    }
                }
            }
        }
    }
}
