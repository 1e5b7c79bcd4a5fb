//! cloud-init's user-data of a machine.
//!
//! No template language of cloud-init is used: everything is known here, and a brace in a file would make it ignore
//! the whole file. `write_files` comes before disks are mounted and before users are made, so nothing is written
//! below a mount, and everything belongs to root.

use super::cluster::{Cluster, Pool};
use super::files::{CLOSED, File, OPEN};
use super::texts::Texts;
use super::{
    balancer, control_plane, etcd, firewall, kubeadm, kubelet, packages, runtime, scripts,
    snapshots, system,
};
use crate::k8s::tree::{Map, Tree};
use crate::k8s::yaml;
use crate::plan::nodes::{Disk, DiskUse, Machine, NodeRole};
use crate::tree;

/// The first line, by which cloud-init knows what it reads.
const HEADER: &str = "#cloud-config\n";

/// Where kubeadm's configuration waits for the bootstrap.
const KUBEADM: &str = "/etc/groundplan/kubeadm.yaml";

/// What all machines of a pool have in common.
pub(super) struct Shared {
    files: Vec<File>,
    users: Tree,
    packages: Vec<Tree>,
    run: Vec<Tree>,
}

/// Renders what all machines of a pool have in common, once.
pub(super) fn shared(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Shared {
    let names = packages::plain(cluster, pool).into_iter().map(Tree::from).collect();
    Shared {
        files: files(cluster, pool, texts),
        users: system::users(cluster),
        packages: names,
        run: commands(&scripts::started(cluster, pool)),
    }
}

/// Files that all machines of a pool share; those of an autoscaled pool are the same.
pub(super) fn files(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    let mut files = system::files(cluster, pool, texts);
    // The cluster must not need a name server to come up again.
    let api = format!("{} {}\n", cluster.api.address, cluster.api.host);
    files.push(File::appended("/etc/hosts", api));
    files.push(firewall::file(cluster, pool, texts));
    files.extend(scripts::shared(cluster, pool, texts));
    if pool.has_kubelet() {
        files.extend(packages::files(cluster, pool, texts));
        files.extend(runtime::files(cluster, texts));
        files.extend(etcd::files(cluster, pool, texts));
        files.extend(snapshots::files(cluster, pool, texts));
    }
    if pool.is_node() {
        files.push(kubelet::patch(pool.cpu, pool.memory));
        let upgrade = kubeadm::upgrade(cluster);
        files.push(File::yaml("/etc/groundplan/kubeadm-upgrade.yaml", OPEN, &upgrade));
    }
    if pool.role == NodeRole::ControlPlane {
        files.extend(control_plane::files(cluster));
    }
    for need in cluster.needs.iter().filter(|need| need.roles.contains(&pool.role)) {
        let stated = need.files.iter();
        files.extend(stated.map(|file| File::new(&*file.path, file.mode, file.text.clone())));
    }
    files
}

/// The user-data of a machine.
pub(super) fn of(
    cluster: &Cluster<'_>,
    pool: &Pool<'_>,
    machine: &Machine,
    shared: &Shared,
    texts: &Texts,
) -> String {
    let mut own: Vec<File> = kubeadm_file(cluster, pool, machine).into_iter().collect();
    own.extend(balancer::files(cluster, machine, texts));
    own.extend(scripts::own(cluster, pool, machine, texts));
    let entries: Vec<Tree> = shared.files.iter().chain(&own).map(File::entry).collect();

    let mut map = Map::new();
    map.insert("hostname", machine.name.clone());
    map.insert("fqdn", kubeadm::fully(cluster, machine));
    map.insert("prefer_fqdn_over_hostname", false);
    map.insert("manage_etc_hosts", "localhost");
    map.insert("ssh_pwauth", false);
    map.insert("disable_root", true);
    map.insert("users", shared.users.clone());
    disks(pool.disks, &mut map);
    map.insert("package_update", true);
    map.insert("packages", shared.packages.clone());
    map.insert("write_files", entries);
    map.insert("runcmd", shared.run.clone());
    let mut text = HEADER.to_owned();
    yaml::print_into(&Tree::Map(map), &mut text);
    text
}

/// kubeadm's configuration: of the one machine that makes the cluster, of one that joins, of a member of etcd.
fn kubeadm_file(cluster: &Cluster<'_>, pool: &Pool<'_>, machine: &Machine) -> Option<File> {
    let first = cluster.first().is_some_and(|first| first.name == machine.name);
    match pool.role {
        NodeRole::LoadBalancer => None,
        NodeRole::Etcd => Some(File::documents(KUBEADM, CLOSED, &etcd::member(cluster, machine))),
        NodeRole::ControlPlane if first => {
            Some(File::documents(KUBEADM, CLOSED, &kubeadm::init(cluster, pool, machine)))
        }
        NodeRole::ControlPlane | NodeRole::Worker => {
            Some(File::yaml(KUBEADM, CLOSED, &kubeadm::join(cluster, pool, machine)))
        }
    }
}

/// File systems and mounts. Disks are found by the serial number that the inventory asks for, never by their order;
/// one that has the file system already keeps it.
fn disks(disks: &[Disk], map: &mut Map) {
    let mut systems = Vec::new();
    let mut mounts = Vec::new();
    for disk in disks {
        let Some(name) = disk.serial() else { continue };
        let device = format!("/dev/disk/by-id/virtio-{name}");
        systems.push(tree!({
            // XFS labels have twelve bytes at most.
            "label": (name.chars().take(12).collect::<String>()),
            "filesystem": "xfs",
            "device": (device.clone()),
            "partition": "none",
            "overwrite": false,
        }));
        // etcd must not start without its disk; a machine without a volume driver's is better than none.
        let options = if disk.usage == DiskUse::Etcd {
            "defaults,noatime,x-systemd.device-timeout=60s"
        } else {
            "defaults,noatime,nofail,x-systemd.device-timeout=60s"
        };
        mounts.push(tree!([(device), (format!("/var/lib/{name}")), "xfs", (options), "0", "2"]));
    }
    if !systems.is_empty() {
        map.insert("fs_setup", systems);
        map.insert("mounts", mounts);
    }
}

/// What runs once the files and packages are there. Nothing waits here: what may take long is a unit.
fn commands(units: &[&'static str]) -> Vec<Tree> {
    let mut commands = vec![tree!(["/usr/local/sbin/node-system"])];
    if !units.is_empty() {
        let words = ["systemctl", "enable", "--now", "--no-block"];
        let words = words.iter().chain(units).map(|word| Tree::from(*word));
        commands.push(Tree::from(words.collect::<Vec<_>>()));
    }
    commands
}
