//! The operating system of a machine: kernel, time, SSH, logging in, updates of the distribution.

use minijinja::context;

use super::cluster::{Cluster, Pool};
use super::files::{File, OPEN};
use super::kubelet::SHUTDOWN_SECONDS;
use super::packages;
use super::texts::Texts;
use crate::k8s::tree::Tree;

/// Files of the operating system that all machines of a pool share.
pub(super) fn files(cluster: &Cluster<'_>, pool: &Pool<'_>, texts: &Texts) -> Vec<File> {
    let plain = |path: &str, name: &str, values| File::new(path, OPEN, texts.render(name, values));
    let users: Vec<String> =
        cluster.machines.administrators.iter().map(|person| person.name.clone()).collect();
    let modules = modules(cluster, pool);
    let bridges = modules.iter().any(|module| module == "br_netfilter");
    let mut files = vec![
        plain("/etc/sysctl.d/99-groundplan.conf", "sysctl.conf", context! { bridges }),
        plain(
            "/etc/chrony/chrony.conf",
            "chrony.conf",
            context! { servers => cluster.network.ntp.clone() },
        ),
        plain("/etc/ssh/sshd_config.d/10-groundplan.conf", "sshd.conf", context! { users }),
        plain(
            "/etc/apt/apt.conf.d/52groundplan",
            "unattended.conf",
            context! { packages => packages::untouched() },
        ),
    ];
    if !modules.is_empty() {
        let text = modules.iter().fold(String::new(), |text, module| text + module + "\n");
        files.push(File::new("/etc/modules-load.d/groundplan.conf", OPEN, text));
    }
    if pool.has_kubelet() {
        files.push(plain(
            "/etc/systemd/logind.conf.d/unattended-upgrades-logind-maxdelay.conf",
            "logind.conf",
            context! { seconds => SHUTDOWN_SECONDS },
        ));
    }
    files
}

fn modules(cluster: &Cluster<'_>, pool: &Pool<'_>) -> Vec<String> {
    let mut modules: Vec<String> = Vec::new();
    if pool.has_kubelet() {
        modules.extend(["overlay", "br_netfilter"].map(str::to_owned));
    }
    let needs = cluster.needs.iter().filter(|need| need.roles.contains(&pool.role));
    for module in needs.flat_map(|need| &need.modules) {
        if !modules.contains(module) {
            modules.push(module.clone());
        }
    }
    modules
}

/// Who may log in: by key only, and then as root without a password, since there is none.
pub(super) fn users(cluster: &Cluster<'_>) -> Tree {
    let people = cluster.machines.administrators.iter().map(|person| {
        let keys = person.keys.iter().cloned().map(Tree::from).collect::<Vec<_>>();
        crate::tree!({
            "name": (person.name.clone()),
            "groups": ["adm", "systemd-journal"],
            "shell": "/bin/bash",
            "lock_passwd": true,
            "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
            "ssh_authorized_keys": (keys),
        })
    });
    Tree::from(people.collect::<Vec<_>>())
}
