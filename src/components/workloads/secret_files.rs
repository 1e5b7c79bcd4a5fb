//! `secretFiles`: encrypted manifests that are passed through byte for byte.
//!
//! They are never decrypted, never changed and never made here: ciphertext differs each time, and a SOPS file's
//! checksum covers every value of it.

use std::collections::BTreeMap;

use super::config::FILE_UNREADABLE;
use super::model::{Secret, Workload};
use super::spec::WorkloadSpec;
use crate::component::{Resolving, namespace};
use crate::diag::{Diagnostics, Rule, one_of};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::secret::looks_like_credential;
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::source::manifests;

/// An encrypted manifest.
#[derive(Debug)]
pub struct SecretFile {
    /// Where it stands in `secretFiles`.
    pub index: usize,
    pub bytes: Vec<u8>,
    pub object: Tree,
    /// The Secrets it makes; `None` where their names are encrypted too.
    pub makes: Vec<Option<Made>>,
}

/// A Secret that is made, as far as it can be known.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    pub name: String,
    pub keys: Vec<String>,
}

/// Not an encrypted manifest.
pub static SECRET_FILE: Rule = Rule::error(
    "workloads/secret-file",
    "a secret file is not an encrypted manifest that the cluster can decrypt",
    "A SealedSecret is decrypted by its controller, a SopsSecret by its operator. Argo CD itself decrypts nothing \
     (argo-cd.readthedocs.io, Secret Management): a SOPS-encrypted `kind: Secret` would reach the pods as \
     ciphertext, and a plain one would lie open in git.",
    "workloads: {web: {secretFiles: [secrets/plain.yaml]}}  # kind: Secret",
);

/// A SealedSecret for somewhere else.
pub static SEALED_ELSEWHERE: Rule = Rule::error(
    "workloads/sealed-elsewhere",
    "a SealedSecret is sealed for another namespace",
    "In the strict and the namespace-wide scope the namespace is part of the ciphertext; anywhere else the \
     controller cannot decrypt it (bitnami-labs/sealed-secrets, Scopes).",
    "workloads: {web: {secretFiles: [secrets/sealed.yaml]}}  # metadata.namespace: another",
);

/// Reads the secret files of a workload.
pub fn read(spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<SecretFile> {
    let mut files = Vec::new();
    for (index, path) in spec.secret_files.iter().enumerate() {
        let place = field!(at, spec.secret_files).index(index);
        let bytes = match cx.files.read(path) {
            Ok(bytes) => bytes,
            Err(message) => {
                cx.diags
                    .report(&FILE_UNREADABLE, place, message)
                    .help("write a path below the blueprint's folder");
                continue;
            }
        };
        let object = match one_object(&bytes) {
            Ok(object) => object,
            Err(message) => {
                cx.diags
                    .report(&SECRET_FILE, place, format!("`{path}`: {message}"))
                    .help("write one SealedSecret or SopsSecret a file");
                continue;
            }
        };
        // The base is never applied, so nothing is in a wrong place there.
        let environment = cx.symbols.environment.as_deref();
        let wanted = environment.map(|one| namespace(spec.team.as_str(), Some(one)));
        let result = match (text(&object, "/apiVersion"), text(&object, "/kind")) {
            ("bitnami.com/v1alpha1", "SealedSecret") => sealed(&object, wanted.as_deref()),
            (version, "SopsSecret")
                if SOPS_GROUPS.iter().any(|group| version.starts_with(*group)) =>
            {
                sops(&object, wanted.as_deref())
            }
            ("v1", "Secret") => Err(Refusal::plain(object.get("sops").is_some())),
            (version, kind) => Err(Refusal {
                rule: &SECRET_FILE,
                message: format!("{kind} of {version} is no encrypted manifest that is known"),
                help: "known are SealedSecret (bitnami.com/v1alpha1) and SopsSecret \
                       (isindir.github.com/v1alpha3); other objects go under `manifests`"
                    .to_owned(),
            }),
        };
        match result {
            Ok(makes) => files.push(SecretFile { index, bytes, object, makes }),
            Err(refusal) => {
                cx.diags
                    .report(refusal.rule, place, format!("`{path}`: {}", refusal.message))
                    .help(refusal.help);
            }
        }
    }
    files
}

/// The groups of operators that decrypt a `SopsSecret` in the cluster.
const SOPS_GROUPS: &[&str] = &["isindir.github.com/", "craftypath.github.io/"];

struct Refusal {
    rule: &'static Rule,
    message: String,
    help: String,
}

impl Refusal {
    fn plain(encrypted: bool) -> Self {
        let message = if encrypted {
            "a Secret that SOPS encrypted; Argo CD would apply the ciphertext as it is"
        } else {
            "a Secret in plain text"
        };
        let help = if encrypted {
            "wrap it in a SopsSecret for the operator in the cluster, or use the secret store"
        } else {
            "seal it (kubeseal), wrap it in a SopsSecret and encrypt that, or use the secret store; what it holds \
             is no longer secret"
        };
        Self { rule: &SECRET_FILE, message: message.to_owned(), help: help.to_owned() }
    }
}

fn one_object(bytes: &[u8]) -> Result<Tree, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut objects =
        manifests(text).map_err(|error| format!("line {}: {}", error.line, error.message))?;
    match (objects.pop(), objects.is_empty()) {
        (Some(object @ Tree::Map(_)), true) => match text_of(&object, "/metadata/name") {
            Some(_) => Ok(object),
            None => Err("it has no `metadata.name`".to_owned()),
        },
        _ => Err("it is not one object".to_owned()),
    }
}

