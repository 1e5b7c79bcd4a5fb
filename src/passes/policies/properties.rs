//! What the policies allow is what was stated, whatever was stated.

use proptest::prelude::*;

use super::tests::{NAMESPACES, derived, flow, pods};
use super::*;
use crate::k8s::tree::Tree;
use crate::passes::tests::{app, labels, namespace_unit, printed};

/// A tiny NetworkPolicy engine over the printed objects, after the API's documentation.
struct Engine<'a>(Vec<&'a Tree>);

/// Something with an address.
#[derive(Clone, Debug)]
enum Host {
    Pod(&'static str, Labels),
    Address(std::net::IpAddr),
}

impl<'a> Engine<'a> {
    fn new(plan: &'a Plan) -> Self {
        let resources = plan.units.values().flat_map(|unit| &unit.resources);
        Self(resources.map(|resource| resource.as_tree()).filter(is_policy).collect())
    }

    fn allows(&self, from: &Host, to: &Host, socket: Socket) -> bool {
        self.passes("Egress", from, to, socket) && self.passes("Ingress", to, from, socket)
    }

    /// A host is open in a direction until a policy with that direction selects it; then to the union of rules.
    fn passes(&self, direction: &str, here: &Host, there: &Host, socket: Socket) -> bool {
        let selecting: Vec<&Tree> = self
            .0
            .iter()
            .copied()
            .filter(|policy| selects(policy, here))
            .filter(|policy| {
                texts(value(policy, "/spec/policyTypes")).any(|word| word == direction)
            })
            .collect();
        let (rules, peers) = match direction {
            "Egress" => ("/spec/egress", "/to"),
            _ => ("/spec/ingress", "/from"),
        };
        selecting.is_empty()
            || selecting.iter().any(|policy| {
                let namespace = text(value(policy, "/metadata/namespace"));
                items(value(policy, rules)).iter().any(|rule| {
                    items(value(rule, peers)).iter().any(|peer| matches(peer, namespace, there))
                        && items(value(rule, "/ports")).iter().any(|port| port_is(port, socket))
                })
            })
    }
}

/// The value at a path; null if there is none.
fn value<'t>(tree: &'t Tree, path: &str) -> &'t Tree {
    static NOTHING: Tree = Tree::Null;
    tree.pointer(path).unwrap_or(&NOTHING)
}

fn is_policy(object: &&Tree) -> bool {
    text(value(object, "/kind")) == "NetworkPolicy"
}

fn text(tree: &Tree) -> &str {
    tree.as_str().unwrap_or_default()
}

fn items(tree: &Tree) -> &[Tree] {
    tree.as_seq().unwrap_or_default()
}

fn texts(tree: &Tree) -> impl Iterator<Item = &str> {
    items(tree).iter().map(text)
}

fn port_is(port: &Tree, socket: Socket) -> bool {
    value(port, "/port").as_i64() == Some(socket.port.into())
        && text(value(port, "/protocol")) == socket.protocol.word()
}

fn selects(policy: &Tree, host: &Host) -> bool {
    let Host::Pod(namespace, labels) = host else { return false };
    text(value(policy, "/metadata/namespace")) == *namespace
        && has_labels(value(policy, "/spec/podSelector"), labels)
}

fn has_labels(selector: &Tree, labels: &Labels) -> bool {
    let wanted = value(selector, "/matchLabels").as_map().into_iter().flat_map(|map| map.iter());
    let mut wanted = wanted.map(|(key, value)| (key, text(value)));
    wanted.all(|(key, value)| labels.get(key).is_some_and(|own| own == value))
}

fn matches(peer: &Tree, policy_namespace: &str, host: &Host) -> bool {
    match host {
        Host::Address(address) => {
            let block = text(value(peer, "/ipBlock/cidr")).parse::<ipnet::IpNet>();
            block.is_ok_and(|block| block.contains(address))
        }
        // Addresses of pods are in no block here.
        Host::Pod(..) if peer.get("ipBlock").is_some() => false,
        Host::Pod(namespace, labels) => {
            let there = match peer.get("namespaceSelector") {
                None => policy_namespace == *namespace,
                Some(selector) => has_labels(
                    selector,
                    &[("kubernetes.io/metadata.name".to_owned(), (*namespace).to_owned())].into(),
                ),
            };
            there && has_labels(value(peer, "/podSelector"), labels)
        }
    }
}

fn covers(peer: &Peer, host: &Host) -> bool {
    match (peer, host) {
        (Peer::Addresses(blocks), Host::Address(address)) => {
            blocks.iter().any(|block| block.contains(address))
        }
        (Peer::Pods { namespace, labels }, Host::Pod(own, their)) => {
            namespace == own && labels.iter().all(|(key, value)| their.get(key) == Some(value))
        }
        _ => false,
    }
}

