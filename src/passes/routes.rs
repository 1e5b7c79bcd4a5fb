//! What is exposed becomes an HTTPRoute at the gateway, and a flow from the gateway to the pods.

use crate::k8s::crd::Object;
use crate::k8s::crd::gateway::{
    BackendRef, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentRef,
};
use crate::plan::{Exposure, Flow, Origin, Peer, Plan, Resource, Stage, platform};

pub(super) const NAME: &str = "routes";

pub(super) fn run(plan: &mut Plan) {
    for exposure in &plan.facts.exposures {
        let fields = [exposure.at.clone(), exposure.channel.at.clone()];
        let origin = Origin::derived(exposure.component, NAME, fields);
        super::add(&mut plan.units, &exposure.unit, Resource::object(&route(exposure), origin));
        if exposure.unit.stage != Stage::Base {
            plan.facts.flows.push(from_gateway(exposure));
        }
    }
}

fn route(exposure: &Exposure) -> Object<HttpRouteSpec> {
    let spec = HttpRouteSpec {
        parent_refs: vec![ParentRef::gateway(
            platform::GATEWAY_NAME,
            platform::GATEWAY.namespace,
            platform::GATEWAY_LISTENER,
        )],
        hostnames: vec![exposure.channel.host.clone()],
        rules: vec![HttpRouteRule {
            matches: vec![HttpRouteMatch::below(exposure.channel.path.clone())],
            backend_refs: vec![BackendRef::service(exposure.service.clone(), exposure.port)],
        }],
    };
    Object::new(super::metadata(&exposure.name, &exposure.namespace), spec)
}

/// The gateway knows a Service's endpoints and connects to the pods themselves.
fn from_gateway(exposure: &Exposure) -> Flow {
    Flow {
        stage: exposure.unit.stage.clone(),
        from: Peer::platform(platform::GATEWAY),
        to: Peer::Pods { namespace: exposure.namespace.clone(), labels: exposure.pods.clone() },
        sockets: vec![exposure.socket],
        component: exposure.component,
        at: exposure.at.clone(),
    }
}
