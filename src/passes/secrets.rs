//! Secrets that are needed become ExternalSecrets: git holds where a value is kept, never the value.
//!
//! They are in the wave of the pods that mount them. A wave of their own would fail the whole sync when the store
//! is away for a moment; without one the pods wait for their Secret and start when it comes.

use crate::k8s::crd::Object;
use crate::k8s::crd::external_secrets::{
    Data, ExternalSecretSpec, RemoteRef, SecretStoreRef, Target,
};
use crate::plan::{Origin, Plan, Resource, SecretEntry, SecretNeed, platform};

pub(super) const NAME: &str = "secrets";

/// How long a changed value may take to arrive; also what the API server would fill in.
const REFRESH_INTERVAL: &str = "1h0m0s";

pub(super) fn run(plan: &mut Plan) {
    super::add_each(&mut plan.units, &plan.facts.secrets, |need| {
        let fields = need.entries.iter().map(|entry| entry.at.clone());
        let origin = Origin::derived(need.component, NAME, fields);
        Some((&need.unit, Resource::object(&external_secret(need), origin)))
    });
}

fn external_secret(need: &SecretNeed) -> Object<ExternalSecretSpec> {
    let mut data: Vec<Data> = need.entries.iter().map(one_key).collect();
    data.sort_by(|a, b| a.secret_key.cmp(&b.secret_key));
    let spec = ExternalSecretSpec {
        refresh_interval: REFRESH_INTERVAL,
        secret_store_ref: SecretStoreRef {
            kind: "ClusterSecretStore",
            name: platform::SECRET_STORE,
        },
        target: Target::owned(need.name.clone()),
        data,
    };
    Object::new(super::metadata(&need.name, &need.namespace), spec)
}

fn one_key(entry: &SecretEntry) -> Data {
    let (path, property) = (entry.reference.path(), entry.reference.property());
    Data {
        secret_key: entry.key.clone(),
        remote_ref: RemoteRef::new(path.to_string(), property.to_owned()),
    }
}

#[cfg(test)]
pub mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::passes::tests::{at, estate, printed, production, web};
    use crate::plan::UnitId;

    /// Two keys of a Secret that a workload needs.
    pub fn needed(unit: UnitId, namespace: &str) -> SecretNeed {
        let entry = |key: &str, reference: &str| SecretEntry {
            key: key.to_owned(),
            reference: reference.parse().unwrap(),
            at: at("workloads.web.secrets").key(key),
        };
        SecretNeed {
            unit,
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            entries: vec![entry("TOKEN", "web/api#token"), entry("KEY", "web/card-network#key")],
            component: "workloads",
        }
    }

    #[test]
    fn a_secret_need_becomes_an_external_secret() {
        let mut plan = estate(&[]);
        let unit = web(&mut plan, production());
        plan.facts.secrets.push(needed(unit.clone(), "a-prod"));
        run(&mut plan);
        assert_snapshot!(printed(&plan, &unit, 0), @"
        apiVersion: external-secrets.io/v1
        kind: ExternalSecret
        metadata:
          name: web
          namespace: a-prod
        spec:
          refreshInterval: 1h0m0s
          secretStoreRef:
            kind: ClusterSecretStore
            name: estate
          target:
            name: web
            creationPolicy: Owner
            deletionPolicy: Retain
            template:
              engineVersion: v2
              mergePolicy: Replace
              type: Opaque
          data:
          - secretKey: KEY
            remoteRef:
              key: web/card-network
              property: key
              conversionStrategy: Default
              decodingStrategy: None
              metadataPolicy: None
          - secretKey: TOKEN
            remoteRef:
              key: web/api
              property: token
              conversionStrategy: Default
              decodingStrategy: None
              metadataPolicy: None
        ");
        let fields: Vec<String> = plan.units[&unit].resources[0]
            .origin
            .from
            .iter()
            .map(|at| at.path.to_string())
            .collect();
        assert_eq!(fields, ["workloads.web.secrets.TOKEN", "workloads.web.secrets.KEY"]);
    }
}
