//! Traffic that the derived network policies do not hold, or allow in vain.

use std::collections::BTreeMap;

use super::labelled::Labelled;
use super::objects::{called, list, present, report, report_about, text};
use super::pods::{Part, Template};
use super::view::View;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::plan::{Flow, Peer, Resource};

/// A connection without an end.
pub static DEAD_FLOW: Rule = Rule::warning(
    "policies/dead-flow",
    "a connection is allowed to or from pods that do not exist",
    "The policies select pods by labels. If a patch changes the labels of the pods, the policies allow nothing and \
     the connection is refused (kubernetes.io, Network Policies).",
    "patches: [{merge: {spec: {template: {metadata: {labels: {app.kubernetes.io/name: other}}}}}}]",
);

/// A door beside the gateway.
pub static BESIDE_GATEWAY: Rule = Rule::error(
    "policies/beside-gateway",
    "a Service is reachable from outside without passing the gateway",
    "It has none of the gateway's certificates, logs and host rules, the default-deny policy cuts it off anyway, \
     and the quota of the namespace refuses it; `externalIPs` moreover lets it take over traffic of others \
     (CVE-2020-8554).",
    "patches: [{target: {kind: Service}, merge: {spec: {type: LoadBalancer}}}]",
);

/// Pods that policies do not see.
pub static HOST_NETWORK: Rule = Rule::warning(
    "policies/host-network",
    "a pod uses the network of its node",
    "Network policies do not hold for it: it may connect to everything, and everything on its ports is open \
     (kubernetes.io, Network Policies, hostNetwork pods).",
    "workloads: {agent: {team: shop, image: …, security: {hostNetwork: true}}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&DEAD_FLOW, &BESIDE_GATEWAY, &HOST_NETWORK];

/// Finds what the policies do not hold, and what they hold in vain.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    dead_flows(view, diags);
    view.in_namespaces(diags, |namespace, diags| {
        // The platform's own namespaces hold the gateway itself.
        if namespace.tenancy.is_none() {
            return;
        }
        for object in &namespace.objects {
            if object.kind == "Service" && object.group.is_empty() {
                beside_gateway(object.resource, diags);
            }
        }
        for template in &namespace.pods {
            host_network(*template, diags);
        }
    });
}

fn dead_flows(view: &View<'_>, diags: &mut Diagnostics) {
    let of_teams = view.namespaces.iter().filter(|namespace| namespace.tenancy.is_some());
    let pods: BTreeMap<(&str, &str), &Labelled<'_>> = of_teams
        .map(|namespace| ((namespace.cluster, namespace.name), &namespace.pod_labels))
        .collect();
    // Pods of the platform are not in the plan; those of a team must be.
    let is_dead = |flow: &Flow, peer: &Peer| {
        let (Peer::Pods { namespace, labels }, Some(cluster)) = (peer, flow.stage.cluster()) else {
            return false;
        };
        // Nor are those of a team's chart, which are taken as said.
        let is_charted = view.plan.facts.charted.iter().any(|charted| {
            charted.stage.cluster() == Some(cluster)
                && charted.namespace == *namespace
                && charted.pods == *labels
        });
        let here = pods.get(&(cluster, namespace.as_str()));
        !is_charted && here.is_some_and(|here| here.with_pairs(labels).is_empty())
    };
    for flow in &view.plan.facts.flows {
        for (peer, end) in [(&flow.from, "from"), (&flow.to, "to")] {
            if let (true, Peer::Pods { namespace, labels }) = (is_dead(flow, peer), peer) {
                let labels: Vec<String> =
                    labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let labels = labels.join(",");
                diags
                    .report(
                        &DEAD_FLOW,
                        &flow.at,
                        format!(
                            "it goes {end} the pods `{labels}` of `{namespace}`, which do not exist"
                        ),
                    )
                    .help("leave the labels of the pods as they are, in `patches` too");
            }
        }
    }
}

fn beside_gateway(service: &Resource, diags: &mut Diagnostics) {
    let Some(spec) = service.as_tree().get("spec") else { return };
    let kind = text(spec, "type");
    let (field, what) = if matches!(kind, "LoadBalancer" | "NodePort") {
        ("type", format!("is `{kind}`"))
    } else if !list(spec, "externalIPs").is_empty() {
        ("externalIPs", "is set".to_owned())
    } else {
        return;
    };
    let message = format!("`spec.{field}` of {} {what}, beside the gateway", called(service));
    report(diags, &BESIDE_GATEWAY, service, message)
        .help("take it away and write `expose` to the workload");
}

fn host_network(template: Template<'_>, diags: &mut Diagnostics) {
    let field = present(template.spec(), "hostNetwork").and_then(Tree::as_bool);
    if field == Some(true) {
        let (field, object) = (template.field(Part::Pod, "hostNetwork"), template.resource);
        let message = format!("`{field}` of {} is true: no network policy holds", called(object));
        report_about(diags, &HOST_NETWORK, object, "security", message)
            .help("take it away, or waive this with the reason");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, at, messages, production, rules_found};
    use crate::k8s::socket::Socket;
    use crate::tree;

    fn pod(spec: Tree) -> Tree {
        tree!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop-production", "labels": {"app": "web"}},
            "spec": (spec),
        })
    }

    fn flow(namespace: &str, app: &str) -> Flow {
        Flow {
            stage: production(),
            from: Peer::Pods {
                namespace: "shop-production".to_owned(),
                labels: [("app".to_owned(), "web".to_owned())].into(),
            },
            to: Peer::Pods {
                namespace: namespace.to_owned(),
                labels: [("app".to_owned(), app.to_owned())].into(),
            },
            sockets: vec![Socket::tcp(80)],
            component: "workloads",
            at: at("workloads.web.connects[0]"),
        }
    }

    #[test]
    fn flows_end_at_pods_of_the_plan_or_of_the_platform() {
        let mut plan = Estate::new().object(pod(tree!({}))).plan();
        plan.facts.flows = vec![flow("shop-production", "web"), flow("kube-system", "dns")];
        assert_eq!(rules_found(audit, &plan), [""; 0]);
        plan.facts.flows = vec![flow("shop-production", "gone")];
        assert_eq!(
            messages(audit, &plan),
            ["it goes to the pods `app=gone` of `shop-production`, which do not exist"]
        );
    }

    #[test]
    fn the_gateway_is_the_only_door() {
        let service = |spec: Tree| {
            let object = tree!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "web", "namespace": "shop-production"},
                "spec": (spec),
            });
            rules_found(audit, &Estate::new().object(object).plan())
        };
        assert_eq!(service(tree!({"type": "LoadBalancer"})), [BESIDE_GATEWAY.name]);
        assert_eq!(service(tree!({"type": "NodePort"})), [BESIDE_GATEWAY.name]);
        assert_eq!(service(tree!({"externalIPs": ["192.0.2.1"]})), [BESIDE_GATEWAY.name]);
        assert_eq!(service(tree!({"type": "ClusterIP"})), [""; 0]);
        let host = Estate::new().object(pod(tree!({"hostNetwork": true}))).plan();
        assert_eq!(rules_found(audit, &host), [HOST_NETWORK.name]);
    }
}
