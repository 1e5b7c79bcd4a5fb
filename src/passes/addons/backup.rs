//! What saves objects of teams and their volumes: Velero.
//!
//! Nothing of the platform is saved: it is in the repository. Nothing of databases is: they save themselves, and a
//! volume copied under a running PostgreSQL is none. Nor are Secrets: they come from where they are kept.

use std::collections::BTreeSet;

use super::NAME;
use crate::k8s::crd::external_secrets::templated;
use crate::k8s::duration::Duration;
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::store::SavedVolumes;
use crate::k8s::tree::Tree;
use crate::plan::{
    API_SERVER, Addon, ClusterBackup, Flow, Metrics, Network, Origin, Peer, Plan, Resource, Stage,
    UnitKind, authority, charts, namespace, platform,
};
use crate::tree;

/// The component that states what this pass derives from.
const COMPONENT: &str = "backup";

const NAMESPACE: &str = "velero";

/// The Secret with the keys of the store and the password of the volumes: Velero looks for the password under this
/// name, and makes a published one where it finds none. In one Secret, neither is there before the other.
const SECRET: &str = "velero-repo-credentials";

/// What speaks to S3, of the version that goes with Velero 1.18.
const PLUGIN: &str = "docker.io/velero/velero-plugin-for-aws:v1.14.0";

/// The label by which databases are told from everything else.
const NAME_LABEL: &str = "app.kubernetes.io/name";

pub(super) fn plan(plan: &mut Plan) {
    for (cluster, backup) in plan.facts.cluster_backups.clone() {
        let origin = || Origin::derived(COMPONENT, NAME, [backup.at.clone()]);
        let values = values(&backup, &cluster, plan);
        let id = addon(&backup, values).install(plan, &cluster, COMPONENT, origin());
        plan.facts.flows.push(to_store(&backup, id.stage.clone()));
        plan.unit(id, &backup.at).add(Resource::tree(credentials(&backup), origin()));
    }
}

fn addon(backup: &ClusterBackup, values: Tree) -> Addon {
    Addon {
        name: platform::CLUSTER_BACKUP,
        namespace: NAMESPACE,
        pod_security: match backup.volumes {
            // The files of volumes are read from folders of the host.
            SavedVolumes::Files => Level::Privileged,
            // Copies are made by pods that mount what was taken from the snapshot, as root.
            _ => Level::Baseline,
        },
        network: Some(Network { reaches: vec![API_SERVER], ..Network::default() }),
        chart: charts::VELERO,
        values,
        ignored: Vec::new(),
        needs: vec![platform::CNI, platform::STORAGE, platform::SNAPSHOTS],
        scrapes: vec![Metrics {
            name: "velero",
            service: &[(NAME_LABEL, "velero")],
            port: "http-monitoring",
            pods: &[("name", "velero")],
            socket: Socket::tcp(8085),
        }],
    }
}

fn values(backup: &ClusterBackup, cluster: &str, plan: &Plan) -> Tree {
    let mut values = tree!({
        // Definitions come with the chart's folder of them; the job would write them a second time.
        "upgradeCRDs": false,
        "credentials": {"existingSecret": SECRET},
        "initContainers": [{
            "name": "velero-plugin-for-aws",
            "image": PLUGIN,
            "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}
        }],
        "priorityClassName": "system-cluster-critical",
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}
        },
        // What is not a CSI driver's has no place for snapshots.
        "snapshotsEnabled": false,
        "configuration": {
            "backupStorageLocation": [{
                "name": "default",
                "provider": "aws",
                "bucket": (backup.bucket.clone()),
                // A folder of its own: Velero refuses a place where it finds what others made.
                "prefix": (format!("{}/{cluster}/velero", plan.estate)),
                "default": true,
                "config": {
                    "region": (backup.region.clone()),
                    "s3Url": (backup.endpoint.clone()),
                    "s3ForcePathStyle": "true",
                    // Services that are not Amazon's refuse the checksums of new clients.
                    "checksumAlgorithm": ""
                }
            }]
        },
        "schedules": {"teams": (schedule(backup, plan))}
    });
    let Some(map) = values.as_map_mut() else { return values };
    if backup.volumes.snapshots() {
        map.map_at("configuration").insert("features", "EnableCSI");
    }
    if backup.volumes.leaves() {
        map.insert("deployNodeAgent", true);
        map.insert("nodeAgent", node_agent(backup.volumes));
    }
    values
}

