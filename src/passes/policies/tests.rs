//! Policies as text.

use insta::assert_snapshot;

use super::*;
use crate::passes::tests::{app, at, estate, namespace_unit, printed, production};

/// Namespaces of tenants.
pub const NAMESPACES: [&str; 2] = ["a-prod", "b-prod"];

/// Pods of a namespace.
pub fn pods(namespace: &str, labels: Labels) -> Peer {
    Peer::Pods { namespace: namespace.to_owned(), labels }
}

/// A flow in the environment of all plans here.
pub fn flow(from: Peer, to: Peer, sockets: &[Socket], field: &str) -> Flow {
    let (sockets, component) = (sockets.to_vec(), "workloads");
    Flow { stage: production(), from, to, sockets, component, at: at(field) }
}

/// The policies of flows.
pub fn derived(flows: Vec<Flow>) -> Plan {
    let mut plan = estate(&NAMESPACES);
    plan.facts.flows = flows;
    run(&mut plan);
    plan
}

#[test]
fn a_namespace_without_flows_may_ask_for_names_only() {
    let plan = derived(Vec::new());
    assert_snapshot!(printed(&plan, &namespace_unit("a-prod"), 1), @"
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: default-deny
      namespace: a-prod
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: allow-dns
      namespace: a-prod
    spec:
      egress:
      - ports:
        - port: 53
          protocol: TCP
        - port: 53
          protocol: UDP
        to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      podSelector: {}
      policyTypes:
      - Egress
    ");
}

#[test]
fn flows_become_policies_of_both_ends() {
    let card = Peer::Addresses(
        ["203.0.113.5/28", "198.51.100.0/24"].map(|block| block.parse().unwrap()).to_vec(),
    );
    let (http, metrics) = (Socket::tcp(8080), Socket::tcp(9090));
    let checkout = || pods("b-prod", app("checkout"));
    let plan = derived(vec![
        flow(pods("a-prod", app("web")), checkout(), &[metrics, http], "workloads.web.connects[0]"),
        flow(pods("a-prod", app("cart")), checkout(), &[http], "workloads.cart.connects[0]"),
        flow(pods("a-prod", app("web")), checkout(), &[http], "workloads.web.connects[1]"),
        flow(pods("a-prod", app("cart")), pods("a-prod", app("web")), &[http], "workloads.cart.x"),
        flow(checkout(), card, &[Socket::tcp(443)], "workloads.checkout.connects[0]"),
        flow(Peer::platform(platform::GATEWAY), checkout(), &[http], "workloads.checkout.expose"),
    ]);
    assert_snapshot!(printed(&plan, &namespace_unit("a-prod"), 3), @"
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: cart
      namespace: a-prod
    spec:
      egress:
      - ports:
        - port: 8080
          protocol: TCP
        to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: web
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: b-prod
          podSelector:
            matchLabels:
              app.kubernetes.io/name: checkout
      podSelector:
        matchLabels:
          app.kubernetes.io/name: cart
      policyTypes:
      - Egress
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web
      namespace: a-prod
    spec:
      egress:
      - ports:
        - port: 8080
          protocol: TCP
        - port: 9090
          protocol: TCP
        to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: b-prod
          podSelector:
            matchLabels:
              app.kubernetes.io/name: checkout
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: cart
        ports:
        - port: 8080
          protocol: TCP
      podSelector:
        matchLabels:
          app.kubernetes.io/name: web
      policyTypes:
      - Ingress
      - Egress
    ");
    assert_snapshot!(printed(&plan, &namespace_unit("b-prod"), 3), @"
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: checkout
      namespace: b-prod
    spec:
      egress:
      - ports:
        - port: 443
          protocol: TCP
        to:
        - ipBlock:
            cidr: 198.51.100.0/24
        - ipBlock:
            cidr: 203.0.113.0/28
      ingress:
      - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: a-prod
          podSelector:
            matchLabels:
              app.kubernetes.io/name: cart
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: envoy-gateway-system
          podSelector:
            matchLabels:
              app.kubernetes.io/component: proxy
        ports:
        - port: 8080
          protocol: TCP
      - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: a-prod
          podSelector:
            matchLabels:
              app.kubernetes.io/name: web
        ports:
        - port: 8080
          protocol: TCP
        - port: 9090
          protocol: TCP
      podSelector:
        matchLabels:
          app.kubernetes.io/name: checkout
      policyTypes:
      - Ingress
      - Egress
    ");
    let from = &plan.units[&namespace_unit("b-prod")].resources[3].origin.from;
    assert_eq!(from.len(), 5);
}

#[test]
fn a_flow_of_a_whole_cluster_reaches_the_namespaces_on_it() {
    let mut stated =
        flow(pods("operators", app("operator")), pods("a-prod", app("db")), &[Socket::tcp(1)], "a");
    stated.stage = crate::plan::Stage::Cluster("main".to_owned());
    let mut elsewhere = stated.clone();
    elsewhere.stage = crate::plan::Stage::Cluster("other".to_owned());
    let count = |plan: Plan| plan.units[&namespace_unit("a-prod")].resources.len();
    assert_eq!(count(derived(vec![stated])), 4);
    assert_eq!(count(derived(vec![elsewhere])), 3);
}
