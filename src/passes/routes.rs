//! What is exposed becomes an HTTPRoute at the gateway, and a flow from the gateway to the pods.

use rayon::prelude::*;

use crate::k8s::crd::Object;
use crate::k8s::crd::gateway::{
    BackendRef, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentRef,
};
use crate::plan::{Exposure, Flow, Origin, Peer, Plan, Resource, Stage, platform};

pub(super) const NAME: &str = "routes";

pub(super) fn run(plan: &mut Plan) {
    super::add_each(&mut plan.units, &plan.facts.exposures, |exposure| {
        let fields = [exposure.at.clone(), exposure.channel.at.clone()];
        let origin = Origin::derived(exposure.component, NAME, fields);
        Some((&exposure.unit, Resource::object(&route(exposure), origin)))
    });
    let applied =
        plan.facts.exposures.par_iter().filter(|exposure| exposure.unit.stage != Stage::Base);
    plan.facts.flows.par_extend(applied.map(from_gateway));
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
    let to = Peer::Pods { namespace: exposure.namespace.clone(), labels: exposure.pods.clone() };
    let stated = (exposure.component, &exposure.at);
    Flow::from_platform(platform::GATEWAY, &exposure.unit.stage, to, exposure.socket, stated)
}

#[cfg(test)]
pub mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::k8s::socket::Socket;
    use crate::passes::tests::{app, at, estate, namespace_unit, printed, production, web};
    use crate::plan::{Channel, UnitId};

    /// A workload that is reachable from outside.
    pub fn exposed(unit: UnitId, namespace: &str) -> Exposure {
        Exposure {
            unit,
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            service: "web".to_owned(),
            port: 80,
            pods: app("web"),
            socket: Socket::tcp(8080),
            channel: Channel {
                host: "shop.acme.example".to_owned(),
                path: "/".to_owned(),
                at: at("workloads.web.expose.host"),
            },
            component: "workloads",
            at: at("workloads.web.expose"),
        }
    }

    #[test]
    fn an_exposure_becomes_a_route_and_opens_the_pods_to_the_gateway() {
        let mut plan = estate(&["a-prod"]);
        let unit = web(&mut plan, production());
        plan.facts.exposures.push(exposed(unit.clone(), "a-prod"));
        run(&mut plan);
        assert_snapshot!(printed(&plan, &unit, 0), @r#"
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata:
          name: web
          namespace: a-prod
        spec:
          parentRefs:
          - group: gateway.networking.k8s.io
            kind: Gateway
            name: gateway
            namespace: envoy-gateway-system
            sectionName: https
          hostnames:
          - shop.acme.example
          rules:
          - matches:
            - path:
                type: PathPrefix
                value: /
            backendRefs:
            - group: ""
              kind: Service
              name: web
              port: 80
              weight: 1
        "#);
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
                  kubernetes.io/metadata.name: envoy-gateway-system
              podSelector:
                matchLabels:
                  app.kubernetes.io/component: proxy
            ports:
            - port: 8080
              protocol: TCP
          podSelector:
            matchLabels:
              app.kubernetes.io/name: web
          policyTypes:
          - Ingress
        ");
    }
}
