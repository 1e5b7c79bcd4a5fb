//! Argo CD itself: installed once by hand, then managed by itself with the very same values.

use super::ArgoCdSpec;
use crate::component::{Default, Resolving};
use crate::diag::Rule;
use crate::k8s::crd::external_secrets::templated;
use crate::k8s::pod_security::Level;
use crate::k8s::secret::SecretRef;
use crate::k8s::socket::Socket;
use crate::k8s::tree::Tree;
use crate::k8s::version::MinorVersion;
use crate::path::At;
use crate::plan::{Addon, Channel, Exposure, Metrics, Origin, Plan, Resource, UnitId, charts};
use crate::tree;

const SECTION: &str = "delivery";

/// The namespace of a managed Argo CD.
const NAMESPACE: &str = "argocd";

/// The minor version in the pinned chart.
pub const VERSION: MinorVersion = MinorVersion::new(3, 4);

/// The Secret with what Argo CD logs in with at the identity provider.
const SSO: &str = "argocd-sso";

/// The Secret with the addresses of notifications.
const NOTIFICATIONS: &str = "argocd-notifications-secret";

/// A field without effect.
pub static MANAGED_FIELD: Rule = Rule::error(
    "delivery/managed-field",
    "something is said of Argo CD's own installation, which is somebody else's",
    "Without `host` this blueprint does not install Argo CD, so the field would change nothing.",
    "delivery: {argocd: {notifications: {webhook: alerting/deliveries#url}}}",
);

/// A version that the chart has not.
pub static MANAGED_VERSION: Rule = Rule::error(
    "delivery/managed-version",
    "a managed Argo CD is of another version than its chart",
    "The chart decides what runs; objects would be written for a version that does not.",
    "delivery: {argocd: {host: argocd.acme.example, version: \"3.3\"}}",
);

/// A namespace that other parts do not expect.
pub static MANAGED_NAMESPACE: Rule = Rule::error(
    "delivery/managed-namespace",
    "a managed Argo CD is in another namespace than `argocd`",
    "Its own policies, its custom resource definitions' webhooks and the bootstrap name that one.",
    "delivery: {argocd: {host: argocd.acme.example, namespace: gitops}}",
);

/// Nobody who may do anything.
pub static NO_ADMINISTRATOR: Rule = Rule::error(
    "delivery/no-administrator",
    "nobody is administrator of Argo CD",
    "With single sign-on the built-in administrator is switched off; nobody could sync, roll back or lift a freeze \
     in an emergency.",
    "delivery: {argocd: {host: argocd.acme.example, sso: {kind: oidc, issuer: https://sso.acme.example, administrators: []}}}",
);

pub static CLIENT: Default =
    Default::new("delivery.argocd.sso.client", "argo-cd", "the name of the project");
pub static SECRET: Default = Default::new(
    "delivery.argocd.sso.secret",
    "argocd/sso#clientSecret",
    "beside the other secrets of the platform",
);

/// An Argo CD that manages itself.
#[derive(Debug)]
pub struct Managed {
    host: String,
    sso: Option<Sso>,
    webhook: Option<SecretRef>,
}

#[derive(Debug)]
struct Sso {
    issuer: String,
    client: String,
    secret: SecretRef,
    administrators: Vec<String>,
}

