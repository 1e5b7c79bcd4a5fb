//! An add-on of the platform: a chart with its values, the namespace that it needs, and whom its pods talk to.

use std::collections::BTreeMap;

use super::charts::Chart;
use super::{
    Exporter, Flow, IgnoredField, Origin, Peer, Plan, PlatformNamespace, Release, Scrape, Stage,
    UnitId, UnitKind, platform,
};
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::path::At;

/// An add-on before it is planned.
#[derive(Clone, Debug)]
pub struct Addon {
    /// The unit's name, and the release's: labels and selectors are made of it.
    pub name: &'static str,
    /// Its namespace.
    pub namespace: &'static str,
    /// The strictest level of Pod Security that its pods fit.
    pub pod_security: Level,
    /// Whom its pods talk to; `None` where its chart brings policies of its own, or where its pods are on the
    /// network of the hosts.
    pub network: Option<Network>,
    /// The chart.
    pub chart: Chart,
    /// Its values.
    pub values: Tree,
    /// What named controllers write.
    pub ignored: Vec<IgnoredField>,
    /// Other add-ons that must be there first, if they are planned at all.
    pub needs: Vec<&'static str>,
    /// What serves metrics.
    pub scrapes: Vec<Metrics>,
}

/// Whom the pods of an add-on talk to, beside the cluster's DNS.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Where they answer the API server: webhooks and aggregated APIs.
    pub answers: Vec<Socket>,
    /// Where they connect to, whoever is there; the API server itself is 6443.
    pub reaches: Vec<Socket>,
    /// Where they talk among themselves.
    pub among: Vec<Socket>,
}

/// Something that serves metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The name of the monitor.
    pub name: &'static str,
    /// The labels of the Service.
    pub service: &'static [(&'static str, &'static str)],
    /// The name of the Service's port.
    pub port: &'static str,
    /// The labels of the pods.
    pub pods: &'static [(&'static str, &'static str)],
    /// Where they listen.
    pub socket: Socket,
}

/// The port of the API server on the control planes: policies see a connection after the Service's address was
/// translated.
pub const API_SERVER: Socket = Socket::tcp(6443);

/// Charts whose programs the catalogue of metrics has, under the chart's name.
const EXPORTERS: [&str; 4] = ["argo-cd", "cert-manager", "cilium", "longhorn"];

impl Addon {
    /// The identity of an add-on's unit.
    pub fn id(name: &str, cluster: &str) -> UnitId {
        let stage = Stage::Cluster(cluster.to_owned());
        UnitId { kind: UnitKind::Platform, name: name.to_owned(), stage }
    }

    /// Plans it on a cluster.
    pub fn install(
        self,
        plan: &mut Plan,
        cluster: &str,
        component: &'static str,
        origin: Origin,
    ) -> UnitId {
        let id = Self::id(self.name, cluster);
        let at = origin.at().clone();
        plan.facts.platform_namespace(PlatformNamespace {
            stage: id.stage.clone(),
            name: self.namespace.to_owned(),
            pod_security: self.pod_security,
            closed: self.network.is_some(),
            component,
            at: at.clone(),
        });
        if let Some(network) = &self.network {
            let flows = network.flows(self.namespace, &id.stage, component, &at);
            plan.facts.flows.extend(flows);
        }
        let scrapes = self.scrapes.iter().map(|metrics| metrics.scrape(&self, &id, component, &at));
        plan.facts.scrapes.extend(scrapes);
        let known = EXPORTERS.iter().find(|name| **name == self.chart.name);
        if let Some(name) = known.filter(|_| !self.scrapes.is_empty()) {
            let (stage, at) = (id.stage.clone(), at.clone());
            plan.facts.exporters.push(Exporter { stage, name, at });
        }
        let version = format!("{} ({cluster})", self.chart.name);
        plan.versions.insert(version, self.chart.version.to_owned());
        let unit = plan.unit(id.clone(), &at);
        unit.namespace = Some(self.namespace.to_owned());
        unit.needs.extend(self.needs.iter().map(|name| (Self::id(name, cluster), at.clone())));
        // A pod starts when its node has a network.
        if self.name != platform::CNI && !self.needs.contains(&platform::CNI) {
            unit.needs.insert((Self::id(platform::CNI, cluster), at));
        }
        unit.release = Some(Release {
            name: self.name.to_owned(),
            chart: self.chart.name.to_owned(),
            source: self.chart.source(),
            version: self.chart.version.to_owned(),
            values: self.values,
            requires: None,
            api_versions: Vec::new(),
            ignored: self.ignored,
            origin,
        });
        id
    }
}

impl Network {
    fn flows(&self, namespace: &str, stage: &Stage, component: &'static str, at: &At) -> Vec<Flow> {
        let pods = || Peer::Pods { namespace: namespace.to_owned(), labels: BTreeMap::new() };
        [
            (Peer::Anyone, pods(), &self.answers),
            (pods(), Peer::Anyone, &self.reaches),
            (pods(), pods(), &self.among),
        ]
        .into_iter()
        .filter(|(.., sockets)| !sockets.is_empty())
        .map(|(from, to, sockets)| Flow {
            stage: stage.clone(),
            from,
            to,
            sockets: sockets.clone(),
            component,
            at: at.clone(),
        })
        .collect()
    }
}

impl Metrics {
    fn scrape(&self, of: &Addon, id: &UnitId, component: &'static str, at: &At) -> Scrape {
        let owned = |labels: &[(&str, &str)]| {
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Scrape {
            unit: id.clone(),
            namespace: of.namespace.to_owned(),
            name: self.name.to_owned(),
            labels: owned(self.service),
            port: self.port.to_owned(),
            pods: owned(self.pods),
            socket: self.socket,
            path: "/metrics".to_owned(),
            interval: 30,
            component,
            at: at.clone(),
        }
    }
}
