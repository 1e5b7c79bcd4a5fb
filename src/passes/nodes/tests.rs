//! What holds of every first boot, whatever was chosen.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::*;
use crate::passes::tests::at;
use crate::plan::nodes::markers::{NodeSecret, markers};
use crate::plan::nodes::needs::{
    NodeFile, NodeNeed, NodePort, NodeSettings, Opener, RegistryMirror, Transport,
};
use crate::plan::nodes::*;

/// The bytes of a gibibyte.
const GIB: u64 = 1 << 30;

/// Three control planes and two workers on one estate, as most would have it.
pub fn estate() -> Plan {
    let mut machines = Vec::new();
    for number in 1..=3 {
        machines.push(machine("control-plane", NodeRole::ControlPlane, number));
    }
    for number in 1..=2 {
        machines.push(machine("general", NodeRole::Worker, number));
    }
    let mut plan = Plan::default();
    plan.facts.machines.insert("main".to_owned(), stated(machines));
    plan.facts.networks.insert("main".to_owned(), network());
    plan.facts.kubernetes.insert("main".to_owned(), kubernetes());
    plan
}

fn machine(pool: &str, role: NodeRole, number: u8) -> Machine {
    let zone = ["a", "b", "c"][usize::from(number - 1) % 3];
    let (segments, base): (&[&str], u8) = match role {
        NodeRole::ControlPlane => (&["cluster", "management"], 10),
        NodeRole::Etcd => (&["cluster", "management"], 20),
        NodeRole::LoadBalancer => (&["cluster", "management"], 30),
        NodeRole::Worker => (&["cluster", "management", "storage"], 40),
    };
    let nic = |(position, segment): (usize, &&str)| {
        let third = match *segment {
            "management" => 0,
            "cluster" => 10,
            _ => 30,
        };
        Nic {
            name: (*segment).to_owned(),
            segment: (*segment).to_owned(),
            mac: format!("52:54:00:00:{position:02x}:{:02x}", base + number),
            address: format!("10.20.{third}.{}/24", base + number).parse().unwrap(),
        }
    };
    let mut disks = vec![Disk { usage: DiskUse::Root, size: 60 * GIB }];
    if matches!(role, NodeRole::ControlPlane | NodeRole::Etcd) {
        disks.push(Disk { usage: DiskUse::Etcd, size: 40 * GIB });
    }
    Machine {
        name: format!("{pool}-{number}"),
        pool: pool.to_owned(),
        role,
        host: format!("hv-{zone}"),
        zone: zone.to_owned(),
        cpu: 4,
        memory: 16 * GIB,
        disks,
        nics: segments.iter().enumerate().map(nic).collect(),
        trunk: None,
        labels: BTreeMap::new(),
        taints: Vec::new(),
        at: at("machines.pools.general"),
    }
}

fn stated(machines: Vec<Machine>) -> Machines {
    Machines {
        image: "ubuntu-24.04".to_owned(),
        administrators: vec![Administrator {
            name: "ops".to_owned(),
            keys: vec!["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE ops".to_owned()],
        }],
        hosts: Vec::new(),
        cpu_percent: 100,
        memory_percent: 100,
        disk_percent: 100,
        pools: Vec::new(),
        machines,
        autoscaled: Vec::new(),
        at: at("machines"),
    }
}

fn segment(name: &str, third: u8, gateway: bool) -> (String, Segment) {
    let address = |last: u8| format!("10.20.{third}.{last}").parse().unwrap();
    let segment = Segment {
        name: name.to_owned(),
        vlan: Some(100 + u16::from(third)),
        cidr: format!("10.20.{third}.0/24").parse().unwrap(),
        gateway: gateway.then(|| address(1)),
        dns: if gateway { vec![address(2), address(3)] } else { Vec::new() },
        range: (address(10), address(250)),
        mtu: if name == "storage" { 9000 } else { 1500 },
        at: at("network.segments"),
    };
    (name.to_owned(), segment)
}

