//! What monitoring becomes: two releases, the rules, the dashboards, the secrets, the way in.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::alerts::{self, Numbers};
use super::dashboards::DASHBOARDS;
use super::values::{ADMIN_SECRET, AGENTS, ControlPlane, GRAFANA, SSO_SECRET};
use super::{Grafana, Monitoring, flows};
use crate::component::Situation;
use crate::k8s::crd::Object;
use crate::k8s::crd::scrape_config::{ScrapeConfigSpec, StaticConfig};
use crate::k8s::pod_security::Level;
use crate::k8s::secret::SecretPath;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::nodes::{Machines, NodeRole};
use crate::plan::{
    Addon, Channel, Exporter, Exposure, IgnoredField, Origin, Plan, PlatformNamespace, Resource,
    SecretEntry, SecretNeed, ServedMetric, Stage, UnitId, charts, platform,
};
use crate::tree;

const COMPONENT: &str = "monitoring";

/// The unit of everything but the definitions.
const UNIT: &str = "kube-prometheus-stack";

/// The namespace of everything but node-exporter.
const NAMESPACE: &str = platform::MONITORING.namespace;

pub(super) fn lower(
    model: &Monitoring,
    cluster: &str,
    at: &At,
    situation: &Situation<'_>,
    plan: &mut Plan,
) {
    let kubernetes = plan.facts.kubernetes.get(cluster);
    let scraped = ControlPlane::of(kubernetes);
    definitions(cluster, at, plan);
    let origin = Origin::lowered(COMPONENT, [at.clone()]);
    let mut needs = vec![platform::MONITORING_CRDS, platform::STORAGE];
    if model.certificates {
        needs.push(platform::CERT_MANAGER);
    }
    let id = Addon {
        name: UNIT,
        namespace: NAMESPACE,
        pod_security: Level::Restricted,
        network: Some(model.network(scraped)),
        chart: charts::KUBE_PROMETHEUS_STACK,
        values: model.values(cluster, &situation.symbols.estate, scraped),
        ignored: webhooks(model.certificates),
        needs,
        scrapes: Vec::new(),
    }
    .install(plan, cluster, COMPONENT, origin);
    plan.facts.platform_namespace(PlatformNamespace {
        stage: situation.stage.clone(),
        name: AGENTS.to_owned(),
        pod_security: Level::Privileged,
        // Its pods are on the network of the hosts, where no policy holds.
        closed: false,
        component: COMPONENT,
        at: at.clone(),
    });
    plan.facts.flows.push(flows::dns(situation.stage, COMPONENT, at));
    plan.facts.node_needs.extend(flows::machines(cluster, scraped, at));
    state(model, scraped, situation.stage, at, plan);
    secrets(model, &id, at, plan);
    if let Some(grafana) = &model.grafana {
        plan.facts.exposures.push(exposure(grafana, &id, &at.key("grafana")));
    }
    objects(&id, cluster, scraped, at, plan);
}

/// The definitions have a release of their own: see `values`.
fn definitions(cluster: &str, at: &At, plan: &mut Plan) {
    Addon {
        name: platform::MONITORING_CRDS,
        namespace: NAMESPACE,
        pod_security: Level::Restricted,
        network: None,
        chart: charts::PROMETHEUS_OPERATOR_CRDS,
        values: tree!({"crds": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}}),
        ignored: Vec::new(),
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
    .install(plan, cluster, COMPONENT, Origin::lowered(COMPONENT, [at.clone()]));
}

/// cert-manager fills in who signed the certificate of the operator's webhook.
fn webhooks(certificates: bool) -> Vec<IgnoredField> {
    let field = |kind| IgnoredField {
        group: "admissionregistration.k8s.io",
        kind,
        jq_path: ".webhooks[]?.clientConfig.caBundle",
    };
    if !certificates {
        return Vec::new();
    }
    vec![field("MutatingWebhookConfiguration"), field("ValidatingWebhookConfiguration")]
}

/// States what is scraped, and what workloads are said to serve.
fn state(model: &Monitoring, scraped: ControlPlane, stage: &Stage, at: &At, plan: &mut Plan) {
    let mut names = vec![
        "alertmanager",
        "apiserver",
        "cadvisor",
        "coredns",
        "kube-state-metrics",
        "kubelet",
        "node-exporter",
        "prometheus",
        "prometheus-operator",
    ];
    for (is_scraped, name) in [
        (scraped.components, "controller-manager"),
        (scraped.components, "scheduler"),
        (scraped.etcd || scraped.external_etcd, "etcd"),
        (scraped.proxy, "kube-proxy"),
        (model.grafana.is_some(), "grafana"),
    ] {
        if is_scraped {
            names.push(name);
        }
    }
    let exporter = |name| Exporter { stage: stage.clone(), name, at: at.clone() };
    plan.facts.exporters.extend(names.into_iter().map(exporter));
    plan.facts.served_metrics.extend(model.metrics.iter().map(|(name, at)| ServedMetric {
        stage: stage.clone(),
        name: name.clone(),
        at: at.clone(),
    }));
}