fn text_of<'t>(object: &'t Tree, pointer: &str) -> Option<&'t str> {
    object.pointer(pointer).and_then(Tree::as_str).filter(|text| !text.is_empty())
}

fn text<'t>(object: &'t Tree, pointer: &str) -> &'t str {
    text_of(object, pointer).unwrap_or_default()
}

/// The scope of a SealedSecret is in its annotations; the wider one wins.
fn sealed(object: &Tree, wanted: Option<&str>) -> Result<Vec<Option<Made>>, Refusal> {
    let annotated = |scope: &str| {
        let key = format!("sealedsecrets.bitnami.com/{scope}");
        let annotations = object.pointer("/metadata/annotations").and_then(Tree::as_map);
        let value = annotations.and_then(|annotations| annotations.get(&key));
        value.and_then(Tree::as_str) == Some("true")
    };
    let Some(data) = object.pointer("/spec/encryptedData").and_then(Tree::as_map) else {
        return Err(Refusal {
            rule: &SECRET_FILE,
            message: "a SealedSecret without `spec.encryptedData`".to_owned(),
            help: "make it anew with kubeseal".to_owned(),
        });
    };
    let name = text(object, "/metadata/name");
    let inner = text_of(object, "/spec/template/metadata/name");
    let cluster_wide = annotated("cluster-wide");
    if !cluster_wide && let Some(inner) = inner.filter(|inner| *inner != name) {
        return Err(Refusal {
            rule: &SEALED_ELSEWHERE,
            message: format!("it is called `{name}`, the Secret in it `{inner}`"),
            help: "the controller names the Secret as the SealedSecret; make it anew with kubeseal"
                .to_owned(),
        });
    }
    let written = text_of(object, "/metadata/namespace");
    // Without a namespace it is placed where it belongs; only sealed for a place it must say which.
    let wrong = match (wanted, written) {
        (None, _) => false,
        (Some(wanted), Some(written)) => written != wanted,
        (Some(_), None) => !cluster_wide,
    };
    if wrong {
        let scope = match annotated("namespace-wide") {
            _ if cluster_wide => "cluster-wide",
            true => "namespace-wide",
            false => "strict",
        };
        let wanted = wanted.unwrap_or_default();
        return Err(Refusal {
            rule: &SEALED_ELSEWHERE,
            message: match written {
                Some(written) => {
                    format!(
                        "its scope is {scope} and its namespace `{written}`, here is `{wanted}`"
                    )
                }
                None => {
                    format!("its scope is {scope} and it names no namespace, here is `{wanted}`")
                }
            },
            help: format!(
                "seal it with `kubeseal --namespace {wanted}`, one file for each environment, and name each in \
                 the environment's overlay"
            ),
        });
    }
    let template = object.pointer("/spec/template/data").and_then(Tree::as_map);
    let more = template.map(|map| map.keys().collect::<Vec<_>>()).unwrap_or_default();
    let keys = data.keys().chain(more).map(str::to_owned).collect();
    Ok(vec![Some(Made { name: name.to_owned(), keys })])
}

