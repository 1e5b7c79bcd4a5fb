//! That the proofs of failures agree with losing each host and counting.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::{RULES, audit};
use crate::audit::testing::{Estate, at, rules_found};
use crate::plan::nodes::{
    ApiBalancer, ApiEndpoint, ClusterNetwork, Cni, ContainerRuntime, Encapsulation, Encryption,
    EtcdTopology, KubernetesFacts, LoadBalancerKind, Machine, MachineHost, MachinePool, Machines,
    NodeRole, ServiceProxy, Survives,
};

fn network() -> ClusterNetwork {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    ClusterNetwork {
        domain: "cluster.local".to_owned(),
        machines_domain: "machines.internal".to_owned(),
        segments: BTreeMap::new(),
        reserved: Vec::new(),
        pods: "10.244.0.0/16".parse().unwrap(),
        node_prefix: 24,
        services: "10.96.0.0/16".parse().unwrap(),
        dns_service: ip("10.96.0.10"),
        upstream: Vec::new(),
        cni: Cni::Cilium,
        encapsulation: Encapsulation::Vxlan,
        encrypted: false,
        policies: true,
        pod_mtu: 1450,
        dns_replicas: 2,
        dns_cache: false,
        api: Some(ApiEndpoint {
            address: ip("10.20.0.5"),
            host: "api.machines.internal".to_owned(),
            port: 6443,
            balancer: ApiBalancer::KubeVip,
            at: at("network.api"),
        }),
        load_balancer: LoadBalancerKind::None,
        load_balancer_pool: None,
        bgp_asn: None,
        bgp_peers: Vec::new(),
        gateway: None,
        ntp: Vec::new(),
        at: at("network"),
    }
}

fn kubernetes() -> KubernetesFacts {
    KubernetesFacts {
        version: crate::k8s::version::SemVer::new(1, 36, 4),
        etcd: EtcdTopology::Stacked,
        runtime: ContainerRuntime::Containerd,
        proxy: ServiceProxy::Cni,
        audit_days: 30,
        encryption: Encryption::Secretbox,
        cloud_controller: false,
        pods_per_node: 110,
        exists: false,
        at: at("kubernetes"),
    }
}

/// Control planes on hosts, by the host's number; each host is its own zone.
fn estate(hosts: &[usize]) -> crate::plan::Plan {
    let mut plan = Estate::new().plan();
    let machine = |(number, host): (usize, &usize)| Machine {
        name: format!("control-plane-{}", number + 1),
        pool: "control-plane".to_owned(),
        role: NodeRole::ControlPlane,
        host: format!("hv-{host}"),
        zone: format!("hv-{host}"),
        cpu: 4,
        memory: 16 << 30,
        disks: Vec::new(),
        nics: Vec::new(),
        trunk: None,
        labels: BTreeMap::new(),
        taints: Vec::new(),
        at: at("machines.pools.control-plane"),
    };
    let host = |number: usize| MachineHost {
        name: format!("hv-{number}"),
        zone: format!("hv-{number}"),
        cpu: 1000,
        memory: 1 << 50,
        disk: 1 << 50,
        at: at("machines.hosts").key(format!("hv-{number}")),
    };
    let machines = Machines {
        image: "ubuntu-24.04".to_owned(),
        administrators: Vec::new(),
        hosts: (0..6).map(host).collect(),
        cpu_percent: 100,
        memory_percent: 100,
        disk_percent: 100,
        pools: vec![MachinePool {
            name: "control-plane".to_owned(),
            role: NodeRole::ControlPlane,
            survives: Survives::Host,
            at: at("machines.pools.control-plane"),
        }],
        machines: hosts.iter().enumerate().map(machine).collect(),
        autoscaled: Vec::new(),
        at: at("machines"),
    };
    plan.facts.machines.insert("main".to_owned(), machines);
    plan.facts.networks.insert("main".to_owned(), network());
    plan.facts.kubernetes.insert("main".to_owned(), kubernetes());
    plan
}

proptest! {
    #[test]
    fn a_quorum_is_lost_exactly_when_some_host_takes_it(
        hosts in proptest::collection::vec(0..6_usize, 1..8),
    ) {
        let found = rules_found(audit, &estate(&hosts));
        let members = hosts.len();
        if members == 1 {
            prop_assert_eq!(found, ["machines/single-member"]);
        } else if members % 2 == 0 {
            prop_assert_eq!(found, ["machines/even-members"]);
        } else {
            let losing = (0..6)
                .filter(|lost| hosts.iter().filter(|host| *host != lost).count() < members / 2 + 1)
                .count();
            prop_assert_eq!(found, vec!["machines/quorum-lost"; losing]);
        }
    }
}

#[test]
fn every_rule_of_clusters_is_of_one_of_the_sections() {
    let sections = ["machines/", "network/", "kubernetes/", "autoscaling/", "backup/"];
    for rule in RULES {
        assert!(sections.iter().any(|section| rule.name.starts_with(section)), "{}", rule.name);
    }
}

#[test]
fn the_counterexample_names_what_is_lost_and_what_is_left() {
    let found = crate::audit::testing::messages(audit, &estate(&[0, 0, 1]));
    assert_eq!(
        found,
        [
            "when the host `hv-0` is lost, so are control-plane-1 and control-plane-2: 1 of 3 members are \
          left, 2 are needed"
        ]
    );
}
