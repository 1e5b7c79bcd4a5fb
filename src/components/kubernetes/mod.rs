//! `kubernetes`: the version and the choices of the control plane.

mod rules;
mod spec;

use crate::catalog::kubernetes::KUBERNETES;
use crate::catalog::parts::{CNI_PLUGINS, CONTAINERD, CONTAINERD_CHOSEN, RUNC};
use crate::catalog::{Chosen, choose, kubernetes};
use crate::component::{About, Component, Default, Resolving, Situation, Symbols};
use crate::diag::Diagnostics;
use crate::k8s::version::{SemVer, VersionChoice};
use crate::k8s::{Count, Duration};
use crate::path::At;
use crate::plan::nodes::{
    ContainerRuntime, Encryption, EtcdTopology, KubernetesFacts, ServiceProxy,
};
use crate::plan::{Plan, Stage};
use crate::source::Scope;
pub use spec::KubernetesSpec;
use spec::{CloudController, EncryptionKind, Proxy, Runtime, State, Topology};

static VERSION: Default = Default::new(
    "kubernetes.version",
    "1.36",
    "the newest minor that storage, Cluster API and containerd all say they support",
);
static TOPOLOGY: Default = Default::new(
    "kubernetes.etcd.topology",
    "stacked",
    "three machines instead of six; external pays off when the API server and etcd compete for disks",
);
static RUNTIME: Default =
    Default::new("kubernetes.runtime", "containerd", "what Kubernetes is tested with");
static PROXY: Default = Default::new(
    "kubernetes.proxy",
    "none",
    "the default CNI replaces kube-proxy; with Calico or Flannel write `nftables`",
);
static RETENTION: Default = Default::new(
    "kubernetes.audit.retention",
    "30d",
    "long enough to look into what is noticed a month later",
);
static ENCRYPTION: Default = Default::new(
    "kubernetes.encryption",
    "secretbox",
    "a copy of etcd's disk or a snapshot must not hold Secrets in plain text",
);
static CLOUD_CONTROLLER: Default = Default::new(
    "kubernetes.cloudController",
    "none",
    "there is no cloud: addresses of Services come from the load balancer",
);
static PODS_PER_NODE: Default = Default::new(
    "kubernetes.podsPerNode",
    "110",
    "the number that Kubernetes is tested with (kubernetes.io/docs/setup/best-practices/cluster-large)",
);
static STATE: Default = Default::new(
    "kubernetes.state",
    "new",
    "somebody must begin; once the cluster runs, write `exists`, and no machine begins again",
);

/// The choices of the control plane, with no default left.
#[derive(Debug)]
pub struct Kubernetes {
    version: SemVer,
    facts: Choices,
}

#[derive(Debug)]
struct Choices {
    etcd: EtcdTopology,
    runtime: ContainerRuntime,
    proxy: ServiceProxy,
    audit_days: u32,
    encryption: Encryption,
    cloud_controller: bool,
    pods_per_node: u32,
    exists: bool,
}

impl Component for Kubernetes {
    const ABOUT: About = About {
        section: "kubernetes",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "the version of Kubernetes and the choices of its control plane",
        rules: rules::RULES,
        defaults: &[
            &VERSION,
            &TOPOLOGY,
            &RUNTIME,
            &PROXY,
            &RETENTION,
            &ENCRYPTION,
            &CLOUD_CONTROLLER,
            &PODS_PER_NODE,
            &STATE,
        ],
    };

    type Spec = KubernetesSpec;

    fn resolve(spec: KubernetesSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let choice: VersionChoice = spec.version.unwrap_or_else(|| VERSION.get());
        let today = cx.files.world.today();
        let version = match choose(KUBERNETES, &choice) {
            Chosen::Known(version, series) => {
                rules::life(series, spec.past_end_of_life.as_ref(), &today, at, cx.diags);
                version
            }
            Chosen::UnknownPatch(version, series) => {
                rules::unknown_patch(&version, series, at, cx.diags);
                rules::life(series, spec.past_end_of_life.as_ref(), &today, at, cx.diags);
                version
            }
            Chosen::UnknownSeries => {
                rules::unknown(&choice, at, cx.diags);
                return None;
            }
        };
        let retention: Duration = spec.audit.retention.unwrap_or_else(|| RETENTION.get());
        let days = u32::try_from(retention.as_days()).unwrap_or(u32::MAX);
        let pods: Count = spec.pods_per_node.unwrap_or_else(|| PODS_PER_NODE.get());
        let facts = Choices {
            etcd: match spec.etcd.topology.unwrap_or_else(|| TOPOLOGY.get()) {
                Topology::Stacked => EtcdTopology::Stacked,
                Topology::External => EtcdTopology::External,
            },
            runtime: match spec.runtime.unwrap_or_else(|| RUNTIME.get()) {
                Runtime::Containerd => ContainerRuntime::Containerd,
                Runtime::Docker => ContainerRuntime::Docker,
            },
            proxy: match spec.proxy.unwrap_or_else(|| PROXY.get()) {
                Proxy::Nftables => ServiceProxy::Nftables,
                Proxy::Iptables => ServiceProxy::Iptables,
                Proxy::None => ServiceProxy::Cni,
            },
            audit_days: days,
            encryption: match spec.encryption.unwrap_or_else(|| ENCRYPTION.get()) {
                EncryptionKind::Secretbox => Encryption::Secretbox,
                EncryptionKind::Aesgcm => Encryption::AesGcm,
                EncryptionKind::None => Encryption::None,
            },
            cloud_controller: spec.cloud_controller.unwrap_or_else(|| CLOUD_CONTROLLER.get())
                == CloudController::External,
            pods_per_node: pods.get(),
            exists: spec.state.unwrap_or_else(|| STATE.get()) == State::Exists,
        };
        Some(Self { version, facts })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        rules::check(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Cluster(cluster) = situation.stage else { return };
        let choices = &self.facts;
        let facts = KubernetesFacts {
            version: self.version.clone(),
            etcd: choices.etcd,
            runtime: choices.runtime,
            proxy: choices.proxy,
            audit_days: choices.audit_days,
            encryption: choices.encryption,
            cloud_controller: choices.cloud_controller,
            pods_per_node: choices.pods_per_node,
            exists: choices.exists,
            at: at.clone(),
        };
        plan.facts.kubernetes.insert(cluster.clone(), facts);
        // Where no machine is described, somebody else decides what is installed.
        if situation.symbols.pools.iter().next().is_some() {
            for (name, version) in self.versions() {
                plan.versions.insert(format!("{name} ({cluster})"), version);
            }
        }
    }
}

impl Kubernetes {
    /// What is installed on machines, by name.
    fn versions(&self) -> Vec<(&'static str, String)> {
        let mut versions = vec![
            ("kubernetes", self.version.to_string()),
            (RUNC.name, RUNC.version.to_string()),
            (CNI_PLUGINS.name, CNI_PLUGINS.version.to_string()),
        ];
        if let Some(bundled) = kubernetes::kubeadm(self.version.series()) {
            versions.push(("etcd", bundled.etcd.to_string()));
            versions.push(("pause", bundled.pause.to_owned()));
        }
        let containerd = VersionChoice::Newest(CONTAINERD_CHOSEN);
        if let Chosen::Known(version, _) = choose(CONTAINERD, &containerd) {
            versions.push(("containerd", version.to_string()));
        }
        versions
    }
}
