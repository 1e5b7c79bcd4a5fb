//! The drivers, the classes and what else of them there is on a cluster.

use std::collections::BTreeMap;

use super::spec::{ClassSpec, Driver, ExportSpec};
use super::{SECTION, Storage, spec};
use crate::k8s::crd::external_secrets::templated;
use crate::k8s::name::Name;
use crate::k8s::pod_security::Level;
use crate::k8s::secret::SecretRef;
use crate::k8s::tree::{Map, Tree};
use crate::path::At;
use crate::plan::nodes::NodeRole;
use crate::plan::nodes::needs::{NodeFile, NodeNeed};
use crate::plan::{API_SERVER, Addon, Network, Origin, Plan, Resource, charts, platform};
use crate::tree;

/// The Secret that the driver for iSCSI reads its configuration from.
pub const ISCSI_CONFIG: &str = "iscsi-driver-config";

pub fn lower(storage: &Storage, at: &At, cluster: &str, plan: &mut Plan) {
    let classes = at.key("classes");
    let mut drivers: BTreeMap<Driver, (&Name, &ClassSpec)> = BTreeMap::new();
    for (name, class) in &storage.classes {
        drivers.entry(class.driver).or_insert((name, class));
    }
    if storage.snapshots && !drivers.is_empty() {
        snapshots(at, cluster, plan);
    }
    for (driver, (name, class)) in &drivers {
        install(*driver, class, &classes.key(name), storage.snapshots, cluster, plan);
    }
    if !drivers.is_empty() || !storage.exports.is_empty() {
        objects(storage, at, cluster, &drivers, plan);
    }
}

fn snapshots(at: &At, cluster: &str, plan: &mut Plan) {
    let addon = Addon {
        name: platform::SNAPSHOTS,
        namespace: "snapshot-controller",
        pod_security: Level::Baseline,
        network: Some(Network { reaches: vec![API_SERVER], ..Network::default() }),
        chart: charts::SNAPSHOT_CONTROLLER,
        values: tree!({
            "controller": {
                "replicaCount": 2,
                "priorityClassName": "system-cluster-critical",
                "pdb": {"minAvailable": 1},
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}}
            }
        }),
        ignored: Vec::new(),
        needs: Vec::new(),
        // Its chart makes a Service only together with a monitor of its own.
        scrapes: Vec::new(),
    };
    addon.install(plan, cluster, SECTION, Origin::lowered(SECTION, [at.key("snapshots")]));
}

fn install(
    driver: Driver,
    class: &ClassSpec,
    at: &At,
    snapshots: bool,
    cluster: &str,
    plan: &mut Plan,
) {
    let addon = driver.addon(snapshots, class);
    let id = addon.install(plan, cluster, SECTION, Origin::lowered(SECTION, [at.key("driver")]));
    let (packages, modules) = driver.host();
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    plan.facts.node_needs.push(NodeNeed {
        cluster: cluster.to_owned(),
        roles: vec![NodeRole::ControlPlane, NodeRole::Worker],
        packages: owned(packages),
        modules: owned(modules),
        files: one_path(driver).into_iter().collect(),
        ports: Vec::new(),
        at: at.key("driver"),
    });
    match driver {
        Driver::Iscsi => plan.unit(id, at).add(iscsi_config(class, at)),
        Driver::Longhorn => {
            let origin = Origin::lowered(SECTION, [at.key("driver")]);
            plan.unit(id, at).add(Resource::tree(longhorn_metrics(), origin));
        }
        Driver::Nfs => {}
    }
}

/// Ubuntu's image runs multipathd, which would take every disk that appears by iSCSI for one path of several, and keep
/// it from being mounted (longhorn.io/kb/troubleshooting-volume-with-multipath). The disks have one path each.
fn one_path(driver: Driver) -> Option<NodeFile> {
    matches!(driver, Driver::Longhorn | Driver::Iscsi).then(|| NodeFile {
        path: format!("/etc/multipath/conf.d/{}.conf", driver.word()),
        mode: "0644",
        text: "blacklist {\n  devnode \"^sd[a-z0-9]+\"\n}\n".to_owned(),
    })
}

/// Longhorn's own policies close its manager; Prometheus is not among those that they let in.
fn longhorn_metrics() -> Tree {
    let (label, value) = platform::MONITORING.label;
    let prometheus: Map = [(label.to_owned(), Tree::from(value))].into_iter().collect();
    tree!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "allow-prometheus", "namespace": "longhorn-system"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "longhorn-manager"}},
            "policyTypes": ["Ingress"],
            "ingress": [{
                "from": [{
                    "namespaceSelector": {"matchLabels": {
                        "kubernetes.io/metadata.name": (platform::MONITORING.namespace)
                    }},
                    "podSelector": {"matchLabels": (Tree::Map(prometheus))}
                }],
                "ports": [{"port": 9500, "protocol": "TCP"}]
            }]
        }
    })
}

