//! Who answers for which host name at the gateway, over all HTTPRoutes of a cluster.
//!
//! Of the routes that match a request the gateway takes the one whose host name is more exact, then the one whose
//! path is longer, then the older one (Gateway API, `HTTPRouteRule.matches`). So two routes may share a host, and
//! a wildcard never takes from an exact name what that name's routes match; but what they do not match falls to
//! the wildcard, and of two equal claims the younger is dead.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{blame, called, list, present, text};
use super::view::{Object, View};
use crate::diag::{Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::plan::Resource;

/// One address, two owners.
pub static CLAIMED_TWICE: Rule = Rule::error(
    "hostnames/claimed-twice",
    "two routes of a cluster claim the same host and path",
    "The gateway sends everything to the older route; the other workload gets no request, and nobody is told \
     (Gateway API, HTTPRouteRule, precedence).",
    "workloads:\n  web: {team: shop, image: …, ports: {http: 8080}, expose: {host: shop.acme.example}}\n  \
     new: {team: shop, image: …, ports: {http: 8080}, expose: {host: shop.acme.example}}",
);

/// One host, two owners.
pub static SHARED: Rule = Rule::warning(
    "hostnames/shared",
    "two namespaces share a host name, each with paths of its own",
    "To a browser they are one site: scripts and cookies of the one are within reach of the other (RFC 6454).",
    "workloads:\n  web: {team: shop, image: …, ports: {http: 8080}, expose: {host: acme.example}}\n  \
     pay: {team: payments, image: …, ports: {http: 8080}, expose: {host: acme.example, path: /pay}}",
);

/// A wildcard that gets what another's host leaves over.
pub static WILDCARD_REST: Rule = Rule::warning(
    "hostnames/wildcard-rest",
    "a wildcard host gets requests for a host of another namespace",
    "The more exact host name wins only for the paths it has; all others of that host, with the cookies of its \
     users, go to the owner of the wildcard (Gateway API, HTTPRouteSpec.hostnames, precedence).",
    "workloads:\n  any: {team: shop, image: …, ports: {http: 8080}, expose: {host: \"*.acme.example\"}}\n  \
     pay: {team: payments, image: …, ports: {http: 8080}, expose: {host: pay.acme.example, path: /api}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&CLAIMED_TWICE, &SHARED, &WILDCARD_REST];

/// What a route matches besides the host: kind of path, path, everything else.
type Match = (String, String, String);

/// A route's claim to a host.
struct Claim<'a> {
    namespace: &'a str,
    route: &'a Resource,
    of: Match,
}

impl Claim<'_> {
    /// Whether it leaves nothing of its host to others.
    fn is_whole(&self) -> bool {
        self.of == whole()
    }

    /// The host's own field, which the derived route has among its origins, before anything else.
    fn at(&self) -> &At {
        let fields = self.route.origin.from.iter();
        let host = fields.filter(|at| at.path.last_key() == Some("host")).max();
        host.unwrap_or_else(|| blame(self.route))
    }

    fn called(&self) -> String {
        format!("{} of `{}`", called(self.route), self.namespace)
    }
}

fn whole() -> Match {
    ("PathPrefix".to_owned(), "/".to_owned(), String::new())
}

/// Finds host names with more than one owner.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    let mut clusters: BTreeMap<&str, BTreeMap<&str, Vec<Claim<'_>>>> = BTreeMap::new();
    for namespace in &view.namespaces {
        for route in namespace.objects.iter().filter(|object| is_route(object)) {
            let hosts = clusters.entry(namespace.cluster).or_default();
            claims(namespace.name, route.resource, hosts);
        }
    }
    for hosts in clusters.values() {
        for (host, claims) in hosts {
            one_host(host, claims, diags);
            under_wildcards(host, claims, hosts, diags);
        }
    }
}

fn is_route(object: &Object<'_>) -> bool {
    object.kind == "HTTPRoute" && object.group == "gateway.networking.k8s.io"
}

fn claims<'a>(
    namespace: &'a str,
    route: &'a Resource,
    hosts: &mut BTreeMap<&'a str, Vec<Claim<'a>>>,
) {
    let Some(spec) = route.as_tree().get("spec") else { return };
    // A route without host names is for all of them.
    let names: Vec<&str> = list(spec, "hostnames").iter().filter_map(Tree::as_str).collect();
    let names = if names.is_empty() { vec!["*"] } else { names };
    let mut matches: BTreeSet<Match> = BTreeSet::new();
    for rule in list(spec, "rules") {
        let of_rule = list(rule, "matches");
        if of_rule.is_empty() {
            matches.insert(whole());
        }
        matches.extend(of_rule.iter().map(matching));
    }
    for name in names {
        for of in &matches {
            let claim = Claim { namespace, route, of: of.clone() };
            hosts.entry(name).or_default().push(claim);
        }
    }
}

fn matching(one: &Tree) -> Match {
    let path = present(one, "path");
    let kind = path.map_or("", |path| text(path, "type"));
    let kind = if kind.is_empty() { "PathPrefix" } else { kind };
    let value = path.map_or("", |path| text(path, "value"));
    // `/a/` and `/a` are the same prefix.
    let value = if kind == "PathPrefix" { value.trim_end_matches('/') } else { value };
    let value = if value.is_empty() { "/" } else { value };
    let mut rest = String::new();
    for key in ["method", "headers", "queryParams"] {
        if let Some(more) = present(one, key) {
            rest.push_str(&format!("{key}={more:?} "));
        }
    }
    (kind.to_owned(), value.to_owned(), rest)
}

