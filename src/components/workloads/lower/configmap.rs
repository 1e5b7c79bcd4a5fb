//! ConfigMaps, named by what they hold: other content is another ConfigMap, and so another pod.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;

use super::Cx;
use crate::components::workloads::config::short_hash;
use crate::components::workloads::model::{Content, Workload};
use crate::plan::Resource;

/// The name of the ConfigMap with the variables, if there are any.
pub fn variables_name(workload: &Workload) -> Option<String> {
    if workload.config.is_empty() {
        return None;
    }
    // Sorted: the order of variables changes nothing, so it must not restart pods.
    let sorted: BTreeMap<&str, &str> =
        workload.config.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let hash = short_hash(sorted.into_iter().flat_map(|(key, value)| [key, value]));
    Some(format!("{}-config-{hash}", workload.name))
}

/// The ConfigMap with the variables.
pub fn variables(cx: Cx<'_>) -> Option<Resource> {
    let name = variables_name(cx.workload)?;
    let data = cx.workload.config.iter().map(|(key, value)| (key.to_string(), value.clone()));
    let object = ConfigMap {
        metadata: cx.metadata(name),
        data: Some(data.collect()),
        // Its content is its name, so it never changes; the kubelet then need not watch it.
        immutable: Some(true),
        ..ConfigMap::default()
    };
    Some(Resource::object(&object, cx.from(&["config"])))
}

/// The files of a workload that no secret store keeps, by key.
fn contents(workload: &Workload) -> BTreeMap<&str, &[u8]> {
    fn bytes(content: &Content) -> Option<&[u8]> {
        match content {
            Content::Text(text) => Some(text.as_bytes()),
            Content::Binary(bytes) => Some(bytes),
            Content::Secret(_) => None,
        }
    }
    workload
        .files
        .iter()
        .filter_map(|file| Some((file.key.as_str(), bytes(&file.content)?)))
        .collect()
}

/// The name of the ConfigMap with the files, if there are any.
pub fn files_name(workload: &Workload) -> Option<String> {
    let contents = contents(workload);
    if contents.is_empty() {
        return None;
    }
    let hash =
        short_hash(contents.into_iter().flat_map(|(key, content)| [key.as_bytes(), content]));
    Some(format!("{}-files-{hash}", workload.name))
}

/// The ConfigMap with the files.
pub fn files(cx: Cx<'_>) -> Option<Resource> {
    let name = files_name(cx.workload)?;
    let (mut data, mut binary_data) = (BTreeMap::new(), BTreeMap::new());
    for file in &cx.workload.files {
        match &file.content {
            Content::Text(text) => drop(data.insert(file.key.clone(), text.clone())),
            Content::Binary(bytes) => {
                binary_data.insert(file.key.clone(), ByteString(bytes.clone()));
            }
            Content::Secret(_) => {}
        }
    }
    let object = ConfigMap {
        metadata: cx.metadata(name),
        data: (!data.is_empty()).then_some(data),
        binary_data: (!binary_data.is_empty()).then_some(binary_data),
        immutable: Some(true),
    };
    Some(Resource::object(&object, cx.from(&["files"])))
}