/// The classes, and the volumes and snapshots that go with them: a unit of its own, which comes after the drivers.
fn objects(
    storage: &Storage,
    at: &At,
    cluster: &str,
    drivers: &BTreeMap<Driver, (&Name, &ClassSpec)>,
    plan: &mut Plan,
) {
    let classes = at.key("classes");
    let unit = plan.unit(Addon::id(platform::STORAGE, cluster), at);
    // A class is part of the name by which volumes are found again.
    unit.stateful = true;
    for (driver, (name, class)) in drivers {
        let addon = driver.addon(storage.snapshots, class).name;
        unit.needs.insert((Addon::id(addon, cluster), classes.key(name).key("driver")));
        if storage.snapshots {
            let origin = Origin::lowered(SECTION, [classes.key(name).key("driver")]);
            unit.add(Resource::tree(snapshot_class(*driver), origin));
        }
    }
    for (name, class) in &storage.classes {
        let origin = Origin::lowered(SECTION, [classes.key(name)]);
        unit.add(Resource::tree(storage_class(name, class), origin));
    }
    for (name, export) in &storage.exports {
        let origin = Origin::lowered(SECTION, [at.key("exports").key(name)]);
        unit.add(Resource::tree(volume(name, export), origin));
    }
}

fn storage_class(name: &Name, class: &ClassSpec) -> Tree {
    let reclaim = class.reclaim.unwrap_or_else(|| spec::RECLAIM.get());
    let binding = if class.is_bound() { "WaitForFirstConsumer" } else { "Immediate" };
    let mut object = tree!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": (name.to_string()), "annotations": {
            "storageclass.kubernetes.io/is-default-class": (class.default.to_string())
        }},
        "provisioner": (class.driver.provisioner()),
        "parameters": (parameters(class)),
        "reclaimPolicy": (reclaim.word()),
        "volumeBindingMode": binding,
        "allowVolumeExpansion": true
    });
    if let (Driver::Nfs, Some(map)) = (class.driver, object.as_map_mut()) {
        // A write that was acknowledged is on the server; a server that is away is waited for.
        map.insert("mountOptions", tree!(["nfsvers=4.1", "hard"]));
    }
    object
}

fn parameters(class: &ClassSpec) -> Tree {
    match class.driver {
        Driver::Longhorn => {
            let replicas = class.replicas.unwrap_or_else(|| spec::REPLICAS.get());
            tree!({
                "numberOfReplicas": (replicas.to_string()),
                // With one copy, the copy is where the pod is.
                "dataLocality": (if class.is_bound() { "strict-local" } else { "disabled" }),
                "fsType": "ext4",
                "staleReplicaTimeout": "30"
            })
        }
        Driver::Nfs => tree!({
            "server": (class.server.as_ref().map(ToString::to_string).unwrap_or_default()),
            "share": (class.share.as_ref().map(ToString::to_string).unwrap_or_default()),
            "subDir": "${pvc.metadata.namespace}/${pvc.metadata.name}-${pv.metadata.name}"
        }),
        Driver::Iscsi => tree!({"fsType": "ext4"}),
    }
}

fn snapshot_class(driver: Driver) -> Tree {
    let mut object = tree!({
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": (driver.word())},
        "driver": (driver.provisioner()),
        "deletionPolicy": "Delete"
    });
    if let (Driver::Longhorn, Some(map)) = (driver, object.as_map_mut()) {
        // Without a type Longhorn makes a backup to a target of its own, which is not set, and every snapshot fails
        // (longhorn-manager, csi/controller_server.go).
        map.insert("parameters", tree!({"type": "snap"}));
    }
    object
}

/// A volume that nobody provisions: the export is there, and stays when the claim goes.
fn volume(name: &Name, export: &ExportSpec) -> Tree {
    tree!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": (name.to_string())},
        "spec": {
            "capacity": {"storage": (export.size.to_string())},
            "accessModes": [(export.access.word())],
            "persistentVolumeReclaimPolicy": "Retain",
            // No class: a claim of the default one must not take it.
            "storageClassName": "",
            "mountOptions": ["nfsvers=4.1", "hard"],
            "nfs": {"server": (export.server.to_string()), "path": (export.share.to_string())}
        }
    })
}

/// The configuration of the driver, filled in by External Secrets: only the key of the appliance's interface is
/// kept in the store.
fn iscsi_config(class: &ClassSpec, at: &At) -> Resource {
    let portal = class.portal.map(|portal| portal.to_string()).unwrap_or_default();
    let dataset = class.dataset.clone().unwrap_or_else(|| spec::DATASET.get());
    let secret = class.secret.clone().unwrap_or_else(appliance_key);
    let config = tree!({
        "driver": "freenas-api-iscsi",
        "httpConnection": {
            "protocol": "https", "host": (portal.clone()), "port": 443,
            "apiKey": "{{ .apiKey }}", "allowInsecure": false
        },
        "zfs": {
            "datasetParentName": (format!("{dataset}/volumes")),
            "detachedSnapshotsDatasetParentName": (format!("{dataset}/snapshots"))
        },
        "iscsi": {
            "targetPortal": (format!("{portal}:3260")),
            "namePrefix": "csi-",
            "targetGroups": [{
                "targetGroupPortalGroup": 1,
                "targetGroupInitiatorGroup": 1,
                "targetGroupAuthType": "None"
            }],
            "extentInsecureTpc": true,
            "extentBlocksize": 512,
            "extentRpm": "SSD"
        }
    });
    // JSON is YAML, and the driver reads both.
    let text = serde_json::to_string(&config).unwrap_or_default();
    let object = templated(
        ("democratic-csi", ISCSI_CONFIG),
        &[],
        &[("driver-config-file.yaml", text)],
        &[("apiKey", &secret)],
    );
    let from = [at.key("portal"), at.key("secret")];
    Resource::tree(object, Origin::lowered(SECTION, from))
}

/// Where the key of the appliance's interface is kept if not said.
fn appliance_key() -> SecretRef {
    spec::APPLIANCE_KEY.get()
}