fn one_host(host: &str, claims: &[Claim<'_>], diags: &mut Diagnostics) {
    let mut first_of: BTreeMap<&Match, &Claim<'_>> = BTreeMap::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for claim in claims {
        let Some(first) = first_of.insert(&claim.of, claim) else { continue };
        first_of.insert(&claim.of, first);
        if std::ptr::eq(first.route, claim.route) {
            continue;
        }
        told.insert(claim.namespace);
        let path = &claim.of.1;
        diags
            .report(
                &CLAIMED_TWICE,
                claim.at(),
                format!("`{host}` with the path `{path}` is claimed twice"),
            )
            .related(first.at(), format!("{} claims it too", first.called()))
            .help(
                "give each a host or a path of its own; in each environment too, with an overlay",
            );
    }
    let Some(first) = claims.first() else { return };
    for claim in claims {
        if claim.namespace != first.namespace && told.insert(claim.namespace) {
            diags
                .report(
                    &SHARED,
                    claim.at(),
                    format!("`{host}` is shared with the namespace `{}`", first.namespace),
                )
                .related(first.at(), format!("{} has the path `{}`", first.called(), first.of.1))
                .help("give each a host of its own, or waive this with the reason");
        }
    }
}

/// Reports what the claims to a host leave to the wildcards that cover it.
fn under_wildcards(
    host: &str,
    claims: &[Claim<'_>],
    hosts: &BTreeMap<&str, Vec<Claim<'_>>>,
    diags: &mut Diagnostics,
) {
    if host == "*" || claims.iter().any(Claim::is_whole) {
        return;
    }
    let mut below = host.strip_prefix("*.").unwrap_or(host);
    let mut covering: Vec<String> = Vec::new();
    while let Some((_, domain)) = below.split_once('.') {
        covering.push(format!("*.{domain}"));
        below = domain;
    }
    covering.push("*".to_owned());
    // Only the most exact wildcard gets anything.
    let Some(wildcard) = covering.iter().find(|name| hosts.contains_key(name.as_str())) else {
        return;
    };
    let Some(owner) = hosts[wildcard.as_str()].first() else { return };
    let mut told = BTreeSet::new();
    for claim in claims.iter().filter(|claim| claim.namespace != owner.namespace) {
        if told.insert(claim.namespace) {
            diags
                .report(
                    &WILDCARD_REST,
                    owner.at(),
                    format!("`{wildcard}` gets all of `{host}` but the path `{}`", claim.of.1),
                )
                .related(claim.at(), format!("{} has that host", claim.called()))
                .help(format!(
                    "name the hosts that are meant instead of `{wildcard}`, or expose all of `{host}`"
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, messages, rules_found};
    use crate::plan::Plan;
    use crate::tree;

    fn route(
        name: &'static str,
        team: &'static str,
        host: &'static str,
        path: &'static str,
    ) -> Tree {
        tree!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": name, "namespace": (format!("{team}-production"))},
            "spec": {
                "hostnames": [host],
                "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": path}}]}],
            },
        })
    }

    fn two(a: Tree, b: Tree) -> Plan {
        Estate::new().and("pay").object(a).object(b).plan()
    }

    #[test]
    fn equal_claims_are_an_error_and_a_slash_at_the_end_is_no_difference() {
        let plan =
            two(route("a", "shop", "x.example", "/p/"), route("b", "pay", "x.example", "/p"));
        assert_eq!(rules_found(audit, &plan), [CLAIMED_TWICE.name]);
        assert_eq!(messages(audit, &plan), ["`x.example` with the path `/p` is claimed twice"]);
    }

    #[test]
    fn one_team_may_share_its_host_and_two_are_warned() {
        let same = two(route("a", "shop", "x.example", "/"), route("b", "shop", "x.example", "/p"));
        assert_eq!(rules_found(audit, &same), [""; 0]);
        let other = two(route("a", "shop", "x.example", "/"), route("b", "pay", "x.example", "/p"));
        assert_eq!(rules_found(audit, &other), [SHARED.name]);
    }

    #[test]
    fn a_wildcard_gets_what_is_left_over_and_only_that() {
        let rest =
            two(route("a", "shop", "*.example", "/"), route("b", "pay", "x.y.example", "/p"));
        assert_eq!(rules_found(audit, &rest), [WILDCARD_REST.name]);
        let whole = two(route("a", "shop", "*.example", "/"), route("b", "pay", "x.example", "/"));
        assert_eq!(rules_found(audit, &whole), [""; 0]);
        let own = two(route("a", "pay", "*.example", "/"), route("b", "pay", "x.example", "/p"));
        assert_eq!(rules_found(audit, &own), [""; 0]);
    }

    #[test]
    fn the_base_claims_nothing() {
        let plan = Estate::new()
            .base(route("a", "shop", "x.example", "/"))
            .object(route("a", "shop", "x.example", "/"))
            .plan();
        assert_eq!(rules_found(audit, &plan), [""; 0]);
    }
}