impl Managed {
    pub fn resolve(spec: &ArgoCdSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let Some(host) = &spec.host else {
            for (field, written) in
                [("sso", spec.sso.is_some()), ("notifications", spec.notifications.is_some())]
            {
                if written {
                    cx.diags
                        .report(&MANAGED_FIELD, at.key(field), "this Argo CD is not installed here")
                        .help("write `host` too, or leave it out");
                }
            }
            return None;
        };
        if spec.version.as_ref().is_some_and(|version| *version != VERSION) {
            cx.diags
                .report(
                    &MANAGED_VERSION,
                    at.key("version"),
                    format!("the chart {} is Argo CD {VERSION}", charts::ARGO_CD.version),
                )
                .help("leave `version` out");
        }
        if spec.namespace.as_ref().is_some_and(|namespace| namespace.as_str() != NAMESPACE) {
            cx.diags
                .report(&MANAGED_NAMESPACE, at.key("namespace"), "it is installed in `argocd`")
                .related(at.key("host"), "so that it manages itself")
                .help("leave `namespace` out");
        }
        if spec.sso.as_ref().is_some_and(|sso| sso.administrators.is_empty()) {
            cx.diags
                .report(&NO_ADMINISTRATOR, at.key("sso").key("administrators"), "no group is named")
                .help("write for example `administrators: [platform]`");
        }
        let sso = spec.sso.as_ref().map(|sso| Sso {
            issuer: sso.issuer.to_string(),
            client: sso.client.clone().unwrap_or_else(|| CLIENT.value.to_owned()),
            secret: sso.secret.clone().unwrap_or_else(|| SECRET.get()),
            administrators: sso.administrators.clone(),
        });
        let webhook = spec.notifications.as_ref().map(|spec| spec.webhook.clone());
        Some(Self { host: host.to_string(), sso, webhook })
    }

    pub fn lower(&self, at: &At, cluster: &str, plan: &mut Plan) {
        let addon = Addon {
            name: "argocd",
            namespace: NAMESPACE,
            pod_security: Level::Restricted,
            // Its chart brings policies.
            network: None,
            chart: charts::ARGO_CD,
            values: self.values(),
            ignored: Vec::new(),
            needs: Vec::new(),
            scrapes: METRICS.to_vec(),
        };
        let origin = Origin::lowered(SECTION, [at.clone()]);
        let id = addon.install(plan, cluster, SECTION, origin);
        plan.facts.exposures.push(self.exposure(&id, at));
        let unit = plan.unit(id, at);
        if let Some(sso) = &self.sso {
            // `$<secret>:<key>` in its configuration reads only Secrets with this label.
            let labels = [("app.kubernetes.io/part-of", "argocd")];
            let object =
                templated((NAMESPACE, SSO), &labels, &[], &[("clientSecret", &sso.secret)]);
            let origin = Origin::lowered(SECTION, [at.key("sso").key("secret")]);
            unit.add(Resource::tree(object, origin));
        }
        if let Some(webhook) = &self.webhook {
            let labels = [("app.kubernetes.io/part-of", "argocd")];
            let object = templated((NAMESPACE, NOTIFICATIONS), &labels, &[], &[("url", webhook)]);
            let origin = Origin::lowered(SECTION, [at.key("notifications")]);
            unit.add(Resource::tree(object, origin));
        }
    }

    fn exposure(&self, unit: &UnitId, at: &At) -> Exposure {
        Exposure {
            unit: unit.clone(),
            namespace: NAMESPACE.to_owned(),
            name: "argocd-server".to_owned(),
            service: "argocd-server".to_owned(),
            port: 80,
            pods: [("app.kubernetes.io/name".to_owned(), "argocd-server".to_owned())].into(),
            socket: Socket::tcp(8080),
            channel: Channel { host: self.host.clone(), path: "/".to_owned(), at: at.key("host") },
            component: SECTION,
            at: at.key("host"),
        }
    }

    fn values(&self) -> Tree {
        let requests = |cpu: &'static str, memory: &'static str, limit: &'static str| tree!({"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}});
        let pair = || tree!({"enabled": true, "minAvailable": 1});
        let mut values = tree!({
            "global": {
                "domain": (self.host.clone()),
                "priorityClassName": "system-cluster-critical",
                "topologySpreadConstraints": [{
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway"
                }]
            },
            "redis-ha": {"enabled": true},
            "controller": {
                "resources": (requests("250m", "1Gi", "2Gi")),
                "metrics": {"enabled": true}
            },
            "server": {
                "replicas": 2, "pdb": (pair()),
                "resources": (requests("50m", "128Mi", "512Mi")),
                "metrics": {"enabled": true}
            },
            "repoServer": {
                "replicas": 2, "pdb": (pair()),
                "resources": (requests("100m", "512Mi", "2Gi")),
                "metrics": {"enabled": true}
            },
            "applicationSet": {"replicas": 0},
            "dex": {"enabled": false},
            "notifications": (self.notifications()),
            "configs": {
                "cm": (self.configuration()),
                // TLS ends at the gateway.
                "params": {"server.insecure": true}
            }
        });
        if let (Some(sso), Some(configs)) =
            (&self.sso, values.as_map_mut().map(|map| map.map_at("configs")))
        {
            let lines =
                sso.administrators.iter().map(|group| format!("g, \"{group}\", role:admin\n"));
            configs.insert(
                "rbac",
                // Whoever is in no group sees nothing; what teams may do is in their AppProjects.
                tree!({"policy.csv": (lines.collect::<String>()), "scopes": "[groups]"}),
            );
        }
        values
    }

