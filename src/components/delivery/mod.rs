//! `delivery`: how Argo CD brings the output to a cluster.

mod argocd;
pub mod ci;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation};
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::cron::Cron;
use crate::k8s::duration::Duration;
use crate::k8s::host::HostName;
use crate::k8s::name::Name;
use crate::k8s::secret::SecretRef;
use crate::k8s::url::Url;
use crate::k8s::version::MinorVersion;
use crate::k8s::zone::TimeZone;
use crate::path::At;
use crate::plan::{ArgoCd, Freeze, Plan, Stage};
use crate::source::Scope;

/// An Argo CD that the compiler does not write for.
pub static ARGOCD_VERSION: Rule = Rule::error(
    "delivery/argocd-version",
    "a version of Argo CD that is not written for",
    "Fields appear and disappear between minor versions (docs/operator-manual/upgrading); a field that the \
     running version does not know is dropped silently. Known are 3.3, 3.4 and 3.5.",
    "delivery: {argocd: {version: \"2.9\"}}",
);

/// A freeze without end.
pub static FREEZE_ALWAYS: Rule = Rule::error(
    "delivery/freeze-always",
    "a freeze begins again before it ends",
    "Nothing would ever be synced, not even the change that lifts the freeze.",
    "delivery: {freezes: [{environments: [production], schedule: \"0 0 * * *\", duration: 24h, timezone: UTC}]}",
);

/// A freeze for nothing.
pub static FREEZE_NOTHING: Rule = Rule::error(
    "delivery/freeze-nothing",
    "a freeze names no environment",
    "Argo CD ignores a sync window that selects nothing.",
    "delivery: {freezes: [{environments: [], schedule: \"0 16 * * 5\", duration: 64h, timezone: UTC}]}",
);

static VERSION: Default = Default::new(
    "delivery.argocd.version",
    "3.5",
    "the newest minor version this compiler was written against (2026-08)",
);
static NAMESPACE: Default =
    Default::new("delivery.argocd.namespace", "argocd", "where its own manifests put it");
static TIMEZONE: Default = Default::new(
    "delivery.freezes.*.timezone",
    "UTC",
    "Argo CD's own default, written out: it also falls back to UTC on a zone it does not know",
);
static MANUAL: Default = Default::new(
    "delivery.freezes.*.manual",
    "true",
    "an incident must be mendable during a freeze by a person who decides so",
);

/// How Argo CD brings the output to a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySpec {
    /// The Argo CD that is there.
    #[serde(default)]
    pub argocd: Option<ArgoCdSpec>,
    /// What checks the blueprint and publishes the output; its pipeline is written into the output.
    #[serde(default)]
    pub ci: Option<ci::Ci>,
    /// When which environments are not synced by themselves.
    #[serde(default)]
    pub freezes: Vec<FreezeSpec>,
}

/// The Argo CD that is there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArgoCdSpec {
    /// Its minor version; it decides which fields may be written.
    #[serde(default)]
    pub version: Option<MinorVersion>,
    /// Its namespace.
    #[serde(default)]
    pub namespace: Option<Name>,
    /// The host name of its interface. With it, Argo CD manages itself after it was installed once by hand;
    /// without it, it is somebody else's business.
    #[serde(default)]
    pub host: Option<HostName>,
    /// Who logs in, and as what.
    #[serde(default)]
    pub sso: Option<SsoSpec>,
    /// Who is told of failures.
    #[serde(default)]
    pub notifications: Option<NotificationsSpec>,
}

/// Log-in by an identity provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SsoSpec {
    /// Its protocol.
    pub kind: SsoKind,
    /// Its address, exactly as its tokens spell it.
    pub issuer: Url,
    /// What Argo CD is called there.
    #[serde(default)]
    pub client: Option<String>,
    /// Where the client's secret is kept: `<path>#<property>`.
    #[serde(default)]
    pub secret: Option<SecretRef>,
    /// Groups that may do everything. Those of teams follow from `teams`.
    pub administrators: Vec<String>,
}

/// The protocol of an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SsoKind {
    /// OpenID Connect.
    Oidc,
}

/// Who is told of failures.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationsSpec {
    /// Where the address of a webhook is kept, which gets a short JSON text: `<path>#<property>`.
    pub webhook: SecretRef,
}

/// A time in which nothing is synced by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreezeSpec {
    /// The environments it is for.
    pub environments: Vec<Name>,
    /// When it begins, as five cron fields.
    pub schedule: Cron,
    /// How long it lasts.
    pub duration: Duration,
    /// The time zone of the schedule, from the IANA database.
    #[serde(default)]
    pub timezone: Option<TimeZone>,
    /// Whether a person may sync by hand meanwhile.
    #[serde(default)]
    pub manual: Option<bool>,
}

