//! What the roles look like, and that they lead to nothing more.

use insta::assert_snapshot;

use super::*;
use crate::passes::tests::{at, estate, namespace_unit, printed, production};

/// The roles of `a-prod` when its owners are a group and a program, told by two sections.
fn granted(role: Role, protected: bool) -> Plan {
    let mut plan = estate(&["a-prod"]);
    let tenancy = plan.facts.tenancies.get_mut(&(production(), "a-prod".to_owned()));
    tenancy.unwrap().protected = protected;
    for (subjects, field) in [
        (&["user:ada@acme.example", "group:payments"][..], "teams.a.owners"),
        (&["serviceaccount:ci/deployer", "group:payments"][..], "databases.orders.owners"),
    ] {
        plan.facts.grants.push(Grant {
            unit: namespace_unit("a-prod"),
            namespace: "a-prod".to_owned(),
            role,
            subjects: subjects.iter().map(|subject| subject.parse().unwrap()).collect(),
            component: "teams",
            at: at(field),
        });
    }
    run(&mut plan);
    plan
}

/// Whether the role lets its bearer do that.
fn may(role: &rbac::Role, verb: &str, group: &str, resource: &str) -> bool {
    let one_of = |words: &[String], word: &str| words.iter().any(|own| own == word || own == "*");
    role.rules.iter().flatten().any(|rule| {
        one_of(&rule.verbs, verb)
            && one_of(rule.api_groups.as_deref().unwrap_or_default(), group)
            && one_of(rule.resources.as_deref().unwrap_or_default(), resource)
    })
}

#[test]
fn developers_are_bound_to_a_role_that_sees() {
    let plan = granted(Role::Developer, true);
    assert_snapshot!(printed(&plan, &namespace_unit("a-prod"), 1), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: developers
      namespace: a-prod
    rules:
    - apiGroups:
      - ""
      resources:
      - configmaps
      - endpoints
      - events
      - limitranges
      - persistentvolumeclaims
      - pods
      - pods/log
      - resourcequotas
      - serviceaccounts
      - services
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - apps
      resources:
      - controllerrevisions
      - deployments
      - replicasets
      - statefulsets
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - autoscaling
      resources:
      - horizontalpodautoscalers
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - batch
      resources:
      - cronjobs
      - jobs
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - bitnami.com
      resources:
      - sealedsecrets
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - discovery.k8s.io
      resources:
      - endpointslices
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - events.k8s.io
      resources:
      - events
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - external-secrets.io
      resources:
      - externalsecrets
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - gateway.networking.k8s.io
      resources:
      - httproutes
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - metrics.k8s.io
      resources:
      - pods
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - monitoring.coreos.com
      resources:
      - servicemonitors
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - networking.k8s.io
      resources:
      - networkpolicies
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - policy
      resources:
      - poddisruptionbudgets
      verbs:
      - get
      - list
      - watch
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: developers
      namespace: a-prod
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: developers
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: payments
    - kind: ServiceAccount
      name: deployer
      namespace: ci
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: ada@acme.example
    "#);
    assert_eq!(plan.units[&namespace_unit("a-prod")].resources[1].origin.from.len(), 2);
}

#[test]
fn owners_may_operate_and_debug_what_is_not_protected() {
    let text = |protected| printed(&granted(Role::Owner, protected), &namespace_unit("a-prod"), 1);
    let (free, protected) = (text(false), text(true));
    let beyond = free.split("  - poddisruptionbudgets\n").nth(1).unwrap_or_default();
    assert_snapshot!(beyond.split("---").next().unwrap_or_default(), @r#"
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - ""
      resources:
      - pods
      verbs:
      - delete
    - apiGroups:
      - ""
      resources:
      - pods/eviction
      verbs:
      - create
    - apiGroups:
      - apps
      resources:
      - deployments/scale
      - statefulsets/scale
      verbs:
      - get
      - patch
      - update
    - apiGroups:
      - ""
      resources:
      - pods/portforward
      verbs:
      - create
      - get
    - apiGroups:
      - ""
      resources:
      - pods/exec
      verbs:
      - create
      - get
    "#);
    assert!(!protected.contains("exec"));
}

#[test]
fn no_role_leads_to_more_than_it_grants() {
    const WRITE: [&str; 6] =
        ["create", "update", "patch", "delete", "deletecollection", "escalate"];
    let pod_templates = [
        ("", "pods"),
        ("", "pods/ephemeralcontainers"),
        ("", "podtemplates"),
        ("", "replicationcontrollers"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
    ];
    let untouchable = [
        ("", "secrets"),
        ("", "serviceaccounts/token"),
        ("", "pods/attach"),
        ("", "pods/proxy"),
        ("", "services/proxy"),
        ("", "users"),
        ("", "groups"),
        (RBAC, "roles"),
        (RBAC, "rolebindings"),
        (RBAC, "clusterroles"),
        (RBAC, "clusterrolebindings"),
        ("authentication.k8s.io", "tokenrequests"),
        ("certificates.k8s.io", "certificatesigningrequests"),
    ];
    for (kind, protected) in [
        (Role::Owner, true),
        (Role::Owner, false),
        (Role::Developer, true),
        (Role::Developer, false),
    ] {
        let role = role("a-prod", kind, protected);
        let rules = role.rules.iter().flatten();
        let mut words = rules.flat_map(|rule| {
            let resources = rule.resources.iter().flatten();
            rule.verbs.iter().chain(resources).chain(rule.api_groups.iter().flatten())
        });
        let special = ["*", "bind", "escalate", "impersonate"];
        assert!(words.all(|word| !special.contains(&word.as_str()) && !word.contains('*')));
        for (group, resource) in pod_templates {
            for verb in WRITE {
                let restart = kind == Role::Owner && (resource, verb) == ("pods", "delete");
                assert_eq!(may(&role, verb, group, resource), restart, "{verb} {resource}");
            }
        }
        for (group, resource) in untouchable {
            for verb in READ.iter().chain(&WRITE) {
                assert!(!may(&role, verb, group, resource), "{kind:?} may {verb} {resource}");
            }
        }
        for verb in READ.iter().chain(&WRITE) {
            let free = kind == Role::Owner && !protected && matches!(*verb, "create" | "get");
            assert_eq!(may(&role, verb, "", "pods/exec"), free);
            let changes = WRITE.contains(verb) && kind == Role::Developer;
            let any = VISIBLE.iter().flat_map(|(group, all)| all.iter().map(move |it| (group, it)));
            assert!(!any.into_iter().any(|(group, it)| changes && may(&role, verb, group, it)));
        }
    }
}

#[test]
fn a_namespace_of_nobody_known_is_protected() {
    let mut plan = granted(Role::Owner, false);
    plan.facts.tenancies.clear();
    let unit = plan.units.get_mut(&namespace_unit("a-prod")).unwrap();
    unit.resources.clear();
    run(&mut plan);
    assert!(!printed(&plan, &namespace_unit("a-prod"), 0).contains("exec"));
}
