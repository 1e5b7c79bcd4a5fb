//! What is written, and its defaults.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::Default;
use crate::k8s::count::Count;
use crate::k8s::name::Name;
use crate::k8s::network::Address;
use crate::k8s::path::MountPath;
use crate::k8s::quantity::Bytes;
use crate::k8s::secret::SecretRef;

pub static SNAPSHOTS: Default = Default::new(
    "storage.snapshots",
    "true",
    "backups of volumes and clones need them, and a controller without snapshots does nothing",
);
pub static REPLICAS: Default = Default::new(
    "storage.classes.*.replicas",
    "3",
    "Longhorn's own default: two hosts may fail before data is gone",
);
pub static RECLAIM: Default = Default::new(
    "storage.classes.*.reclaim",
    "Retain",
    "a claim that is deleted by accident takes no data along",
);
pub static DATASET: Default = Default::new(
    "storage.classes.*.dataset",
    "tank/kubernetes",
    "the pool is called `tank` in the appliance's own documentation; volumes and snapshots go below it",
);

pub static APPLIANCE_KEY: Default = Default::new(
    "storage.classes.*.secret",
    "storage/iscsi#apiKey",
    "beside the other secrets of the platform",
);

pub static DEFAULTS: &[&Default] = &[&SNAPSHOTS, &REPLICAS, &RECLAIM, &DATASET, &APPLIANCE_KEY];

/// The classes of volumes of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageSpec {
    /// Classes of volumes, by name; exactly one of them is the default.
    #[serde(default)]
    pub classes: IndexMap<Name, ClassSpec>,
    /// NFS exports that are there already, as volumes that nobody provisions: a claim names one as its `volumeName`.
    #[serde(default)]
    pub exports: IndexMap<Name, ExportSpec>,
    /// Whether snapshots of volumes can be taken.
    #[serde(default)]
    pub snapshots: Option<bool>,
}

/// A class of volumes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassSpec {
    /// What provides the volumes.
    pub driver: Driver,
    /// Whether claims that name no class get this one.
    #[serde(default)]
    pub default: bool,
    /// On how many machines each volume is kept; Longhorn only.
    #[serde(default)]
    pub replicas: Option<Count>,
    /// The server of the export, by address or name; NFS only.
    #[serde(default)]
    pub server: Option<HostOrAddress>,
    /// The export that volumes are folders of; NFS only.
    #[serde(default)]
    pub share: Option<MountPath>,
    /// The address that machines log in to for blocks; iSCSI only.
    #[serde(default)]
    pub portal: Option<Address>,
    /// The ZFS dataset that volumes are made in; iSCSI only.
    #[serde(default)]
    pub dataset: Option<Dataset>,
    /// Where the key of the appliance's interface is kept: `<path>#<property>`; iSCSI only.
    #[serde(default)]
    pub secret: Option<SecretRef>,
    /// The access mode that its volumes are used with; all that the driver can do if not said.
    #[serde(default)]
    pub access: Option<AccessMode>,
    /// What becomes of a volume whose claim is deleted.
    #[serde(default)]
    pub reclaim: Option<Reclaim>,
}

/// An NFS export that is there already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportSpec {
    /// The server, by address or name.
    pub server: HostOrAddress,
    /// The export.
    pub share: MountPath,
    /// How much it holds.
    pub size: Bytes,
    /// How it is used.
    #[serde(default = "many")]
    pub access: AccessMode,
}

fn many() -> AccessMode {
    AccessMode::ReadWriteMany
}

/// What provides volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// Disks of the cluster's own machines, replicated.
    Longhorn,
    /// Folders of an NFS export, by csi-driver-nfs.
    Nfs,
    /// Blocks of a TrueNAS appliance over iSCSI, by democratic-csi.
    Iscsi,
}

/// How a volume can be mounted.
#[allow(clippy::enum_variant_names)] // Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// By the pods of one node.
    ReadWriteOnce,
    /// By one pod.
    ReadWriteOncePod,
    /// By pods anywhere.
    ReadWriteMany,
    /// By pods anywhere, without writing.
    ReadOnlyMany,
}

impl AccessMode {
    /// As Kubernetes spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadOnlyMany => "ReadOnlyMany",
        }
    }
}

/// What becomes of a volume whose claim is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Reclaim {
    /// It stays, for a person to decide.
    Retain,
    /// It is deleted with everything in it.
    Delete,
}

impl Reclaim {
    /// As Kubernetes spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Retain => "Retain",
            Self::Delete => "Delete",
        }
    }
}

impl std::str::FromStr for Reclaim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Retain, Self::Delete]
            .into_iter()
            .find(|reclaim| reclaim.word() == text)
            .ok_or_else(|| format!("`{text}` is neither Retain nor Delete"))
    }
}

/// A server by its address or its name.
pub type HostOrAddress = crate::k8s::storage::Server;

/// A ZFS dataset.
pub type Dataset = crate::k8s::storage::Dataset;