fn network() -> ClusterNetwork {
    ClusterNetwork {
        domain: "cluster.local".to_owned(),
        machines_domain: "main.acme.internal".to_owned(),
        segments: [
            segment("management", 0, true),
            segment("cluster", 10, false),
            segment("storage", 30, false),
        ]
        .into(),
        reserved: Vec::new(),
        pods: "10.244.0.0/16".parse().unwrap(),
        node_prefix: 24,
        services: "10.96.0.0/16".parse().unwrap(),
        dns_service: "10.96.0.10".parse().unwrap(),
        upstream: vec!["10.20.0.2".parse().unwrap()],
        cni: Cni::Cilium,
        encapsulation: Encapsulation::Vxlan,
        encrypted: false,
        policies: true,
        pod_mtu: 1450,
        dns_replicas: 2,
        dns_cache: true,
        api: Some(ApiEndpoint {
            address: "10.20.10.5".parse().unwrap(),
            host: "api.main.acme.internal".to_owned(),
            port: 6443,
            balancer: ApiBalancer::KubeVip,
            at: at("network.api"),
        }),
        load_balancer: LoadBalancerKind::MetalLbL2,
        load_balancer_pool: None,
        bgp_asn: None,
        bgp_peers: Vec::new(),
        gateway: None,
        ntp: vec!["10.20.0.2".to_owned(), "10.20.0.3".to_owned()],
        at: at("network"),
    }
}

