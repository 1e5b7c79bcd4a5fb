//! `volumes`: folders that outlive a container, and where everything is mounted.

use indexmap::IndexMap;

use super::defaults as default;
use super::model::{Kind, Volume, VolumeKind, Workload};
use super::spec::WorkloadSpec;
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::name::Name;
use crate::k8s::path::MountPath;
use crate::path::At;

/// How big?
pub static VOLUME_SIZE: Rule = Rule::error(
    "workloads/volume-size",
    "a volume does not say how much it holds",
    "A claim must ask for some storage; it can grow later but never shrink, so no default is right.",
    "workloads: {web: {volumes: {data: {mount: /data}}}}",
);

/// A scratch volume with the fields of a claim.
pub static SCRATCH_CLAIM: Rule = Rule::error(
    "workloads/scratch-claim",
    "a scratch volume has a class or an access mode",
    "Scratch space is on the node: no storage driver is asked, and what it holds is gone with the pod.",
    "workloads: {web: {volumes: {cache: {mount: /cache, scratch: true, class: fast}}}}",
);

pub fn volumes(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> IndexMap<Name, Volume> {
    let mut volumes = IndexMap::new();
    for (name, volume) in &spec.volumes {
        let place = field!(at, spec.volumes).key(name);
        let mount = volume.mount.clone();
        let kind = if volume.scratch {
            for (key, written) in
                [("class", volume.class.is_some()), ("access", volume.access.is_some())]
            {
                if written {
                    diags
                        .report(
                            &SCRATCH_CLAIM,
                            place.key(key),
                            format!("`{name}` is scratch space on the node"),
                        )
                        .related(place.key("scratch"), "says this")
                        .help(format!("leave `{key}` out, or `scratch`"));
                }
            }
            VolumeKind::Scratch { size: volume.size.unwrap_or_else(|| default::SCRATCH.get()) }
        } else {
            let size = volume.size.unwrap_or_default();
            if size.is_zero() {
                diags
                    .report(&VOLUME_SIZE, &place, format!("`{name}` says no size"))
                    .help("write for example `size: 20Gi`, or `scratch: true` if nothing in it is to be kept");
            }
            VolumeKind::Claim {
                size,
                class: volume.class.clone(),
                access: volume.access.unwrap_or_else(|| default::ACCESS.get()),
            }
        };
        volumes.insert(name.clone(), Volume { mount, kind });
    }
    volumes
}

/// One volume, many copies.
pub static VOLUME_SHARED: Rule = Rule::error(
    "workloads/volume-shared",
    "several copies share a volume that only one can mount",
    "The second copy never starts: it waits for a volume that is attached to another node (Multi-Attach error).",
    "workloads: {web: {scale: {min: 2}, volumes: {data: {size: 1Gi, mount: /data}}}}",
);

/// A class that cannot be mounted like that.
pub static VOLUME_ACCESS: Rule = Rule::error(
    "workloads/volume-access",
    "a volume has an access mode that its class cannot do",
    "Kubernetes binds the claim all the same; the pod on the second node never starts, or both write to one file \
     system (kubernetes.io, Persistent Volumes, Access Modes).",
    "storage: {classes: {block: {driver: iscsi, portal: 10.0.0.1, default: true}}}\n\
     workloads: {web: {volumes: {data: {size: 1Gi, mount: /data, class: block, access: ReadWriteMany}}}}",
);

/// Binds the classes of volumes, where the blueprint declares any.
pub fn class(workload: &Workload, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    // A cluster whose storage somebody else provides has classes that nobody declared.
    if symbols.storage_classes.iter().next().is_none() {
        return;
    }
    for (name, volume) in &workload.volumes {
        let VolumeKind::Claim { class, access, .. } = &volume.kind else { continue };
        let at = field!(at, workload.volumes).key(name);
        let bound = match class {
            Some(class) => symbols.storage_classes.bind(class.as_str(), &at.key("class"), diags),
            None => {
                symbols.storage_classes.iter().map(|(.., about)| about).find(|about| about.default)
            }
        };
        let Some(bound) = bound else { continue };
        if !bound.access.iter().any(|mode| mode == access.word()) {
            diags
                .report(
                    &VOLUME_ACCESS,
                    at.key("access"),
                    format!("the class cannot do {}", access.word()),
                )
                .related(at.key("class"), "the class")
                .help(format!("it can do {}", bound.access.join(" and ")));
        }
    }
}

pub fn shared(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    if !matches!(workload.kind, Kind::Deployment) || workload.most() < 2 {
        return;
    }
    for (name, volume) in workload.volumes.iter().filter(|(_, volume)| volume.is_exclusive()) {
        let VolumeKind::Claim { access, .. } = &volume.kind else { continue };
        diags
            .report(
                &VOLUME_SHARED,
                field!(at, workload.volumes).key(name),
                format!("up to {} copies and one volume of {}", workload.most(), access.word()),
            )
            .related(field!(at, workload.scale), "how many copies there are")
            .help(
                "write `stateful: true` for a volume for each copy, `scale: {min: 1, max: 1}`, or \
                 `access: ReadWriteMany` if the class can do that",
            );
    }
}

/// Two mounts in one place.
pub static MOUNTS_OVERLAP: Rule = Rule::error(
    "workloads/mounts-overlap",
    "a mount hides another, or lies inside it",
    "Two volumes at one place: one of them is invisible. One inside the other: its folder is made in the other \
     volume, and which of both a program writes to depends on the order of mounting.",
    "workloads: {web: {volumes: {a: {size: 1Gi, mount: /data}, b: {size: 1Gi, mount: /data/b}}}}",
);

/// Where the scratch volume for temporary files is.
pub fn tmp() -> MountPath {
    MountPath::known("/tmp")
}

/// Whether `/tmp` needs a scratch volume that the blueprint does not write.
pub fn needs_tmp(workload: &Workload) -> bool {
    let tmp = tmp();
    workload.security.read_only_root
        && !workload.volumes.values().any(|volume| tmp.is_within(&volume.mount))
}

pub fn overlap(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    let volumes = workload
        .volumes
        .iter()
        .map(|(name, volume)| (&volume.mount, field!(at, workload.volumes).key(name).key("mount")));
    let files =
        workload.files.iter().map(|file| (&file.path, field!(at, workload.files).key(&file.path)));
    let tmp = tmp();
    let hidden_tmp =
        needs_tmp(workload).then(|| (&tmp, field!(at, workload.security.read_only_root)));
    // A file inside a volume is meant: it lies over what the volume holds.
    let folders: Vec<_> = hidden_tmp.into_iter().chain(volumes).collect();
    for (position, (mount, place)) in folders.iter().enumerate() {
        for (other, first) in &folders[..position] {
            if mount.is_within(other) || other.is_within(mount) {
                diags
                    .report(
                        &MOUNTS_OVERLAP,
                        place.clone(),
                        format!("{mount} and {other} are not apart"),
                    )
                    .related(first.clone(), format!("{other} is mounted for this"))
                    .help("mount it elsewhere");
            }
        }
    }
    for (path, place) in files {
        for (mount, first) in folders.iter().filter(|(mount, _)| mount.is_within(path)) {
            diags
                .report(
                    &MOUNTS_OVERLAP,
                    place.clone(),
                    format!("{path} is a file, {mount} a folder"),
                )
                .related(first.clone(), "mounted here")
                .help("write the file into the folder, or mount the folder elsewhere");
        }
    }
}
