//! The namespaces of the platform: each has a unit of its own, as those of the teams have, so that the level of Pod
//! Security is there before the first pod.

use k8s_openapi::api::core::v1::Namespace;

use crate::k8s::pod_security::{Level, PINNED};
use crate::plan::{Origin, Plan, PlatformNamespace, Resource, UnitId, UnitKind};

pub(super) const NAME: &str = "namespaces";

/// Kubernetes makes it, and what runs in it is on the network of the hosts.
const KUBE_SYSTEM: &str = "kube-system";

pub(super) fn run(plan: &mut Plan) {
    let stated: Vec<PlatformNamespace> = plan
        .facts
        .platform_namespaces
        .values()
        .filter(|namespace| namespace.name != KUBE_SYSTEM)
        .cloned()
        .collect();
    for namespace in stated {
        let id = UnitId {
            kind: UnitKind::Namespace,
            name: namespace.name.clone(),
            stage: namespace.stage.clone(),
        };
        let unit = plan.unit(id, &namespace.at);
        unit.namespace = Some(namespace.name.clone());
        unit.stateful = true;
        let origin = Origin::derived(namespace.component, NAME, [namespace.at.clone()]);
        unit.add(Resource::object(&object(&namespace), origin));
    }
}

/// Enforced at the level that the pods need; audited and warned about at the strictest, so that the way there is
/// visible.
fn object(namespace: &PlatformNamespace) -> Namespace {
    let mut metadata = super::metadata(&namespace.name, "");
    let labels = metadata.labels.get_or_insert_default();
    for (mode, level) in [
        ("enforce", namespace.pod_security),
        ("audit", Level::Restricted),
        ("warn", Level::Restricted),
    ] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        labels.insert(format!("{key}-version"), PINNED.to_owned());
        labels.insert(key, level.word().to_owned());
    }
    Namespace { metadata, ..Namespace::default() }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::passes::tests::{at, printed};
    use crate::plan::Stage;

    fn stated(component: &'static str, level: Level, closed: bool) -> PlatformNamespace {
        PlatformNamespace {
            stage: Stage::Cluster("main".to_owned()),
            name: "monitoring".to_owned(),
            pod_security: level,
            closed,
            component,
            at: at(component),
        }
    }

    #[test]
    fn two_parts_in_one_namespace_get_what_the_less_restricted_needs() {
        let mut plan = Plan::default();
        plan.facts.platform_namespace(stated("monitoring", Level::Restricted, true));
        plan.facts.platform_namespace(stated("logging", Level::Baseline, false));
        run(&mut plan);
        let stage = Stage::Cluster("main".to_owned());
        let id = UnitId { kind: UnitKind::Namespace, name: "monitoring".to_owned(), stage };
        assert_snapshot!(printed(&plan, &id, 0), @"
        apiVersion: v1
        kind: Namespace
        metadata:
          labels:
            pod-security.kubernetes.io/audit: restricted
            pod-security.kubernetes.io/audit-version: v1.36
            pod-security.kubernetes.io/enforce: baseline
            pod-security.kubernetes.io/enforce-version: v1.36
            pod-security.kubernetes.io/warn: restricted
            pod-security.kubernetes.io/warn-version: v1.36
          name: monitoring
        ");
        assert!(plan.facts.platform_namespaces.values().all(|namespace| namespace.closed));
    }
}
