//! Objects that only a part of the platform understands, on clusters whose platform is this estate's own.
//!
//! Where somebody else runs the platform, nobody here knows what is in it. But a cluster that boots from this blueprint
//! has nothing that is not in it, and one whose `security` is written here has its cert-manager here or nowhere.

use std::collections::BTreeSet;

use super::objects::{blame, called, present, report, text};
use super::view::{Namespace, Object, View};
use crate::diag::{Diagnostics, Rule, one_of};
use crate::k8s::tree::Tree;
use crate::plan::{Plan, Resource, platform};

/// Nobody knows the kind.
pub static NO_PROVIDER: Rule = Rule::error(
    "platform/no-provider",
    "an object is of a kind that only a part of the platform knows, and the cluster has no such part",
    "The API server refuses a kind that it does not know, and with it the sync of the whole Application (Argo CD, \
     docs/user-guide/sync-options.md, \"Skip Dry Run for new custom resources types\"). A database's members wait for \
     a certificate that nobody makes.",
    "security: {secrets: {provider: sealed-secrets}}   # and no `certificates`\n\
     databases: {orders: {team: shop, postgres: {version: 18}, storage: {data: 100Gi}}}",
);

/// Nobody here knows the kind.
pub static UNSEEN_PROVIDER: Rule = Rule::warning(
    "platform/unseen-provider",
    "an object is of a kind that a part of the platform knows, and this blueprint installs no such part",
    "The machines are this blueprint's, so what is on the cluster is mostly here. Without the part, the API server \
     refuses the kind, and with it the sync of the whole Application (Argo CD, docs/user-guide/sync-options.md, \"Skip \
     Dry Run for new custom resources types\"). Where it comes from elsewhere, waive this and say whence.",
    "machines: {pools: …}   # and no `monitoring`\n\
     databases: {orders: {team: shop, postgres: {version: 18}, storage: {data: 100Gi}}}",
);

/// Nobody signs.
pub static NO_ISSUER: Rule = Rule::error(
    "platform/no-issuer",
    "a certificate names an issuer that the cluster does not have",
    "cert-manager waits for the issuer for ever (cert-manager.io/docs/troubleshooting), the Secret is never made, and \
     the pods that mount it never start.",
    "workloads: {web: {team: shop, image: …, manifests: [certificate.yaml]}}\n\
     # certificate.yaml: a Certificate with issuerRef {kind: ClusterIssuer, name: nobody}",
);

/// Nobody would sign.
pub static ISSUER_CANNOT: Rule = Rule::error(
    "platform/issuer-cannot",
    "an ACME issuer is asked for a name that exists in the cluster only",
    "An ACME server asks the name itself whether it is ours, and finds nobody (RFC 8555, section 8): the certificate is \
     never made, and the pods that mount it never start.",
    "security: {certificates: {issuers: {public: {kind: acme, …}}}}\n\
     databases: {orders: {tls: {issuer: public}}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&NO_PROVIDER, &UNSEEN_PROVIDER, &NO_ISSUER, &ISSUER_CANNOT];

/// What to write for a part of the platform that is not there.
const PARTS: &[(&str, &str, &str)] = &[
    (platform::GATEWAY_UNIT, "a gateway", "write `network.gateway`"),
    (platform::SECRET_STORE_UNIT, "a secret store", "write `security.secrets.store`"),
    (platform::SECRETS, "the controller of secrets", "write `security.secrets`"),
    (platform::MONITORING_CRDS, "the operator of Prometheus", "write `monitoring`"),
    (platform::LOGGING_OPERATOR, "the operator of Elasticsearch", "write `logging`"),
    (
        platform::ISSUERS,
        "cert-manager",
        "write `security.certificates` with the issuers of the estate, such as `{own: {kind: self-signed}}`",
    ),
];

/// Finds objects that nobody would understand.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    view.in_namespaces(diags, |namespace, diags| {
        let plan = view.plan;
        for object in &namespace.objects {
            let (group, kind) = (object.group, object.kind);
            let needed = platform::NEEDS.iter().find(|need| (need.0, need.1) == (group, kind));
            if let Some((.., part)) = needed {
                provider(plan, namespace, *object, part, diags);
            }
            if (group, kind) == ("cert-manager.io", "Certificate") {
                issuer(plan, namespace, *object, diags);
            }
        }
    });
}

