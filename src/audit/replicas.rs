//! How many copies there are: autoscalers and disruption budgets that contradict what they are for.

use super::labelled::Labelled;
use super::objects::{blame, called, list, present, report, report_about, text};
use super::pods::Template;
use super::view::{Namespace, View};
use crate::diag::{Diagnostics, Rule};
use crate::k8s::tree::Tree;
use crate::plan::Resource;

/// Two say how many copies there are.
pub static BESIDE_AUTOSCALER: Rule = Rule::error(
    "replicas/beside-autoscaler",
    "`replicas` is written although an autoscaler decides",
    "Each sync of Argo CD sets the number back, also in the middle of the load that raised it \
     (argo-cd, docs/user-guide/best_practices, leaving room for imperativeness).",
    "workloads: {web: {team: shop, image: …, scale: {min: 2, max: 6}, patches: [{merge: {spec: {replicas: 3}}}]}}",
);

/// Nothing is between the bounds.
pub static MIN_ABOVE_MAX: Rule = Rule::error(
    "replicas/min-above-max",
    "the fewest copies of an autoscaler are more than the most",
    "Kubernetes refuses the object (HorizontalPodAutoscaler v2, maxReplicas).",
    "patches: [{target: {kind: HorizontalPodAutoscaler}, merge: {spec: {maxReplicas: 1}}}]",
);

/// A percentage of nothing.
pub static UNMEASURED: Rule = Rule::warning(
    "replicas/unmeasured",
    "an autoscaler goes by the use of a resource that a container does not ask for",
    "Use is counted in percent of what is asked for. If the namespace fills in a default, it is percent of that; if \
     not, the autoscaler does nothing at all (kubernetes.io, Horizontal Pod Autoscaling, algorithm details).",
    "patches: [{json: [{op: remove, path: /spec/template/spec/containers/0/resources/requests/cpu}]}]",
);

/// A node that cannot be emptied.
pub static BUDGET_BLOCKS_DRAIN: Rule = Rule::error(
    "replicas/budget-blocks-drain",
    "a disruption budget lets no copy go away",
    "No node that has one of the copies can be drained: upgrades of the cluster stop there \
     (kubernetes.io, Specifying a Disruption Budget).",
    "patches: [{target: {kind: PodDisruptionBudget}, merge: {spec: {maxUnavailable: 0}}}]",
);

/// The rules.
pub static RULES: &[&Rule] =
    &[&BESIDE_AUTOSCALER, &MIN_ABOVE_MAX, &UNMEASURED, &BUDGET_BLOCKS_DRAIN];

/// Finds contradictions about the number of copies.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    view.in_namespaces(diags, |namespace, diags| {
        let scaled: Vec<Scaled<'_>> = scaled(namespace);
        for one in scaled.iter().filter(|one| one.autoscaler.is_some()) {
            autoscaled(one, diags);
        }
        budgets(namespace, &scaled, diags);
    });
}

/// What runs in copies, and the autoscaler that decides how many.
struct Scaled<'a> {
    template: Template<'a>,
    autoscaler: Option<&'a Resource>,
}

impl Scaled<'_> {
    /// How many copies there are at least.
    fn least(&self) -> i64 {
        let (object, field) = match self.autoscaler {
            Some(autoscaler) => (autoscaler, "/spec/minReplicas"),
            None => (self.template.resource, "/spec/replicas"),
        };
        object.as_tree().pointer(field).and_then(Tree::as_i64).unwrap_or(1)
    }
}

fn scaled<'a>(namespace: &Namespace<'a>) -> Vec<Scaled<'a>> {
    let mut autoscalers = std::collections::BTreeMap::new();
    for object in namespace.objects.iter().filter(|object| object.group == "autoscaling") {
        if let Some(target) = object.tree().pointer("/spec/scaleTargetRef") {
            autoscalers.insert((text(target, "kind"), text(target, "name")), object.resource);
        }
    }
    let kinds = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];
    namespace
        .objects
        .iter()
        .filter(|object| kinds.contains(&object.kind))
        .filter_map(|object| {
            let autoscaler = autoscalers.get(&(object.kind, object.name)).copied();
            Some(Scaled { template: Template::of(object.resource)?, autoscaler })
        })
        .collect()
}

