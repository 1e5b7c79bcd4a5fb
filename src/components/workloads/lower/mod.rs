//! What a workload becomes: its objects, and the facts that passes derive the rest from.

mod configmap;
mod controller;
mod facts;
mod mounts;
mod pod;
mod scale;
mod service;
mod storage;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::model::{Kind, Workload};
use super::patches;
use crate::component::Situation;
use crate::field;
use crate::k8s::name::Name;
use crate::path::At;
use crate::plan::{Body, Origin, Plan, Resource, Stage, UnitId, UnitKind};

/// The label that selects the pods of a workload.
const NAME_LABEL: &str = "app.kubernetes.io/name";

/// The labels that select the pods of a workload. They are fixed for ever: a controller's selector cannot change.
pub fn selector(name: &Name) -> BTreeMap<String, String> {
    [(NAME_LABEL.to_owned(), name.to_string())].into()
}

/// What lowering has at hand.
#[derive(Clone, Copy)]
struct Cx<'a> {
    workload: &'a Workload,
    /// The workload's field.
    at: &'a At,
    /// The namespace; `None` in the base.
    namespace: Option<&'a str>,
    /// The estate's name.
    estate: &'a str,
}

impl Cx<'_> {
    fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: self.namespace.map(str::to_owned),
            ..ObjectMeta::default()
        }
    }

    /// An origin of these fields of the workload.
    fn from(&self, fields: &[&'static str]) -> Origin {
        Origin::lowered("workloads", fields.iter().map(|field| self.at.field(*field)))
    }
}

/// The objects of a workload, before its patches.
pub fn objects(
    workload: &Workload,
    at: &At,
    namespace: Option<&str>,
    estate: &str,
) -> Vec<Resource> {
    let cx = Cx { workload, at, namespace, estate };
    let mut objects = vec![service::account(cx)];
    objects.extend(configmap::variables(cx));
    objects.extend(configmap::files(cx));
    objects.extend(storage::claims(cx));
    objects.push(controller::controller(cx));
    objects.extend(service::services(cx));
    objects.extend(scale::autoscaler(cx));
    objects
}

/// Puts a workload into the plan.
pub fn workload(workload: &Workload, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
    let place = match situation.stage {
        Stage::Base => None,
        _ => Some(situation.namespace(&workload.team)),
    };
    let mut objects = objects(workload, at, place.as_deref(), &situation.symbols.estate);
    if let Some(refusal) = patches::apply(workload, at, &mut objects).first() {
        crate::bug!(
            "the patch {} of {} passed its check and fails now",
            refusal.index,
            workload.name
        );
    }
    objects.extend(manifests(workload, at, place.as_deref()));
    if place.is_some() {
        // Ciphertext belongs to one namespace and cannot be patched, so it is no part of the base.
        objects.extend(secret_files(workload, at));
    }

    let id = UnitId {
        kind: UnitKind::Workload,
        name: workload.name.to_string(),
        stage: situation.stage.clone(),
    };
    let unit = plan.unit(id.clone(), at);
    unit.namespace.clone_from(&place);
    unit.project.clone_from(&place);
    unit.stateful |= workload.volumes.values().any(super::model::Volume::is_claim);
    if let Some(namespace) = &place {
        let owner = UnitId { kind: UnitKind::Namespace, name: namespace.clone(), ..id.clone() };
        unit.needs.insert((owner, field!(at, workload.team)));
        unit.needs.extend(facts::ordered(workload, at, &id));
    }
    objects.into_iter().for_each(|object| unit.add(object));

    for patch in &workload.patches {
        plan.unproven.push((id.clone(), field!(at, workload.patches).index(patch.index)));
    }
    let mut manifests: Vec<usize> = workload.manifests.iter().map(|one| one.index).collect();
    manifests.dedup();
    for index in manifests {
        plan.unproven.push((id.clone(), field!(at, workload.manifests).index(index)));
    }
    facts::state(workload, at, situation, &id, plan);
}

fn manifests(workload: &Workload, at: &At, namespace: Option<&str>) -> Vec<Resource> {
    let mut objects = Vec::new();
    for manifest in &workload.manifests {
        let mut object = manifest.object.clone();
        if let Some(map) = object.as_map_mut() {
            let metadata = map.map_at("metadata");
            match namespace {
                Some(namespace) => drop(metadata.insert("namespace", namespace.to_owned())),
                None => drop(metadata.remove("namespace")),
            }
        }
        let place = field!(at, workload.manifests).index(manifest.index);
        objects.push(Resource::tree(object, Origin::lowered("workloads", [place])));
    }
    objects
}

fn secret_files(workload: &Workload, at: &At) -> Vec<Resource> {
    let resource = |file: &super::secret_files::SecretFile| {
        let place = field!(at, workload.secret_files).index(file.index);
        let origin = Origin::lowered("workloads", [place]);
        let object = Resource::tree(file.object.clone(), origin.clone());
        let name = format!("{}-{}.yaml", object.kind().to_lowercase(), object.name());
        let (bytes, object) = (file.bytes.clone(), file.object.clone());
        Resource::new(Body::Verbatim { file: name, bytes, object }, origin)
    };
    workload.secret_files.iter().map(resource).collect()
}

/// The kind that runs a workload, as others refer to it.
fn api_version(kind: &Kind) -> &'static str {
    match kind {
        Kind::Deployment | Kind::StatefulSet => "apps/v1",
        Kind::CronJob(_) => "batch/v1",
    }
}
