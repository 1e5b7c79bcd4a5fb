//! Pools that grow and shrink, as Cluster API objects: the same first boot as a machine of a fixed pool, a deployment
//! without a number of replicas, since that is the autoscaler's, and what the autoscaler must know of a machine before
//! there is one.
//!
//! Templates are named after what they hold: a change is a new template, and thus new machines, one after the other.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::cluster::{Cluster, Pool};
use super::texts::Texts;
use super::{STATED_BY, kubeadm, user_data};
use crate::k8s::hardware::Infrastructure;
use crate::k8s::tree::{Map, Tree};
use crate::k8s::yaml;
use crate::plan::nodes::{AutoscaledPool, NodeAutoscaling, NodeRole};
use crate::plan::{Addon, Origin, Plan, Resource, UnitId};
use crate::tree;

/// The unit of all pools of a cluster.
const UNIT: &str = "node-pools";

/// The API of what Cluster API itself reads.
const CORE: &str = "cluster.x-k8s.io/v1beta2";

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;
/// Bytes of a gibibyte.
const GIB: u64 = 1 << 30;

/// The objects of every autoscaled pool of every cluster, by cluster.
pub(super) fn objects(plan: &Plan, texts: &Texts) -> Vec<(UnitId, Resource)> {
    let mut objects = Vec::new();
    for (name, autoscaling) in &plan.facts.node_autoscaling {
        let Some(cluster) = Cluster::of(&plan.facts, name) else { continue };
        let pools = &cluster.machines.autoscaled;
        if !pools.is_empty() {
            for tree in of_cluster(&cluster, autoscaling) {
                let origin = Origin::derived(STATED_BY, super::NAME, [autoscaling.at.clone()]);
                objects.push((Addon::id(UNIT, name), Resource::tree(tree, origin)));
            }
        }
        for stated in pools {
            for tree in of_pool(&cluster, stated, autoscaling, texts) {
                let fields = [stated.at.clone(), autoscaling.at.clone()];
                let origin = Origin::derived(STATED_BY, super::NAME, fields);
                objects.push((Addon::id(UNIT, name), Resource::tree(tree, origin)));
            }
        }
    }
    objects
}

/// The cluster that the pools are of, and what the provider knows of it. Cluster API did not make its control plane and
/// has no object for it, so it makes its own kubeconfig of the Secret `<cluster>-ca`; the runbook says what it must be
/// told once (decision 33).
fn of_cluster(cluster: &Cluster<'_>, autoscaling: &NodeAutoscaling) -> [Tree; 2] {
    let provider = Provider::of(autoscaling.infrastructure);
    let endpoint = tree!({
        "host": (cluster.api.address.to_string()),
        "port": (u32::from(cluster.api.port)),
    });
    let mut infrastructure = Map::new();
    infrastructure.insert("controlPlaneEndpoint", endpoint.clone());
    if let Some(Tree::Map(written)) = &autoscaling.cluster {
        overlay(&mut infrastructure, written);
    }
    let metadata = || {
        let mut metadata = Map::new();
        metadata.insert("name", cluster.name.to_owned());
        metadata.insert("namespace", autoscaling.namespace.clone());
        // With it go all machines that Cluster API has made.
        let keep = "Prune=false,Delete=false";
        metadata.insert("annotations", tree!({"argocd.argoproj.io/sync-options": keep}));
        metadata
    };
    [
        tree!({
            "apiVersion": (CORE),
            "kind": "Cluster",
            "metadata": (metadata()),
            "spec": {
                "clusterNetwork": {
                    "pods": {"cidrBlocks": [(cluster.network.pods.to_string())]},
                    "services": {"cidrBlocks": [(cluster.network.services.to_string())]},
                    "serviceDomain": (cluster.network.domain.clone()),
                },
                "controlPlaneEndpoint": (endpoint),
                "infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io",
                    "kind": (provider.cluster),
                    "name": (cluster.name.to_owned()),
                },
            },
        }),
        tree!({
            "apiVersion": (provider.api),
            "kind": (provider.cluster),
            "metadata": (metadata()),
            "spec": (infrastructure),
        }),
    ]
}

fn of_pool(
    cluster: &Cluster<'_>,
    stated: &AutoscaledPool,
    autoscaling: &NodeAutoscaling,
    texts: &Texts,
) -> [Tree; 3] {
    let bootstrap = bootstrap(cluster, stated, texts);
    let bootstrap_name = format!("{}-{}", stated.name, fingerprint(&bootstrap));
    let provider = Provider::of(autoscaling.infrastructure);
    let mut machine = provider.machine(stated);
    if let Some(Tree::Map(template)) = &autoscaling.template {
        overlay(&mut machine, template);
    }
    let machine = Tree::Map(machine);
    let machine_name = format!("{}-{}", stated.name, fingerprint(&machine));
    let config = template(
        "bootstrap.cluster.x-k8s.io/v1beta2",
        "KubeadmConfigTemplate",
        metadata(&bootstrap_name, autoscaling),
        bootstrap,
    );
    let infrastructure =
        template(provider.api, provider.kind, metadata(&machine_name, autoscaling), machine);
    let deployment =
        deployment(cluster, stated, autoscaling, &provider, (bootstrap_name, machine_name));
    [config, infrastructure, deployment]
}

