//! What serves metrics becomes a ServiceMonitor, and a flow from Prometheus to the pods.

use crate::k8s::crd::Object;
use crate::k8s::crd::prometheus::{Endpoint, Selector, ServiceMonitorSpec};
use crate::plan::{Flow, Origin, Peer, Plan, Resource, Scrape, Stage, platform};

pub(super) const NAME: &str = "monitors";

pub(super) fn run(plan: &mut Plan) {
    for scrape in &plan.facts.scrapes {
        let origin = Origin::derived(scrape.component, NAME, [scrape.at.clone()]);
        super::add(&mut plan.units, &scrape.unit, Resource::object(&monitor(scrape), origin));
        if scrape.unit.stage != Stage::Base {
            plan.facts.flows.push(from_prometheus(scrape));
        }
    }
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
    Flow {
        stage: scrape.unit.stage.clone(),
        from: Peer::platform(platform::MONITORING),
        to: Peer::Pods { namespace: scrape.namespace.clone(), labels: scrape.pods.clone() },
        sockets: vec![scrape.socket],
        component: scrape.component,
        at: scrape.at.clone(),
    }
}
