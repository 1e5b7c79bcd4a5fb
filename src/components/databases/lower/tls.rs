//! Certificates: one for the members, one for the pooler, signed by an issuer of the estate or by an authority that
//! is the database's own.

use super::Cx;
use crate::components::databases::model::Database;
use crate::k8s::crd::Object;
use crate::k8s::crd::cert_manager::{CertificateSpec, IssuerRef, IssuerSpec, PrivateKey};
use crate::plan::Resource;

fn own_issuer(database: &Database) -> String {
    format!("{}-ca", database.scope())
}

/// The issuer of a database's certificates.
pub fn issuer(database: &Database) -> IssuerRef {
    match &database.issuer {
        Some(issuer) => IssuerRef::cluster(issuer.to_string()),
        None => IssuerRef::own(own_issuer(database)),
    }
}

/// The authority, where there is no other, and the certificates.
pub fn objects(cx: Cx<'_>) -> Vec<Resource> {
    let database = cx.database;
    let mut objects = Vec::new();
    if database.issuer.is_none() {
        objects.extend(authority(cx));
    }
    let services =
        [database.members_service(), database.primary_service(), database.replica_service()];
    let mut names: Vec<String> =
        services.iter().flat_map(|service| spellings(cx, service)).collect();
    // Each member by the name that the headless Service gives it.
    names.extend(spellings(cx, &format!("*.{}", database.members_service())));
    objects.push(certificate(cx, &database.tls_secret(), names, &["tls"]));
    if database.pooler.is_some() {
        let service = format!("{}-pooler", database.scope());
        let names = spellings(cx, &service).collect();
        objects.push(certificate(cx, &format!("{service}-tls"), names, &["tls", "pooler"]));
    }
    objects
}

/// The names by which a Service is called, from its own namespace and from others. In the base, which is never
/// applied, there is no namespace to name.
fn spellings(cx: Cx<'_>, service: &str) -> impl Iterator<Item = String> {
    let service = service.to_owned();
    // A wildcard alone is a name that no authority signs.
    let alone = (!service.starts_with('*')).then(|| service.clone());
    let namespace = cx.namespace.map(str::to_owned);
    let long = namespace.into_iter().flat_map(move |namespace| {
        ["", ".svc", ".svc.cluster.local"].map(|end| format!("{service}.{namespace}{end}"))
    });
    alone.into_iter().chain(long)
}

fn certificate(cx: Cx<'_>, name: &str, names: Vec<String>, fields: &[&str]) -> Resource {
    let spec = CertificateSpec {
        secret_name: name.to_owned(),
        common_name: None,
        dns_names: names,
        is_ca: false,
        duration: "2160h0m0s",
        renew_before: "720h0m0s",
        usages: vec!["digital signature", "key encipherment", "server auth", "client auth"],
        private_key: PrivateKey::ecdsa(),
        issuer_ref: issuer(cx.database),
    };
    Resource::object(&Object::new(cx.metadata(name), spec), cx.from(fields))
}

/// An authority for this database alone: nobody else's certificate is good for it.
fn authority(cx: Cx<'_>) -> Vec<Resource> {
    let name = own_issuer(cx.database);
    let first = format!("{name}-self-signed");
    let spec = CertificateSpec {
        secret_name: name.clone(),
        common_name: Some(name.clone()),
        dns_names: Vec::new(),
        is_ca: true,
        duration: "87600h0m0s",
        renew_before: "8760h0m0s",
        usages: vec!["cert sign", "crl sign"],
        private_key: PrivateKey::ecdsa(),
        issuer_ref: IssuerRef::own(first.clone()),
    };
    let origin = || cx.from(&["tls"]);
    vec![
        Resource::object(&Object::new(cx.metadata(first), IssuerSpec::self_signed()), origin()),
        Resource::object(&Object::new(cx.metadata(name.clone()), spec), origin()),
        Resource::object(
            &Object::new(cx.metadata(name.clone()), IssuerSpec::authority(name)),
            origin(),
        ),
    ]
}
