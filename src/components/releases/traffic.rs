//! Who talks to the pods of a release, and whom they talk to: in the words of workloads, by labels that are stated,
//! since what a chart makes is not known here.

use std::collections::BTreeMap;

use super::COMPONENT;
use super::spec::{ConnectSpec, ReleaseSpec};
use crate::component::connects::{Client, Connect, ConnectRules, Wish};
use crate::component::{Default, Resolving, Situation};
use crate::diag::{Diagnostics, Rule, one_of};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::path::HttpPath;
use crate::k8s::port::PortName;
use crate::k8s::socket::{Protocol, Socket};
use crate::path::At;
use crate::plan::{Channel, Charted, Exposure, Flow, Peer, Plan, UnitId, platform};
use crate::source::Short;

/// Which port?
pub static PORT: Rule = Rule::error(
    "releases/port",
    "a port of TCP is needed that the release does not declare, or that is not named",
    "A route and a policy for a port on which no pod listens never work, and nothing says so.",
    "releases: {shop: {team: storefront, chart: podinfo, …, ports: {http: 9898}, expose: {host: shop.acme.example, port: web}}}",
);

/// A connection to nothing.
pub static CONNECT_NO_PORTS: Rule = Rule::error(
    "releases/connect-no-ports",
    "a release connects to something that has no ports",
    "A NetworkPolicy without ports would open all of them.",
    "releases: {shop: {connects: [workload/worker]}}\nworkloads: {worker: {team: shop, image: …}}",
);

/// A port that the other side does not have.
pub static CONNECT_PORT_UNKNOWN: Rule = Rule::error(
    "releases/connect-port-unknown",
    "a release connects to a port that the other side does not declare",
    "The policy would open a port on which nobody answers.",
    "releases: {shop: {connects: [{to: workload/checkout, ports: [grpc]}]}}",
);

/// Waiting for what cannot be waited for.
pub static CONNECT_SELF_ORDERED: Rule = Rule::error(
    "releases/connect-ordered",
    "`ordered` towards something that is not applied",
    "Waves order what Argo CD applies; what is outside the cluster, or is the release itself, cannot be waited for.",
    "releases: {shop: {connects: [{to: external/card-network, ordered: true}]}}",
);

/// Somebody else's pods.
pub static NO_CONSENT: Rule = Rule::error(
    "releases/no-consent",
    "a release connects to what is another team's, which does not allow it",
    "A namespace is a border: its owners decide who may come in, not those who want to.",
    "releases: {shop: {team: storefront, connects: [workload/checkout]}}\nworkloads: {checkout: {team: payments}}",
);

/// Consent for what opens no connections.
pub static ALLOWS_NO_CLIENT: Rule = Rule::error(
    "releases/allows-no-client",
    "consent for something that opens no connections",
    "Workloads and releases connect, and teams have them; consent for anything else has no effect.",
    "releases: {shop: {allows: [external/card-network]}}",
);

pub static ORDERED: Default = Default::new(
    "releases.*.connects.*.ordered",
    "true",
    "what a program connects to at its start should be there first, on a new cluster and after a disaster",
);
pub static EXPOSE_PATH: Default =
    Default::new("releases.*.expose.path", "/", "the whole host belongs to the release");

static RULES: ConnectRules = ConnectRules {
    no_ports: &CONNECT_NO_PORTS,
    port_unknown: &CONNECT_PORT_UNKNOWN,
    // A chart makes several kinds of pods, which talk to each other: the release connects to itself.
    itself: &CONNECT_SELF_ORDERED,
    no_consent: &NO_CONSENT,
    ordered: &CONNECT_SELF_ORDERED,
};

/// The label that charts made by `helm create`, and most others, give all their pods.
const INSTANCE: &str = "app.kubernetes.io/instance";

/// What is said of a release's traffic, bound.
#[derive(Debug)]
pub struct Traffic {
    connects: Vec<Connect>,
    exposed: Option<Socket>,
    scraped: Option<Socket>,
}

