//! Runbooks: what people do by hand, with this estate's own names, addresses and commands.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::plan::nodes::needs::{SNAPSHOT_FOLDER, SNAPSHOT_STORE, snapshots_of};
use crate::plan::nodes::{
    ApiBalancer, ApiEndpoint, ClusterNetwork, EtcdTopology, KubernetesFacts, Machine, Machines,
    NodeRole,
};
use crate::plan::{Artifact, BackupPlace, Origin, Plan, Stage};

/// The pass's name in origins.
pub const NAME: &str = "runbooks";

/// The component that states what this pass derives from.
const COMPONENT: &str = "machines";

/// The runbooks: file, what each is for, and its template.
const RUNBOOKS: &[(&str, &str, &str)] = &[
    ("bootstrap", "a cluster from nothing", include_str!("bootstrap.md")),
    ("control-plane", "a control plane that is lost", include_str!("control-plane.md")),
    ("quorum", "etcd without a quorum", include_str!("quorum.md")),
    ("node", "a node that is lost", include_str!("node.md")),
    ("certificates", "certificates and other secrets", include_str!("certificates.md")),
    ("upgrade", "another version of Kubernetes", include_str!("upgrade.md")),
];

pub(super) fn run(plan: &mut Plan) {
    let templates = templates();
    let mut made = Vec::new();
    for (cluster, machines) in &plan.facts.machines {
        let Some(view) = View::of(plan, cluster) else { continue };
        let values = view.values();
        for (file, what, _) in RUNBOOKS {
            made.push(Artifact {
                stage: Stage::Cluster(cluster.clone()),
                path: format!("runbooks/{cluster}/{file}.md"),
                text: render(&templates, file, &values),
                what: format!("runbook of the cluster {cluster}: {what}"),
                origin: Origin::derived(COMPONENT, NAME, [machines.at.clone()]),
            });
        }
    }
    plan.artifacts.extend(made);
}

fn templates() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(syntax.unwrap_or_default());
    for (file, _, text) in RUNBOOKS {
        if let Err(fault) = templates.add_template(file, text) {
            crate::bug!("the runbook {file} does not parse: {fault:#}");
        }
    }
    templates
}

fn render(templates: &Environment<'_>, file: &str, values: &Value) -> String {
    match templates.get_template(file).and_then(|template| template.render(values)) {
        // minijinja takes the last line break away.
        Ok(text) => text + "\n",
        Err(fault) => crate::bug!("the runbook {file}: {fault:#}"),
    }
}

/// What a runbook says of a machine.
#[derive(Clone, Debug, Serialize)]
struct Named {
    name: String,
    /// Its address for Kubernetes, as it stands in a URL.
    address: String,
    /// How an administrator gets in: `ops@10.20.0.11`.
    ssh: String,
    host: String,
    zone: String,
    role: &'static str,
}

/// What runbooks say of a cluster.
struct View<'a> {
    plan: &'a Plan,
    cluster: &'a str,
    machines: &'a Machines,
    network: &'a ClusterNetwork,
    kubernetes: &'a KubernetesFacts,
    api: &'a ApiEndpoint,
}

impl<'a> View<'a> {
    /// `None` where a part of the cluster is not described.
    fn of(plan: &'a Plan, cluster: &'a str) -> Option<Self> {
        let facts = &plan.facts;
        let network = facts.networks.get(cluster)?;
        let machines = facts.machines.get(cluster)?;
        let api = network.api.as_ref()?;
        let kubernetes = facts.kubernetes.get(cluster)?;
        // An audit refuses a cluster without them; until then there is nobody to name.
        let is_there = |role| machines.machines.iter().any(|machine| machine.role == role);
        let etcd = kubernetes.etcd == EtcdTopology::Stacked || is_there(NodeRole::Etcd);
        if !is_there(NodeRole::ControlPlane) || !etcd {
            return None;
        }
        Some(Self { plan, cluster, machines, network, kubernetes, api })
    }