fn template(api: &'static str, kind: &'static str, metadata: Map, spec: Tree) -> Tree {
    tree!({
        "apiVersion": (api),
        "kind": (kind),
        "metadata": (metadata),
        "spec": {"template": {"spec": (spec)}},
    })
}

/// Name, namespace, and that an old template goes only when the new machines are there.
fn metadata(name: &str, autoscaling: &NodeAutoscaling) -> Map {
    let mut metadata = Map::new();
    metadata.insert("name", name.to_owned());
    metadata.insert("namespace", autoscaling.namespace.clone());
    metadata.insert("annotations", tree!({"argocd.argoproj.io/sync-options": "PruneLast=true"}));
    metadata
}

/// The first boot: Cluster API writes the token and the certificate authority into it, so git holds no marker here.
fn bootstrap(cluster: &Cluster<'_>, stated: &AutoscaledPool, texts: &Texts) -> Tree {
    let pool = Pool {
        role: NodeRole::Worker,
        cpu: stated.cpu,
        memory: stated.memory,
        disks: &[],
        links: stated.segments.iter().map(|segment| (&**segment, &**segment)).collect(),
        taints: &stated.taints,
        members: Vec::new(),
    };
    let files = user_data::files(cluster, &pool, texts);
    let files: Vec<Tree> = files.iter().map(super::files::File::for_cluster_api).collect();
    let users = cluster.machines.administrators.iter().map(|person| {
        let keys: Vec<Tree> = person.keys.iter().cloned().map(Tree::from).collect();
        tree!({
            "name": (person.name.clone()),
            "groups": "adm, systemd-journal",
            "shell": "/bin/bash",
            "lockPassword": true,
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
            "sshAuthorizedKeys": (keys),
        })
    });
    let mut registration = Map::new();
    // Cluster API reads its own user-data through cloud-init's templates, which know the name; we write no other brace.
    registration.insert("name", "{{ local_hostname }}");
    registration.insert("criSocket", cluster.runtime_socket());
    let labels = kubeadm::labels(&stated.labels, None);
    registration.insert("kubeletExtraArgs", kubeadm::kubelet_arguments(cluster, None, &labels));
    let taints = kubeadm::taints(NodeRole::Worker, &stated.taints);
    if !taints.is_empty() {
        registration.insert("taints", taints);
    }
    tree!({
        "format": "cloud-config",
        "users": (users.collect::<Vec<_>>()),
        "files": (files),
        "preKubeadmCommands": [
            "/usr/local/sbin/node-system",
            "until /usr/local/sbin/node-packages; do sleep 30; done",
        ],
        "postKubeadmCommands": [
            "touch /var/lib/groundplan/bootstrapped",
        ],
        "joinConfiguration": {
            "nodeRegistration": (registration),
            "patches": {"directory": (super::kubelet::PATCHES)},
        },
    })
}

fn deployment(
    cluster: &Cluster<'_>,
    stated: &AutoscaledPool,
    autoscaling: &NodeAutoscaling,
    provider: &Provider,
    (bootstrap, machine): (String, String),
) -> Tree {
    let selector = tree!({
        "cluster.x-k8s.io/cluster-name": (cluster.name.to_owned()),
        "cluster.x-k8s.io/deployment-name": (stated.name.clone()),
    });
    tree!({
        "apiVersion": (CORE),
        "kind": "MachineDeployment",
        "metadata": {
            "name": (stated.name.clone()),
            "namespace": (autoscaling.namespace.clone()),
            "labels": {"cluster.x-k8s.io/cluster-name": (cluster.name.to_owned())},
            "annotations": (annotations(cluster, stated)),
        },
        "spec": {
            "clusterName": (cluster.name.to_owned()),
            "rollout": {
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
                },
            },
            "selector": {"matchLabels": (selector.clone())},
            "template": {
                "metadata": {"labels": (selector)},
                "spec": {
                    "clusterName": (cluster.name.to_owned()),
                    "version": (format!("v{}", cluster.kubernetes.version)),
                    "bootstrap": {
                        "configRef": {
                            "apiGroup": "bootstrap.cluster.x-k8s.io",
                            "kind": "KubeadmConfigTemplate",
                            "name": (bootstrap),
                        },
                    },
                    "infrastructureRef": {
                        "apiGroup": "infrastructure.cluster.x-k8s.io",
                        "kind": (provider.kind),
                        "name": (machine),
                    },
                },
            },
        },
    })
}

