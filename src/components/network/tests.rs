//! What is derived: sizes of packets, ports, and the addresses that are left to machines.

use camino::Utf8Path;

use super::for_machines;
use crate::plan::nodes::{ApiBalancer, ClusterNetwork};
use crate::world::Memory;
use crate::{Input, compile};

/// The network of an estate whose section says this.
fn network(section: &str) -> ClusterNetwork {
    let text = format!(
        "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\nmetadata: {{name: case, version: 1.0.0}}\n\
         repository: {{url: \"https://git.example.org/estate.git\"}}\nclusters: {{main: {{}}}}\n\
         environments: {{production: {{cluster: main}}}}\nteams: {{shop: {{owners: [\"group:shop\"]}}}}\n{section}\n"
    );
    let world = Memory::new("2026-11-24").with("blueprint.yaml", text);
    let input = Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).unwrap();
    let found: Vec<_> = compilation.diagnostics.iter().map(|found| &found.message).collect();
    let plan = compilation.plan.unwrap_or_else(|| panic!("{section}: {found:?}"));
    plan.facts.networks["main"].clone()
}

#[test]
fn packets_of_pods_are_what_encapsulation_and_encryption_leave() {
    let sizes = [
        ("network: {}", 1450),
        ("network: {cni: {encapsulation: none}}", 1500),
        ("network: {cni: {encryption: wireguard}}", 1370),
        ("network: {segments: {nodes: {cidr: 10.20.0.0/24, mtu: 9000}}}", 8950),
        ("network: {cni: {mtu: 1400}}", 1400),
    ];
    for (section, size) in sizes {
        assert_eq!(network(section).pod_mtu, size, "{section}");
    }
}

#[test]
fn haproxy_on_control_planes_has_a_port_of_its_own() {
    let api = |balancer: &str| {
        let section = format!(
            "network: {{segments: {{nodes: {{cidr: 10.20.0.0/24}}}}, api: {{address: 10.20.0.5, balancer: {balancer}}}}}"
        );
        network(&section).api.unwrap()
    };
    assert_eq!((api("kube-vip").port, api("kube-vip").balancer), (6443, ApiBalancer::KubeVip));
    assert_eq!(api("haproxy").port, 8443);
    assert_eq!(api("kube-vip").host, "api.machines.internal");
}

#[test]
fn the_tenth_address_of_services_is_dns() {
    assert_eq!(network("network: {services: 10.32.0.0/16}").dns_service.to_string(), "10.32.0.10");
}

#[test]
fn machines_leave_the_first_addresses_where_there_are_many() {
    for (cidr, first, last) in [
        ("10.20.0.0/24", "10.20.0.16", "10.20.0.254"),
        ("10.20.0.0/28", "10.20.0.1", "10.20.0.14"),
        ("10.0.0.0/8", "10.0.0.16", "10.0.255.254"),
        ("fd00::/64", "fd00::10", "fd00::fffe"),
    ] {
        let range = for_machines(cidr.parse().unwrap());
        assert_eq!((range.0.to_string().as_str(), range.1.to_string().as_str()), (first, last));
    }
}
