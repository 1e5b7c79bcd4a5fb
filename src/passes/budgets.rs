//! What runs in copies becomes a PodDisruptionBudget, if a drain can always proceed under it.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::plan::{Origin, Plan, Replicas, Resource, UnitKind};

pub(super) const NAME: &str = "budgets";

pub(super) fn run(plan: &mut Plan) {
    // A single copy has to go away for its node to be drained: a budget could only forbid it or say nothing.
    super::add_each(&mut plan.units, &plan.facts.replicas, |replicas| {
        (replicas.least >= 2).then(|| {
            let origin = Origin::derived(replicas.component, NAME, [replicas.at.clone()]);
            (&replicas.unit, Resource::object(&budget(replicas), origin))
        })
    });
}

fn budget(replicas: &Replicas) -> PodDisruptionBudget {
    if replicas.unavailable == 0 {
        crate::bug!("{} lets no copy of `{}` be away", replicas.component, replicas.name);
    }
    PodDisruptionBudget {
        metadata: super::metadata(&replicas.name, &replicas.namespace),
        spec: Some(PodDisruptionBudgetSpec {
            // Counted from above: the number stays right when an autoscaler changes how many copies there are.
            max_unavailable: Some(IntOrString::Int(
                i32::try_from(replicas.unavailable).unwrap_or(i32::MAX),
            )),
            selector: Some(LabelSelector {
                match_labels: Some(replicas.labels.clone()),
                ..LabelSelector::default()
            }),
            unhealthy_pod_eviction_policy: Some(unhealthy(replicas).to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        ..PodDisruptionBudget::default()
    }
}

/// What becomes of a pod that runs and is not ready, and uses the budget up.
fn unhealthy(replicas: &Replicas) -> &'static str {
    match replicas.unit.kind {
        // A member that catches up may be the one that has the last writes: it waits for the others.
        UnitKind::Database => "IfHealthyBudget",
        // By default it could not be evicted, and one that never gets ready would hold up the drain of its node for
        // ever.
        _ => "AlwaysAllow",
    }
}

#[cfg(test)]
pub mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::passes::tests::{app, at, estate, printed, production, web};
    use crate::plan::UnitId;

    /// A workload in copies.
    pub fn copies(unit: UnitId, namespace: &str, least: u32) -> Replicas {
        Replicas {
            unit,
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            labels: app("web"),
            least,
            unavailable: 1,
            component: "workloads",
            at: at("workloads.web.scale"),
        }
    }

    #[test]
    fn copies_become_a_budget_and_a_single_one_does_not() {
        let mut plan = estate(&[]);
        let unit = web(&mut plan, production());
        plan.facts.replicas.push(copies(unit.clone(), "a-prod", 1));
        run(&mut plan);
        assert!(plan.units[&unit].resources.is_empty());
        plan.facts.replicas = vec![copies(unit.clone(), "a-prod", 2)];
        run(&mut plan);
        assert_snapshot!(printed(&plan, &unit, 0), @"
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata:
          name: web
          namespace: a-prod
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              app.kubernetes.io/name: web
          unhealthyPodEvictionPolicy: AlwaysAllow
        ");
    }
}
