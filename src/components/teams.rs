//! `teams`: who owns what. A team has a namespace in every environment.

use indexmap::IndexMap;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation, Symbols, Team, namespace};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::pod_security::{Level, PINNED};
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::subject::Subject;
use crate::k8s::text::Reason;
use crate::path::At;
use crate::plan::{
    Grant, Origin, Plan, Resource, Role, Stage, Tenancy, UnitId, UnitKind, platform,
};
use crate::source::Scope;

/// A namespace name that Kubernetes refuses.
pub static NAMESPACE_TOO_LONG: Rule = Rule::error(
    "teams/namespace-too-long",
    "the joined name of a namespace is longer than 63 characters",
    "A namespace is a DNS label (RFC 1123): it becomes part of the names of Services.",
    "teams: {the-team-with-the-longest-name-of-all-teams-in-this-estate: {}}  # in an environment `production`",
);

/// A namespace that is somebody else's.
pub static NAMESPACE_TAKEN: Rule = Rule::error(
    "teams/namespace-taken",
    "the joined name of a namespace belongs to Kubernetes, to the platform or to another team",
    "Two owners of a namespace overwrite each other's quotas, roles and policies; in `kube-system` they could \
     take over the cluster.",
    "teams: {kube: {owners: [\"group:ops\"]}}\nenvironments: {system: {cluster: main}}",
);

/// Nobody to ask.
pub static NO_OWNER: Rule = Rule::warning(
    "teams/no-owner",
    "a team has no owners",
    "Nobody may sync, restart or scale what it runs, and nobody is there to ask.",
    "teams: {payments: {developers: [\"group:payments\"]}}",
);

static LIMIT_CPU: Default = Default::new(
    "teams.*.limits.cpu",
    "100m",
    "what a container asks for that says nothing, so that a quota can count it",
);
static LIMIT_MEMORY: Default = Default::new(
    "teams.*.limits.memory",
    "128Mi",
    "request and limit of a container that says nothing: enough to start, too little to harm its neighbours",
);

/// A team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamSpec {
    /// Who may sync, restart and scale what it runs: `group:<name>` or `user:<name>`.
    #[serde(default)]
    pub owners: Vec<Subject>,
    /// Who may look at what it runs.
    #[serde(default)]
    pub developers: Vec<Subject>,
    /// The most that its workloads may ask for, per environment.
    #[serde(default)]
    pub quota: Option<QuotaSpec>,
    /// What a container gets that says nothing.
    #[serde(default)]
    pub limits: Option<LimitsSpec>,
    /// A level of Pod Security other than the estate's, with the reason.
    #[serde(default)]
    pub pod_security: Option<PodSecuritySpec>,
}

/// The most that a team's workloads may ask for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSpec {
    /// CPU requests.
    pub cpu: Cpu,
    /// Memory requests, and limits too.
    pub memory: Bytes,
    /// Storage requests of all claims.
    #[serde(default)]
    pub storage: Option<Bytes>,
}

/// What a container gets that says nothing.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitsSpec {
    /// CPU request.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    /// Memory request and limit.
    #[serde(default)]
    pub memory: Option<Bytes>,
}

/// A level of Pod Security other than the estate's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSecuritySpec {
    /// The level.
    pub level: Level,
    /// Why it is needed.
    pub reason: Reason,
}

#[derive(Debug)]
struct Resolved {
    name: Name,
    owners: Vec<Subject>,
    developers: Vec<Subject>,
    quota: Option<QuotaSpec>,
    limit: (Cpu, Bytes),
    pod_security: Level,
}

/// The teams, by name.
#[derive(Debug)]
pub struct Teams {
    list: Vec<Resolved>,
}

impl Component for Teams {
    const ABOUT: About = About {
        section: "teams",
        scope: Scope::Environment,
        required: true,
        named: true,
        summary: "who owns what; a team has a namespace in every environment",
        rules: &[&NAMESPACE_TOO_LONG, &NAMESPACE_TAKEN, &NO_OWNER],
        defaults: &[&LIMIT_CPU, &LIMIT_MEMORY],
    };

    type Spec = IndexMap<Name, TeamSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, team) in spec {
            let pod_security =
                team.pod_security.as_ref().map_or(symbols.pod_security, |security| security.level);
            symbols.teams.declare(name.to_string(), at.key(name), Team { pod_security });
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let mut list = Vec::new();
        for (name, team) in spec {
            if team.owners.is_empty() {
                cx.diags
                    .report(&NO_OWNER, at.key(&name), format!("the team `{name}` has no owners"))
                    .help("write `owners: [\"group:…\"]`");
            }
            let limits = team.limits;
            list.push(Resolved {
                limit: (
                    limits.and_then(|limits| limits.cpu).unwrap_or_else(|| LIMIT_CPU.get()),
                    limits.and_then(|limits| limits.memory).unwrap_or_else(|| LIMIT_MEMORY.get()),
                ),
                pod_security: cx.symbols.teams.get(name.as_str())?.pod_security,
                owners: team.owners,
                developers: team.developers,
                quota: team.quota,
                name,
            });
        }
        Some(Self { list })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        let Some(environment) = symbols.environment.as_deref() else { return };
        for team in &self.list {
            let name = namespace(team.name.as_str(), Some(environment));
            let at = at.key(&team.name);
            if name.len() > 63 {
                diags
                    .report(
                        &NAMESPACE_TOO_LONG,
                        crate::diag::Place::Key(at.clone()),
                        format!(
                            "the namespace `{name}` has {} characters, 63 are the most",
                            name.len()
                        ),
                    )
                    .help(format!("shorten the team's name by {}", name.len() - 63));
            }
            // `a-b` in `c` and `a` in `b-c` join to the same name.
            let twin = symbols.environments.iter().any(|(other, ..)| {
                other != environment
                    && name
                        .strip_suffix(&format!("-{other}"))
                        .is_some_and(|team| symbols.teams.get(team).is_some())
            });
            if name.starts_with("kube-") || platform::NAMESPACES.contains(&name.as_str()) || twin {
                diags
                    .report(
                        &NAMESPACE_TAKEN,
                        crate::diag::Place::Key(at.clone()),
                        format!("the namespace `{name}` is already somebody else's"),
                    )
                    .help("choose another name for the team");
            }
        }
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        let Stage::Environment { environment, .. } = situation.stage else { return };
        for team in &self.list {
            team.lower(&at.key(&team.name), environment, situation, plan);
        }
    }
}