fn sops(object: &Tree, wanted: Option<&str>) -> Result<Vec<Option<Made>>, Refusal> {
    let refuse = |message: String, help: &str| {
        Err(Refusal { rule: &SECRET_FILE, message, help: help.to_owned() })
    };
    if text_of(object, "/sops/mac").is_none() {
        return refuse(
            "a SopsSecret that is not encrypted".to_owned(),
            "run `sops --encrypt --in-place` on it; what it holds is no longer secret",
        );
    }
    let mut plain = Vec::new();
    plain_secrets(object, "", &mut plain);
    if let Some(key) = plain.first() {
        return refuse(
            format!("`{key}` is not encrypted"),
            "widen `encrypted_regex` or `encrypted_suffix` in .sops.yaml; what it holds is no longer secret",
        );
    }
    if let (Some(wanted), Some(written)) = (wanted, text_of(object, "/metadata/namespace"))
        && written != wanted
    {
        return refuse(
            format!("its namespace is `{written}`, here is `{wanted}`"),
            "leave the namespace out, or use one file for each environment",
        );
    }
    let templates =
        object.pointer("/spec/secretTemplates").and_then(Tree::as_seq).unwrap_or_default();
    let made = |template: &Tree| {
        let name = text_of(template, "/name").filter(|name| !name.starts_with("ENC["))?;
        let keys = ["data", "stringData"]
            .into_iter()
            .filter_map(|field| template.get(field)?.as_map())
            .flat_map(|map| map.keys().map(str::to_owned));
        Some(Made { name: name.to_owned(), keys: keys.collect() })
    };
    Ok(templates.iter().map(made).collect())
}

/// Leaves outside of SOPS' own data that look like credentials.
fn plain_secrets(tree: &Tree, key: &str, found: &mut Vec<String>) {
    match tree {
        Tree::Map(map) => {
            for (key, value) in map.iter().filter(|(key, _)| *key != "sops") {
                plain_secrets(value, key, found);
            }
        }
        Tree::Seq(items) => items.iter().for_each(|item| plain_secrets(item, key, found)),
        Tree::Str(text) if looks_like_credential(key, text).is_some() => found.push(key.to_owned()),
        _ => {}
    }
}

/// A Secret that nobody makes.
pub static SECRET_NOT_MADE: Rule = Rule::error(
    "workloads/secret-not-made",
    "a variable comes from a Secret, or a key of one, that nothing makes",
    "The pod would wait for it for ever (CreateContainerConfigError).",
    "workloads: {web: {secrets: {KEY: {secret: web-keys, key: api}}}}",
);

/// Every Secret that is named must be made by a secret file or a manifest of the same team.
pub fn check(workloads: &[Workload], at: &At, diags: &mut Diagnostics) {
    // By team: looking through everybody for each workload would take a time that grows with the square.
    let mut teams: BTreeMap<&Name, Vec<&Workload>> = BTreeMap::new();
    for workload in workloads {
        teams.entry(&workload.team).or_default().push(workload);
    }
    let uses = |workload: &&Workload| {
        workload.secrets.values().any(|secret| matches!(secret, Secret::Key { .. }))
    };
    for workload in workloads.iter().filter(uses) {
        let of_team = || teams.get(&workload.team).into_iter().flatten();
        let made: Vec<&Option<Made>> =
            of_team().flat_map(|other| &other.secret_files).flat_map(|file| &file.makes).collect();
        // What a custom resource makes cannot be known here.
        let unknown = made.contains(&&None)
            || of_team().flat_map(|other| &other.manifests).any(|manifest| manifest.is_custom());
        for (variable, secret) in &workload.secrets {
            let Secret::Key { secret, key } = secret else { continue };
            let at = at.key(&workload.name);
            let place = field!(at, workload.secrets).key(variable);
            match made.iter().copied().flatten().find(|made| made.name == *secret) {
                Some(made) if made.keys.contains(key) => {}
                Some(made) => {
                    diags
                        .report(
                            &SECRET_NOT_MADE,
                            place.key("key"),
                            format!("the Secret `{secret}` has no key `{key}`"),
                        )
                        .help(one_of(key, made.keys.iter().map(String::as_str)));
                }
                None if unknown => {}
                None => {
                    let known = made.iter().copied().flatten().map(|made| made.name.as_str());
                    diags
                        .report(
                            &SECRET_NOT_MADE,
                            place.key("secret"),
                            format!(
                                "no secret file of the team `{}` makes `{secret}`",
                                workload.team
                            ),
                        )
                        .help(format!(
                            "{}; or write its path in the store: `path/in/store#property`",
                            one_of(secret, known)
                        ));
                }
            }
        }
    }
}