    fn values(&self) -> Value {
        let control_planes = self.of_role(NodeRole::ControlPlane);
        let etcd = match self.kubernetes.etcd {
            EtcdTopology::Stacked => control_planes.clone(),
            EtcdTopology::External => self.of_role(NodeRole::Etcd),
        };
        let balancers = self.of_role(NodeRole::LoadBalancer);
        let endpoints: Vec<String> =
            etcd.iter().map(|member| format!("https://{}:2379", member.address)).collect();
        let argocd = self.plan.facts.argocd.get(self.cluster);
        let repository = self.plan.facts.repository.as_ref();
        let owned = repository.map(|repository| repository.path.clone());
        let owned = owned.filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned());
        let all: Vec<Named> = self.machines.machines.iter().map(|one| self.named(one)).collect();
        let autoscaled = self.machines.autoscaled.iter();
        let autoscaled: Vec<String> = autoscaled.map(|pool| pool.name.clone()).collect();
        context! {
            cluster => self.cluster,
            estate => self.plan.estate.clone(),
            version => self.kubernetes.version.to_string(),
            minor => self.kubernetes.version.series().to_string(),
            exists => self.kubernetes.exists,
            encrypted => self.kubernetes.encryption != crate::plan::nodes::Encryption::None,
            external_etcd => self.kubernetes.etcd == EtcdTopology::External,
            api_host => self.api.host.clone(),
            api_address => self.api.address.to_string(),
            api_port => self.api.port,
            balancer => match self.api.balancer {
                ApiBalancer::KubeVip => "kube-vip",
                ApiBalancer::HaProxy => "haproxy",
                ApiBalancer::External => "external",
            },
            first => Serde(control_planes[0].clone()),
            tolerated => etcd.len().saturating_sub(1) / 2,
            quorum => etcd.len() / 2 + 1,
            endpoints => endpoints.join(","),
            workers => Serde(self.of_role(NodeRole::Worker)),
            machines => Serde(all),
            autoscaled,
            cluster_api => self.cluster_api(),
            snapshots => SNAPSHOT_FOLDER,
            store => self.store(),
            argocd => argocd.map(|argocd| argocd.namespace.clone()),
            repository => repository.map(|repository| repository.url.clone()),
            owned,
            control_planes => Serde(control_planes),
            etcd => Serde(etcd),
            balancers => Serde(balancers),
        }
    }

    /// Where snapshots of etcd are beside the machines; undefined where they stay.
    fn store(&self) -> Option<Value> {
        let backup = self.plan.facts.etcd_backups.get(self.cluster)?;
        let (kind, place) = match &backup.place {
            BackupPlace::S3 { endpoint, bucket, .. } => {
                ("s3", format!("the bucket `{bucket}` of {endpoint}"))
            }
            BackupPlace::Nfs { server, share } => ("nfs", format!("the export `{server}:{share}`")),
        };
        Some(context! {
            name => backup.store.clone(),
            kind,
            place,
            hours => backup.keep.div_ceil(3600),
            config => SNAPSHOT_STORE,
            folder => snapshots_of(self.cluster),
        })
    }

    /// The namespace of the objects of autoscaled pools; undefined where there is no such pool.
    fn cluster_api(&self) -> Option<String> {
        let facts = self.plan.facts.node_autoscaling.get(self.cluster)?;
        (!self.machines.autoscaled.is_empty()).then(|| facts.namespace.clone())
    }

    fn of_role(&self, role: NodeRole) -> Vec<Named> {
        let of_role = self.machines.machines.iter().filter(|machine| machine.role == role);
        of_role.map(|machine| self.named(machine)).collect()
    }

    fn named(&self, machine: &Machine) -> Named {
        // Administrators come through the segment that has a way out.
        let reaches = |segment: &str| {
            self.network.segments.get(segment).is_some_and(|segment| segment.gateway.is_some())
        };
        let open = machine.nics.iter().find(|nic| reaches(&nic.segment));
        let (first, open) = match (machine.nics.first(), open) {
            (Some(first), open) => (first, open.unwrap_or(first)),
            (None, _) => crate::bug!("the machine {} has no network card", machine.name),
        };
        let user = self.machines.administrators.first().map_or("root", |one| one.name.as_str());
        Named {
            name: machine.name.clone(),
            address: in_url(first.address.addr()),
            ssh: format!("{user}@{}", open.address.addr()),
            host: machine.host.clone(),
            zone: machine.zone.clone(),
            role: machine.role.word(),
        }
    }
}

/// An address as it stands in a URL.
fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
