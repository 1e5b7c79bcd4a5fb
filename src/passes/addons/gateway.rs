//! How HTTP gets in from outside: the Gateway API, its definitions with one owner, and the one Gateway.

use std::collections::BTreeSet;

use super::{COMPONENT, Cluster, NAME, is_planned};
use crate::k8s::pod_security::Level;
use crate::k8s::socket::Socket;
use crate::k8s::tree::{Map, Tree};
use crate::path::At;
use crate::plan::nodes::{ClusterGateway, GatewayKind};
use crate::plan::{
    API_SERVER, Addon, Exposure, Flow, Network, Origin, Peer, Plan, PlatformNamespace, Resource,
    charts, platform,
};
use crate::tree;

/// The unit of Envoy Gateway's controller.
const CONTROLLER: &str = "envoy-gateway";

/// The certificate of everything that is exposed, and the Secret it is in.
const CERTIFICATE: &str = "gateway-certificate";

/// Where the pods of cert-manager listen that answer an ACME server.
const ACME_SOLVER: Socket = Socket::tcp(8089);

/// The namespace of the Gateway, whoever answers for it: routes and policies name it.
const NAMESPACE: &str = platform::GATEWAY.namespace;

pub(super) fn plan(cluster: &Cluster<'_>, plan: &mut Plan) {
    let Some(gateway) = &cluster.network.gateway else { return };
    let origin = || Origin::derived(COMPONENT, NAME, [gateway.at.clone()]);
    definitions(gateway).install(plan, cluster.name, COMPONENT, origin());
    // Nothing runs where only definitions are made, so they wait for no network.
    let crds = Addon::id(platform::GATEWAY_CRDS, cluster.name);
    if let Some(unit) = plan.units.get_mut(&crds) {
        unit.needs.clear();
        unit.stateful = true;
    }
    match gateway.kind {
        GatewayKind::EnvoyGateway => {
            controller().install(plan, cluster.name, COMPONENT, origin());
            plan.facts.flows.extend(flows(cluster, &gateway.at));
        }
        GatewayKind::Cilium => plan.facts.platform_namespace(PlatformNamespace {
            stage: crds.stage.clone(),
            name: NAMESPACE.to_owned(),
            pod_security: Level::Restricted,
            closed: true,
            component: COMPONENT,
            at: gateway.at.clone(),
        }),
    }
    let mut objects = objects(gateway);
    let exposures = || exposures(plan, cluster.name);
    if let Some(issuer) = &gateway.issuer {
        let mut hosts: BTreeSet<&str> =
            exposures().map(|exposure| exposure.channel.host.as_str()).collect();
        if hosts.is_empty() {
            hosts = gateway.domains.iter().map(String::as_str).collect();
        }
        objects.push(certificate(issuer, hosts));
    }
    if gateway.kind == GatewayKind::Cilium {
        objects.extend(exposures().map(allowed));
        objects.extend(gateway.issuer.is_some().then(solvers_allowed));
    }
    // A Gateway is ready when it has an address and a certificate.
    let needs = [
        CONTROLLER,
        platform::GATEWAY_CRDS,
        platform::CNI,
        platform::ISSUERS,
        platform::LOAD_BALANCER,
    ];
    let needs: Vec<_> = needs
        .iter()
        .map(|name| Addon::id(name, cluster.name))
        .filter(|id| is_planned(plan, id))
        .collect();
    let unit = plan.unit(Addon::id(platform::GATEWAY_UNIT, cluster.name), &gateway.at);
    unit.namespace = Some(NAMESPACE.to_owned());
    unit.needs.extend(needs.into_iter().map(|id| (id, gateway.at.clone())));
    let resources = objects.into_iter().map(|object| Resource::tree(object, origin()));
    unit.resources.extend(resources);
}

/// What is exposed on a cluster.
fn exposures<'a>(plan: &'a Plan, cluster: &'a str) -> impl Iterator<Item = &'a Exposure> {
    plan.facts
        .exposures
        .iter()
        .filter(move |exposure| exposure.unit.stage.cluster() == Some(cluster))
}