fn kubernetes() -> KubernetesFacts {
    KubernetesFacts {
        version: crate::k8s::version::SemVer::new(1, 36, 3),
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

/// Every choice at its other value: HAProxy on machines of its own, an external etcd, Docker Engine, kube-proxy, Calico.
fn other() -> Plan {
    let mut plan = estate();
    let machines = &mut plan.facts.machines.get_mut("main").unwrap().machines;
    for number in 1..=3 {
        machines.push(machine("etcd", NodeRole::Etcd, number));
    }
    for number in 1..=2 {
        let mut balancer = machine("balancer", NodeRole::LoadBalancer, number);
        balancer.trunk = Some(Trunk {
            macs: vec![format!("52:54:00:01:00:0{number}"), format!("52:54:00:01:01:0{number}")],
            lacp: true,
        });
        machines.push(balancer);
    }
    machines.sort_by(|one, two| one.name.cmp(&two.name));
    for worker in machines.iter_mut().filter(|machine| machine.role == NodeRole::Worker) {
        worker.disks.push(Disk { usage: DiskUse::Data("longhorn".to_owned()), size: GIB });
        worker.labels.insert("tier".to_owned(), "fast".to_owned());
        worker.taints.push(NodeTaint {
            key: "dedicated".to_owned(),
            value: "database".to_owned(),
            effect: "NoSchedule",
        });
    }
    let network = plan.facts.networks.get_mut("main").unwrap();
    network.cni = Cni::Calico;
    network.encrypted = true;
    network.load_balancer = LoadBalancerKind::MetalLbBgp;
    network.bgp_peers = vec![BgpPeer { address: "10.20.0.1".parse().unwrap(), asn: 64512 }];
    network.api.as_mut().unwrap().balancer = ApiBalancer::HaProxy;
    let kubernetes = plan.facts.kubernetes.get_mut("main").unwrap();
    kubernetes.etcd = EtcdTopology::External;
    kubernetes.runtime = ContainerRuntime::Docker;
    kubernetes.proxy = ServiceProxy::Nftables;
    kubernetes.encryption = Encryption::AesGcm;
    kubernetes.cloud_controller = true;
    plan.facts.node_settings.insert(
        "main".to_owned(),
        NodeSettings {
            administrators_from: vec!["10.0.0.0/16".parse().unwrap()],
            mirrors: vec![RegistryMirror {
                registry: "docker.io".to_owned(),
                url: "https://mirror.acme.internal/hub".to_owned(),
                fallback: false,
            }],
            ..NodeSettings::default()
        },
    );
    plan.facts.node_needs.push(NodeNeed {
        cluster: "main".to_owned(),
        roles: vec![NodeRole::Worker],
        packages: vec!["cryptsetup".to_owned()],
        modules: vec!["dm_crypt".to_owned()],
        files: vec![NodeFile {
            path: "/etc/multipath/conf.d/longhorn.conf".to_owned(),
            mode: "0644",
            text: "blacklist {\n  devnode \"^sd[a-z]+\"\n}\n".to_owned(),
        }],
        ports: vec![NodePort {
            transport: Transport::Tcp,
            first: 3260,
            last: 3260,
            from: Opener::Nodes,
            what: "iSCSI".to_owned(),
        }],
        at: at("storage"),
    });
    plan
}

/// HAProxy on the control planes, containerd with mirrors, Flannel, IPv4 everywhere, one trunk without a bond.
fn third() -> Plan {
    let mut plan = estate();
    let machines = &mut plan.facts.machines.get_mut("main").unwrap().machines;
    for (number, machine) in machines.iter_mut().enumerate() {
        machine.trunk =
            Some(Trunk { macs: vec![format!("52:54:00:02:00:{number:02x}")], lacp: false });
    }
    let network = plan.facts.networks.get_mut("main").unwrap();
    network.cni = Cni::Flannel;
    let api = network.api.as_mut().unwrap();
    (api.balancer, api.port) = (ApiBalancer::HaProxy, 8443);
    let kubernetes = plan.facts.kubernetes.get_mut("main").unwrap();
    kubernetes.proxy = ServiceProxy::Iptables;
    kubernetes.encryption = Encryption::None;
    kubernetes.exists = true;
    let mirror = |registry: &str, fallback| RegistryMirror {
        registry: registry.to_owned(),
        url: format!("https://mirror.acme.internal/v2/{registry}"),
        fallback,
    };
    let mirrors = vec![mirror("registry.k8s.io", true), mirror("_default", false)];
    let settings = NodeSettings { mirrors, ..NodeSettings::default() };
    plan.facts.node_settings.insert("main".to_owned(), settings);
    plan
}

/// A machine's files by path, and the whole user-data.
struct Boot {
    name: String,
    text: String,
    data: Value,
    network: Value,
    files: BTreeMap<String, String>,
}

fn boots(mut plan: Plan) -> Vec<Boot> {
    run(&mut plan);
    let text = |name: &str, file: &str| {
        let path = format!("clusters/main/machines/{name}/{file}");
        let artifact = plan.artifacts.iter().find(|artifact| artifact.path == path);
        artifact.unwrap_or_else(|| panic!("{path}")).text.clone()
    };
    let read = |text: &str| -> Value {
        serde_yaml::from_str(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
    };
    let machines = &plan.facts.machines["main"].machines;
    machines
        .iter()
        .map(|machine| {
            let user_data = text(&machine.name, "user-data");
            let data = read(&user_data);
            let mut files = BTreeMap::new();
            for file in data["write_files"].as_sequence().unwrap() {
                let path = file["path"].as_str().unwrap().to_owned();
                let content = file["content"].as_str().unwrap().to_owned();
                assert!(path.starts_with('/') && !content.is_empty(), "{path}");
                assert!(files.insert(path.clone(), content).is_none(), "{path} twice");
            }
            Boot {
                name: machine.name.clone(),
                network: read(&text(&machine.name, "network-config")),
                text: user_data,
                data,
                files,
            }
        })
        .collect()
}

fn every() -> Vec<Boot> {
    [estate(), other(), third()].into_iter().flat_map(boots).collect()
}

/// kubeadm's documents of a machine by kind.
fn kubeadm(boot: &Boot) -> BTreeMap<String, Value> {
    let Some(text) = boot.files.get("/etc/groundplan/kubeadm.yaml") else {
        return BTreeMap::new();
    };
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .map(|document: Value| (document["kind"].as_str().unwrap().to_owned(), document))
        .collect()
}

#[test]
fn cloud_init_reads_each_without_templates() {
    for boot in every() {
        assert!(boot.text.starts_with("#cloud-config\n"), "{}", boot.name);
        assert!(!["{{", "{%", "{#"].iter().any(|brace| boot.text.contains(brace)), "{}", boot.name);
        for command in boot.data["runcmd"].as_sequence().unwrap() {
            let words = command.as_sequence().unwrap();
            assert!(words.iter().all(Value::is_string), "{}", boot.name);
            assert_ne!(words[0].as_str(), Some("kubeadm"), "a second boot would do it again");
        }
        assert!(boot.data.get("bootcmd").is_none(), "it runs at every boot");
    }
}

#[test]
fn nothing_is_written_below_a_mount_and_secrets_are_for_root() {
    for boot in every() {
        let mounts: Vec<&str> = boot.data["mounts"]
            .as_sequence()
            .into_iter()
            .flatten()
            .map(|mount| mount[1].as_str().unwrap())
            .collect();
        for file in boot.data["write_files"].as_sequence().unwrap() {
            let path = file["path"].as_str().unwrap();
            assert!(!mounts.iter().any(|mount| path.starts_with(mount)), "{path}");
            let mode = file["permissions"].as_str().unwrap_or("0644");
            let secret = markers(file["content"].as_str().unwrap()).any(|found| {
                use NodeSecret::*;
                !matches!(
                    found.secret,
                    Some(
                        ClusterCaCertificate
                            | EtcdCaCertificate
                            | FrontProxyCaCertificate
                            | ServiceAccountPublicKey
                    )
                )
            });
            assert!(!secret || mode == "0600", "{path} has the mode {mode}");
        }
    }
}

#[test]
fn markers_are_of_known_secrets_and_keys_are_where_they_belong() {
    for boot in every() {
        let found: BTreeSet<NodeSecret> = markers(&boot.text)
            .map(|marker| marker.secret.unwrap_or_else(|| panic!("{:?}", &boot.text[marker.range])))
            .collect();
        use NodeSecret::*;
        let mut allowed = BTreeSet::from([BootstrapToken, ClusterCaPin]);
        if boot.name.starts_with("etcd") {
            allowed = BTreeSet::from([EtcdCaCertificate, EtcdCaKey]);
        } else if boot.name.starts_with("balancer") {
            allowed = BTreeSet::new();
        } else if boot.name.starts_with("control-plane") {
            allowed = NodeSecret::ALL.into();
        }
        assert!(found.is_subset(&allowed), "{}: {found:?}", boot.name);
    }
}

#[test]
fn one_machine_makes_the_cluster_and_none_where_it_exists() {
    for (plan, first) in
        [(estate(), vec!["control-plane-1"]), (other(), vec!["control-plane-1"]), (third(), vec![])]
    {
        let boots = boots(plan);
        let of = |kind: &str| -> Vec<String> {
            let has =
                |boot: &&Boot| kubeadm(boot).contains_key(kind) && !boot.name.starts_with("etcd");
            boots.iter().filter(has).map(|boot| boot.name.clone()).collect()
        };
        assert_eq!(of("InitConfiguration"), first);
        assert_eq!(of("JoinConfiguration").len(), 5 - first.len());
        for boot in &boots {
            let script = boot.files.get("/usr/local/sbin/node-bootstrap");
            let makes = script.is_some_and(|script| script.contains("kubeadm init --config"));
            assert_eq!(makes, first.contains(&&*boot.name), "{}", boot.name);
            if let Some(script) = script.filter(|_| !boot.name.starts_with("etcd")) {
                assert!(script.contains("[ ! -e /etc/kubernetes/kubelet.conf ] || never"));
            }
        }
    }
}

#[test]
fn arguments_are_lists_of_strings_and_every_file_they_name_is_there_and_mounted() {
    for plan in [estate(), other()] {
        let boots = boots(plan);
        let first = kubeadm(boots.iter().find(|boot| boot.name == "control-plane-1").unwrap());
        let cluster = &first["ClusterConfiguration"];
        let mounts: Vec<&str> = cluster["apiServer"]["extraVolumes"]
            .as_sequence()
            .unwrap()
            .iter()
            .map(|volume| volume["mountPath"].as_str().unwrap())
            .collect();
        for part in ["apiServer", "controllerManager", "scheduler"] {
            for argument in cluster[part]["extraArgs"].as_sequence().unwrap() {
                let (name, value) =
                    (argument["name"].as_str().unwrap(), argument["value"].as_str().unwrap());
                assert!(!name.starts_with('-'));
                if !value.starts_with('/') {
                    continue;
                }
                let pki = value.starts_with("/etc/kubernetes/pki/");
                assert!(pki || mounts.iter().any(|mount| value.starts_with(mount)), "{value}");
                for boot in boots.iter().filter(|boot| boot.name.starts_with("control-plane")) {
                    let made = name == "audit-log-path" || boot.files.contains_key(value);
                    assert!(made, "{} lacks {value}", boot.name);
                }
            }
        }
    }
}

#[test]
fn patches_are_where_they_are_asked_for() {
    for boot in every() {
        let asks =
            boot.files.values().any(|text| text.contains("directory: /etc/kubernetes/patches"));
        let there = boot.files.keys().any(|path| path.starts_with("/etc/kubernetes/patches/"));
        assert_eq!(asks, there, "{}", boot.name);
    }
}

#[test]
fn a_machine_has_one_default_route_and_short_names_of_links() {
    for boot in every() {
        let network = &boot.network["network"];
        let mut routes = 0;
        let mut macs = BTreeSet::new();
        for kind in ["ethernets", "bonds", "vlans"] {
            for (name, link) in network[kind].as_mapping().into_iter().flatten() {
                assert!(name.as_str().unwrap().len() <= 15);
                routes += link["routes"].as_sequence().map_or(0, Vec::len);
                if let Some(mac) = link["match"]["macaddress"].as_str() {
                    assert!(macs.insert(mac.to_owned()), "{mac} twice");
                }
            }
        }
        assert_eq!(routes, 1, "{}", boot.name);
    }
}

#[test]
fn firewalls_keep_to_their_own_table_and_etcd_to_its_own() {
    for boot in every() {
        let rules = &boot.files[firewall::PATH];
        assert!(!rules.contains("flush") && !rules.contains("hook forward"), "{}", boot.name);
        for line in rules.lines().filter(|line| line.contains("dport 2379")) {
            let keeper = boot.name.starts_with("control-plane") || boot.name.starts_with("etcd");
            assert!(keeper && !line.contains('/'), "{}: {line}", boot.name);
        }
        assert!(rules.contains("tcp dport 22 accept"), "{}", boot.name);
    }
}

#[test]
fn shutting_down_takes_as_long_as_logind_allows() {
    for boot in boots(estate()) {
        let path = "/etc/systemd/logind.conf.d/unattended-upgrades-logind-maxdelay.conf";
        assert!(
            boot.files[path].contains(&format!("InhibitDelayMaxSec={}", kubelet::SHUTDOWN_SECONDS))
        );
    }
}

#[test]
fn etcd_waits_for_its_disk() {
    for boot in every().iter().filter(|boot| boot.name.starts_with("control-plane")) {
        let mount = &boot.data["mounts"][0];
        assert_eq!(mount[1].as_str(), Some("/var/lib/etcd"));
        assert!(!mount[3].as_str().unwrap().contains("nofail"));
        assert!(
            boot.files["/usr/local/sbin/node-bootstrap"].contains("mountpoint -q /var/lib/etcd")
        );
    }
}

#[test]
fn kube_vip_has_the_highest_rights_only_where_the_cluster_is_made() {
    for boot in boots(estate()).iter().filter(|boot| boot.name.starts_with("control-plane")) {
        let pod = &boot.files["/etc/kubernetes/manifests/kube-vip.yaml"];
        assert_eq!(pod.contains("super-admin.conf"), boot.name == "control-plane-1");
        let script = &boot.files["/usr/local/sbin/node-bootstrap"];
        assert_eq!(script.contains("super-admin.conf"), boot.name == "control-plane-1");
    }
}

#[test]
fn what_other_parts_need_is_there() {
    for boot in boots(other()) {
        let worker = boot.name.starts_with("general");
        assert_eq!(boot.files.contains_key("/etc/multipath/conf.d/longhorn.conf"), worker);
        let packages = boot.data["packages"].as_sequence().unwrap();
        assert_eq!(packages.iter().any(|name| name.as_str() == Some("cryptsetup")), worker);
        assert_eq!(boot.files[firewall::PATH].contains("3260"), worker);
        let modules = boot.files.get("/etc/modules-load.d/groundplan.conf");
        assert_eq!(modules.is_some_and(|text| text.contains("dm_crypt")), worker);
    }
}