/// How Argo CD brings the output to a cluster.
#[derive(Debug)]
pub struct Delivery {
    argocd: ArgoCd,
    /// How Argo CD manages itself, if it does.
    managed: Option<argocd::Managed>,
    /// What runs the pipeline of the estate.
    ci: Option<ci::Ci>,
    /// Begin and length of each freeze, for the check.
    spans: Vec<(Cron, Duration)>,
}

impl Component for Delivery {
    const ABOUT: About = About {
        section: "delivery",
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "how Argo CD brings the output to a cluster",
        rules: &[
            &ARGOCD_VERSION,
            &FREEZE_ALWAYS,
            &FREEZE_NOTHING,
            &argocd::MANAGED_FIELD,
            &argocd::MANAGED_VERSION,
            &argocd::MANAGED_NAMESPACE,
            &argocd::NO_ADMINISTRATOR,
        ],
        defaults: &[&VERSION, &NAMESPACE, &TIMEZONE, &MANUAL, &argocd::CLIENT, &argocd::SECRET],
    };

    type Spec = DeliverySpec;

    fn resolve(spec: DeliverySpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let (version, namespace, managed) = match spec.argocd {
            Some(argocd) => {
                let managed = argocd::Managed::resolve(&argocd, &at.key("argocd"), cx);
                (argocd.version, argocd.namespace, managed)
            }
            None => (None, None, None),
        };
        let usual = if managed.is_some() { argocd::VERSION } else { VERSION.get() };
        let version = version.unwrap_or(usual);
        let version = (version.major(), version.minor());
        if version.0 != 3 || !(3..=5).contains(&version.1) {
            cx.diags
                .report(
                    &ARGOCD_VERSION,
                    at.key("argocd").key("version"),
                    format!(
                        "Argo CD {}.{} is not one this compiler writes for",
                        version.0, version.1
                    ),
                )
                .help("write \"3.3\", \"3.4\" or \"3.5\"");
        }
        let mut freezes = Vec::new();
        let mut spans = Vec::new();
        for (index, freeze) in spec.freezes.into_iter().enumerate() {
            let at = at.key("freezes").index(index);
            for (position, environment) in freeze.environments.iter().enumerate() {
                let place = field!(at, freeze.environments).index(position);
                cx.symbols.environments.bind(environment.as_str(), &place, cx.diags);
            }
            if freeze.environments.is_empty() {
                cx.diags
                    .report(
                        &FREEZE_NOTHING,
                        field!(at, freeze.environments),
                        "no environment is named",
                    )
                    .help("write for example `environments: [production]`");
            }
            freezes.push(Freeze {
                environments: freeze.environments.iter().map(Name::to_string).collect(),
                schedule: freeze.schedule.to_string(),
                duration: freeze.duration.to_go(),
                timezone: freeze.timezone.unwrap_or_else(|| TIMEZONE.get()).to_string(),
                manual: freeze.manual.unwrap_or_else(|| MANUAL.get()),
                at,
            });
            spans.push((freeze.schedule, freeze.duration));
        }
        let namespace = namespace.unwrap_or_else(|| NAMESPACE.get()).to_string();
        Some(Self {
            argocd: ArgoCd { version, namespace, freezes, at: at.clone() },
            managed,
            ci: spec.ci,
            spans,
        })
    }

    fn check(&self, _: &At, _: &crate::component::Symbols, diags: &mut Diagnostics) {
        for (freeze, (schedule, duration)) in self.argocd.freezes.iter().zip(&self.spans) {
            let Some(hours) = shortest_gap(schedule.as_str()) else { continue };
            if duration.as_secs() >= hours * 3600 {
                diags
                    .report(
                        &FREEZE_ALWAYS,
                        freeze.at.key("duration"),
                        format!("it begins every {hours} hours and lasts {duration}"),
                    )
                    .related(freeze.at.key("schedule"), "when it begins")
                    .help("shorten it, or begin it more rarely");
            }
        }
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        if let Stage::Cluster(cluster) = situation.stage {
            plan.facts.argocd.insert(cluster.clone(), self.argocd.clone());
            let version = format!("{}.{}", self.argocd.version.0, self.argocd.version.1);
            plan.versions.insert(format!("argo-cd ({cluster})"), version);
            if let Some(ci) = self.ci {
                plan.artifacts.push(ci.artifact(cluster, at));
            }
            if let Some(managed) = &self.managed {
                managed.lower(&at.key("argocd"), cluster, plan);
            }
        }
    }
}

/// Hours between two beginnings, for schedules at one time of every day or of one day of the week.
fn shortest_gap(schedule: &str) -> Option<u64> {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let number = |field: &str| field.bytes().all(|b| b.is_ascii_digit());
    match fields.as_slice() {
        [minute, hour, "*", "*", "*"] if number(minute) && number(hour) => Some(24),
        [minute, hour, "*", "*", day]
            if number(minute) && number(hour) && !day.contains([',', '-', '/', '*']) =>
        {
            Some(24 * 7)
        }
        [minute, "*", "*", "*", "*"] if number(minute) => Some(1),
        _ => None,
    }
}
