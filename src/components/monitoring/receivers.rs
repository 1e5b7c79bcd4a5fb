//! Receivers: which fields each kind needs, and what Alertmanager reads of them. Secrets are files, never values.

use super::MAIL_PORT;
use super::spec::{AlertsSpec, ReceiverKind, ReceiverSpec, SecretSpec};
use crate::diag::{Diagnostics, Rule};
use crate::k8s::secret::SecretPath;
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::tree;

/// A field that the kind needs.
pub static FIELD_MISSING: Rule = Rule::error(
    "monitoring/receiver-field-missing",
    "a receiver lacks a field that its kind needs",
    "Alertmanager refuses the whole configuration, and nobody is told of anything.",
    "monitoring: {alerts: {receivers: {oncall: {kind: webhook}}}}",
);

/// A field that the kind does not have.
pub static FIELD_FOREIGN: Rule = Rule::error(
    "monitoring/receiver-field-foreign",
    "a receiver has a field of another kind",
    "It would change nothing, and somebody believes it does.",
    "monitoring: {alerts: {receivers: {oncall: {kind: webhook, channel: \"#alerts\"}}}}",
);

/// The receiver of what nobody is told of.
pub(super) const NOBODY: &str = "nobody";

/// Where Alertmanager finds the Secret of a receiver (`alertmanagerSpec.secrets`).
const SECRETS: &str = "/etc/alertmanager/secrets";

/// Somebody who is told of alerts.
#[derive(Debug)]
pub(super) struct Receiver {
    pub name: String,
    spec: ReceiverSpec,
    pub at: At,
}

pub(super) fn resolve(alerts: &AlertsSpec, at: &At, diags: &mut Diagnostics) -> Vec<Receiver> {
    let at = at.key("receivers");
    alerts
        .receivers
        .iter()
        .map(|(name, spec)| {
            let at = at.key(name);
            check(spec, &at, diags);
            Receiver { name: name.to_string(), spec: spec.clone(), at }
        })
        .collect()
}

/// The fields of each kind: those it needs, and those it may have.
fn fields(kind: ReceiverKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        ReceiverKind::Webhook => (&["url"], &[]),
        ReceiverKind::Email => (&["to", "from", "server"], &[]),
        ReceiverKind::Slack => (&["url", "channel"], &[]),
        ReceiverKind::Pagerduty | ReceiverKind::Opsgenie => (&["key"], &[]),
    }
}

fn check(spec: &ReceiverSpec, at: &At, diags: &mut Diagnostics) {
    let written = [
        ("url", spec.url.is_some()),
        ("key", spec.key.is_some()),
        ("channel", spec.channel.is_some()),
        ("to", !spec.to.is_empty()),
        ("from", spec.from.is_some()),
        ("server", spec.server.is_some()),
    ];
    let (needed, optional) = fields(spec.kind);
    for (field, written) in written {
        let kind = spec.kind.word();
        if needed.contains(&field) && !written {
            diags
                .report(&FIELD_MISSING, at, format!("a receiver of kind `{kind}` needs `{field}`"))
                .help(format!("write {}", example(field)));
        }
        if written && !needed.contains(&field) && !optional.contains(&field) {
            diags
                .report(
                    &FIELD_FOREIGN,
                    crate::diag::Place::Key(at.key(field)),
                    format!("a receiver of kind `{kind}` has no `{field}`"),
                )
                .related(at.key("kind"), "the kind")
                .help(format!("it has {}", needed.join(", ")));
        }
    }
}

fn example(field: &str) -> &'static str {
    match field {
        "url" => "`url: {secret: alerting/oncall}`, a secret with `url`",
        "key" => "`key: {secret: alerting/oncall}`, a secret with `key`",
        "channel" => "`channel: \"#alerts\"`",
        "to" => "`to: [oncall@acme.example]`",
        "from" => "`from: alerts@acme.example`",
        _ => "`server: {host: mail.acme.example}`",
    }
}

impl Receiver {
    /// The name of its Secret.
    pub fn secret(&self) -> String {
        format!("receiver-{}", self.name)
    }

    /// The keys of its Secret: where each is kept, its property, and its field.
    pub fn keys(&self) -> Vec<(&SecretPath, &'static str, At)> {
        let mut keys = Vec::new();
        for (secret, key) in [(&self.spec.url, "url"), (&self.spec.key, "key")] {
            if let Some(SecretSpec { secret }) = secret {
                keys.push((secret, key, self.at.key(key).key("secret")));
            }
        }
        let server = self.spec.server.as_ref();
        if let Some(credentials) = server.and_then(|server| server.credentials.as_ref()) {
            let at = self.at.key("server").key("credentials").key("secret");
            keys.push((&credentials.secret, "password", at));
        }
        keys
    }

    fn file(&self, key: &str) -> String {
        format!("{SECRETS}/{}/{key}", self.secret())
    }

    /// As Alertmanager reads it. A heartbeat repeats itself and never resolves.
    pub fn config(&self) -> Tree {
        let name = self.name.clone();
        match self.spec.kind {
            ReceiverKind::Webhook => tree!({
                "name": (name),
                "webhook_configs": [{"url_file": (self.file("url")), "send_resolved": true}],
            }),
            ReceiverKind::Slack => tree!({
                "name": (name),
                "slack_configs": [{
                    "api_url_file": (self.file("url")),
                    "channel": (self.spec.channel.as_ref().map(ToString::to_string).unwrap_or_default()),
                    "send_resolved": true,
                }],
            }),
            ReceiverKind::Pagerduty => tree!({
                "name": (name),
                "pagerduty_configs": [{"routing_key_file": (self.file("key")), "send_resolved": true}],
            }),
            ReceiverKind::Opsgenie => tree!({
                "name": (name),
                "opsgenie_configs": [{"api_key_file": (self.file("key")), "send_resolved": true}],
            }),
            ReceiverKind::Email => tree!({"name": (name), "email_configs": [(self.mail())]}),
        }
    }

    fn mail(&self) -> Tree {
        let to: Vec<&str> = self.spec.to.iter().map(|to| to.as_str()).collect();
        let from = self.spec.from.as_ref().map(ToString::to_string).unwrap_or_default();
        let Some(server) = &self.spec.server else { return Tree::Null };
        let port = server.port.unwrap_or_else(|| MAIL_PORT.get());
        let mut mail = tree!({
            "to": (to.join(", ")),
            "from": (from.clone()),
            "smarthost": (format!("{}:{port}", server.host)),
            "require_tls": true,
            "send_resolved": true,
        });
        if server.credentials.is_some()
            && let Some(mail) = mail.as_map_mut()
        {
            mail.insert("auth_username", from);
            mail.insert("auth_password_file", self.file("password"));
        }
        mail
    }

    /// The port that it is told through.
    pub fn port(&self) -> u16 {
        match &self.spec.server {
            Some(server) => server.port.unwrap_or_else(|| MAIL_PORT.get()).get(),
            None => 443,
        }
    }
}
