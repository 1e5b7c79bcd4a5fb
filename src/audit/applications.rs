//! Names of Applications and AppProjects: Argo CD keeps all of a cluster in one namespace.

use std::collections::BTreeMap;

use crate::diag::{Diagnostics, Place, Rule};
use crate::path::At;
use crate::plan::{Plan, Repository, Stage, delivery};

/// The longest name that is also a label's value.
const LONGEST: usize = 63;

/// A name that does not fit where Argo CD puts it.
pub static NAME_TOO_LONG: Rule = Rule::error(
    "argocd/name-too-long",
    "the name of an Application is longer than 63 characters",
    "Argo CD writes it into a label of every object when it tracks by label, where longer ones are refused or cut \
     (util/argo/resource_tracking.go), and cut names are no longer distinct.",
    "workloads: {the-workload-with-the-longest-name-of-all-of-them-in-this-estate: {team: shop}}  # in `production`",
);

/// A name that two Applications would have.
pub static NAME_TAKEN: Rule = Rule::error(
    "argocd/name-taken",
    "two Applications of a cluster would have the same name",
    "All Applications of a cluster are in Argo CD's namespace. Of two with one name only the last applied exists, \
     and everything that the other one brought is deleted.",
    "metadata: {name: shop}\nworkloads: {namespace-shop: {team: shop}}  # and the namespace `shop-production`",
);

/// A name that is somebody else's AppProject.
pub static PROJECT_NAME: Rule = Rule::error(
    "argocd/project-name",
    "a team's AppProject would have the name of Argo CD's own, of the root's or of the platform's",
    "Projects are what keeps teams apart (Argo CD, docs/user-guide/projects.md); one that is two at once gives \
     the rights of each to the other.",
    "metadata: {name: acme}\nteams: {acme: {}}\nenvironments: {platform: {cluster: main}}",
);

/// The rules of this audit.
pub static RULES: &[&Rule] = &[&NAME_TOO_LONG, &NAME_TAKEN, &PROJECT_NAME];

/// Checks the names of all Applications and AppProjects.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    let Some(repository) = &plan.facts.repository else { return };
    applications(plan, repository, diags);
    projects(plan, repository, diags);
}

fn applications(plan: &Plan, repository: &Repository, diags: &mut Diagnostics) {
    // By cluster and name: what it is of, and where that is written.
    let mut taken: BTreeMap<(&str, String), (String, &At)> = BTreeMap::new();
    for root in roots(plan, repository) {
        let Some((cluster, argocd)) =
            root.cluster().and_then(|cluster| plan.facts.argocd.get_key_value(cluster))
        else {
            continue;
        };
        let name = delivery::root_application(&plan.estate, &root);
        too_long(&name, &argocd.at, diags);
        taken.insert((cluster, name), ("the root Application".to_owned(), &argocd.at));
    }
    for unit in plan.applications() {
        let Some(cluster) = unit.id.stage.cluster() else { continue };
        let name = unit.id.application();
        too_long(&name, &unit.at, diags);
        let owner = format!("the {} `{}`", unit.id.kind.word(), unit.id.name);
        match taken.get(&(cluster, name.clone())) {
            None => {
                taken.insert((cluster, name), (owner, &unit.at));
            }
            Some((other, at)) => {
                let message = format!("{owner} and {other} would both be the Application `{name}`");
                diags
                    .report(&NAME_TAKEN, Place::Key(unit.at.clone()), message)
                    .related(*at, format!("{other} is from here"))
                    .help("choose another name");
            }
        }
    }
}

