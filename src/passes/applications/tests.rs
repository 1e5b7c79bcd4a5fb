//! The units of Argo CD for small estates, object for object; what the projects permit is judged as Argo CD does.

use super::*;
use crate::k8s::tree::Tree;
use crate::path::DocumentId;
use crate::plan::{Freeze, Layout};
use crate::tree;

fn at(path: &str) -> At {
    At { document: DocumentId::BASE, path: path.parse().expect("a path of this test") }
}

fn stage(environment: &str) -> Stage {
    Stage::Environment { cluster: "main".to_owned(), environment: environment.to_owned() }
}

fn object(api_version: &str, kind: &str, name: &str, namespace: &str) -> Resource {
    let mut metadata = tree!({ "name": (name.to_owned()) });
    if let (false, Some(map)) = (namespace.is_empty(), metadata.as_map_mut()) {
        map.insert("namespace", namespace.to_owned());
    }
    let object = tree!({
        "apiVersion": (api_version.to_owned()), "kind": (kind.to_owned()), "metadata": metadata
    });
    Resource::tree(object, Origin::lowered("test", [at("workloads.web")]))
}

/// A team with two workloads, of which one needs the other, in development and in a production that is protected
/// and frozen over the weekend.
fn estate(layout: Layout, version: (u64, u64)) -> Plan {
    let mut plan = Plan { estate: "acme".to_owned(), ..Plan::default() };
    plan.facts.repository = Some(Repository {
        url: "https://git.acme.example/estate.git".to_owned(),
        path: "output".to_owned(),
        layout,
        branch: "main".to_owned(),
        at: at("repository"),
    });
    let freeze = |manual| Freeze {
        environments: vec!["production".to_owned()],
        schedule: "0 16 * * 5".to_owned(),
        duration: "64h".to_owned(),
        timezone: "Europe/Paris".to_owned(),
        manual,
        at: at("delivery.freezes[0]"),
    };
    plan.facts.argocd.insert(
        "main".to_owned(),
        ArgoCd {
            version,
            namespace: "argocd".to_owned(),
            freezes: vec![freeze(true), freeze(false)],
            at: at("delivery"),
        },
    );
    for environment in ["development", "production"] {
        add_environment(&mut plan, environment);
    }
    plan
}

fn add_environment(plan: &mut Plan, environment: &str) {
    let namespace = format!("shop-{environment}");
    let tenancy = Tenancy {
        stage: stage(environment),
        namespace: namespace.clone(),
        team: "shop".to_owned(),
        protected: environment == "production",
        owners: vec!["shop-leads".to_owned(), "cn=ops,dc=acme".to_owned()],
        developers: vec!["shop".to_owned()],
        pod_security: crate::k8s::pod_security::Level::Restricted,
        quota: None,
        at: at("teams.shop"),
    };
    plan.facts.tenancies.insert((stage(environment), namespace.clone()), tenancy);

    let id = |kind, name: &str| UnitId { kind, name: name.to_owned(), stage: stage(environment) };
    let unit = plan.unit(id(UnitKind::Namespace, &namespace), &at("teams.shop"));
    unit.namespace = Some(namespace.clone());
    unit.add(object("v1", "Namespace", &namespace, ""));
    unit.add(object("networking.k8s.io/v1", "NetworkPolicy", "default-deny", &namespace));
    for (name, kind) in [("checkout", "StatefulSet"), ("web", "Deployment")] {
        let base = id(UnitKind::Workload, name).in_stage(Stage::Base);
        plan.unit(base, &at("workloads.web"));
        let unit = plan.unit(id(UnitKind::Workload, name), &at(&format!("workloads.{name}")));
        unit.namespace = Some(namespace.clone());
        unit.project = Some(namespace.clone());
        unit.add(object("apps/v1", kind, name, &namespace));
    }
    let web = plan.unit(id(UnitKind::Workload, "web"), &at("workloads.web"));
    web.needs.insert((id(UnitKind::Workload, "checkout"), at("workloads.web.connects[0]")));
    web.add(object("example.org/v1", "Widget", "web", &namespace));
}

