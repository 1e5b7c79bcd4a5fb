//! The Gateway API (gateway.networking.k8s.io), standard channel.

use serde::Serialize;

use super::CustomResource;

/// Which requests go to which Services.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// The gateways it is attached to.
    pub parent_refs: Vec<ParentRef>,
    /// The host names it is for.
    pub hostnames: Vec<String>,
    /// What happens to a request.
    pub rules: Vec<HttpRouteRule>,
}

impl CustomResource for HttpRouteSpec {
    const API_VERSION: &'static str = "gateway.networking.k8s.io/v1";
    const KIND: &'static str = "HTTPRoute";
}

/// A listener of a Gateway.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    group: &'static str,
    kind: &'static str,
    name: &'static str,
    namespace: &'static str,
    section_name: &'static str,
}

impl ParentRef {
    /// A listener of a Gateway in another namespace.
    pub fn gateway(name: &'static str, namespace: &'static str, listener: &'static str) -> Self {
        Self {
            group: "gateway.networking.k8s.io",
            kind: "Gateway",
            name,
            namespace,
            section_name: listener,
        }
    }
}

/// What happens to requests that match.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRule {
    /// The requests.
    pub matches: Vec<HttpRouteMatch>,
    /// Where they go.
    pub backend_refs: Vec<BackendRef>,
}

/// Which requests match.
#[derive(Clone, Debug, Serialize)]
pub struct HttpRouteMatch {
    path: PathMatch,
}

#[derive(Clone, Debug, Serialize)]
struct PathMatch {
    #[serde(rename = "type")]
    type_: &'static str,
    value: String,
}

impl HttpRouteMatch {
    /// All requests below a path.
    pub fn below(path: String) -> Self {
        Self { path: PathMatch { type_: "PathPrefix", value: path } }
    }
}

/// A Service that answers.
#[derive(Clone, Debug, Serialize)]
pub struct BackendRef {
    group: &'static str,
    kind: &'static str,
    name: String,
    port: u16,
    weight: u32,
}

impl BackendRef {
    /// A Service of the route's own namespace.
    pub fn service(name: String, port: u16) -> Self {
        Self { group: "", kind: "Service", name, port, weight: 1 }
    }
}
