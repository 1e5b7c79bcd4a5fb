//! Whether what is left of a cluster without its machines is somewhere.

use super::Cluster;
use crate::audit::view::View;
use crate::diag::{Diagnostics, Rule};

/// Snapshots that stay where they are made.
pub static STAYS: Rule = Rule::warning(
    "backup/etcd-stays",
    "snapshots of etcd never leave the machines of etcd, below a protected environment",
    "They are taken every six hours, and lie on the disks that they are for: losing all members of etcd loses the \
     snapshots with them (kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd: keep them elsewhere).",
    "environments: {production: {cluster: main, protected: true}}\nmachines: {pools: {}}   # and no backup.etcd",
);

/// Snapshots that nobody takes.
pub static NOBODY: Rule = Rule::warning(
    "backup/etcd-nobody",
    "snapshots of etcd are asked for on a cluster whose machines are not described",
    "Snapshots are taken by programs on the machines that hold etcd. Where somebody else makes the machines, somebody \
     else must save them, and this would be believed in until it is needed.",
    "clusters: {main: {}}   # without machines, and\nbackup: {stores: {nas: {kind: nfs, server: 10.0.0.9, share: /export}}, \
     etcd: {to: nas}}",
);

/// Where machines are described.
pub(super) fn audit(cluster: &Cluster<'_>, view: &View<'_>, diags: &mut Diagnostics) {
    if cluster.protected && !view.plan.facts.etcd_backups.contains_key(cluster.name) {
        let message = format!("snapshots of the etcd of `{}` stay on its machines", cluster.name);
        diags
            .report(&STAYS, &cluster.machines.at, message)
            .related(&cluster.kubernetes.at, "whose state they are")
            .help("write `backup.etcd: {to: <one of backup.stores>}`");
    }
}

/// Where they are not.
pub(super) fn elsewhere(view: &View<'_>, diags: &mut Diagnostics) {
    let facts = &view.plan.facts;
    for (cluster, backup) in &facts.etcd_backups {
        if !facts.machines.contains_key(cluster) {
            let message = format!("nothing here takes snapshots of the etcd of `{cluster}`");
            diags
                .report(&NOBODY, &backup.at, message)
                .help("describe its `machines`, or remove this and save etcd where it is made");
        }
    }
}
