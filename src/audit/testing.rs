//! Plans for the tests of audits: one environment with one team, and whatever objects a test puts in.

use super::alike::{self, Judge};
use super::view::View;
use crate::diag::Diagnostics;
use crate::k8s::pod_security::Level;
use crate::k8s::tree::Tree;
use crate::path::{At, DocumentId};
use crate::plan::{Origin, Plan, Resource, Stage, Tenancy, UnitId, UnitKind};

/// An environment `production` on the cluster `main`, in which the team `shop` has a namespace.
pub(super) struct Estate {
    plan: Plan,
}

/// A field of the environment's document.
pub(super) fn at(path: &str) -> At {
    At { document: DocumentId(1), path: path.parse().unwrap() }
}

pub(super) fn production() -> Stage {
    Stage::Environment { cluster: "main".to_owned(), environment: "production".to_owned() }
}

/// The unit that holds an object of that name.
pub(super) fn unit(name: &str) -> UnitId {
    UnitId { kind: UnitKind::Workload, name: name.to_owned(), stage: production() }
}

impl Estate {
    pub fn new() -> Self {
        Self { plan: Plan::default() }.team("shop", Level::Restricted)
    }

    fn team(mut self, team: &str, level: Level) -> Self {
        let namespace = format!("{team}-production");
        let tenancy = Tenancy {
            stage: production(),
            namespace: namespace.clone(),
            team: team.to_owned(),
            protected: false,
            owners: Vec::new(),
            developers: Vec::new(),
            pod_security: level,
            quota: None,
            at: at("teams").key(team),
        };
        self.plan.facts.tenancies.insert((production(), namespace), tenancy);
        self
    }

    /// One more team.
    pub fn and(self, team: &str) -> Self {
        self.team(team, Level::Restricted)
    }

    /// Another level for the team's namespace.
    pub fn level(self, level: Level) -> Self {
        self.team("shop", level)
    }

    /// A quota for the team's namespace.
    pub fn quota(mut self, cpu: u64, memory: u64, storage: Option<u64>) -> Self {
        for tenancy in self.plan.facts.tenancies.values_mut() {
            tenancy.quota = Some((cpu, memory, storage));
        }
        self
    }

    /// One more object, in a workload of its own name.
    pub fn object(mut self, object: Tree) -> Self {
        let name = object.pointer("/metadata/name").and_then(Tree::as_str).unwrap_or("none");
        let at = at("workloads").key(name);
        let unit = self.plan.unit(unit(name), &at);
        unit.add(Resource::tree(object, Origin::lowered("workloads", [at])));
        self
    }

    /// The same object, but in the base, which nobody applies.
    pub fn base(mut self, object: Tree) -> Self {
        let at = at("workloads.web");
        let unit = self.plan.unit(unit("web").in_stage(Stage::Base), &at);
        unit.add(Resource::tree(object, Origin::lowered("workloads", [at])));
        self
    }

    pub fn plan(self) -> Plan {
        self.plan
    }
}

/// An audit of every object by itself.
pub(super) fn each(judge: Judge) -> impl Fn(&View<'_>, &mut Diagnostics) {
    move |view, diags| {
        let found = alike::judge(view.plan, &[judge]);
        found.into_iter().for_each(|found| diags.append(found));
    }
}

/// What an audit finds.
pub(super) fn found(audit: impl Fn(&View<'_>, &mut Diagnostics), plan: &Plan) -> Diagnostics {
    let mut diags = Diagnostics::new();
    audit(&View::of(plan), &mut diags);
    diags
}

/// The rules that an audit finds broken, in order.
pub(super) fn rules_found(audit: impl Fn(&View<'_>, &mut Diagnostics), plan: &Plan) -> Vec<String> {
    found(audit, plan).iter().map(|found| found.rule.name.to_owned()).collect()
}

/// The messages of an audit, in order.
pub(super) fn messages(audit: impl Fn(&View<'_>, &mut Diagnostics), plan: &Plan) -> Vec<String> {
    found(audit, plan).iter().map(|found| found.message.clone()).collect()
}
