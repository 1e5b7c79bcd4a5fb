//! Who may do what in a namespace becomes a Role and a RoleBinding. Nothing granted leads to more than is granted:
//!
//! - Secrets are not readable. Neither is `create`, `update` or `patch` of anything that holds a pod template: a
//!   pod mounts any Secret and runs as any ServiceAccount of its namespace.
//! - `pods/exec`, which reads what a container mounts, is granted only where nothing is protected.
//! - No word on roles, bindings, impersonation and tokens, and no `*`, which tomorrow means more than today.
//!
//! Subresources are named one by one: a WebSocket begins with GET, so `get` on `pods/exec` may already be the right
//! to use it (KEP 4006; the API server asks for `create` too since 1.35).

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1 as rbac;

use crate::k8s::subject::Subject;
use crate::path::At;
use crate::plan::{ApiAccess, Grant, Origin, Plan, Resource, Role, UnitId};

pub(super) const NAME: &str = "roles";

const RBAC: &str = "rbac.authorization.k8s.io";
const READ: &[&str] = &["get", "list", "watch"];

/// What can be seen, by API group: everything that is made for a tenant, and what Kubernetes makes of it.
const VISIBLE: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "pods/log",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ],
    ),
    ("apps", &["controllerrevisions", "deployments", "replicasets", "statefulsets"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("batch", &["cronjobs", "jobs"]),
    ("bitnami.com", &["sealedsecrets"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("events.k8s.io", &["events"]),
    ("external-secrets.io", &["externalsecrets"]),
    ("gateway.networking.k8s.io", &["httproutes"]),
    ("metrics.k8s.io", &["pods"]),
    ("monitoring.coreos.com", &["servicemonitors"]),
    ("networking.k8s.io", &["networkpolicies"]),
    ("policy", &["poddisruptionbudgets"]),
];

/// What owners may do beyond seeing: API group, resources, verbs.
const OPERATE: &[(&str, &[&str], &[&str])] = &[
    // A restart: the controller makes the pod anew from what is in git.
    ("", &["pods"], &["delete"]),
    ("", &["pods/eviction"], &["create"]),
    ("apps", &["deployments/scale", "statefulsets/scale"], &["get", "patch", "update"]),
    ("", &["pods/portforward"], &["create", "get"]),
];

/// What owners may do where nothing is protected.
const DEBUG: &[(&str, &[&str], &[&str])] = &[("", &["pods/exec"], &["create", "get"])];

/// The grants of one role in one namespace, put together.
struct Granted<'a> {
    component: &'static str,
    subjects: Vec<&'a Subject>,
    at: Vec<At>,
}

pub(super) fn run(plan: &mut Plan) {
    people(plan);
    programs(plan);
}

fn people(plan: &mut Plan) {
    let mut granted: BTreeMap<(&UnitId, &str, Role), Granted> = BTreeMap::new();
    for grant in &plan.facts.grants {
        let Grant { unit, namespace, role, subjects, component, at } = grant;
        let whole = granted.entry((unit, namespace, *role)).or_insert_with(|| Granted {
            component,
            subjects: Vec::new(),
            at: Vec::new(),
        });
        whole.subjects.extend(subjects);
        whole.at.push(at.clone());
    }
    for ((unit, namespace, role), granted) in granted {
        let tenancy = plan.facts.tenancies.get(&(unit.stage.clone(), namespace.to_owned()));
        // Who does not say that changes are free there has them protected.
        let protected = tenancy.is_none_or(|tenancy| tenancy.protected);
        let origin = Origin::derived(granted.component, NAME, granted.at);
        let rights = Resource::object(&self::role(namespace, role, protected), origin.clone());
        super::add(&mut plan.units, unit, rights);
        let binding = Resource::object(&binding(namespace, role, granted.subjects), origin);
        super::add(&mut plan.units, unit, binding);
    }
}

/// The rights of a program, as a Role that its ServiceAccount is bound to.
fn programs(plan: &mut Plan) {
    super::add_each(&mut plan.units, &plan.facts.api_access, |access| {
        let rules = access.rules.iter().map(|one| rbac::PolicyRule {
            resource_names: (!one.names.is_empty()).then(|| one.names.clone()),
            ..rule(one.group, &[one.resource], one.verbs)
        });
        let role = rbac::Role {
            metadata: super::metadata(&access.account, &access.namespace),
            rules: Some(rules.collect()),
        };
        Some((&access.unit, Resource::object(&role, origin(access))))
    });
    super::add_each(&mut plan.units, &plan.facts.api_access, |access| {
        let binding = rbac::RoleBinding {
            metadata: super::metadata(&access.account, &access.namespace),
            role_ref: rbac::RoleRef {
                api_group: Some(RBAC.to_owned()),
                kind: "Role".to_owned(),
                name: access.account.clone(),
            },
            subjects: Some(vec![rbac::Subject {
                api_group: None,
                kind: "ServiceAccount".to_owned(),
                name: access.account.clone(),
                namespace: Some(access.namespace.clone()),
            }]),
        };
        Some((&access.unit, Resource::object(&binding, origin(access))))
    });
}

fn origin(access: &ApiAccess) -> Origin {
    Origin::derived(access.component, NAME, [access.at.clone()])
}

/// What the role is called, for people who read `kubectl get rolebindings`.
fn word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owners",
        Role::Developer => "developers",
    }
}

fn role(namespace: &str, role: Role, protected: bool) -> rbac::Role {
    let mut rules: Vec<_> =
        VISIBLE.iter().map(|(group, resources)| rule(group, resources, READ)).collect();
    if role == Role::Owner {
        let debug = if protected { &[] } else { DEBUG };
        let more = OPERATE.iter().chain(debug);
        rules.extend(more.map(|(group, resources, verbs)| rule(group, resources, verbs)));
    }
    rbac::Role { metadata: super::metadata(word(role), namespace), rules: Some(rules) }
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> rbac::PolicyRule {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    rbac::PolicyRule {
        api_groups: Some(owned(&[group])),
        resources: Some(owned(resources)),
        verbs: owned(verbs),
        ..rbac::PolicyRule::default()
    }
}

fn binding(namespace: &str, role: Role, subjects: Vec<&Subject>) -> rbac::RoleBinding {
    let by_text: BTreeMap<String, &Subject> =
        subjects.into_iter().map(|subject| (subject.to_string(), subject)).collect();
    rbac::RoleBinding {
        metadata: super::metadata(word(role), namespace),
        role_ref: rbac::RoleRef {
            api_group: Some(RBAC.to_owned()),
            kind: "Role".to_owned(),
            name: word(role).to_owned(),
        },
        subjects: Some(by_text.into_values().map(subject).collect()),
    }
}

/// Users and groups are names of the API group of RBAC; a ServiceAccount is an object of the core.
fn subject(subject: &Subject) -> rbac::Subject {
    let named = |kind: &str, name: &str| rbac::Subject {
        api_group: Some(RBAC.to_owned()),
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: None,
    };
    match subject {
        Subject::Group(name) => named("Group", name),
        Subject::User(name) => named("User", name),
        Subject::ServiceAccount { namespace, name } => rbac::Subject {
            api_group: None,
            namespace: Some(namespace.to_string()),
            ..named("ServiceAccount", name.as_str())
        },
    }
}

#[cfg(test)]
mod tests;
