//! No secret leaves in plain text: the last look at every string of every object.
//!
//! The language has no place for a value of a secret, so what is found here went round it. Two kinds of evidence
//! count, as in [`crate::k8s::secret`]: the shape of a value anywhere, and the name of its key where people choose
//! the keys: variables, arguments and the data of ConfigMaps. The fields of Kubernetes and of operators say
//! `secretKey` or `tokenSecret` of what are only names, so of those only a `…password` counts.

use super::objects::{called, report};
use super::trail::Trail;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::secret::{credential_shape, looks_like_credential};
use crate::k8s::tree::{Map, Tree};
use crate::plan::{Resource, Unit};

/// A Secret in git.
pub static PLAINTEXT: Rule = Rule::error(
    "secrets/plaintext",
    "a Secret with its values would be written to the repository",
    "base64 is no encryption: whoever can read the repository, its clones and its backups has the secret for ever \
     (argo-cd, docs/operator-manual/secret-management).",
    "workloads: {web: {team: shop, image: …, manifests: [secret.yaml]}}\n\
     # secret.yaml: {apiVersion: v1, kind: Secret, metadata: {name: web}, stringData: {password: …}}",
);

/// A credential in some other object.
pub static CREDENTIAL: Rule = Rule::error(
    "secrets/credential",
    "a value that looks like a credential would be written to the repository",
    "Whoever can read the repository, its clones and its backups has it for ever, and every process in the pod can \
     read it; it must be replaced as soon as it was pushed.",
    "patches: [{merge: {metadata: {annotations: {acme.example/token: ghp_…}}}}]",
);

/// The rules.
pub static RULES: &[&Rule] = &[&PLAINTEXT, &CREDENTIAL];

/// Finds secrets in plain text.
pub fn judge(_: &Unit, resource: &Resource, diags: &mut Diagnostics) {
    let mut walk = Walk { resource, diags, trail: Trail::default() };
    walk.tree(resource.as_tree(), Keys::Schema);
}

/// Who chose the keys of a map.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Kubernetes or an operator.
    Schema,
    /// The user: they say what the values are.
    User,
    /// Domains and tools; they say nothing about the values.
    Labels,
}

struct Walk<'a, 'd> {
    resource: &'a Resource,
    diags: &'d mut Diagnostics,
    trail: Trail<'a>,
}

impl<'a> Walk<'a, '_> {
    fn tree(&mut self, tree: &'a Tree, keys: Keys) {
        match tree {
            Tree::Map(map) => self.map(map, keys),
            Tree::Seq(items) => self.list(items, keys),
            Tree::Str(value) => self.string(self.trail.last_key(), value, keys),
            Tree::Null | Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) => {}
        }
    }

    fn map(&mut self, map: &'a Map, keys: Keys) {
        let is_secret = || map.get("kind").and_then(Tree::as_str) == Some("Secret");
        let in_variables = self.trail.last_key() == "env";
        let variable = if in_variables { map.get("name").and_then(Tree::as_str) } else { None };
        for (key, value) in map.iter() {
            if matches!(key, "data" | "stringData") && is_secret() {
                self.secret(key, value);
                continue;
            }
            // The ciphertext of a SealedSecret stands under the names of what it holds.
            if key == "encryptedData" {
                continue;
            }
            self.trail.key(key);
            match (key, variable, value) {
                ("value", Some(variable), Tree::Str(text)) => {
                    self.string(variable, text, Keys::User)
                }
                ("data", _, Tree::Map(data)) => self.map(data, Keys::User),
                ("labels" | "annotations" | "matchLabels", ..) => self.tree(value, Keys::Labels),
                _ => self.tree(value, keys),
            }
            self.trail.back();
        }
    }

    fn list(&mut self, items: &'a [Tree], keys: Keys) {
        let arguments = matches!(self.trail.last_key(), "args" | "command");
        let mut flag = "";
        for (index, item) in items.iter().enumerate() {
            self.trail.index(index);
            match item {
                Tree::Str(text) if arguments => {
                    // `--password` and its value may be two arguments.
                    self.string(flag, text, Keys::User);
                    flag = if text.starts_with('-') && !text.contains('=') { text } else { "" };
                }
                _ => self.tree(item, keys),
            }
            self.trail.back();
        }
    }

    fn string(&mut self, key: &str, value: &str, keys: Keys) {
        if let Some(kind) = by_key(key, value, keys) {
            self.found(kind);
        }
    }

    fn found(&mut self, kind: &str) {
        let message = format!("`{}` of {} looks like {kind}", self.trail, called(self.resource));
        report(self.diags, &CREDENTIAL, self.resource, message)
            .sensitive()
            .help("keep it in the secret store and name it in `secrets`; replace it if it was ever pushed");
    }

    /// The data of a Secret: nothing of it may be readable.
    fn secret(&mut self, key: &str, data: &Tree) {
        let mut entries = data.as_map().into_iter().flat_map(|data| data.iter());
        let plain = entries.find(|(_, value)| {
            value.as_str().is_none_or(|value| !value.is_empty() && !value.starts_with("ENC["))
        });
        let Some((entry, _)) = plain else { return };
        let object = called(self.resource);
        report(self.diags, &PLAINTEXT, self.resource, format!("`{key}.{entry}` of {object} is in plain text"))
            .sensitive()
            .help("name it in `secrets`, or encrypt the file as a SealedSecret or with SOPS and name it in `secretFiles`");
    }
}

