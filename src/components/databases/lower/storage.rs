//! Volume claims, twice: as templates, which can never change, and as objects, which can grow.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus,
    VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Cx;
use crate::components::databases::model::Database;
use crate::k8s::quantity::Bytes;
use crate::plan::{Origin, Resource};

/// The size that templates state. The claims are there before the pods that look for them by name, so it is never
/// used; and as it is the same for ever, a volume that grows changes no template, which Kubernetes would refuse.
const TEMPLATE: Bytes = Bytes::from_gi(1);

fn claim(database: &Database, size: Bytes) -> PersistentVolumeClaimSpec {
    PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
        resources: Some(VolumeResourceRequirements {
            requests: Some([("storage".to_owned(), Quantity(size.to_string()))].into()),
            ..VolumeResourceRequirements::default()
        }),
        storage_class_name: database.storage.class.as_ref().map(ToString::to_string),
        volume_mode: Some("Filesystem".to_owned()),
        ..PersistentVolumeClaimSpec::default()
    }
}

/// The volumes of a member: their name, their field and their size.
pub fn volumes(database: &Database) -> impl Iterator<Item = (&'static str, Bytes)> {
    let wal = database.storage.wal.map(|size| ("wal", size));
    [("data", database.storage.data)].into_iter().chain(wal)
}

/// The claims of all members, by the names that the StatefulSet gives them: it takes over those that are there.
pub fn claims(cx: Cx<'_>) -> Vec<Resource> {
    let database = cx.database;
    let mut claims = Vec::new();
    for (volume, size) in volumes(database) {
        let origin = Origin::lowered(super::COMPONENT, [cx.at.key("storage").key(volume)]);
        for member in database.member_names() {
            let object = PersistentVolumeClaim {
                metadata: cx.metadata(format!("{volume}-{member}")),
                spec: Some(claim(database, size)),
                ..PersistentVolumeClaim::default()
            };
            claims.push(Resource::object(&object, origin.clone()));
        }
    }
    claims
}

/// The claims as templates, with what the API server would add: Argo CD compares them as a whole.
pub fn templates(database: &Database) -> Vec<PersistentVolumeClaim> {
    let template = |(volume, _): (&'static str, Bytes)| PersistentVolumeClaim {
        metadata: ObjectMeta { name: Some(volume.to_owned()), ..ObjectMeta::default() },
        spec: Some(claim(database, TEMPLATE)),
        status: Some(PersistentVolumeClaimStatus {
            phase: Some("Pending".to_owned()),
            ..PersistentVolumeClaimStatus::default()
        }),
    };
    volumes(database).map(template).collect()
}
