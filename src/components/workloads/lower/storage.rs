//! Volume claims: of a Deployment or CronJob as objects, of a StatefulSet as templates.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Cx;
use crate::components::workloads::model::{Kind, VolumeKind, Workload};
use crate::field;
use crate::plan::{Origin, Resource};

/// What a volume claims; `None` for scratch space.
fn claim(kind: &VolumeKind) -> Option<PersistentVolumeClaimSpec> {
    let VolumeKind::Claim { size, class, access } = kind else { return None };
    Some(PersistentVolumeClaimSpec {
        access_modes: Some(vec![access.word().to_owned()]),
        resources: Some(VolumeResourceRequirements {
            requests: Some([("storage".to_owned(), Quantity(size.to_string()))].into()),
            ..VolumeResourceRequirements::default()
        }),
        storage_class_name: class.as_ref().map(ToString::to_string),
        // Kubernetes' own default, written out so that Argo CD sees no difference.
        volume_mode: Some("Filesystem".to_owned()),
        ..PersistentVolumeClaimSpec::default()
    })
}

/// The claims of a workload whose copies share them.
pub fn claims(cx: Cx<'_>) -> Vec<Resource> {
    let Workload { kind, volumes, .. } = cx.workload;
    if matches!(kind, Kind::StatefulSet) {
        return Vec::new();
    }
    let object = |(name, volume): (&crate::k8s::name::Name, &_)| {
        let super::super::model::Volume { kind, .. } = volume;
        let object = PersistentVolumeClaim {
            metadata: cx.metadata(cx.workload.claim(name)),
            spec: Some(claim(kind)?),
            ..PersistentVolumeClaim::default()
        };
        let workload = cx.workload;
        let place = field!(cx.at, workload.volumes).key(name);
        Some(Resource::object(&object, Origin::lowered("workloads", [place])))
    };
    volumes.iter().filter_map(object).collect()
}

/// The claims that each copy of a StatefulSet gets.
pub fn templates(workload: &Workload) -> Vec<PersistentVolumeClaim> {
    let template = |(name, volume): (&crate::k8s::name::Name, &super::super::model::Volume)| {
        Some(PersistentVolumeClaim {
            metadata: ObjectMeta { name: Some(name.to_string()), ..ObjectMeta::default() },
            spec: Some(claim(&volume.kind)?),
            ..PersistentVolumeClaim::default()
        })
    };
    workload.volumes.iter().filter_map(template).collect()
}
