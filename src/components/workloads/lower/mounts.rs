//! Volumes of a pod and where they are mounted.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::configmap;
use crate::components::workloads::defaults;
use crate::components::workloads::model::{Content, Kind, VolumeKind, Workload};
use crate::components::workloads::volumes::{needs_tmp, tmp};
use crate::k8s::quantity::Bytes;

/// The volumes of a pod and where they are mounted.
pub fn volumes(workload: &Workload) -> (Vec<core::Volume>, Vec<core::VolumeMount>) {
    let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
    let mount = |name: &str, path: &str, sub_path: Option<&str>| core::VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        sub_path: sub_path.map(str::to_owned),
        read_only: sub_path.is_some().then_some(true),
        ..core::VolumeMount::default()
    };
    for (name, volume) in &workload.volumes {
        mounts.push(mount(name.as_str(), volume.mount.as_str(), None));
        match (&volume.kind, &workload.kind) {
            (VolumeKind::Scratch { size }, _) => volumes.push(scratch(name.as_str(), *size)),
            // Its template makes the volume.
            (VolumeKind::Claim { .. }, Kind::StatefulSet) => {}
            (VolumeKind::Claim { .. }, _) => volumes.push(core::Volume {
                name: name.to_string(),
                persistent_volume_claim: Some(core::PersistentVolumeClaimVolumeSource {
                    claim_name: workload.claim(name),
                    ..Default::default()
                }),
                ..core::Volume::default()
            }),
        }
    }
    if needs_tmp(workload) {
        let name = free_name(workload, "tmp");
        mounts.push(mount(&name, tmp().as_str(), None));
        volumes.push(scratch(&name, defaults::SCRATCH.get()));
    }
    // A file at a time, so that what the image has beside it stays visible.
    let mut file_volume = |name: &str, from_store: bool, source: core::Volume| {
        let of = |content: &Content| matches!(content, Content::Secret(_)) == from_store;
        let files = workload.files.iter().filter(|file| of(&file.content));
        mounts.extend(files.map(|file| mount(name, file.path.as_str(), Some(&file.key))));
        volumes.push(source);
    };
    if let Some(config_map) = configmap::files_name(workload) {
        let name = free_name(workload, "files");
        let source = core::ConfigMapVolumeSource { name: config_map, ..Default::default() };
        let volume =
            core::Volume { name: name.clone(), config_map: Some(source), ..Default::default() };
        file_volume(&name, false, volume);
    }
    if workload.files.iter().any(|file| matches!(file.content, Content::Secret(_))) {
        let name = free_name(workload, "secret-files");
        let source = core::SecretVolumeSource {
            secret_name: Some(workload.store_secret()),
            ..Default::default()
        };
        let volume =
            core::Volume { name: name.clone(), secret: Some(source), ..Default::default() };
        file_volume(&name, true, volume);
    }
    (volumes, mounts)
}

fn scratch(name: &str, size: Bytes) -> core::Volume {
    core::Volume {
        name: name.to_owned(),
        empty_dir: Some(core::EmptyDirVolumeSource {
            size_limit: Some(Quantity(size.to_string())),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The name, or the first with a number behind it that the blueprint does not use for a volume of its own.
fn free_name(workload: &Workload, wanted: &str) -> String {
    let taken = |name: &str| workload.volumes.keys().any(|own| own.as_str() == name);
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = |number| format!("{wanted}-{number}");
    (2..).map(numbered).find(|name| !taken(name)).unwrap_or_else(|| wanted.to_owned())
}
