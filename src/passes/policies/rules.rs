//! What pods may do, collected and turned into rules.
//!
//! A rule of a NetworkPolicy allows each of its peers on each of its ports, so only peers with the very same ports
//! share one. In a peer, both selectors stand in one element, which selects pods that match both; as two elements
//! they would allow every pod of the namespace, and those pods in every namespace.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::Peer;

/// Labels that select pods.
pub(super) type Labels = BTreeMap<String, String>;

/// The label that the API server keeps on every namespace: its name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Which way a connection is opened, as seen from the pods of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    /// By the pods.
    Egress,
    /// To the pods.
    Ingress,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End<'a> {
    Pods { namespace: &'a str, labels: &'a Labels },
    Block(IpNet),
    Anyone,
}

type Ends<'a> = BTreeMap<End<'a>, BTreeSet<Socket>>;

/// Everything that is stated of some pods.
#[derive(Debug)]
pub(super) struct Permissions<'a> {
    /// The component that stated something first.
    pub component: &'static str,
    /// The fields of all statements.
    pub at: BTreeSet<&'a At>,
    egress: Ends<'a>,
    ingress: Ends<'a>,
}

impl<'a> Permissions<'a> {
    /// Nothing yet.
    pub fn new(component: &'static str) -> Self {
        Self { component, at: BTreeSet::new(), egress: Ends::new(), ingress: Ends::new() }
    }

    /// Permits connections with a peer.
    pub fn add(&mut self, direction: Direction, peer: &'a Peer, sockets: &[Socket]) {
        let ends = match direction {
            Direction::Egress => &mut self.egress,
            Direction::Ingress => &mut self.ingress,
        };
        match peer {
            Peer::Pods { namespace, labels } => {
                ends.entry(End::Pods { namespace, labels }).or_default().extend(sockets);
            }
            Peer::Addresses(blocks) => {
                for block in blocks {
                    ends.entry(End::Block(block.trunc())).or_default().extend(sockets);
                }
            }
            Peer::Anyone => ends.entry(End::Anyone).or_default().extend(sockets),
        }
    }

    /// The policy of the pods with these labels in that namespace.
    pub fn spec(&self, namespace: &str, labels: &Labels) -> NetworkPolicySpec {
        let egress: Vec<_> = rules(&self.egress, namespace)
            .map(|(peers, ports)| NetworkPolicyEgressRule { to: peers, ports: Some(ports) })
            .collect();
        let ingress: Vec<_> = rules(&self.ingress, namespace)
            .map(|(peers, ports)| NetworkPolicyIngressRule { from: peers, ports: Some(ports) })
            .collect();
        // A type without a rule would close a direction; that is said once, for the whole namespace.
        let types = [("Ingress", ingress.is_empty()), ("Egress", egress.is_empty())];
        let types = types.iter().filter(|(_, empty)| !empty).map(|(word, _)| (*word).to_owned());
        NetworkPolicySpec {
            pod_selector: Some(select(labels)),
            policy_types: Some(types.collect()),
            egress: Some(egress).filter(|rules| !rules.is_empty()),
            ingress: Some(ingress).filter(|rules| !rules.is_empty()),
        }
    }
}

/// A selector of exactly these labels; of everything when there are none.
pub(super) fn select(labels: &Labels) -> LabelSelector {
    LabelSelector {
        match_labels: Some(labels.clone()).filter(|labels| !labels.is_empty()),
        ..LabelSelector::default()
    }
}

/// Peers with the same ports, and those ports, in the order of the ports; no peers where anyone is one.
fn rules<'a>(
    ends: &'a Ends<'a>,
    namespace: &str,
) -> impl Iterator<Item = (Option<Vec<NetworkPolicyPeer>>, Vec<NetworkPolicyPort>)> {
    let mut alike: BTreeMap<&BTreeSet<Socket>, Option<Vec<NetworkPolicyPeer>>> = BTreeMap::new();
    for (end, sockets) in ends {
        let peers = alike.entry(sockets).or_insert_with(|| Some(Vec::new()));
        match peer(end, namespace) {
            None => *peers = None,
            Some(peer) => {
                if let Some(peers) = peers {
                    peers.push(peer);
                }
            }
        }
    }
    alike.into_iter().map(|(sockets, peers)| (peers, sockets.iter().map(port).collect()))
}

/// An end as a rule names it; `None` for anyone, which is a rule that names nobody.
fn peer(end: &End<'_>, here: &str) -> Option<NetworkPolicyPeer> {
    Some(match end {
        End::Anyone => return None,
        // A peer without a namespace is in the policy's own: said once, and nothing to compare when read.
        End::Pods { namespace, labels } if *namespace == here => {
            NetworkPolicyPeer { pod_selector: Some(select(labels)), ..NetworkPolicyPeer::default() }
        }
        End::Pods { namespace, labels } => NetworkPolicyPeer {
            namespace_selector: Some(select(
                &[(NAMESPACE_NAME.to_owned(), (*namespace).to_owned())].into(),
            )),
            pod_selector: Some(select(labels)),
            ip_block: None,
        },
        End::Block(block) => NetworkPolicyPeer {
            ip_block: Some(IPBlock { cidr: block.to_string(), except: None }),
            ..NetworkPolicyPeer::default()
        },
    })
}

fn port(socket: &Socket) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(socket.protocol.word().to_owned()),
        port: Some(IntOrString::Int(socket.port.into())),
        end_port: None,
    }
}