fn derived(layout: Layout, version: (u64, u64)) -> Plan {
    let mut plan = estate(layout, version);
    derive(&mut plan);
    plan
}

fn print(unit: &Unit) -> String {
    let printed = unit.resources.iter().map(|object| crate::emit::yaml::print(object.as_tree()));
    printed.collect::<Vec<_>>().join("---\n")
}

/// The objects of Argo CD, by kind and name.
fn find<'a>(plan: &'a Plan, kind: &str, name: &str) -> &'a Tree {
    let objects = plan.units.values().flat_map(|unit| &unit.resources);
    let mut found = objects.filter(|object| object.kind() == kind && object.name() == name);
    found.next().expect("an object of that kind and name").as_tree()
}

fn text<'a>(object: &'a Tree, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Tree::as_str).unwrap_or_default()
}

#[test]
fn a_cluster_has_one_root_for_all_its_environments() {
    let plan = derived(Layout::Folders, (3, 5));
    let id = UnitId {
        kind: UnitKind::ArgoCd,
        name: "argocd".to_owned(),
        stage: Stage::Cluster("main".to_owned()),
    };
    insta::assert_snapshot!("folders", print(&plan.units[&id]));
}

#[test]
fn an_environment_with_a_branch_has_a_root_of_its_own() {
    let plan = derived(Layout::Branches, (3, 5));
    let roots = plan.units.values().filter(|unit| unit.id.kind == UnitKind::ArgoCd);
    let printed: Vec<String> = roots.map(print).collect();
    assert_eq!(printed.len(), 2, "one for each environment");
    insta::assert_snapshot!("branches", printed[1]);
}

#[test]
fn deleting_asks_only_where_the_version_can_ask() {
    for (version, asks) in [((3, 3), false), ((3, 4), true), ((3, 5), true)] {
        let plan = derived(Layout::Folders, version);
        let guarded = find(&plan, "Application", "web-production");
        let options = guarded.pointer("/spec/syncPolicy/syncOptions").and_then(Tree::as_seq);
        let options: Vec<_> = options.into_iter().flatten().filter_map(Tree::as_str).collect();
        let prune = guarded.pointer("/spec/syncPolicy/automated/prune").and_then(Tree::as_bool);
        assert_eq!(options.contains(&"Prune=confirm"), asks, "{version:?}");
        assert_eq!(options.contains(&"Delete=confirm"), asks, "{version:?}");
        assert_eq!(prune, Some(asks), "{version:?}");
        assert_eq!(guarded.pointer("/metadata/finalizers").is_some(), asks, "{version:?}");
        // The annotation of one object is older than the option of all.
        let own = text(guarded, "/metadata/annotations/argocd.argoproj.io~1sync-options");
        assert_eq!(own, "Prune=confirm,Delete=confirm", "{version:?}");

        let free = find(&plan, "Application", "web-development");
        let prune = free.pointer("/spec/syncPolicy/automated/prune").and_then(Tree::as_bool);
        assert_eq!(prune, Some(true), "{version:?}");
        assert!(free.pointer("/metadata/finalizers").is_some(), "{version:?}");
    }
}

#[test]
fn freezes_concern_their_environment_and_equal_ones_become_the_stricter() {
    let plan = derived(Layout::Folders, (3, 5));
    let windows = |project: &str| {
        let windows = find(&plan, "AppProject", project).pointer("/spec/syncWindows");
        windows.and_then(Tree::as_seq).unwrap_or_default().to_vec()
    };
    assert_eq!(windows("shop-development"), []);
    assert_eq!(windows("acme-root"), []);
    let tenant = tree!({
        "kind": "deny", "schedule": "0 16 * * 5", "timeZone": "Europe/Paris", "duration": "64h",
        "applications": ["*"], "manualSync": false, "description": "freeze of production",
    });
    let platform = tree!({
        "kind": "deny", "schedule": "0 16 * * 5", "timeZone": "Europe/Paris", "duration": "64h",
        "namespaces": ["shop-production"], "manualSync": false, "description": "freeze of production",
    });
    assert_eq!(windows("shop-production"), [tenant]);
    assert_eq!(windows("acme-platform"), [platform]);
}

