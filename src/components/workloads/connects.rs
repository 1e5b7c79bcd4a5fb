//! `connects` and `allows`: who talks to whom, with the consent of the other side.

use super::defaults as default;
use super::spec::{ConnectSpec, WorkloadSpec};
use crate::component::Resolving;
use crate::component::connects::{Client, Connect, ConnectRules, Wish};
use crate::diag::Rule;
use crate::field;
use crate::k8s::name::Name;
use crate::path::At;
use crate::source::Short;

/// A connection to nothing.
pub static CONNECT_NO_PORTS: Rule = Rule::error(
    "workloads/connect-no-ports",
    "a connection to something that has no ports",
    "A NetworkPolicy without ports would open all of them.",
    "workloads: {web: {connects: [workload/worker]}, worker: {team: shop, image: …}}",
);

/// A port that the other side does not have.
pub static CONNECT_PORT_UNKNOWN: Rule = Rule::error(
    "workloads/connect-port-unknown",
    "a connection to a port that the other side does not declare",
    "The policy would open a port on which nobody answers.",
    "workloads: {web: {connects: [{to: workload/checkout, ports: [grpc]}]}}",
);

/// A connection to itself.
pub static CONNECT_SELF: Rule = Rule::warning(
    "workloads/connect-self",
    "a workload connects to itself",
    "A program reaches itself on localhost; only copies that form a cluster talk to each other, and those have \
     names of their own (`stateful: true`).",
    "workloads: {web: {connects: [workload/web]}}",
);

/// Somebody else's workload.
pub static NO_CONSENT: Rule = Rule::error(
    "workloads/no-consent",
    "a connection to another team's workload, which does not allow it",
    "A namespace is a border: its owners decide who may come in, not those who want to.",
    "workloads: {web: {team: storefront, connects: [workload/checkout]}, checkout: {team: payments}}",
);

/// Waiting for what is not ours.
pub static CONNECT_ORDERED: Rule = Rule::error(
    "workloads/connect-ordered",
    "`ordered` towards something that is not applied",
    "Waves order what Argo CD applies; what is outside the cluster, or is the workload itself, cannot be waited \
     for.",
    "workloads: {web: {connects: [{to: external/card-network, ordered: true}]}}",
);

static RULES: ConnectRules = ConnectRules {
    no_ports: &CONNECT_NO_PORTS,
    port_unknown: &CONNECT_PORT_UNKNOWN,
    itself: &CONNECT_SELF,
    no_consent: &NO_CONSENT,
    ordered: &CONNECT_ORDERED,
};

pub fn connects(name: &Name, spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<Connect> {
    let client = Client {
        kind: "workload",
        name,
        team: &spec.team,
        clusters: spec.stateful,
        waits: default::ORDERED.get(),
        rules: &RULES,
    };
    let place = field!(at, spec.connects);
    let bind = |(index, entry): (usize, &Short<_, ConnectSpec>)| {
        let (to, ports, ordered) = match entry {
            Short::Short(to) => (to, None, None),
            Short::Long(ConnectSpec { to, ports, ordered, .. }) => (to, Some(&ports[..]), *ordered),
        };
        cx.bind_connect(&client, &Wish { index, to, ports, ordered }, &place)
    };
    spec.connects.iter().enumerate().filter_map(bind).collect()
}

/// Consent for what opens no connections.
pub static ALLOWS_NO_CLIENT: Rule = Rule::error(
    "workloads/allows-no-client",
    "consent for something that opens no connections",
    "Workloads connect, and teams have workloads; consent for anything else has no effect.",
    "workloads: {checkout: {allows: [external/card-network]}}",
);
