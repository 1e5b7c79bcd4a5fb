//! `monitoring` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::duration::Duration;
use crate::k8s::host::HostName;
use crate::k8s::metric::{ChannelName, MetricName};
use crate::k8s::name::Name;
use crate::k8s::quantity::Bytes;
use crate::k8s::secret::SecretPath;
use crate::k8s::text::Email;
use crate::k8s::url::Url;

/// Prometheus, Alertmanager and Grafana of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringSpec {
    /// How long series are kept.
    #[serde(default)]
    pub retention: Option<Duration>,
    /// Where series are kept, by each Prometheus. Without it there is no monitoring.
    #[serde(default)]
    pub storage: Option<StorageSpec>,
    /// Dashboards.
    #[serde(default)]
    pub grafana: Option<GrafanaSpec>,
    /// Who is told of what.
    #[serde(default)]
    pub alerts: Option<AlertsSpec>,
    /// Metrics that workloads of the estate serve, so that rules and dashboards may name them.
    #[serde(default)]
    pub metrics: Vec<MetricName>,
}

/// Where series are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageSpec {
    /// The volume of each Prometheus.
    pub size: Bytes,
    /// Its storage class; the default one if it is not named.
    #[serde(default)]
    pub class: Option<Name>,
}

/// Grafana.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrafanaSpec {
    /// The host name it is reached by.
    pub host: HostName,
    /// The account of last resort: a secret with `admin-user` and `admin-password`.
    #[serde(default)]
    pub admin: Option<SecretSpec>,
    /// Who may log in.
    #[serde(default)]
    pub sso: Option<SsoSpec>,
}

/// A secret in the store.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretSpec {
    /// Its path.
    pub secret: SecretPath,
}

/// Logging in by OpenID Connect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SsoSpec {
    /// The program at the issuer, which decides where its endpoints are.
    pub kind: SsoKind,
    /// The issuer.
    pub issuer: Url,
    /// The client's name at the issuer.
    #[serde(default)]
    pub client: Option<Name>,
    /// A secret with `client-secret`.
    pub credentials: SecretSpec,
    /// Groups whose members administer Grafana.
    #[serde(default)]
    pub administrators: Vec<Name>,
}

/// A program that issues identities; Grafana does not discover endpoints, so they follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SsoKind {
    /// Keycloak; the issuer is the address of a realm.
    Keycloak,
    /// GitLab.
    Gitlab,
    /// Dex.
    Dex,
}

/// Who is told of what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertsSpec {
    /// Whom alerts can be sent to, by name.
    #[serde(default)]
    pub receivers: IndexMap<Name, ReceiverSpec>,
    /// Which receiver is told of which alerts.
    #[serde(default)]
    pub route: RouteSpec,
}

/// Which receiver is told of which alerts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSpec {
    /// Who is told of what must be mended now.
    #[serde(default)]
    pub critical: Option<Name>,
    /// Who is told of what must be mended soon; whoever is told of the critical ones if it is not written.
    #[serde(default)]
    pub warning: Option<Name>,
    /// Who is told every few minutes that alerting works, and raises the alarm when nothing comes.
    #[serde(default)]
    pub heartbeat: Option<Name>,
}

/// Somebody who is told of alerts. Which fields there are depends on the kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverSpec {
    /// How.
    pub kind: ReceiverKind,
    /// A secret that holds the address, as `url`: for `webhook` and `slack`.
    #[serde(default)]
    pub url: Option<SecretSpec>,
    /// A secret that holds the key, as `key`: for `pagerduty` and `opsgenie`.
    #[serde(default)]
    pub key: Option<SecretSpec>,
    /// The channel: for `slack`.
    #[serde(default)]
    pub channel: Option<ChannelName>,
    /// Addresses of mail: for `email`.
    #[serde(default)]
    pub to: Vec<Email>,
    /// The sender: for `email`.
    #[serde(default)]
    pub from: Option<Email>,
    /// The server of mail: for `email`.
    #[serde(default)]
    pub server: Option<MailServerSpec>,
}

/// A server of mail, spoken to with STARTTLS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailServerSpec {
    /// Its host name.
    pub host: HostName,
    /// Its port.
    #[serde(default)]
    pub port: Option<crate::k8s::port::Port>,
    /// A secret with the `password` of the sender, if the server wants one.
    #[serde(default)]
    pub credentials: Option<SecretSpec>,
}

/// How somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiverKind {
    /// An HTTP request in Alertmanager's format.
    Webhook,
    /// Mail.
    Email,
    /// A message in Slack, by an incoming webhook.
    Slack,
    /// An incident in PagerDuty, by its Events API v2.
    Pagerduty,
    /// An alert in Opsgenie.
    Opsgenie,
}

impl ReceiverKind {
    /// The word, as a blueprint spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Pagerduty => "pagerduty",
            Self::Opsgenie => "opsgenie",
        }
    }
}