#[test]
fn every_object_of_every_unit_is_permitted_by_its_project() {
    for layout in [Layout::Folders, Layout::Branches] {
        let plan = derived(layout, (3, 5));
        let mut judged = 0;
        for unit in plan.applications() {
            let application = find(&plan, "Application", &unit.id.application());
            let project = find(&plan, "AppProject", text(application, "/spec/project"));
            for object in &unit.resources {
                permit(project, text(application, "/spec/source/repoURL"), object);
                judged += 1;
            }
        }
        let roots = plan.units.values().filter(|unit| unit.id.kind == UnitKind::ArgoCd);
        for unit in roots {
            let project = find(&plan, "AppProject", unit.project.as_deref().unwrap_or_default());
            for object in &unit.resources {
                permit(project, "https://git.acme.example/estate.git", object);
                judged += 1;
            }
        }
        assert!(judged > 20, "{judged}");
    }
}

#[test]
fn a_tenant_may_never_hold_what_guards_it() {
    let mut plan = estate(Layout::Folders, (3, 5));
    let id =
        UnitId { kind: UnitKind::Workload, name: "web".to_owned(), stage: stage("production") };
    let web = plan.unit(id, &at("workloads.web"));
    web.add(object("networking.k8s.io/v1", "NetworkPolicy", "open", "shop-production"));
    web.add(object("argoproj.io/v1alpha1", "Application", "own", "shop-production"));
    derive(&mut plan);
    let project = find(&plan, "AppProject", "shop-production");
    for (group, kind) in
        [("networking.k8s.io", "NetworkPolicy"), ("argoproj.io", "Application"), ("", "Namespace")]
    {
        assert!(!has_kind(project, "namespaceResourceWhitelist", group, kind, ""), "{kind}");
        assert!(!has_kind(project, "clusterResourceWhitelist", group, kind, "x"), "{kind}");
    }
}

/// As `AppProject.IsSourcePermitted` and `IsResourcePermitted`, for projects that deny nothing by `!`.
fn permit(project: &Tree, repository: &str, object: &Resource) {
    let list = |key: &str| {
        let list = project.pointer(&format!("/spec/{key}")).and_then(Tree::as_seq);
        list.unwrap_or_default()
    };
    let sources = list("sourceRepos");
    assert!(sources.iter().filter_map(Tree::as_str).any(|glob| matches(glob, repository)));
    let (group, kind) = (object.group(), object.kind());
    let Some(namespace) = object.namespace() else {
        let permitted = has_kind(project, "clusterResourceWhitelist", group, kind, object.name());
        return assert!(permitted, "{kind} {}", object.name());
    };
    assert!(has_kind(project, "namespaceResourceWhitelist", group, kind, ""), "{group}/{kind}");
    let permitted = list("destinations").iter().any(|destination| {
        text(destination, "/name") == "in-cluster"
            && matches(text(destination, "/namespace"), namespace)
    });
    assert!(permitted, "{namespace}");
}

/// As `isResourceInList` and `isNamedResourceInList`: an item without a name is any of the kind.
fn has_kind(project: &Tree, list: &str, group: &str, kind: &str, name: &str) -> bool {
    let items = project.pointer(&format!("/spec/{list}")).and_then(Tree::as_seq);
    items.unwrap_or_default().iter().any(|item| {
        let named = text(item, "/name");
        matches(text(item, "/group"), group)
            && matches(text(item, "/kind"), kind)
            && (named.is_empty() || matches(named, name))
    })
}

/// Globs without classes: `*` is anything but a slash, `?` one character but a slash.
fn matches(glob: &str, text: &str) -> bool {
    match (glob.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), next) => {
            let one = |c: char| c != '/' && matches(glob, &text[c.len_utf8()..]);
            matches(&glob[1..], text) || next.is_some_and(one)
        }
        (Some('?'), Some(c)) if c != '/' => matches(&glob[1..], &text[c.len_utf8()..]),
        (Some(a), Some(b)) if a == b => matches(&glob[a.len_utf8()..], &text[b.len_utf8()..]),
        _ => false,
    }
}