/// The labels of the pods.
pub(super) fn selector(name: &Name, spec: &ReleaseSpec) -> BTreeMap<String, String> {
    if spec.selector.is_empty() {
        return [(INSTANCE.to_owned(), name.to_string())].into();
    }
    spec.selector.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

pub(super) fn resolve(name: &Name, spec: &ReleaseSpec, at: &At, cx: &mut Resolving<'_>) -> Traffic {
    cx.bind_consent(&spec.allows, &field!(at, spec.allows), &ALLOWS_NO_CLIENT);
    let client = Client {
        kind: "release",
        name,
        team: &spec.team,
        clusters: true,
        waits: ORDERED.get(),
        rules: &RULES,
    };
    let list = field!(at, spec.connects);
    let mut connects = Vec::new();
    for (index, entry) in spec.connects.iter().enumerate() {
        let (to, ports, ordered) = match entry {
            Short::Short(to) => (to, None, None),
            Short::Long(ConnectSpec { to, ports, ordered }) => (to, Some(&ports[..]), *ordered),
        };
        connects.extend(cx.bind_connect(&client, &Wish { index, to, ports, ordered }, &list));
    }
    let exposed = spec.expose.as_ref().and_then(|expose| {
        let place = field!(at, spec.expose);
        port(spec, expose.port.as_ref(), &place, at, cx.diags)
    });
    let scraped = spec.metrics.as_ref();
    let scraped =
        scraped.and_then(|name| port(spec, Some(name), &field!(at, spec.metrics), at, cx.diags));
    Traffic { connects, exposed, scraped }
}

/// The port of TCP that is named, or the only one.
fn port(
    spec: &ReleaseSpec,
    written: Option<&PortName>,
    place: &At,
    at: &At,
    diags: &mut Diagnostics,
) -> Option<Socket> {
    let tcp = || spec.ports.iter().filter(|(_, socket)| socket.protocol == Protocol::Tcp);
    let found = match written {
        Some(name) => tcp().find(|(known, _)| *known == name),
        None => tcp().next().filter(|_| tcp().count() == 1),
    };
    if let Some((_, socket)) = found {
        return Some(*socket);
    }
    let message = match written {
        Some(name) => format!("there is no port `{name}` of TCP here"),
        None => "there are several ports of TCP, or none, and none is named".to_owned(),
    };
    let help = match (written, tcp().next()) {
        (_, None) => "declare where the pods listen: `ports: {http: 8080}`".to_owned(),
        (Some(name), _) => one_of(name.as_str(), tcp().map(|(known, _)| known.as_str())),
        (None, Some((known, _))) => format!("name one, such as `port: {known}`"),
    };
    diags.report(&PORT, place, message).related(field!(at, spec.ports), "the ports").help(help);
    None
}

/// States who talks to whom, and what must be there first.
pub(super) fn state(
    (name, spec): (&Name, &ReleaseSpec),
    traffic: &Traffic,
    id: &UnitId,
    at: &At,
    situation: &Situation<'_>,
    plan: &mut Plan,
) {
    let namespace = situation.namespace(&spec.team);
    let labels = selector(name, spec);
    let pods = || Peer::Pods { namespace: namespace.clone(), labels: labels.clone() };
    for connect in &traffic.connects {
        let place = field!(at, spec.connects).index(connect.index);
        plan.facts.flows.push(connect.flow(pods(), situation, COMPONENT, place.clone()));
        let awaited = connect.awaited(id).map(|unit| (unit, place));
        plan.unit(id.clone(), at).needs.extend(awaited);
    }
    if let Some(socket) = traffic.scraped {
        let stated = (COMPONENT, &field!(at, spec.metrics));
        let flow = Flow::from_platform(platform::MONITORING, &id.stage, pods(), socket, stated);
        plan.facts.flows.push(flow);
    }
    let mut service = None;
    if let (Some(expose), Some(socket)) = (&spec.expose, traffic.exposed) {
        let at = field!(at, spec.expose);
        let made = expose.service.as_ref().unwrap_or(name).to_string();
        let path = expose.path.clone().unwrap_or_else(|| EXPOSE_PATH.get::<HttpPath>());
        plan.facts.exposures.push(Exposure {
            unit: id.clone(),
            namespace: namespace.clone(),
            name: format!("release-{name}"),
            service: made.clone(),
            port: expose.service_port.map_or(socket.port, |port| port.get()),
            pods: labels.clone(),
            socket,
            channel: Channel {
                host: expose.host.to_string(),
                path: path.to_string(),
                at: field!(at, expose.host),
            },
            component: COMPONENT,
            at,
        });
        service = Some(made);
    }
    plan.facts.charted.push(Charted { stage: id.stage.clone(), namespace, pods: labels, service });
}
