//! Rules that need the whole workload, and the list of all rules.

use super::model::{Kind, Workload};
use super::{
    config, connects, logins, lower, manifests, patches, plaintext, ports, resolve, secret_files,
    volumes,
};
use crate::component::{Symbols, namespace};
use crate::diag::{Diagnostics, Place, Rule};
use crate::field;
use crate::path::At;

/// Every rule of the section.
pub static ALL: &[&Rule] = &[
    &NAME_LETTER,
    &NAME_TOO_LONG,
    &IMAGE_FLOATING,
    &IMAGE_TAG,
    &ports::PORT_UNKNOWN,
    &ports::PORT_AMBIGUOUS,
    &ports::PORT_NOT_TCP,
    &ports::PORT_TWICE,
    &ports::HEALTH_KIND,
    &ports::NO_TIME,
    &connects::CONNECT_NO_PORTS,
    &connects::CONNECT_PORT_UNKNOWN,
    &connects::CONNECT_SELF,
    &connects::CONNECT_ORDERED,
    &logins::DATABASE_USER,
    &logins::DATABASE_VARIABLES,
    &logins::LOGIN_ELSEWHERE,
    &connects::NO_CONSENT,
    &connects::ALLOWS_NO_CLIENT,
    &RESOURCES_ZERO,
    &CPU_LIMIT,
    &resolve::SCALE_ZERO,
    &resolve::SCALE_MIN_ABOVE_MAX,
    &resolve::SCALE_TARGET_UNUSED,
    &SCALE_UNREACHABLE,
    &resolve::BLOCKS_DRAIN,
    &resolve::DISRUPTION_TWICE,
    &resolve::ROOT_AND_NOT,
    &SCHEDULE_CONFLICT,
    &plaintext::PLAINTEXT_SECRET,
    &config::ENV_TWICE,
    &config::FILE_CONTENT,
    &config::FILE_UNREADABLE,
    &config::TOO_LARGE,
    &secret_files::SECRET_FILE,
    &secret_files::SEALED_ELSEWHERE,
    &secret_files::SECRET_NOT_MADE,
    &volumes::VOLUME_SIZE,
    &volumes::SCRATCH_CLAIM,
    &volumes::VOLUME_ACCESS,
    &volumes::VOLUME_SHARED,
    &volumes::MOUNTS_OVERLAP,
    &patches::PATCH_SHAPE,
    &patches::PATCH_TARGET,
    &patches::PATCH_FAILS,
    &patches::PATCH_INVALID,
    &manifests::MANIFEST_UNREADABLE,
    &manifests::MANIFEST_FIELD,
    &manifests::MANIFEST_KIND,
    &manifests::MANIFEST_SCOPE,
    &manifests::MANIFEST_UNCHECKED,
];

/// Finds what is wrong with a resolved workload.
pub fn check(workload: &Workload, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    name_letter(workload, at, diags);
    name_too_long(workload, at, diags);
    image(workload, at, symbols, diags);
    ports::distinct(&workload.ports, at, diags);
    resources(workload, at, diags);
    scale_unreachable(workload, at, diags);
    schedule_conflict(workload, at, diags);
    plaintext::written(workload, at, diags);
    config::twice(workload, at, diags);
    config::too_large(workload, at, diags);
    volumes::class(workload, at, symbols, diags);
    volumes::shared(workload, at, diags);
    volumes::overlap(workload, at, diags);
    if !workload.patches.is_empty() {
        // The very objects that lowering makes of this document, so that what passes here passes there.
        let environment = symbols.environment.as_deref();
        let place = environment.map(|one| namespace(workload.team.as_str(), Some(one)));
        let mut objects = lower::objects(workload, at, place.as_deref(), &symbols.estate);
        patches::check(workload, at, &mut objects, diags);
    }
}

/// A name that no Service may have.
pub static NAME_LETTER: Rule = Rule::error(
    "workloads/name-letter",
    "the name of a workload begins with a digit",
    "Its Service is named like it, and the name of a Service begins with a letter (RFC 1035 label).",
    "workloads: {3scale: {team: shop, image: …}}",
);

fn name_letter(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    if !workload.name.starts_with_letter() {
        diags
            .report(
                &NAME_LETTER,
                Place::Key(at.clone()),
                format!("`{}` does not begin with a letter", workload.name),
            )
            .help(format!("write for example `app-{}`", workload.name));
    }
}

/// A name that becomes too long when something is put behind it.
pub static NAME_TOO_LONG: Rule = Rule::error(
    "workloads/name-too-long",
    "the name of a workload leaves no room for what Kubernetes appends",
    "A CronJob's name has at most 52 characters, because its Jobs append 11 (Kubernetes documentation, CronJob). \
     A StatefulSet's pods carry its name and a hash of ten digits in a label of at most 63 characters \
     (controller-revision-hash).",
    "workloads: {the-nightly-export-of-all-orders-to-the-data-warehouse: {schedule: \"15 2 * * *\"}}",
);

fn name_too_long(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    const MOST: usize = 52;
    let length = workload.name.as_str().len();
    if !matches!(workload.kind, Kind::Deployment) && length > MOST {
        diags
            .report(
                &NAME_TOO_LONG,
                Place::Key(at.clone()),
                format!(
                    "`{}` has {length} characters, {MOST} are the most for a {}",
                    workload.name,
                    workload.kind.word()
                ),
            )
            .help(format!("shorten it by {}", length - MOST));
    }
}