fn autoscaled(one: &Scaled<'_>, diags: &mut Diagnostics) {
    let (Some(autoscaler), object) = (one.autoscaler, one.template.resource) else { return };
    if object.as_tree().pointer("/spec/replicas").is_some_and(|replicas| !replicas.is_null()) {
        let message = format!("`spec.replicas` of {} is set beside an autoscaler", called(object));
        report(diags, &BESIDE_AUTOSCALER, object, message)
            .related(blame(autoscaler), format!("{} decides", called(autoscaler)))
            .help("take `replicas` away; the fewest copies are `scale.min`");
    }
    let spec = autoscaler.as_tree().get("spec").unwrap_or(&Tree::Null);
    let most = spec.get("maxReplicas").and_then(Tree::as_i64);
    if let Some(most) = most.filter(|most| one.least() > *most) {
        let object = called(autoscaler);
        let message =
            format!("`spec.minReplicas` of {object} is {}, `spec.maxReplicas` {most}", one.least());
        report(diags, &MIN_ABOVE_MAX, autoscaler, message)
            .help("write a `maxReplicas` that is not less than `minReplicas`");
    }
    for metric in list(spec, "metrics") {
        let Some(resource) = present(metric, "resource") else { continue };
        let by_use =
            present(resource, "target").is_some_and(|one| text(one, "type") == "Utilization");
        if by_use {
            unmeasured(one, autoscaler, text(resource, "name"), diags);
        }
    }
    // The older version knows nothing but percent of the processor.
    if present(spec, "targetCPUUtilizationPercentage").is_some() {
        unmeasured(one, autoscaler, "cpu", diags);
    }
}

fn unmeasured(one: &Scaled<'_>, autoscaler: &Resource, resource: &str, diags: &mut Diagnostics) {
    let lacks = |container: &Tree| {
        // A limit without a request is the request too.
        ["requests", "limits"].iter().all(|amounts| {
            container
                .get("resources")
                .and_then(|resources| resources.get(amounts))
                .and_then(|amounts| present(amounts, resource))
                .is_none()
        })
    };
    let mut containers = one.template.containers();
    if let Some((part, _)) = containers.find(|(_, container)| lacks(container)) {
        let object = one.template.resource;
        let field = one.template.field(part, &format!("resources.requests.{resource}"));
        let message = format!("`{field}` of {} is missing", called(object));
        report_about(diags, &UNMEASURED, object, "resources", message)
            .related(blame(autoscaler), format!("{} goes by it", called(autoscaler)))
            .help(format!("say how much {resource} the container needs"));
    }
}

fn budgets(namespace: &Namespace<'_>, scaled: &[Scaled<'_>], diags: &mut Diagnostics) {
    let mut pods = Labelled::default();
    for one in scaled {
        pods.push(one.template.labels());
    }
    for budget in namespace.objects.iter().filter(|object| object.kind == "PodDisruptionBudget") {
        let Some(spec) = budget.tree().get("spec") else { continue };
        let selected = present(spec, "selector").map(|selector| pods.selected_by(selector));
        let copies: i64 = selected.iter().flatten().map(|number| scaled[*number].least()).sum();
        // Nothing there, or nothing that is counted: nothing is blocked.
        if copies == 0 {
            continue;
        }
        for field in ["minAvailable", "maxUnavailable"] {
            let Some(amount) = present(spec, field).and_then(|value| of(value, copies)) else {
                continue;
            };
            let away = if field == "minAvailable" { copies - amount } else { amount };
            if away <= 0 {
                let object = called(budget.resource);
                let message =
                    format!("`spec.{field}` of {object} lets none of {copies} copies go away");
                report(diags, &BUDGET_BLOCKS_DRAIN, budget.resource, message).help(
                    "write `maxUnavailable: 1`, or take the budget away if there is one copy only",
                );
            }
        }
    }
}