    fn configuration(&self) -> Tree {
        let mut configuration = tree!({
            // Without it every Application counts as healthy, and waves follow each other at once.
            "resource.customizations.health.argoproj.io_Application": APPLICATION_HEALTH,
            "resource.compareoptions": "ignoreAggregatedRoles: true\n"
        });
        if let (Some(sso), Some(map)) = (&self.sso, configuration.as_map_mut()) {
            map.insert("admin.enabled", false);
            map.insert(
                "oidc.config",
                format!(
                    "name: SSO\nissuer: {}\nclientID: {}\nclientSecret: ${SSO}:clientSecret\n\
                     requestedScopes: [openid, profile, email, groups]\n",
                    sso.issuer, sso.client
                ),
            );
        }
        configuration
    }

    fn notifications(&self) -> Tree {
        if self.webhook.is_none() {
            return tree!({"enabled": false});
        }
        let told = |word: &str| {
            format!(
                "webhook:\n  failures:\n    method: POST\n    body: |\n      {{\"application\": \
                 \"{{{{.app.metadata.name}}}}\", \"what\": \"{word}\"}}\n"
            )
        };
        let when = |condition: &str, template: &str| {
            format!(
                "- when: {condition}\n  oncePer: app.status.operationState.syncResult.revision\n  send: [{template}]\n"
            )
        };
        tree!({
            "secret": {"create": false},
            "notifiers": {
                "service.webhook.failures": "url: $url\nheaders:\n- name: Content-Type\n  value: application/json\n"
            },
            "templates": {
                "template.degraded": (told("degraded")),
                "template.sync-failed": (told("sync failed"))
            },
            "triggers": {
                "trigger.on-degraded": (when("app.status.health.status == 'Degraded'", "degraded")),
                "trigger.on-sync-failed": (when(
                    "app.status.operationState.phase in ['Error', 'Failed']", "sync-failed"
                ))
            },
            "subscriptions": [{
                "recipients": ["failures"], "triggers": ["on-degraded", "on-sync-failed"]
            }]
        })
    }
}

/// The health of an Application is that of what it holds (Argo CD, docs/operator-manual/health.md).
const APPLICATION_HEALTH: &str = "\
hs = {}
hs.status = \"Progressing\"
hs.message = \"\"
if obj.status ~= nil then
  if obj.status.health ~= nil then
    hs.status = obj.status.health.status
    if obj.status.health.message ~= nil then
      hs.message = obj.status.health.message
    end
  end
end
return hs
";

const METRICS: [Metrics; 3] = [
    Metrics {
        name: "argocd-application-controller",
        service: &[("app.kubernetes.io/component", "application-controller")],
        port: "http-metrics",
        pods: &[("app.kubernetes.io/name", "argocd-application-controller")],
        socket: Socket::tcp(8082),
    },
    Metrics {
        name: "argocd-repo-server",
        service: &[("app.kubernetes.io/name", "argocd-repo-server-metrics")],
        port: "http-metrics",
        pods: &[("app.kubernetes.io/name", "argocd-repo-server")],
        socket: Socket::tcp(8084),
    },
    Metrics {
        name: "argocd-server",
        service: &[("app.kubernetes.io/name", "argocd-server-metrics")],
        port: "http-metrics",
        pods: &[("app.kubernetes.io/name", "argocd-server")],
        socket: Socket::tcp(8083),
    },
];