/// Another image tomorrow.
pub static IMAGE_FLOATING: Rule = Rule::warning(
    "workloads/image-floating",
    "an image is named by a tag that moves",
    "`latest` is what was pushed last: two copies may run two versions, and a restart is an upgrade.",
    "workloads: {web: {image: \"registry.acme.example/web:latest\"}}",
);

/// A tag where only a digest is certain.
pub static IMAGE_TAG: Rule = Rule::warning(
    "workloads/image-tag",
    "an image is named by a tag in a protected environment",
    "A tag can be pushed again: what was tested is then not what runs, and nobody gave consent. A digest is the \
     same image for ever.",
    "environments: {production: {cluster: main, protected: true}}\nworkloads: {web: {image: \"registry.acme.example/web:1.2.0\"}}",
);

fn image(workload: &Workload, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let image = &workload.image;
    let place = field!(at, workload.image);
    if image.is_floating() {
        diags
            .report(&IMAGE_FLOATING, place, "the tag `latest` is another image tomorrow")
            .help("write the version, or better the digest: `…@sha256:…`");
    } else if symbols.is_protected()
        && !image.is_pinned_by_digest()
        && let Some(tag) = image.tag()
    {
        let environment = symbols.environment.as_deref().unwrap_or_default();
        diags
            .report(
                &IMAGE_TAG,
                place,
                format!("the tag `{tag}` can be pushed again, and `{environment}` is protected"),
            )
            .help(format!("write the digest too: `{image}@sha256:…`"));
    }
}

/// Nothing at all.
pub static RESOURCES_ZERO: Rule = Rule::error(
    "workloads/resources-zero",
    "a workload asks for no processor time or no memory",
    "What asks for nothing is the first to be evicted, is not counted by any quota, and load in percent of \
     nothing cannot be scaled by.",
    "workloads: {web: {resources: {cpu: 0}}}",
);

/// Less allowed than asked for.
pub static CPU_LIMIT: Rule = Rule::error(
    "workloads/cpu-limit-below-request",
    "the limit of processor time is below what is asked for",
    "Kubernetes refuses it: a request must be less than or equal to its limit.",
    "workloads: {web: {resources: {cpu: 500m, cpuLimit: 250m}}}",
);

fn resources(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    let resources = &workload.resources;
    for (place, is_zero) in [
        (field!(at, workload.resources.cpu), resources.cpu.is_zero()),
        (field!(at, workload.resources.memory), resources.memory.is_zero()),
    ] {
        if is_zero {
            diags
                .report(&RESOURCES_ZERO, place, "nothing would be reserved")
                .help("write what one copy needs, such as `cpu: 100m` or `memory: 128Mi`");
        }
    }
    if let Some(limit) = resources.cpu_limit.filter(|limit| *limit < resources.cpu) {
        diags
            .report(
                &CPU_LIMIT,
                field!(at, workload.resources.cpu_limit),
                format!("{limit} is less than the {} that are asked for", resources.cpu),
            )
            .related(field!(at, workload.resources.cpu), "asked for here")
            .help("leave the limit out: processor time can be shared, unlike memory");
    }
}

/// A load that cannot be.
pub static SCALE_UNREACHABLE: Rule = Rule::error(
    "workloads/scale-unreachable",
    "a load is named that a copy can never have",
    "Memory beyond the limit ends the process, and processor time beyond its limit is not given: no copy would \
     ever be added.",
    "workloads: {web: {scale: {min: 2, max: 4, memory: 120%}}}",
);

fn scale_unreachable(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    let scale = &workload.scale;
    if let Some(target) = scale.memory.filter(|target| target.get() >= 100) {
        diags
            .report(
                &SCALE_UNREACHABLE,
                field!(at, workload.scale.memory),
                format!("{target} of the memory cannot be used: the limit is what is asked for"),
            )
            .help("write less than 100%");
    }
    let resources = &workload.resources;
    if let (Some(target), Some(limit)) = (scale.cpu, resources.cpu_limit) {
        let reached = u128::from(resources.cpu.millicores()) * u128::from(target.get());
        if reached >= u128::from(limit.millicores()) * 100 && limit >= resources.cpu {
            diags
                .report(
                    &SCALE_UNREACHABLE,
                    field!(at, workload.scale.cpu),
                    format!("{target} of {} is never more than the limit {limit}", resources.cpu),
                )
                .related(field!(at, workload.resources.cpu_limit), "the limit")
                .help("write a lower target, or leave the limit out");
        }
    }
}

/// Now and then, and always.
pub static SCHEDULE_CONFLICT: Rule = Rule::error(
    "workloads/schedule-conflict",
    "a workload with a schedule has fields of one that always runs",
    "A job runs and ends: nobody can connect to it, load does not scale it, and nothing looks whether it is \
     healthy.",
    "workloads: {export: {schedule: \"15 2 * * *\", scale: {min: 2}}}",
);

fn schedule_conflict(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    if !matches!(workload.kind, Kind::CronJob(_)) {
        return;
    }
    for key in &workload.always {
        diags
            .report(
                &SCHEDULE_CONFLICT,
                Place::Key(at.key(key)),
                format!("`{key}` means nothing for a workload with a schedule"),
            )
            .related(at.key("schedule"), "the schedule")
            .help(format!("leave `{key}` out, or make two workloads of it"));
    }
}