/// The bounds, and what a machine will be: the autoscaler must know it when there is none to look at.
fn annotations(cluster: &Cluster<'_>, stated: &AutoscaledPool) -> Map {
    const GROUP: &str = "cluster.x-k8s.io/cluster-api-autoscaler-node-group";
    const CAPACITY: &str = "capacity.cluster-autoscaler.kubernetes.io";
    let mut annotations = Map::new();
    annotations.insert(format!("{GROUP}-min-size"), stated.min.to_string());
    annotations.insert(format!("{GROUP}-max-size"), stated.max.to_string());
    let mut capacity = |name: &str, value: String| {
        if !value.is_empty() {
            annotations.insert(format!("{CAPACITY}/{name}"), value);
        }
    };
    capacity("cpu", stated.cpu.to_string());
    capacity("memory", format!("{}Mi", stated.memory / MIB));
    capacity("ephemeral-disk", format!("{}Gi", stated.disk / GIB));
    capacity("maxPods", cluster.kubernetes.pods_per_node.to_string());
    let labels = kubeadm::labels(&stated.labels, None);
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    capacity("labels", labels.join(","));
    let taints = stated.taints.iter();
    let taints: Vec<String> =
        taints.map(|taint| format!("{}={}:{}", taint.key, taint.value, taint.effect)).collect();
    capacity("taints", taints.join(","));
    annotations
}

/// How a provider spells the size of a machine.
struct Provider {
    api: &'static str,
    /// The kind of its template of machines.
    kind: &'static str,
    /// The kind of its cluster.
    cluster: &'static str,
    infrastructure: Infrastructure,
}

impl Provider {
    fn of(infrastructure: Infrastructure) -> Self {
        let (api, kind, cluster) = match infrastructure {
            Infrastructure::Proxmox => (
                "infrastructure.cluster.x-k8s.io/v1alpha1",
                "ProxmoxMachineTemplate",
                "ProxmoxCluster",
            ),
            Infrastructure::Vsphere => (
                "infrastructure.cluster.x-k8s.io/v1beta1",
                "VSphereMachineTemplate",
                "VSphereCluster",
            ),
            Infrastructure::OpenStack => (
                "infrastructure.cluster.x-k8s.io/v1beta1",
                "OpenStackMachineTemplate",
                "OpenStackCluster",
            ),
            Infrastructure::KubeVirt => (
                "infrastructure.cluster.x-k8s.io/v1alpha1",
                "KubevirtMachineTemplate",
                "KubevirtCluster",
            ),
            Infrastructure::Metal3 => (
                "infrastructure.cluster.x-k8s.io/v1beta1",
                "Metal3MachineTemplate",
                "Metal3Cluster",
            ),
        };
        Self { api, kind, cluster, infrastructure }
    }

    /// The size of a machine. A flavour of OpenStack and a server of Metal3 have theirs already.
    fn machine(&self, stated: &AutoscaledPool) -> Map {
        let (memory, disk) = (stated.memory / MIB, stated.disk / GIB);
        let (memory, disk) = (number(memory), number(disk));
        let tree = match self.infrastructure {
            Infrastructure::Proxmox => tree!({
                "numSockets": 1,
                "numCores": (stated.cpu),
                "memoryMiB": (memory),
                "disks": {"bootVolume": {"disk": "scsi0", "sizeGb": (disk)}},
            }),
            Infrastructure::Vsphere => tree!({
                "numCPUs": (stated.cpu),
                "memoryMiB": (memory),
                "diskGiB": (disk),
            }),
            Infrastructure::KubeVirt => tree!({
                "virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": {
                    "cpu": {"cores": (stated.cpu)},
                    "memory": {"guest": (format!("{}Mi", stated.memory / MIB))},
                }}}}},
            }),
            Infrastructure::OpenStack | Infrastructure::Metal3 => return Map::new(),
        };
        match tree {
            Tree::Map(map) => map,
            _ => Map::new(),
        }
    }
}

fn number(value: u64) -> Tree {
    Tree::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Puts what was written over what follows from the size.
fn overlay(under: &mut Map, over: &Map) {
    for (key, value) in over.iter() {
        match (under.get_mut(key), value) {
            (Some(Tree::Map(under)), Tree::Map(over)) => overlay(under, over),
            _ => {
                under.insert(key.to_owned(), value.clone());
            }
        }
    }
}

/// A few letters that change with what a template holds.
fn fingerprint(tree: &Tree) -> String {
    let digest = Sha256::digest(yaml::print(tree));
    digest.iter().take(4).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