/// The one owner of the definitions. Cilium's gateway has none of its own; Envoy Gateway's are beside those of the
/// Gateway API.
fn definitions(gateway: &ClusterGateway) -> Addon {
    Addon {
        name: platform::GATEWAY_CRDS,
        namespace: NAMESPACE,
        pod_security: Level::Restricted,
        network: Some(Network::default()),
        chart: charts::GATEWAY_CRDS,
        values: tree!({"crds": {
            "gatewayAPI": {"enabled": true, "channel": "standard"},
            "envoyGateway": {"enabled": (gateway.kind == GatewayKind::EnvoyGateway)}
        }}),
        ignored: Vec::new(),
        needs: Vec::new(),
        scrapes: Vec::new(),
    }
}

fn controller() -> Addon {
    Addon {
        name: CONTROLLER,
        namespace: NAMESPACE,
        pod_security: Level::Restricted,
        network: Some(Network {
            answers: vec![Socket::tcp(9443)],
            reaches: vec![API_SERVER],
            // The proxies ask the controller for their configuration.
            among: vec![
                // By way of the proxies.
                ACME_SOLVER,
                Socket::tcp(18000),
                Socket::tcp(18001),
                Socket::tcp(18002),
            ],
        }),
        chart: charts::GATEWAY,
        values: tree!({
            "deployment": {
                "replicas": 2,
                "priorityClassName": "system-cluster-critical",
                "pod": {"topologySpreadConstraints": [{
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": {"control-plane": "envoy-gateway"}}
                }]}
            },
            "podDisruptionBudget": {"minAvailable": 1},
            "crds": {"enabled": false}
        }),
        // The job that makes the certificates writes them in.
        ignored: vec![crate::plan::IgnoredField {
            group: "admissionregistration.k8s.io",
            kind: "MutatingWebhookConfiguration",
            jq_path: ".webhooks[]?.clientConfig.caBundle",
        }],
        needs: vec![platform::GATEWAY_CRDS],
        scrapes: Vec::new(),
    }
}

/// Everybody may come in through the proxies, which listen 10000 above the ports of their listeners.
fn flows(cluster: &Cluster<'_>, at: &At) -> [Flow; 1] {
    let crds = Addon::id(platform::GATEWAY_CRDS, cluster.name);
    [Flow {
        stage: crds.stage,
        from: Peer::Anyone,
        to: Peer::platform(platform::GATEWAY),
        sockets: vec![Socket::tcp(10080), Socket::tcp(10443)],
        component: COMPONENT,
        at: at.clone(),
    }]
}

fn objects(gateway: &ClusterGateway) -> Vec<Tree> {
    let mut objects = Vec::new();
    // Cilium makes its class itself.
    let class = match gateway.kind {
        GatewayKind::Cilium => "cilium",
        GatewayKind::EnvoyGateway => {
            objects.push(proxies());
            objects.push(tree!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "GatewayClass",
                "metadata": {"name": "envoy"},
                "spec": {
                    "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                    "parametersRef": {
                        "group": "gateway.envoyproxy.io", "kind": "EnvoyProxy",
                        "name": "proxies", "namespace": NAMESPACE
                    }
                }
            }));
            "envoy"
        }
    };
    objects.push(the_gateway(class));
    objects.push(redirect());
    objects
}

