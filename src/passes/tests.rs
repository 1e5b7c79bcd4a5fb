//! Plans built by hand.

use super::*;
use crate::emit::yaml;
use crate::path::{At, DocumentId};
use crate::plan::{ArgoCd, Layout, Origin, Repository, Stage, Tenancy, UnitKind};

/// Labels, from pairs.
pub fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The label that selects the pods of an application.
pub fn app(name: &str) -> BTreeMap<String, String> {
    labels(&[("app.kubernetes.io/name", name)])
}

/// A field, by its path in the blueprint.
pub fn at(path: &str) -> At {
    At { document: DocumentId::BASE, path: path.parse().unwrap() }
}

/// The environment of all plans here.
pub fn production() -> Stage {
    Stage::Environment { cluster: "main".to_owned(), environment: "prod".to_owned() }
}

/// A plan with these namespaces, each a tenant's.
pub fn estate(namespaces: &[&str]) -> Plan {
    let mut plan = Plan { estate: "acme".to_owned(), ..Plan::default() };
    for &namespace in namespaces {
        let object = crate::tree!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": (namespace.to_owned())}
        });
        let origin = Origin::lowered("teams", [at("teams.a")]);
        plan.unit(namespace_unit(namespace), &at("teams.a")).add(Resource::tree(object, origin));
        plan.facts.tenancies.insert(
            (production(), namespace.to_owned()),
            Tenancy {
                stage: production(),
                namespace: namespace.to_owned(),
                team: "a".to_owned(),
                protected: true,
                owners: Vec::new(),
                developers: Vec::new(),
                pod_security: crate::k8s::pod_security::Level::Restricted,
                quota: None,
                at: at("teams.a"),
            },
        );
    }
    plan
}

/// A cluster of machines that Argo CD syncs, before any pass.
pub fn cluster_plan() -> Plan {
    let mut plan = nodes::tests::estate();
    plan.estate = "acme".to_owned();
    plan.facts.repository = Some(Repository {
        url: "https://git.example.org/estate.git".to_owned(),
        path: "output".to_owned(),
        layout: Layout::Folders,
        branch: "main".to_owned(),
        at: at("repository"),
    });
    plan.facts.argocd.insert(
        "main".to_owned(),
        ArgoCd {
            version: (3, 5),
            namespace: "argocd".to_owned(),
            freezes: Vec::new(),
            at: at("delivery.argocd"),
        },
    );
    plan
}

/// The unit of a namespace.
pub fn namespace_unit(name: &str) -> UnitId {
    UnitId { kind: UnitKind::Namespace, name: name.to_owned(), stage: production() }
}

/// The unit of the workload `web`, put into the plan.
pub fn web(plan: &mut Plan, stage: Stage) -> UnitId {
    let id = UnitId { kind: UnitKind::Workload, name: "web".to_owned(), stage };
    plan.unit(id.clone(), &at("workloads.web"));
    id
}

/// The objects of a unit as text, from the given one on.
pub fn printed(plan: &Plan, unit: &UnitId, from: usize) -> String {
    let objects = plan.units[unit].resources[from..].iter();
    objects.map(|object| yaml::print(object.as_tree())).collect::<Vec<_>>().join("---\n")
}

#[test]
fn objects_of_the_base_have_no_namespace_and_state_no_flow() {
    let mut plan = estate(&[]);
    let unit = web(&mut plan, Stage::Base);
    plan.facts.secrets.push(secrets::tests::needed(unit.clone(), ""));
    plan.facts.exposures.push(routes::tests::exposed(unit.clone(), ""));
    plan.facts.scrapes.push(monitors::tests::scraped(unit.clone(), ""));
    plan.facts.replicas.push(budgets::tests::copies(unit.clone(), "", 2));
    derive(&mut plan);
    let resources = &plan.units[&unit].resources;
    let kinds: Vec<&str> = resources.iter().map(Resource::kind).collect();
    assert_eq!(kinds, ["ExternalSecret", "HTTPRoute", "ServiceMonitor", "PodDisruptionBudget"]);
    assert!(resources.iter().all(|resource| resource.namespace().is_none()));
    assert!(plan.facts.flows.is_empty());
}