fn provider(
    plan: &Plan,
    namespace: &Namespace<'_>,
    object: Object<'_>,
    part: &'static str,
    diags: &mut Diagnostics,
) {
    let cluster = namespace.cluster;
    let Some((_, called, help)) = PARTS.iter().find(|(name, ..)| *name == part) else { return };
    if plan.addon(part, cluster).is_some() {
        return;
    }
    let booted = plan.facts.machines.contains_key(cluster);
    let secrets = plan.addon(platform::SECRETS, cluster);
    let kind = object.kind;
    let message = format!(
        "nothing on the cluster `{cluster}` knows the kind {kind}: {called} is not planned"
    );
    if part == platform::ISSUERS {
        // `security` is one section: who has it here has cert-manager here or nowhere.
        if secrets.is_some() || booted {
            let diagnostic = diags.report(&NO_PROVIDER, blame(object.resource), message);
            diagnostic.help(*help);
            if let Some(unit) = secrets {
                diagnostic.related(unit.at.clone(), "this has no `certificates` beside it");
            }
        }
    // With a controller and no store, `security/no-store` has said so.
    } else if booted && (part != platform::SECRET_STORE_UNIT || secrets.is_none()) {
        diags.report(&UNSEEN_PROVIDER, blame(object.resource), message).help(*help);
    }
}

fn issuer(plan: &Plan, namespace: &Namespace<'_>, object: Object<'_>, diags: &mut Diagnostics) {
    let Some(issuer) = present(object.tree(), "spec").and_then(|spec| present(spec, "issuerRef"))
    else {
        return;
    };
    // Issuers of other groups are programs of their own.
    if !matches!(text(issuer, "group"), "" | "cert-manager.io") {
        return;
    }
    match text(issuer, "kind") {
        "ClusterIssuer" => of_cluster(plan, namespace, object, text(issuer, "name"), diags),
        // What a chart makes is not known here.
        "" | "Issuer" if !namespace.charted => {
            let issuers = namespace.objects.iter().filter(|object| object.kind == "Issuer");
            let issuers: BTreeSet<&str> = issuers.map(|issuer| issuer.name).collect();
            if !issuers.contains(text(issuer, "name")) {
                missing(object, text(issuer, "name"), issuers, diags);
            }
        }
        _ => {}
    }
}

fn of_cluster(
    plan: &Plan,
    namespace: &Namespace<'_>,
    object: Object<'_>,
    name: &str,
    diags: &mut Diagnostics,
) {
    // No tenant may make one.
    let Some(unit) = plan.addon(platform::ISSUERS, namespace.cluster) else { return };
    let Some(issuer) = unit.resources.iter().find(|issuer| issuer.name() == name) else {
        missing(object, name, unit.resources.iter().map(Resource::name), diags);
        return;
    };
    if issuer.as_tree().pointer("/spec/acme").is_none() {
        return;
    }
    let names = object.tree().pointer("/spec/dnsNames").and_then(Tree::as_seq).unwrap_or_default();
    let is_inner = |name: &&str| {
        !name.contains('.') || name.ends_with(".svc") || name.ends_with(".cluster.local")
    };
    if let Some(inner) = names.iter().filter_map(Tree::as_str).find(is_inner) {
        let message = format!("`{name}` is to sign `{inner}`, which no ACME server can find");
        report(diags, &ISSUER_CANNOT, object.resource, message)
            .related(issuer.origin.at(), "the issuer")
            .help("name an issuer of another kind, or none: a database then has an authority of its own");
    }
}

fn missing<'n>(
    object: Object<'_>,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    diags: &mut Diagnostics,
) {
    let message =
        format!("{} is to be signed by `{name}`, which is not there", called(object.resource));
    report(diags, &NO_ISSUER, object.resource, message).help(one_of(name, known));
}