/// Three proxies, spread over machines; two at least through every drain.
fn proxies() -> Tree {
    tree!({
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": {"name": "proxies", "namespace": NAMESPACE},
        "spec": {"provider": {"type": "Kubernetes", "kubernetes": {
            "envoyDeployment": {
                "replicas": 3,
                "container": {"resources": {
                    "requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}
                }},
                "pod": {"topologySpreadConstraints": [{
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": {"app.kubernetes.io/component": "proxy"}}
                }]}
            },
            "envoyPDB": {"minAvailable": 2},
            // The address of the client is kept: policies and logs show who came.
            "envoyService": {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
        }}}
    })
}

/// The certificate of everything that is exposed. Names and no wildcard: an ACME server asks over HTTP whether a name
/// is ours, which it cannot ask of a wildcard.
fn certificate(issuer: &str, hosts: BTreeSet<&str>) -> Tree {
    let hosts: Vec<Tree> = hosts.into_iter().map(|host| Tree::from(host.to_owned())).collect();
    tree!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": CERTIFICATE, "namespace": NAMESPACE},
        "spec": {
            "secretName": CERTIFICATE,
            "issuerRef": {
                "group": "cert-manager.io", "kind": "ClusterIssuer", "name": (issuer.to_owned())
            },
            "dnsNames": hosts,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
        }
    })
}

/// The pods that are exposed may be reached from Cilium's gateway.
fn allowed(exposure: &Exposure) -> Tree {
    let labels = exposure.pods.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    from_gateway(&exposure.name, &exposure.namespace, labels, exposure.socket)
}

/// The pods of cert-manager that answer an ACME server stand beside the certificate.
fn solvers_allowed() -> Tree {
    let labels = [("acme.cert-manager.io/http01-solver", "true")];
    from_gateway("acme-solvers", NAMESPACE, labels, ACME_SOLVER)
}

/// With Cilium's gateway, connections come from its own identity, which no NetworkPolicy can name. Whether everything
/// else is denied is decided by the policies of the namespace: this one only opens.
fn from_gateway<'a>(
    name: &str,
    namespace: &str,
    pods: impl IntoIterator<Item = (&'a str, &'a str)>,
    socket: Socket,
) -> Tree {
    let mut labels: Map = pods
        .into_iter()
        .map(|(key, value)| (format!("k8s:{key}"), Tree::from(value.to_owned())))
        .collect();
    labels.insert("k8s:io.kubernetes.pod.namespace", namespace.to_owned());
    tree!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": (format!("gateway-{namespace}-{name}"))},
        "spec": {
            "endpointSelector": {"matchLabels": (Tree::Map(labels))},
            "enableDefaultDeny": {"ingress": false},
            "ingress": [{
                "fromEntities": ["ingress"],
                "toPorts": [{"ports": [{
                    "port": (socket.port.to_string()),
                    "protocol": (socket.protocol.word())
                }]}]
            }]
        }
    })
}

/// One listener for plain HTTP, which redirects and answers ACME servers, and one for HTTPS.
fn the_gateway(class: &'static str) -> Tree {
    let everywhere = || tree!({"namespaces": {"from": "All"}});
    let mut listeners = vec![tree!({
        "name": (platform::GATEWAY_HTTP), "port": 80, "protocol": "HTTP",
        "allowedRoutes": (everywhere())
    })];
    // Routes name one listener, so the certificate of that one is for all domains.
    listeners.push(tree!({
        "name": (platform::GATEWAY_LISTENER), "port": 443, "protocol": "HTTPS",
        "tls": {"mode": "Terminate", "certificateRefs": [{
            "group": "", "kind": "Secret", "name": CERTIFICATE
        }]},
        "allowedRoutes": (everywhere())
    }));
    tree!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": (platform::GATEWAY_NAME), "namespace": NAMESPACE},
        "spec": {"gatewayClassName": class, "listeners": listeners}
    })
}

/// Plain HTTP is sent to HTTPS; routes of a host win over this one, which has none.
fn redirect() -> Tree {
    tree!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "redirect-to-https", "namespace": NAMESPACE},
        "spec": {
            "parentRefs": [{
                "group": "gateway.networking.k8s.io", "kind": "Gateway",
                "name": (platform::GATEWAY_NAME), "namespace": NAMESPACE,
                "sectionName": (platform::GATEWAY_HTTP)
            }],
            "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "filters": [{
                    "type": "RequestRedirect",
                    "requestRedirect": {"scheme": "https", "statusCode": 301}
                }]
            }]
        }
    })
}
