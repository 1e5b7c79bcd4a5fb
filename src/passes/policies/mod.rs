//! Who talks to whom becomes NetworkPolicies: in the namespace of a tenant nothing is allowed but what a flow
//! states, on exactly its ports, at both of its ends.
//!
//! All policies of a namespace are in the unit of the namespace. A denial in one Application and the permissions
//! in another would cut connections between their two syncs.
//!
//! A namespace of the platform is closed the same way where its part says so; the others bring policies with their
//! charts, or run on the network of the hosts.

mod names;
mod rules;

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use rayon::prelude::*;

use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::{Flow, Origin, Peer, Plan, Resource, Stage, Unit, UnitId, UnitKind, platform};
use rules::{Direction, Labels, Permissions};

pub(super) const NAME: &str = "policies";

const DENY: &str = "default-deny";
const DNS: &str = "allow-dns";

/// A closed namespace, and the flows that begin or end in it.
struct Guarded<'a> {
    stage: &'a Stage,
    name: &'a str,
    at: &'a At,
    flows: Vec<(Direction, &'a Flow)>,
}

/// By cluster and name: a namespace is there once, whatever stage its flows are stated in.
type Namespaces<'a> = BTreeMap<(&'a str, &'a str), Guarded<'a>>;

pub(super) fn run(plan: &mut Plan) {
    let tenants = plan.facts.tenancies.values();
    let tenants = tenants.filter_map(|of| guarded(&of.stage, &of.namespace, &of.at));
    let platform = plan.facts.platform_namespaces.values().filter(|of| of.closed);
    let platform = platform.filter_map(|of| guarded(&of.stage, &of.name, &of.at));
    let mut namespaces: Namespaces = tenants.chain(platform).collect();
    for flow in &plan.facts.flows {
        // To Kubernetes, no port means every port.
        if flow.sockets.is_empty() {
            crate::bug!("{} states a flow without ports", flow.component);
        }
        for direction in [Direction::Egress, Direction::Ingress] {
            let (here, _) = ends(flow, direction);
            if let (Peer::Pods { namespace, .. }, Some(cluster)) = (here, flow.stage.cluster())
                && let Some(guarded) = namespaces.get_mut(&(cluster, namespace.as_str()))
            {
                guarded.flows.push((direction, flow));
            }
        }
    }
    let units = &plan.units;
    let namespaces: Vec<Guarded<'_>> = namespaces.into_values().collect();
    let policies: Vec<(UnitId, Vec<Resource>)> =
        namespaces.into_par_iter().map(|guarded| close(guarded, units)).collect();
    for (id, policies) in policies {
        for policy in policies {
            super::add(&mut plan.units, &id, policy);
        }
    }
}

/// The policies of a namespace, and the unit that they are of.
fn close(guarded: Guarded<'_>, units: &BTreeMap<UnitId, Unit>) -> (UnitId, Vec<Resource>) {
    let Guarded { stage, name: namespace, at, flows } = guarded;
    let pods = permissions(&flows);
    let id = UnitId { kind: UnitKind::Namespace, name: namespace.to_owned(), stage: stage.clone() };
    // The component that made the namespace is the one that wants it closed.
    let Some(maker) = units.get(&id).and_then(|unit| unit.resources.first()) else {
        crate::bug!("nothing makes the namespace {namespace} of {stage:?}");
    };
    let closed = Origin::derived(maker.origin.component, NAME, [at.clone()]);
    let mut policies = vec![
        Resource::object(&default_deny(namespace), closed.clone()),
        Resource::object(&allow_dns(namespace), closed),
    ];
    let names = names::of(pods.keys().copied(), &[DENY, DNS]);
    policies.extend(pods.into_iter().zip(names).map(|((labels, permissions), name)| {
        let from = permissions.at.iter().map(|&at| at.clone());
        let origin = Origin::derived(permissions.component, NAME, from);
        let policy = policy(&name, namespace, permissions.spec(namespace, labels));
        Resource::object(&policy, origin)
    }));
    (id, policies)
}

fn guarded<'a>(
    stage: &'a Stage,
    name: &'a str,
    at: &'a At,
) -> Option<((&'a str, &'a str), Guarded<'a>)> {
    Some(((stage.cluster()?, name), Guarded { stage, name, at, flows: Vec::new() }))
}

/// What flows ask for in one namespace, by the pods it is asked for.
fn permissions<'a>(flows: &[(Direction, &'a Flow)]) -> BTreeMap<&'a Labels, Permissions<'a>> {
    let mut pods: BTreeMap<&Labels, Permissions<'_>> = BTreeMap::new();
    for &(direction, flow) in flows {
        let (here, there) = ends(flow, direction);
        if let Peer::Pods { labels, .. } = here {
            let permissions =
                pods.entry(labels).or_insert_with(|| Permissions::new(flow.component));
            permissions.add(direction, there, &flow.sockets);
            permissions.at.insert(&flow.at);
        }
    }
    pods
}

/// The end of a flow that is guarded in that direction, and the other one.
fn ends(flow: &Flow, direction: Direction) -> (&Peer, &Peer) {
    match direction {
        Direction::Egress => (&flow.from, &flow.to),
        Direction::Ingress => (&flow.to, &flow.from),
    }
}

/// Every pod is closed in both directions; the other policies open what they name.
fn default_deny(namespace: &str) -> NetworkPolicy {
    let spec = NetworkPolicySpec {
        pod_selector: Some(rules::select(&Labels::new())),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ..NetworkPolicySpec::default()
    };
    policy(DENY, namespace, spec)
}

/// Every pod may ask the cluster's DNS, and nobody else's: a query can carry anything anywhere.
fn allow_dns(namespace: &str) -> NetworkPolicy {
    let dns = Peer::platform(platform::DNS);
    let mut permissions = Permissions::new("");
    permissions.add(Direction::Egress, &dns, &[Socket::udp(53), Socket::tcp(53)]);
    policy(DNS, namespace, permissions.spec(namespace, &Labels::new()))
}

fn policy(name: &str, namespace: &str, spec: NetworkPolicySpec) -> NetworkPolicy {
    NetworkPolicy { metadata: super::metadata(name, namespace), spec: Some(spec) }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
