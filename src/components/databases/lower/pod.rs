//! What every pod of a database has in common: rights, volumes, variables from Secrets.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::k8s::quantity::{Bytes, Cpu};

/// What a container may do: nothing beyond what it is.
pub fn security() -> core::SecurityContext {
    core::SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(core::Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        ..core::SecurityContext::default()
    }
}

/// What a pod may do, run by that user, whose group owns its volumes.
pub fn pod_security(user: u32) -> core::PodSecurityContext {
    core::PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user.into()),
        run_as_group: Some(user.into()),
        fs_group: Some(user.into()),
        // Made group-writable again at each start, the folder of the data would be refused by PostgreSQL.
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(core::SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            ..core::SeccompProfile::default()
        }),
        ..core::PodSecurityContext::default()
    }
}

/// Memory is reserved and the limit in one.
pub fn resources(cpu: Cpu, memory: Bytes, cpu_limit: Option<Cpu>) -> core::ResourceRequirements {
    let requests = BTreeMap::from([
        ("cpu".to_owned(), Quantity(cpu.to_string())),
        ("memory".to_owned(), Quantity(memory.to_string())),
    ]);
    let mut limits = BTreeMap::from([("memory".to_owned(), Quantity(memory.to_string()))]);
    if let Some(cpu) = cpu_limit {
        limits.insert("cpu".to_owned(), Quantity(cpu.to_string()));
    }
    core::ResourceRequirements {
        requests: Some(requests),
        limits: Some(limits),
        ..core::ResourceRequirements::default()
    }
}

pub fn value(name: &str, value: impl Into<String>) -> core::EnvVar {
    core::EnvVar { name: name.to_owned(), value: Some(value.into()), value_from: None }
}

/// A variable that is a field of the pod.
pub fn field(name: &str, path: &str) -> core::EnvVar {
    core::EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(core::EnvVarSource {
            field_ref: Some(core::ObjectFieldSelector {
                api_version: Some("v1".to_owned()),
                field_path: path.to_owned(),
            }),
            ..core::EnvVarSource::default()
        }),
    }
}

/// A variable that is a key of a Secret.
pub fn secret(name: impl Into<String>, secret: &str, key: &str) -> core::EnvVar {
    core::EnvVar {
        name: name.into(),
        value: None,
        value_from: Some(core::EnvVarSource {
            secret_key_ref: Some(core::SecretKeySelector {
                name: secret.to_owned(),
                key: key.to_owned(),
                optional: None,
            }),
            ..core::EnvVarSource::default()
        }),
    }
}

pub fn mount(name: &str, path: &str) -> core::VolumeMount {
    core::VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        ..core::VolumeMount::default()
    }
}

pub fn read_only(name: &str, path: &str) -> core::VolumeMount {
    core::VolumeMount { read_only: Some(true), ..mount(name, path) }
}

/// A folder that is empty in every new pod; in memory it counts against the container's limit.
pub fn scratch(name: &str, memory: bool, size: Bytes) -> core::Volume {
    core::Volume {
        name: name.to_owned(),
        empty_dir: Some(core::EmptyDirVolumeSource {
            medium: memory.then(|| "Memory".to_owned()),
            size_limit: Some(Quantity(size.to_string())),
        }),
        ..core::Volume::default()
    }
}

pub fn of_config_map(name: &str, config_map: String) -> core::Volume {
    core::Volume {
        name: name.to_owned(),
        config_map: Some(core::ConfigMapVolumeSource {
            name: config_map,
            // Kubernetes' own default, written out so that Argo CD sees no difference.
            default_mode: Some(0o644),
            ..core::ConfigMapVolumeSource::default()
        }),
        ..core::Volume::default()
    }
}

/// A certificate; its key is readable for the group alone, or PostgreSQL refuses it.
pub fn of_certificate(name: &str, secret: String) -> core::Volume {
    core::Volume {
        name: name.to_owned(),
        secret: Some(core::SecretVolumeSource {
            secret_name: Some(secret),
            default_mode: Some(0o440),
            ..core::SecretVolumeSource::default()
        }),
        ..core::Volume::default()
    }
}

pub fn port(name: &str, port: u16) -> core::ContainerPort {
    core::ContainerPort {
        name: Some(name.to_owned()),
        container_port: port.into(),
        protocol: Some("TCP".to_owned()),
        ..core::ContainerPort::default()
    }
}