/// Every kind of host that a flow can tell apart.
fn hosts() -> Vec<Host> {
    let mut hosts: Vec<Host> = ["203.0.113.7", "203.0.113.77", "198.51.100.1"]
        .map(|address| Host::Address(address.parse().unwrap()))
        .into();
    for namespace in ["a-prod", "b-prod", "monitoring"] {
        for name in ["web", "db"] {
            hosts.push(Host::Pod(namespace, app(name)));
            let mut tiered = app(name);
            tiered.insert("tier".to_owned(), "main".to_owned());
            hosts.push(Host::Pod(namespace, tiered));
        }
    }
    let dns = platform::DNS;
    hosts.push(Host::Pod(dns.namespace, labels(&[dns.label])));
    hosts
}

fn any_peer() -> impl Strategy<Value = Peer> {
    let selectors = vec![
        labels(&[]),
        labels(&[("tier", "main")]),
        app("web"),
        app("db"),
        labels(&[("app.kubernetes.io/name", "db"), ("tier", "main")]),
    ];
    let namespaces = prop::sample::select(vec!["a-prod", "b-prod", "monitoring"]);
    let blocks = prop::sample::subsequence(
        vec!["203.0.113.0/26", "203.0.113.0/24", "198.51.100.0/24"],
        0..3,
    );
    prop_oneof![
        5 => (namespaces, prop::sample::select(selectors))
            .prop_map(|(namespace, labels)| pods(namespace, labels)),
        1 => blocks.prop_map(|blocks| {
            Peer::Addresses(blocks.iter().map(|block| block.parse().unwrap()).collect())
        }),
    ]
}

fn any_flow() -> impl Strategy<Value = Flow> {
    let sockets = vec![Socket::tcp(53), Socket::udp(53), Socket::tcp(80), Socket::udp(80)];
    (any_peer(), any_peer(), prop::sample::subsequence(sockets, 1..4))
        .prop_map(|(from, to, sockets)| flow(from, to, &sockets, "workloads.a"))
}

/// Where a flow is permitted at the end `here`: the policies that select exactly its pods, and the peers in them.
fn permissions(plan: &Plan, here: &Peer, there: &Peer, rules: &str, peers: &str) -> usize {
    let Peer::Pods { namespace, labels } = here else { return 0 };
    let mut alone = Permissions::new("");
    alone.add(Direction::Egress, there, &[Socket::tcp(1)]);
    let spec = Tree::of(&alone.spec(namespace, labels));
    let wanted = value(&spec, "/egress/0/to/0");
    let selector = Tree::of(&rules::select(labels));
    let engine = Engine::new(plan);
    let own = engine.0.iter().filter(|policy| {
        text(value(policy, "/metadata/namespace")) == namespace
            && value(policy, "/spec/podSelector").same_as(&selector)
    });
    let rules = own.flat_map(|policy| items(value(policy, rules)));
    rules.filter(|rule| items(value(rule, peers)).iter().any(|peer| peer.same_as(wanted))).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_allowed_is_what_is_stated(flows in prop::collection::vec(any_flow(), 0..12)) {
        let plan = derived(flows.clone());
        let engine = Engine::new(&plan);
        let tenant = |host: &Host| matches!(host, Host::Pod(own, _) if NAMESPACES.contains(own));
        let dns = Peer::platform(platform::DNS);
        for from in &hosts() {
            for to in hosts().iter().filter(|to| tenant(from) || tenant(to)) {
                for socket in [Socket::tcp(53), Socket::udp(53), Socket::tcp(80), Socket::udp(80)] {
                    let stated = flows.iter().any(|flow| {
                        covers(&flow.from, from)
                            && covers(&flow.to, to)
                            && flow.sockets.contains(&socket)
                    });
                    let asks = tenant(from) && covers(&dns, to) && socket.port == 53;
                    prop_assert_eq!(
                        engine.allows(from, to, socket),
                        stated || asks,
                        "{:?} to {:?} on {}", from, to, socket
                    );
                }
            }
        }
    }

    #[test]
    fn a_flow_between_tenants_is_permitted_once_at_each_end(
        flows in prop::collection::vec(any_flow(), 0..12)
    ) {
        let plan = derived(flows.clone());
        let is_tenant = |peer: &Peer| {
            matches!(peer, Peer::Pods { namespace, .. } if NAMESPACES.contains(&namespace.as_str()))
        };
        for Flow { from, to, .. } in &flows {
            if is_tenant(from) && is_tenant(to) {
                prop_assert_eq!(permissions(&plan, from, to, "/spec/egress", "/to"), 1);
                prop_assert_eq!(permissions(&plan, to, from, "/spec/ingress", "/from"), 1);
            }
        }
        for unit in plan.units.values() {
            let names: std::collections::BTreeSet<_> =
                unit.resources.iter().map(|resource| (resource.kind(), resource.name())).collect();
            prop_assert_eq!(names.len(), unit.resources.len());
        }
    }

    #[test]
    fn the_order_of_statements_does_not_matter(
        flows in prop::collection::vec(any_flow(), 0..8).prop_shuffle()
    ) {
        let text = |plan: &Plan| {
            NAMESPACES.map(|namespace| printed(plan, &namespace_unit(namespace), 0)).concat()
        };
        let mut reversed = flows.clone();
        reversed.reverse();
        prop_assert_eq!(text(&derived(flows)), text(&derived(reversed)));
    }
}