/// What copies volumes, on every machine.
fn node_agent(volumes: SavedVolumes) -> Tree {
    let mut agent = tree!({
        "priorityClassName": "system-node-critical",
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
    });
    let Some(map) = agent.as_map_mut() else { return agent };
    if volumes == SavedVolumes::Files {
        // Files are read where their pods are, whatever the machine is kept for.
        map.insert("tolerations", tree!([{"operator": "Exists"}]));
    } else {
        map.insert("disableHostPath", true);
    }
    agent
}

fn schedule(backup: &ClusterBackup, plan: &Plan) -> Tree {
    let mut template = tree!({
        "ttl": (Duration::from_secs(backup.keep).to_go()),
        "storageLocation": "default",
        "includedNamespaces": (namespaces(backup, plan)),
        "excludedResources": ["secrets", "events"],
        "snapshotVolumes": (backup.volumes.snapshots())
    });
    let databases = databases(plan);
    if let Some(map) = template.as_map_mut() {
        match backup.volumes {
            SavedVolumes::Copies => map.insert("snapshotMoveData", true),
            SavedVolumes::Files => map.insert("defaultVolumesToFsBackup", true),
            SavedVolumes::None | SavedVolumes::Snapshots => None,
        };
        if !databases.is_empty() {
            let others = tree!({"key": NAME_LABEL, "operator": "NotIn", "values": databases});
            map.insert("labelSelector", tree!({"matchExpressions": [others]}));
        }
    }
    tree!({"schedule": (backup.schedule.clone()), "template": template})
}

/// The namespaces of the teams in the environments, without those that rehearse restores; never empty, which would be
/// all there are.
fn namespaces(backup: &ClusterBackup, plan: &Plan) -> Vec<Tree> {
    plan.facts
        .tenancies
        .values()
        .filter(|tenancy| {
            let Some(environment) = tenancy.stage.environment() else { return false };
            let is_own = tenancy.namespace == namespace(&tenancy.team, Some(environment));
            is_own
                && backup.environments.iter().any(|name| name == environment)
                && (backup.teams.is_empty() || backup.teams.contains(&tenancy.team))
        })
        .map(|tenancy| Tree::from(tenancy.namespace.clone()))
        .collect()
}

/// The names that databases have in the labels of their pods and, since a StatefulSet gives claims the labels that it
/// selects by, of their volumes.
fn databases(plan: &Plan) -> Vec<Tree> {
    let databases = plan.units.values().filter(|unit| unit.id.kind == UnitKind::Database);
    let sets = databases.flat_map(|unit| &unit.resources).filter(|it| it.kind() == "StatefulSet");
    let names: BTreeSet<String> = sets
        .filter_map(|set| set.as_tree().pointer("/spec/selector/matchLabels")?.get(NAME_LABEL))
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    names.into_iter().map(Tree::from).collect()
}

/// Every pod of the namespace: the copying ones are made while a backup runs.
fn to_store(backup: &ClusterBackup, stage: Stage) -> Flow {
    let (_, port) = authority(&backup.endpoint);
    let pods = Peer::Pods { namespace: NAMESPACE.to_owned(), labels: Default::default() };
    let store = match backup.cidrs.is_empty() {
        true => Peer::Anyone,
        false => Peer::Addresses(backup.cidrs.clone()),
    };
    Flow {
        stage,
        from: pods,
        to: store,
        sockets: vec![Socket::tcp(port)],
        component: COMPONENT,
        at: backup.at.clone(),
    }
}

fn credentials(backup: &ClusterBackup) -> Tree {
    let file =
        "[default]\naws_access_key_id = {{ .access }}\naws_secret_access_key = {{ .secret }}\n";
    templated(
        (NAMESPACE, SECRET),
        &[],
        &[("cloud", file.to_owned()), ("repository-password", "{{ .password }}".to_owned())],
        &[
            ("access", &backup.access_key),
            ("secret", &backup.secret_key),
            ("password", &backup.encryption),
        ],
    )
}
