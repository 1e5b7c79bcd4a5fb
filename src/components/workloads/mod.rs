//! `workloads`: what the teams run. A Deployment, StatefulSet or CronJob and everything around it.
//!
//! | file | holds |
//! | --- | --- |
//! | [`spec`], `reference`, `words` | what a blueprint may say |
//! | [`defaults`] | what holds where it says nothing, and why |
//! | [`model`] | a workload with every default filled in and every name bound |
//! | `resolve` | the one to the other |
//! | `ports`, `connects`, `logins`, `config`, `volumes`, `secret_files`, `patches`, `manifests` | fields with rules of their own |
//! | `plaintext` | credentials that are written down, in any field |
//! | `rules` | what needs the whole workload |
//! | `lower` | the objects, and the facts that the rest is derived from |

mod config;
mod connects;
mod defaults;
mod logins;
mod lower;
mod manifests;
mod model;
mod patches;
mod plaintext;
mod ports;
mod reference;
mod resolve;
mod rules;
mod secret_files;
mod spec;
mod volumes;
mod words;

use indexmap::IndexMap;
use rayon::prelude::*;

use crate::component::{About, Component, Endpoint, EndpointOf, Resolving, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::k8s::name::Name;
use crate::path::At;
use crate::plan::{Plan, UnitKind};
use crate::source::Scope;

pub use spec::WorkloadSpec;

/// How many workloads are lowered one after the other: enough to be worth a task, few enough for all cores.
const AT_ONCE: usize = 32;

/// What the teams run, by name.
#[derive(Debug)]
pub struct Workloads {
    list: Vec<model::Workload>,
}

impl Component for Workloads {
    const ABOUT: About = About {
        section: "workloads",
        scope: Scope::Environment,
        required: false,
        named: true,
        summary: "what the teams run",
        rules: rules::ALL,
        defaults: defaults::ALL,
    };

    type Spec = IndexMap<Name, WorkloadSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, workload) in spec {
            let endpoint = Endpoint {
                of: EndpointOf::Pods {
                    team: workload.team.to_string(),
                    unit: (UnitKind::Workload, name.to_string()),
                    labels: lower::selector(name),
                },
                ports: workload
                    .ports
                    .iter()
                    .map(|(port, socket)| (port.to_string(), *socket))
                    .collect(),
                metrics: workload
                    .metrics
                    .as_ref()
                    .map(|metrics| &metrics.port)
                    .map(ToString::to_string),
                allows: workload.allows.iter().map(ToString::to_string).collect(),
            };
            symbols.endpoints.declare(format!("workload/{name}"), at.key(name), endpoint);
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let resolve = |(name, workload)| resolve::workload(name, workload, at, cx);
        Some(Self { list: spec.into_iter().map(resolve).collect() })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        for workload in &self.list {
            rules::check(workload, &at.key(&workload.name), symbols, diags);
        }
        secret_files::check(&self.list, at, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let parts: Vec<Plan> = self
            .list
            .par_chunks(AT_ONCE)
            .map(|some| {
                let mut part = Plan::default();
                for workload in some {
                    lower::workload(workload, &at.key(&workload.name), situation, &mut part);
                }
                if let Some(base) = situation.base {
                    part.share(base);
                }
                part
            })
            .collect();
        parts.into_iter().for_each(|part| plan.absorb(part));
    }
}

#[cfg(test)]
mod tests;
