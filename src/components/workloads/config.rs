//! `config`, `secrets` and `files`: what a program reads.

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::model::{Content, File, Secret, Workload};
use super::spec::{FileSpec, SecretKeySpec, WorkloadSpec};
use crate::component::Resolving;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::name::EnvName;
use crate::k8s::path::MountPath;
use crate::path::At;
use crate::source::Short;

pub fn secrets(spec: &WorkloadSpec) -> IndexMap<EnvName, Secret> {
    let secret = |value: &Short<_, SecretKeySpec>| match value {
        Short::Short(reference) => Secret::Store(crate::k8s::secret::SecretRef::clone(reference)),
        Short::Long(SecretKeySpec { secret, key }) => {
            Secret::Key { secret: secret.to_string(), key: key.to_string() }
        }
    };
    spec.secrets.iter().map(|(name, value)| (name.clone(), secret(value))).collect()
}

/// What a file holds is said never, or twice.
pub static FILE_CONTENT: Rule = Rule::error(
    "workloads/file-content",
    "a file is not exactly one of `content`, `file` and `secret`",
    "What it holds must be said once.",
    "workloads: {web: {files: {/etc/app/app.yaml: {}}}}",
);

/// A file that cannot be read.
pub static FILE_UNREADABLE: Rule = Rule::error(
    "workloads/file-unreadable",
    "a file that the blueprint names cannot be read",
    "Paths are relative to the blueprint and stay below its folder, so that the same blueprint means the same on \
     every machine.",
    "workloads: {web: {files: {/etc/app/app.yaml: {file: files/missing.yaml}}}}",
);

pub fn files(spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<File> {
    let mut files = Vec::new();
    for (path, file) in &spec.files {
        let place = field!(at, spec.files).key(path);
        let field = if file.content.is_some() { "content" } else { "file" };
        if let Some(content) = content(file, &place, cx) {
            files.push(File { path: path.clone(), key: key(path), field, content });
        }
    }
    files
}

fn content(file: &FileSpec, place: &At, cx: &mut Resolving<'_>) -> Option<Content> {
    match (&file.content, &file.file, &file.secret) {
        (Some(text), None, None) => Some(Content::Text(text.clone())),
        (None, None, Some(reference)) => Some(Content::Secret(reference.clone())),
        (None, Some(path), None) => match cx.files.read(path) {
            Ok(bytes) => Some(match String::from_utf8(bytes) {
                Ok(text) => Content::Text(text),
                Err(error) => Content::Binary(error.into_bytes()),
            }),
            Err(message) => {
                cx.diags
                    .report(&FILE_UNREADABLE, field!(place, file.file), message)
                    .help("write a path below the blueprint's folder");
                None
            }
        },
        _ => {
            cx.diags
                .report(&FILE_CONTENT, place, "what it holds must be said once")
                .help("write one of `content: …`, `file: <path>` and `secret: <path>#<property>`");
            None
        }
    }
}

/// The key of a file in a ConfigMap: its path with `_` for `/`. Where that would not be unique or not be a key, a
/// piece of the path's hash makes it so.
fn key(path: &MountPath) -> String {
    let path = path.as_str().trim_start_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let key: String = path.chars().map(|c| if plain(c) { c } else { '_' }).take(200).collect();
    let certain =
        path.len() <= 200 && path.chars().all(|c| plain(c) || c == '/') && !path.starts_with("..");
    if certain { key } else { format!("f{key}-{}", short_hash([path])) }
}

/// Ten hexadecimal digits of what the parts say, in their order.
pub fn short_hash<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        // The length keeps ("a", "bc") apart from ("ab", "c").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// One variable, two values.
pub static ENV_TWICE: Rule = Rule::error(
    "workloads/env-twice",
    "a variable is written in `config` and in `secrets`",
    "One of both would win without a word.",
    "workloads: {web: {config: {API_KEY_ID: a}, secrets: {API_KEY_ID: web/api#id}}}",
);

pub fn twice(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    for name in workload.secrets.keys().filter(|name| workload.config.contains_key(*name)) {
        diags
            .report(
                &ENV_TWICE,
                crate::diag::Place::Key(field!(at, workload.secrets).key(name)),
                format!("`{name}` is written in `config` too"),
            )
            .related(field!(at, workload.config).key(name), "here")
            .help("keep one of them");
    }
}

/// More than a ConfigMap holds.
pub static TOO_LARGE: Rule = Rule::error(
    "workloads/files-too-large",
    "the files or variables of a workload are more than a ConfigMap holds",
    "Kubernetes refuses a ConfigMap with more than 1 MiB of data.",
    "workloads: {web: {files: {/data/model.bin: {file: files/two-megabytes.bin}}}}",
);

pub fn too_large(workload: &Workload, at: &At, diags: &mut Diagnostics) {
    const MOST: usize = 1 << 20;
    let config: usize =
        workload.config.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let files: usize = workload
        .files
        .iter()
        .map(|file| match &file.content {
            Content::Text(text) => file.key.len() + text.len(),
            Content::Binary(bytes) => file.key.len() + bytes.len(),
            Content::Secret(_) => 0,
        })
        .sum();
    for (place, size) in
        [(field!(at, workload.config), config), (field!(at, workload.files), files)]
    {
        if size > MOST {
            diags
                .report(&TOO_LARGE, place, format!("{size} bytes, {MOST} are the most"))
                .help("put large files into the image or on a volume");
        }
    }
}
