//! `connects` and `allows`: who talks to whom, with the consent of the other side.

use super::defaults as default;
use super::model::Connect;
use super::spec::{ConnectSpec, WorkloadSpec};
use crate::component::{Endpoint, EndpointOf, Resolving};
use crate::diag::{Rule, one_of};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::reference::Reference;
use crate::k8s::socket::Socket;
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

pub fn connects(name: &Name, spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<Connect> {
    let bind = |(index, entry)| connect(name, spec, index, entry, at, cx);
    spec.connects.iter().enumerate().filter_map(bind).collect()
}

fn connect(
    name: &Name,
    spec: &WorkloadSpec,
    index: usize,
    entry: &Short<Reference, ConnectSpec>,
    at: &At,
    cx: &mut Resolving<'_>,
) -> Option<Connect> {
    let place = field!(at, spec.connects).index(index);
    let (to, long) = match entry {
        Short::Short(to) => (to, None),
        Short::Long(long) => (&long.to, Some(long)),
    };
    let target = to.to_string();
    let at_target = if long.is_some() { place.key("to") } else { place.clone() };
    let endpoint = cx.symbols.endpoints.bind(&target, &at_target, cx.diags)?.clone();
    let declared = cx.symbols.endpoints.at(&target);
    let itself = to.kind() == "workload" && to.name() == name;
    if itself && !spec.stateful {
        cx.diags
            .report(&CONNECT_SELF, &at_target, format!("`{target}` is this workload"))
            .help("leave it out; copies that talk to each other are `stateful: true`");
    }
    let written = long.and_then(|long| long.ordered);
    let waitable = !itself && matches!(endpoint.of, EndpointOf::Pods { .. });
    if written == Some(true) && !waitable {
        cx.diags
            .report(
                &CONNECT_ORDERED,
                place.key("ordered"),
                format!("`{target}` cannot be waited for"),
            )
            .help("leave `ordered` out");
    }
    if let EndpointOf::Pods { team, .. } = &endpoint.of
        && *team != spec.team.as_str()
        // A team that does not exist is told by itself.
        && cx.symbols.teams.get(spec.team.as_str()).is_some()
        && !consents(&endpoint, name, &spec.team)
    {
        let report = cx.diags.report(
            &NO_CONSENT,
            &at_target,
            format!("`{target}` is of the team `{team}` and does not allow `workload/{name}`"),
        );
        if let Some(declared) = declared {
            report.related(declared.key("allows"), "consent is given here");
        }
        report.help(format!("its owners write `allows: [workload/{name}]`"));
    }
    let ordered = written.unwrap_or_else(|| default::ORDERED.get());
    let ports = long.map_or(&[][..], |long| &long.ports);
    let mut sockets: Vec<Socket> = Vec::new();
    for (position, port) in ports.iter().enumerate() {
        match endpoint.ports.get(port.as_str()) {
            Some(socket) => sockets.push(*socket),
            None => {
                let report = cx.diags.report(
                    &CONNECT_PORT_UNKNOWN,
                    place.key("ports").index(position),
                    format!("`{target}` has no port `{port}`"),
                );
                if let Some(declared) = declared {
                    report.related(declared.key("ports"), "its ports");
                }
                report.help(one_of(port.as_str(), endpoint.ports.keys().map(String::as_str)));
                return None;
            }
        }
    }
    if ports.is_empty() {
        let offered =
            endpoint.ports.iter().filter(|(name, _)| endpoint.metrics.as_ref() != Some(name));
        sockets = offered.map(|(_, socket)| *socket).collect();
    }
    sockets.sort();
    sockets.dedup();
    if sockets.is_empty() {
        let report = cx.diags.report(
            &CONNECT_NO_PORTS,
            &at_target,
            format!("`{target}` has no ports to connect to"),
        );
        if let Some(declared) = declared {
            report.related(declared.key("ports"), "none are declared");
        }
        report.help("declare them there: `ports: {http: 8080}`");
        return None;
    }
    Some(Connect { index, endpoint, sockets, ordered: waitable && ordered })
}

fn consents(endpoint: &Endpoint, name: &Name, team: &Name) -> bool {
    let (workload, team) = (format!("workload/{name}"), format!("team/{team}"));
    endpoint.allows.iter().any(|allowed| *allowed == workload || *allowed == team)
}

/// Consent for what opens no connections.
pub static ALLOWS_NO_CLIENT: Rule = Rule::error(
    "workloads/allows-no-client",
    "consent for something that opens no connections",
    "Workloads connect, and teams have workloads; consent for anything else has no effect.",
    "workloads: {checkout: {allows: [external/card-network]}}",
);