fn secrets(model: &Monitoring, id: &UnitId, at: &At, plan: &mut Plan) {
    let mut need = |name: String, keys: Vec<(&SecretPath, &str, At)>| {
        let entries: Vec<SecretEntry> =
            keys.into_iter().map(|(path, key, at)| entry(path, key, at)).collect();
        if !entries.is_empty() {
            plan.facts.secrets.push(SecretNeed {
                unit: id.clone(),
                namespace: NAMESPACE.to_owned(),
                name,
                entries,
                component: COMPONENT,
            });
        }
    };
    for receiver in &model.receivers {
        need(receiver.secret(), receiver.keys());
    }
    let Some(grafana) = &model.grafana else { return };
    let at = at.key("grafana");
    let admin = |key| (&grafana.admin, key, at.key("admin"));
    need(ADMIN_SECRET.to_owned(), vec![admin("admin-user"), admin("admin-password")]);
    if let Some(sso) = &grafana.sso {
        let at = at.key("sso").key("credentials").key("secret");
        need(SSO_SECRET.to_owned(), vec![(&sso.credentials, "client-secret", at)]);
    }
}

/// One key of a Secret, under the name that its property has in the store.
fn entry(path: &SecretPath, key: &str, at: At) -> SecretEntry {
    SecretEntry { key: key.to_owned(), reference: path.property(key), at }
}

fn exposure(grafana: &Grafana, id: &UnitId, at: &At) -> Exposure {
    let labels = [("app.kubernetes.io/name".to_owned(), "grafana".to_owned())];
    Exposure {
        unit: id.clone(),
        namespace: NAMESPACE.to_owned(),
        name: GRAFANA.to_owned(),
        service: GRAFANA.to_owned(),
        port: 80,
        pods: labels.into(),
        socket: Socket::tcp(3000),
        channel: Channel { host: grafana.host.clone(), path: "/".to_owned(), at: at.key("host") },
        component: COMPONENT,
        at: at.clone(),
    }
}

/// Alerts, dashboards, and the scraping of an etcd that is outside of the cluster.
fn objects(id: &UnitId, cluster: &str, scraped: ControlPlane, at: &At, plan: &mut Plan) {
    let machines = plan.facts.machines.get(cluster).cloned();
    let names: BTreeSet<&str> = plan
        .facts
        .exporters
        .iter()
        .filter(|exporter| exporter.stage == id.stage)
        .map(|exporter| exporter.name)
        .collect();
    let numbers = Numbers::of(
        machines.as_ref(),
        scraped.external_etcd,
        plan.facts.etcd_backups.get(cluster),
        plan.facts.cluster_backups.get(cluster),
    );
    let rules = alerts::rules(&names, numbers, machines.as_ref());
    let dashboards: Vec<_> =
        DASHBOARDS.iter().filter_map(|dashboard| dashboard.config_map(&names, NAMESPACE)).collect();
    let with_grafana = names.contains("grafana");
    let origin = || Origin::lowered(COMPONENT, [at.clone()]);
    let unit = plan.unit(id.clone(), at);
    unit.add(Resource::object(&Object::new(named("estate"), rules), origin()));
    if with_grafana {
        for dashboard in &dashboards {
            unit.add(Resource::object(dashboard, Origin::lowered(COMPONENT, [at.key("grafana")])));
        }
    }
    if scraped.external_etcd
        && let Some(machines) = &machines
    {
        let config = Object::new(named("kube-etcd"), external_etcd(machines));
        unit.add(Resource::object(&config, origin()));
    }
}

/// The members by their addresses: no pod and no Service of the cluster stands for them.
fn external_etcd(machines: &Machines) -> ScrapeConfigSpec {
    let members = machines.machines.iter().filter(|machine| machine.role == NodeRole::Etcd);
    let targets = members
        .filter_map(|machine| Some(format!("{}:2381", machine.nics.first()?.address.addr())))
        .collect();
    let labels = BTreeMap::from([("job".to_owned(), "kube-etcd".to_owned())]);
    ScrapeConfigSpec {
        job_name: "kube-etcd".to_owned(),
        static_configs: vec![StaticConfig { targets, labels }],
        metrics_path: "/metrics",
        scheme: "HTTP",
        scrape_interval: "30s",
    }
}

fn named(name: &str) -> ObjectMeta {
    let (label, value) = platform::MONITOR_LABEL;
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(NAMESPACE.to_owned()),
        labels: Some([(label.to_owned(), value.to_owned())].into()),
        ..ObjectMeta::default()
    }
}