/// The stages that have a root Application, in order.
fn roots(plan: &Plan, repository: &Repository) -> Vec<Stage> {
    let stages = plan.units.keys().map(|id| &id.stage);
    let mut roots: Vec<Stage> =
        stages.filter_map(|stage| delivery::root_stage(stage, repository.layout)).collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

fn too_long(name: &str, at: &At, diags: &mut Diagnostics) {
    if name.len() <= LONGEST {
        return;
    }
    let message =
        format!("the Application `{name}` has {} characters, {LONGEST} are the most", name.len());
    diags
        .report(&NAME_TOO_LONG, Place::Key(at.clone()), message)
        .help(format!("shorten the name by {}", name.len() - LONGEST));
}

fn projects(plan: &Plan, repository: &Repository, diags: &mut Diagnostics) {
    for tenancy in plan.facts.tenancies.values() {
        let Some(root) = delivery::root_stage(&tenancy.stage, repository.layout) else { continue };
        let owner = match tenancy.namespace.as_str() {
            "default" => "Argo CD itself, open to everything",
            name if name == delivery::root_project(&plan.estate, &root) => "the root Application",
            name if name == delivery::platform_project(&plan.estate, &root) => "the platform",
            name if name == delivery::addons_project(&plan.estate, &root) => {
                "the platform's add-ons"
            }
            _ => continue,
        };
        let message = format!("the AppProject `{}` is the one of {owner}", tenancy.namespace);
        diags
            .report(&PROJECT_NAME, Place::Key(tenancy.at.clone()), message)
            .help("choose another name for the team or the environment");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::DocumentId;
    use crate::plan::{ArgoCd, Layout, UnitId, UnitKind};

    fn plan(layout: Layout, units: &[(UnitKind, &str)]) -> Plan {
        let at = At::root(DocumentId::BASE);
        let mut plan = Plan { estate: "acme".to_owned(), ..Plan::default() };
        plan.facts.repository = Some(Repository {
            url: "https://git.acme.example/estate.git".to_owned(),
            path: String::new(),
            layout,
            branch: "main".to_owned(),
            at: at.key("repository"),
        });
        let argocd = ArgoCd {
            version: (3, 5),
            namespace: "argocd".to_owned(),
            freezes: Vec::new(),
            at: at.key("delivery"),
        };
        plan.facts.argocd.insert("main".to_owned(), argocd);
        let stage =
            Stage::Environment { cluster: "main".to_owned(), environment: "prod".to_owned() };
        for (kind, name) in units {
            let id = UnitId { kind: *kind, name: (*name).to_owned(), stage: stage.clone() };
            plan.unit(id, &at.key(kind.word()).key(name));
            let tenancy = crate::plan::Tenancy {
                stage: stage.clone(),
                namespace: (*name).to_owned(),
                team: "team".to_owned(),
                protected: false,
                owners: Vec::new(),
                developers: Vec::new(),
                pod_security: crate::k8s::pod_security::Level::Restricted,
                quota: None,
                at: at.key("teams").key(name),
            };
            if *kind == UnitKind::Namespace {
                plan.facts.tenancies.insert((stage.clone(), (*name).to_owned()), tenancy);
            }
        }
        plan
    }

    fn messages(layout: Layout, units: &[(UnitKind, &str)]) -> Vec<String> {
        let mut diags = Diagnostics::new();
        audit(&plan(layout, units), &mut diags);
        diags.iter().map(|found| format!("{}: {}", found.rule.name, found.message)).collect()
    }

    #[test]
    fn names_are_taken_by_units_and_by_roots() {
        use UnitKind::{Namespace, Workload};
        assert_eq!(
            messages(Layout::Folders, &[(Namespace, "shop-prod"), (Workload, "namespace-shop")]),
            [
                "argocd/name-taken: the workload `namespace-shop` and the namespace `shop-prod` would both be the \
              Application `namespace-shop-prod`"
            ]
        );
        assert_eq!(
            messages(Layout::Branches, &[(Workload, "acme")]),
            [
                "argocd/name-taken: the workload `acme` and the root Application would both be the Application \
              `acme-prod`"
            ]
        );
        assert!(messages(Layout::Folders, &[(Workload, "acme"), (Workload, "web")]).is_empty());
    }

    #[test]
    fn a_name_that_fits_no_label_is_refused() {
        let fits = "a".repeat(58);
        assert!(messages(Layout::Folders, &[(UnitKind::Workload, &fits)]).is_empty());
        let long = "a".repeat(59);
        let found = messages(Layout::Folders, &[(UnitKind::Workload, &long)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("has 64 characters, 63 are the most"), "{found:?}");
    }

    #[test]
    fn no_tenant_is_the_platform() {
        for (layout, name) in [
            (Layout::Folders, "acme-root"),
            (Layout::Folders, "acme-platform"),
            (Layout::Branches, "acme-prod-root"),
            (Layout::Folders, "default"),
        ] {
            let found = messages(layout, &[(UnitKind::Namespace, name)]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("argocd/project-name: "), "{found:?}");
        }
    }
}