/// What a value looks like under that key.
fn by_key(key: &str, value: &str, keys: Keys) -> Option<&'static str> {
    match keys {
        Keys::User => looks_like_credential(key, value),
        Keys::Schema if is_password(key) => looks_like_credential(key, value),
        Keys::Schema | Keys::Labels => credential_shape(value),
    }
}

fn is_password(key: &str) -> bool {
    let end = |word: &str| {
        let from = key.len().wrapping_sub(word.len());
        key.get(from..).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    end("password") || end("passphrase")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, each, found, messages, rules_found};
    use crate::plan::Plan;
    use crate::tree;

    fn with(kind: &'static str, more: Tree) -> Plan {
        let mut object = tree!({
            "apiVersion": "v1", "kind": kind,
            "metadata": {"name": "web", "namespace": "shop-production"},
        });
        if let (Tree::Map(object), Tree::Map(more)) = (&mut object, more) {
            object.extend(more);
        }
        Estate::new().object(object).plan()
    }

    fn pod(container: Tree) -> Plan {
        with("Pod", tree!({"spec": {"containers": [(container)]}}))
    }

    /// Put together here, so that no scanner takes this file for a leak.
    fn token() -> String {
        ["gh", "p_0123456789abcdef0123456789abcdef0123"].concat()
    }

    #[test]
    fn secrets_must_be_encrypted() {
        let plain = with("Secret", tree!({"stringData": {"password": "hunter2"}}));
        assert_eq!(rules_found(each(judge), &plain), [PLAINTEXT.name]);
        assert_eq!(
            messages(each(judge), &plain),
            ["`stringData.password` of Secret `web` is in plain text"]
        );
        let sops = with("Secret", tree!({"data": {"password": "ENC[AES256_GCM,data:x,type:str]"}}));
        assert_eq!(rules_found(each(judge), &sops), [""; 0]);
        assert_eq!(rules_found(each(judge), &with("Secret", tree!({"type": "Opaque"}))), [""; 0]);
        let list = with("List", tree!({"items": [{"kind": "Secret", "data": {"a": "Yg=="}}]}));
        assert_eq!(rules_found(each(judge), &list), [PLAINTEXT.name]);
    }

    #[test]
    fn credentials_are_found_wherever_they_stand_and_never_repeated() {
        let token = token();
        let plans = [
            pod(tree!({"args": ["--password", "correct-horse-battery"]})),
            pod(tree!({"args": ["--password=correct-horse-battery"]})),
            pod(tree!({"env": [{"name": "DB_PASSWORD", "value": "correct-horse-battery"}]})),
            with(
                "ConfigMap",
                tree!({"data": {"app.conf": "password = correct-horse-battery\nx = 1\n"}}),
            ),
            with(
                "ConfigMap",
                tree!({"metadata": {"name": "x", "annotations": {"a": (token.clone())}}}),
            ),
            with("Custom", tree!({"spec": {"adminPassword": "correct-horse-battery"}})),
            with("Custom", tree!({"spec": {"url": (token.clone())}})),
        ];
        for plan in plans {
            let found = found(each(judge), &plan);
            let one = found.iter().next().expect("a finding");
            assert_eq!((one.rule, one.sensitive), (&CREDENTIAL, true));
            assert!(!one.message.contains("horse") && !one.message.contains(&token));
        }
    }

    #[test]
    fn names_of_secrets_are_no_secrets() {
        let plans = [
            pod(tree!({
                "args": ["--token", "/var/run/token"],
                "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}],
            })),
            with("ExternalSecret", tree!({"spec": {"data": [{"secretKey": "CARD_NETWORK_KEY"}]}})),
            with(
                "SealedSecret",
                tree!({"spec": {"encryptedData": {"password": "AgBx0123456789"}}}),
            ),
            with("Custom", tree!({"metadata": {"annotations": {"reloader/secret": "web-secret"}}})),
            with("Custom", tree!({"spec": {"tokenSecret": "web", "passwordSecretName": "web"}})),
        ];
        for plan in plans {
            assert_eq!(messages(each(judge), &plan), [""; 0]);
        }
    }
}