impl Resolved {
    fn lower(&self, at: &At, environment: &str, situation: &Situation<'_>, plan: &mut Plan) {
        let namespace = situation.namespace(&self.name);
        let id = UnitId {
            kind: UnitKind::Namespace,
            name: namespace.clone(),
            stage: situation.stage.clone(),
        };
        let unit = plan.unit(id.clone(), at);
        unit.namespace = Some(namespace.clone());
        // A namespace takes everything in it along, volumes too.
        unit.stateful = true;
        unit.add(Resource::object(
            &self.namespace(&namespace, environment),
            Origin::lowered("teams", [at.clone(), at.field("podSecurity")]),
        ));
        if let Some(quota) = &self.quota {
            let quota = self.quota_object(quota, &namespace);
            unit.add(Resource::object(&quota, Origin::lowered("teams", [at.key("quota")])));
        }
        let limits = self.limit_range(&namespace);
        unit.add(Resource::object(&limits, Origin::lowered("teams", [at.key("limits")])));
        for (role, subjects, field) in [
            (Role::Owner, &self.owners, field!(at, self.owners)),
            (Role::Developer, &self.developers, field!(at, self.developers)),
        ] {
            if !subjects.is_empty() {
                plan.facts.grants.push(Grant {
                    unit: id.clone(),
                    namespace: namespace.clone(),
                    role,
                    subjects: subjects.clone(),
                    component: "teams",
                    at: field,
                });
            }
        }
        let protected = situation.symbols.is_protected();
        let tenancy = Tenancy {
            stage: situation.stage.clone(),
            namespace: namespace.clone(),
            team: self.name.to_string(),
            protected,
            owners: groups(&self.owners),
            developers: groups(&self.developers),
            pod_security: self.pod_security,
            quota: self.quota.map(|quota| {
                (quota.cpu.millicores(), quota.memory.get(), quota.storage.map(Bytes::get))
            }),
            at: at.clone(),
        };
        plan.facts.tenancies.insert((situation.stage.clone(), namespace), tenancy);
    }

    fn namespace(&self, name: &str, environment: &str) -> core::Namespace {
        let level = self.pod_security.word().to_owned();
        let mut labels = std::collections::BTreeMap::from([
            ("groundplan.dev/team".to_owned(), self.name.to_string()),
            ("groundplan.dev/environment".to_owned(), environment.to_owned()),
        ]);
        // Enforced at the namespace's level; audited and warned about at the strictest, so that the way there
        // is visible.
        for (mode, level) in [
            ("enforce", level),
            ("audit", Level::Restricted.word().to_owned()),
            ("warn", Level::Restricted.word().to_owned()),
        ] {
            labels.insert(format!("pod-security.kubernetes.io/{mode}"), level);
            labels.insert(format!("pod-security.kubernetes.io/{mode}-version"), PINNED.to_owned());
        }
        core::Namespace {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            ..core::Namespace::default()
        }
    }

    fn quota_object(&self, quota: &QuotaSpec, namespace: &str) -> core::ResourceQuota {
        let mut hard = std::collections::BTreeMap::from([
            ("requests.cpu".to_owned(), Quantity(quota.cpu.to_string())),
            ("requests.memory".to_owned(), Quantity(quota.memory.to_string())),
            // Memory limits equal requests, so they share the number.
            ("limits.memory".to_owned(), Quantity(quota.memory.to_string())),
            // Services of these types would go round the gateway.
            ("services.loadbalancers".to_owned(), Quantity("0".to_owned())),
            ("services.nodeports".to_owned(), Quantity("0".to_owned())),
        ]);
        if let Some(storage) = quota.storage {
            hard.insert("requests.storage".to_owned(), Quantity(storage.to_string()));
        }
        core::ResourceQuota {
            metadata: named("quota", namespace),
            spec: Some(core::ResourceQuotaSpec {
                hard: Some(hard),
                ..core::ResourceQuotaSpec::default()
            }),
            ..core::ResourceQuota::default()
        }
    }

    fn limit_range(&self, namespace: &str) -> core::LimitRange {
        let (cpu, memory) =
            (Quantity(self.limit.0.to_string()), Quantity(self.limit.1.to_string()));
        core::LimitRange {
            metadata: named("limits", namespace),
            spec: Some(core::LimitRangeSpec {
                limits: vec![core::LimitRangeItem {
                    type_: "Container".to_owned(),
                    default: Some([("memory".to_owned(), memory.clone())].into()),
                    default_request: Some(
                        [("cpu".to_owned(), cpu), ("memory".to_owned(), memory)].into(),
                    ),
                    ..core::LimitRangeItem::default()
                }],
            }),
        }
    }
}

fn named(name: &str, namespace: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    }
}

/// Argo CD knows groups only; users and service accounts have no place in its policies.
fn groups(subjects: &[Subject]) -> Vec<String> {
    let group = |subject: &Subject| match subject {
        Subject::Group(name) => Some(name.clone()),
        _ => None,
    };
    subjects.iter().filter_map(group).collect()
}
