//! What drivers can do, and the add-ons that they are.

use super::spec::{AccessMode, ClassSpec, Driver};
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::plan::nodes::DEDICATED;
use crate::plan::{Addon, Metrics, charts, platform};
use crate::tree;

impl Driver {
    /// As a blueprint spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Longhorn => "longhorn",
            Self::Nfs => "nfs",
            Self::Iscsi => "iscsi",
        }
    }

    /// The name that storage classes know it by.
    pub fn provisioner(self) -> &'static str {
        match self {
            Self::Longhorn => "driver.longhorn.io",
            Self::Nfs => "nfs.csi.k8s.io",
            Self::Iscsi => "org.democratic-csi.iscsi",
        }
    }

    /// How its volumes can be mounted. A block device has one writer; Longhorn serves many through an NFS server of
    /// its own.
    pub fn access(self) -> &'static [AccessMode] {
        use AccessMode::{ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod};
        match self {
            Self::Longhorn | Self::Nfs => {
                &[ReadWriteOnce, ReadWriteOncePod, ReadWriteMany, ReadOnlyMany]
            }
            Self::Iscsi => &[ReadWriteOnce, ReadWriteOncePod],
        }
    }

    /// The fields of a class that are for other drivers.
    pub fn foreign(self) -> &'static [&'static str] {
        match self {
            Self::Longhorn => &["server", "share", "portal", "dataset", "secret"],
            Self::Nfs => &["replicas", "portal", "dataset", "secret"],
            Self::Iscsi => &["replicas", "server", "share"],
        }
    }

    /// Packages and kernel modules that it needs on every machine that runs pods.
    pub fn host(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            // Longhorn attaches its volumes by iSCSI, serves shared ones by NFS, and encrypts with dm-crypt
            // (longhorn.io, Installation Requirements).
            Self::Longhorn => {
                (&["cryptsetup", "nfs-common", "open-iscsi"], &["dm_crypt", "iscsi_tcp"])
            }
            Self::Nfs => (&["nfs-common"], &[]),
            Self::Iscsi => (&["lsscsi", "open-iscsi"], &["iscsi_tcp"]),
        }
    }

    /// The add-on; `snapshots` says whether the sidecar that takes them has its definitions.
    pub fn addon(self, snapshots: bool, class: &ClassSpec) -> Addon {
        let (name, namespace, chart, values) = match self {
            Self::Longhorn => ("longhorn", "longhorn-system", charts::LONGHORN, longhorn(class)),
            Self::Nfs => {
                ("csi-driver-nfs", "csi-driver-nfs", charts::CSI_DRIVER_NFS, nfs(snapshots))
            }
            Self::Iscsi => {
                ("democratic-csi", "democratic-csi", charts::DEMOCRATIC_CSI, iscsi(snapshots))
            }
        };
        let scrapes = if self == Self::Longhorn { vec![LONGHORN_METRICS] } else { Vec::new() };
        Addon {
            name,
            namespace,
            // Mounts are made on the host, with its devices.
            pod_security: Level::Privileged,
            // Longhorn's chart has policies of its own; the others are on the network of the hosts.
            network: None,
            chart,
            values,
            ignored: Vec::new(),
            needs: if snapshots { vec![platform::SNAPSHOTS] } else { Vec::new() },
            scrapes,
        }
    }
}

impl ClassSpec {
    /// How its volumes can be mounted.
    pub fn access(&self) -> Vec<AccessMode> {
        match self.access {
            None => self.driver.access().to_vec(),
            Some(mode) => vec![mode],
        }
    }

    /// Whether a volume can be used from one machine only: then it is made where its first pod goes.
    pub fn is_bound(&self) -> bool {
        self.driver == Driver::Longhorn && self.replicas.is_some_and(|replicas| replicas.get() == 1)
    }
}

/// The version of the driver in the containers.
const DEMOCRATIC_CSI: &str = "v1.9.4";

const LONGHORN_METRICS: Metrics = Metrics {
    name: "longhorn",
    service: &[("app", "longhorn-manager")],
    port: "manager",
    pods: &[("app", "longhorn-manager")],
    socket: Socket::tcp(9500),
};

/// The job that checks before an upgrade is a hook that Argo CD would wait for with every sync.
fn longhorn(class: &ClassSpec) -> Tree {
    let replicas = class.replicas.unwrap_or_else(|| super::spec::REPLICAS.get()).get();
    tree!({
        "preUpgradeChecker": {"jobEnabled": false},
        "persistence": {"defaultClass": false, "defaultClassReplicaCount": replicas, "reclaimPolicy": "Retain"},
        "defaultSettings": {
            "nodeDrainPolicy": "block-if-contains-last-replica",
            "replicaSoftAntiAffinity": false,
            "storageOverProvisioningPercentage": 100,
            // What Longhorn itself starts, and below what its chart starts.
            "taintToleration": (format!("{DEDICATED}:NoSchedule"))
        },
        "longhornManager": {"tolerations": [(dedicated())]},
        "longhornDriver": {"tolerations": [(dedicated())]},
        "longhornUI": {"replicas": 1}
    })
}

/// Volumes are used on machines of dedicated pools too, so what mounts them runs there; not on control planes, whose
/// disks would be filled with copies.
fn dedicated() -> Tree {
    tree!({"key": DEDICATED, "operator": "Exists", "effect": "NoSchedule"})
}

fn nfs(snapshots: bool) -> Tree {
    tree!({
        // The controller of snapshots is an add-on of its own, for all drivers; this is the sidecar.
        "controller": {"replicas": 2, "enableSnapshotter": snapshots},
        "externalSnapshotter": {"enabled": false}
    })
}

fn iscsi(snapshots: bool) -> Tree {
    tree!({
        "csiDriver": {"name": "org.democratic-csi.iscsi"},
        "driver": {
            "config": {"driver": "freenas-api-iscsi"},
            "existingConfigSecret": (super::lower::ISCSI_CONFIG)
        },
        "controller": {
            "replicaCount": 2,
            "externalSnapshotter": {"enabled": snapshots},
            "driver": {"image": {"tag": DEMOCRATIC_CSI}}
        },
        // `latest` if not said.
        "node": {
            "driver": {"image": {"tag": DEMOCRATIC_CSI}},
            // Wherever a pod may be that uses a volume.
            "tolerations": [{"operator": "Exists"}]
        }
    })
}
