//! What is installed, from where, at which version, and that it stays so.

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::cluster::{Cluster, Pool};
use super::files::{File, OPEN, PROGRAM};
use super::snapshots;
use super::texts::Texts;
use crate::plan::nodes::{ContainerRuntime, NodeRole};

/// A repository of packages beside the distribution's.
#[derive(Serialize)]
struct Repository {
    name: &'static str,
    uri: String,
    suite: &'static str,
    components: &'static str,
    key: String,
    fingerprint: &'static str,
}

/// Packages and the version they are kept at.
#[derive(Serialize)]
struct Pin {
    packages: String,
    version: String,
}

/// The community's repository of Kubernetes; each minor has a folder of its own in it.
const KUBERNETES: &str = "https://pkgs.k8s.io/core:/stable:";
/// The key that signs it ("isv:kubernetes OBS Project"). Its expiry is extended now and then, so the key itself is
/// fetched and only its fingerprint is known here.
const KUBERNETES_KEY: &str = "DE15B14486CD377B9E876E1A234654DA9A296436";
/// Docker's repository, which has the current containerd.
const DOCKER: &str = "https://download.docker.com/linux/ubuntu";
/// The key that signs it.
const DOCKER_KEY: &str = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/// What the distribution's own updates never touch: each would restart containers, or the node's part in its cluster.
pub(super) fn untouched() -> [&'static str; 12] {
    [
        "containerd",
        "containerd[.]io",
        "runc",
        "docker[.]io",
        "docker-ce",
        "docker-ce-cli",
        "cri-dockerd",
        "kubelet",
        "kubeadm",
        "kubectl",
        "kubernetes-cni",
        "cri-tools",
    ]
}

/// Packages of the distribution.
pub(super) fn plain(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<String> {
    let mut names = vec![
        "ca-certificates",
        "chrony",
        "curl",
        "gnupg",
        "nftables",
        "openssl",
        "unattended-upgrades",
    ];
    if pool.has_kubelet() {
        names.extend(["conntrack", "ethtool", "iptables", "socat", "xfsprogs"]);
    }
    if pool.role == NodeRole::Worker {
        // What kubelet mounts volumes with.
        names.extend(["nfs-common", "open-iscsi"]);
    }
    names.extend(snapshots::packages(cluster, pool));
    if cluster.balances(pool.role) {
        names.extend(["haproxy", "keepalived"]);
    }
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let needs = cluster.needs.iter().filter(|need| need.roles.contains(&pool.role));
    names.extend(needs.flat_map(|need| need.packages.iter().cloned()));
    names.sort();
    names.dedup();
    names
}

/// Packages that are pinned and held.
fn held(cluster: &Cluster<'_>) -> Vec<&'static str> {
    let mut names =
        vec!["kubelet", "kubeadm", "kubectl", "cri-tools", "kubernetes-cni", "containerd.io"];
    if cluster.kubernetes.runtime == ContainerRuntime::Docker {
        names.extend(["docker-ce", "docker-ce-cli", "cri-dockerd"]);
    }
    names
}

/// Sources, pins, and the program that installs.
pub(super) fn files(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    let repositories = repositories(cluster);
    let mut files: Vec<File> = repositories
        .iter()
        .map(|repository| {
            // Not where apt looks before the key is there: a source without its key fails every update.
            let path = format!("/etc/groundplan/{}.sources", repository.name);
            let values = Serde(repository).into();
            File::new(path, OPEN, texts.render("packages.sources", values))
        })
        .collect();
    let version = &cluster.kubernetes.version;
    let pins = [
        Pin { packages: "kubeadm kubelet kubectl".to_owned(), version: format!("{version}-*") },
        Pin { packages: "cri-tools".to_owned(), version: format!("{}.*", cluster.minor()) },
        Pin { packages: "containerd.io".to_owned(), version: Cluster::containerd_pin() },
    ];
    let values = context! { pins => Serde(pins) };
    files.push(File::new(
        "/etc/apt/preferences.d/groundplan",
        OPEN,
        texts.render("preferences", values),
    ));
    let runtime_units: &[&str] = match cluster.kubernetes.runtime {
        ContainerRuntime::Containerd => &["containerd.service"],
        ContainerRuntime::Docker => {
            &["containerd.service", "docker.service", "cri-docker.socket", "cri-docker.service"]
        }
    };
    let values = context! {
        repositories => Serde(&repositories),
        packages => plain(cluster, pool),
        held => held(cluster),
        runtime_units => Serde(runtime_units),
    };
    let text = texts.render("node-packages.sh", values);
    files.push(File::new("/usr/local/sbin/node-packages", PROGRAM, text));
    files
}

fn repositories(cluster: &Cluster<'_>) -> [Repository; 2] {
    let root = cluster.settings.packages.as_deref().unwrap_or(KUBERNETES).trim_end_matches('/');
    let uri = format!("{root}/v{}/deb/", cluster.minor());
    [
        Repository {
            name: "kubernetes",
            key: format!("{uri}Release.key"),
            uri,
            suite: "/",
            components: "",
            fingerprint: KUBERNETES_KEY,
        },
        Repository {
            name: "docker",
            uri: DOCKER.to_owned(),
            suite: "noble",
            components: "stable",
            key: format!("{DOCKER}/gpg"),
            fingerprint: DOCKER_KEY,
        },
    ]
}
