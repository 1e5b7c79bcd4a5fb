//! What serves metrics becomes a ServiceMonitor, and a flow from Prometheus to the pods.

use rayon::prelude::*;

use crate::k8s::crd::Object;
use crate::k8s::crd::prometheus::{Endpoint, Selector, ServiceMonitorSpec};
use crate::plan::{Flow, Origin, Peer, Plan, Resource, Scrape, Stage, UnitId, UnitKind, platform};

pub(super) const NAME: &str = "monitors";

pub(super) fn run(plan: &mut Plan) {
    forget_unread(plan);
    super::add_each(&mut plan.units, &plan.facts.scrapes, |scrape| {
        let origin = Origin::derived(scrape.component, NAME, [scrape.at.clone()]);
        Some((&scrape.unit, Resource::object(&monitor(scrape), origin)))
    });
    let applied = plan.facts.scrapes.par_iter().filter(|scrape| scrape.unit.stage != Stage::Base);
    plan.facts.flows.par_extend(applied.map(from_prometheus));
}

/// The platform's parts serve metrics whether or not the platform has a Prometheus. Where it has none, the kind of
/// their monitors would be unknown and their Applications would never sync.
fn forget_unread(plan: &mut Plan) {
    let units = &plan.units;
    let is_read = |scrape: &Scrape| {
        let crds = UnitId {
            kind: UnitKind::Platform,
            name: platform::MONITORING_CRDS.to_owned(),
            stage: scrape.unit.stage.clone(),
        };
        scrape.unit.kind != UnitKind::Platform || units.contains_key(&crds)
    };
    plan.facts.scrapes.retain(is_read);
}

fn monitor(scrape: &Scrape) -> Object<ServiceMonitorSpec> {
    let mut metadata = super::metadata(&scrape.name, &scrape.namespace);
    let (label, value) = platform::MONITOR_LABEL;
    metadata.labels = Some([(label.to_owned(), value.to_owned())].into());
    let spec = ServiceMonitorSpec {
        selector: Selector { match_labels: scrape.labels.clone() },
        endpoints: vec![Endpoint {
            port: scrape.port.clone(),
            path: scrape.path.clone(),
            interval: format!("{}s", scrape.interval),
        }],
    };
    Object::new(metadata, spec)
}

fn from_prometheus(scrape: &Scrape) -> Flow {
    let to = Peer::Pods { namespace: scrape.namespace.clone(), labels: scrape.pods.clone() };
    let stated = (scrape.component, &scrape.at);
    Flow::from_platform(platform::MONITORING, &scrape.unit.stage, to, scrape.socket, stated)
}

#[cfg(test)]
pub mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::k8s::socket::Socket;
    use crate::passes::tests::{app, at, estate, namespace_unit, printed, production, web};
    use crate::plan::UnitId;

    /// A workload that serves metrics.
    pub fn scraped(unit: UnitId, namespace: &str) -> Scrape {
        Scrape {
            unit,
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            labels: app("web"),
            port: "metrics".to_owned(),
            pods: app("web"),
            socket: Socket::tcp(9090),
            path: "/metrics".to_owned(),
            interval: 30,
            component: "workloads",
            at: at("workloads.web.metrics"),
        }
    }

    #[test]
    fn a_scrape_becomes_a_monitor_and_opens_the_pods_to_prometheus() {
        let mut plan = estate(&["a-prod"]);
        let unit = web(&mut plan, production());
        plan.facts.scrapes.push(scraped(unit.clone(), "a-prod"));
        run(&mut plan);
        assert_snapshot!(printed(&plan, &unit, 0), @"
        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata:
          labels:
            groundplan.dev/monitor: enabled
          name: web
          namespace: a-prod
        spec:
          selector:
            matchLabels:
              app.kubernetes.io/name: web
          endpoints:
          - port: metrics
            path: /metrics
            interval: 30s
        ");
        crate::passes::policies::run(&mut plan);
        assert_snapshot!(printed(&plan, &namespace_unit("a-prod"), 3), @"
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
          namespace: a-prod
        spec:
          ingress:
          - from:
            - namespaceSelector:
                matchLabels:
                  kubernetes.io/metadata.name: monitoring
              podSelector:
                matchLabels:
                  app.kubernetes.io/name: prometheus
            ports:
            - port: 9090
              protocol: TCP
          podSelector:
            matchLabels:
              app.kubernetes.io/name: web
          policyTypes:
          - Ingress
        ");
    }
}