/// A number, or a share of `copies`; shares are rounded up, in both fields
/// (kubernetes, `pkg/controller/disruption`).
fn of(value: &Tree, copies: i64) -> Option<i64> {
    match value {
        Tree::Int(number) => Some(*number),
        Tree::Str(share) => {
            let percent: i64 = share.strip_suffix('%')?.parse().ok()?;
            Some(percent.checked_mul(copies)?.checked_add(99)? / 100)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, messages, rules_found};
    use crate::k8s::tree::Map;
    use crate::tree;

    fn deployment(replicas: Tree, requests: Tree) -> Tree {
        tree!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop-production"},
            "spec": {
                "replicas": (replicas),
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "resources": {"requests": (requests)}}]},
                },
            },
        })
    }

    fn autoscaler(least: i64, most: i64) -> Tree {
        tree!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "shop-production"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": least, "maxReplicas": most,
                "metrics": [{
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }],
            },
        })
    }

    fn budget(field: &'static str, value: Tree) -> Tree {
        let mut spec = Map::from_iter([("selector", tree!({"matchLabels": {"app": "web"}}))]);
        spec.insert(field, value);
        tree!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "shop-production"},
            "spec": (spec),
        })
    }

    fn found(objects: impl IntoIterator<Item = Tree>) -> Vec<String> {
        rules_found(audit, &objects.into_iter().fold(Estate::new(), Estate::object).plan())
    }

    #[test]
    fn an_autoscaler_decides_alone_within_bounds_by_what_is_asked_for() {
        let cpu = || tree!({"cpu": "100m"});
        let good = [deployment(Tree::Null, cpu()), autoscaler(2, 4)];
        assert_eq!(found(good), [""; 0]);
        let both = [deployment(tree!(3), cpu()), autoscaler(2, 4)];
        assert_eq!(found(both), [BESIDE_AUTOSCALER.name]);
        let crossed = [deployment(Tree::Null, cpu()), autoscaler(5, 4)];
        assert_eq!(found(crossed), [MIN_ABOVE_MAX.name]);
        let unmeasured = [deployment(Tree::Null, tree!({"memory": "1Gi"})), autoscaler(2, 4)];
        assert_eq!(found(unmeasured), [UNMEASURED.name]);
        assert_eq!(found([deployment(tree!(3), Tree::Null)]), [""; 0]);
    }

    #[test]
    fn a_budget_must_let_one_copy_go() {
        let with = |copies: i64, field, value| {
            found([deployment(tree!(copies), Tree::Null), budget(field, value)])
        };
        let blocked = [BUDGET_BLOCKS_DRAIN.name];
        assert_eq!(with(3, "maxUnavailable", tree!(0)), blocked);
        assert_eq!(with(3, "maxUnavailable", tree!("0%")), blocked);
        assert_eq!(with(3, "maxUnavailable", tree!("1%")), [""; 0]);
        assert_eq!(with(3, "minAvailable", tree!(3)), blocked);
        assert_eq!(with(3, "minAvailable", tree!(2)), [""; 0]);
        assert_eq!(with(1, "minAvailable", tree!("50%")), blocked);
        assert_eq!(with(0, "minAvailable", tree!(1)), [""; 0]);
    }

    #[test]
    fn the_fewest_copies_of_an_autoscaler_count() {
        let object = deployment(Tree::Null, tree!({"cpu": "1"}));
        let plan = [object, autoscaler(2, 9), budget("minAvailable", tree!(2))];
        let plan = plan.into_iter().fold(Estate::new(), Estate::object).plan();
        assert_eq!(
            messages(audit, &plan),
            ["`spec.minAvailable` of PodDisruptionBudget `web` lets none of 2 copies go away"]
        );
    }
}
