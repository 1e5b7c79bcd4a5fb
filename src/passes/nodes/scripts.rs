//! Programs and units of a first boot, and of a node's life after it.

use minijinja::context;

use super::cluster::{Cluster, Pool, address, in_url};
use super::files::{File, OPEN, PROGRAM};
use super::texts::Texts;
use super::{balancer, kubeadm, snapshots};
use crate::plan::nodes::needs::METRICS_FOLDER;
use crate::plan::nodes::{ApiBalancer, Machine, NodeRole};

/// The longest month that every month is: no renewal falls on a day that some months lack.
const DAYS: usize = 28;

/// Programs and units that all machines of a pool share.
pub(super) fn shared(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    let unit = |name: &str| {
        File::new(format!("/etc/systemd/system/{name}"), OPEN, texts.render(name, context! {}))
    };
    let program = |name: &str, values| {
        let text = texts.render(&format!("{name}.sh"), values);
        File::new(format!("/usr/local/sbin/{name}"), PROGRAM, text)
    };
    let mut files = vec![
        program("node-system", context! { metrics => METRICS_FOLDER }),
        unit("host-firewall.service"),
    ];
    if pool.has_kubelet() {
        files.extend([unit("node-packages.service"), unit("node-bootstrap.service")]);
        let role = pool.role.word();
        files.push(program("node-upgrade", context! { role }));
        if pool.role != NodeRole::Worker {
            let external_etcd = cluster.external_etcd();
            files.push(program("certificates-renew", context! { role, external_etcd }));
            files.push(unit("certificates-renew.service"));
        }
    }
    files
}

/// What only this machine has: its way into the cluster, and its days.
pub(super) fn own(
    cluster: &Cluster<'_>,
    pool: &Pool<'_>,
    machine: &Machine,
    texts: &Texts,
) -> Vec<File> {
    if !pool.has_kubelet() {
        return Vec::new();
    }
    let mut files = vec![bootstrap(cluster, pool, machine, texts)];
    if pool.role != NodeRole::Worker {
        // Control planes and members of etcd are counted together: no two of them on one day.
        let renewing = cluster
            .machines
            .machines
            .iter()
            .filter(|other| matches!(other.role, NodeRole::ControlPlane | NodeRole::Etcd));
        let position = renewing.clone().position(|other| other.name == machine.name).unwrap_or(0);
        let values = context! { day => format!("{:02}", position % DAYS + 1) };
        files.push(File::new(
            "/etc/systemd/system/certificates-renew.timer",
            OPEN,
            texts.render("certificates-renew.timer", values),
        ));
    }
    let mut members = cluster.etcd_members();
    if let Some(position) = members.position(|member| member.name == machine.name) {
        files.push(snapshots::timer(cluster, position, texts));
    }
    files
}

/// What a machine does about its cluster at its first boot.
fn bootstrap(cluster: &Cluster<'_>, pool: &Pool<'_>, machine: &Machine, texts: &Texts) -> File {
    let first = cluster.first().is_some_and(|first| first.name == machine.name);
    let (role, what) = match pool.role {
        NodeRole::ControlPlane if first => ("init", "Makes the cluster; no other machine does."),
        NodeRole::ControlPlane => ("control-plane", "Joins as a control plane."),
        NodeRole::Etcd => ("etcd", "Starts this member of etcd."),
        NodeRole::LoadBalancer | NodeRole::Worker => ("worker", "Joins as a node."),
    };
    let external = cluster.external_etcd() && pool.role == NodeRole::ControlPlane;
    let members: Vec<String> = if external {
        cluster.etcd_members().map(|member| in_url(address(member))).collect()
    } else {
        Vec::new()
    };
    let before = (pool.role == NodeRole::ControlPlane)
        .then(|| cluster.before(machine))
        .flatten()
        .map(|before| format!("{}:6443", in_url(address(before))));
    let text = texts.render(
        "node-bootstrap.sh",
        context! {
            role, what, before,
            etcd_disk => pool.has_etcd_disk(),
            etcd_quorum => members.len() / 2 + 1,
            etcd_members => members,
            // Machines of their own are there before the cluster; on control planes HAProxy starts with them.
            balancer_probe => cluster.api.balancer == ApiBalancer::HaProxy,
            api => context! {
                address => cluster.api.address.to_string(),
                port => cluster.api.port,
            },
            super_admin => balancer::needs_super_admin(cluster),
            endpoint => kubeadm::endpoint(cluster),
        },
    );
    File::new("/usr/local/sbin/node-bootstrap", PROGRAM, text)
}

/// The units that a machine starts at its first boot.
pub(super) fn started(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<&'static str> {
    let mut units = Vec::new();
    if pool.has_kubelet() {
        units.extend(["node-packages.service", "node-bootstrap.service"]);
        if pool.role != NodeRole::Worker {
            units.push("certificates-renew.timer");
        }
        units.extend(snapshots::started(cluster, pool));
    }
    units
}
