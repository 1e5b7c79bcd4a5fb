//! `backup` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::duration::Duration;
use crate::k8s::name::Name;
use crate::k8s::network::Cidr;
use crate::k8s::path::MountPath;
use crate::k8s::quantity::Bytes;
use crate::k8s::routine::Routine;
use crate::k8s::secret::{SecretPath, SecretRef};
use crate::k8s::store::{Bucket, Region, SavedVolumes, Server};
use crate::k8s::url::Url;

/// Where backups are kept, and the snapshots of etcd.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupSpec {
    /// The stores, by name. They stand outside the cluster: what dies with it is no backup.
    #[serde(default)]
    pub stores: IndexMap<Name, StoreSpec>,
    /// Snapshots of etcd; without them a lost cluster is built anew from the repository, and what controllers alone
    /// know is gone.
    #[serde(default)]
    pub etcd: Option<EtcdSpec>,
    /// Objects of teams and their volumes, saved by Velero; without it volumes outside of databases are as safe as the
    /// storage is. Databases save themselves.
    #[serde(default)]
    pub cluster: Option<ClusterSpec>,
}

/// What kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// A bucket of an S3 service.
    S3,
    /// An NFS export.
    Nfs,
}

/// A store of backups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreSpec {
    /// What kind of store: `s3` or `nfs`. Each has fields of its own.
    pub kind: StoreKind,
    /// s3: the service, `https://` and its host.
    #[serde(default)]
    pub endpoint: Option<Url>,
    /// s3: the bucket, which must be there.
    #[serde(default)]
    pub bucket: Option<Bucket>,
    /// s3: the region.
    #[serde(default)]
    pub region: Option<Region>,
    /// s3: who writes to the bucket.
    #[serde(default)]
    pub credentials: Option<StoreCredentialsSpec>,
    /// nfs: the server.
    #[serde(default)]
    pub server: Option<Server>,
    /// nfs: the export.
    #[serde(default)]
    pub share: Option<MountPath>,
    /// The addresses of the service, so that policies can let backups out; taken from the endpoint or server where
    /// that is an address.
    #[serde(default)]
    pub addresses: Vec<Cidr>,
    /// Bytes that can be read from it in a second; recovery times are computed with it.
    #[serde(default)]
    pub bandwidth: Option<Bytes>,
}

/// Who writes to a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreCredentialsSpec {
    /// The path in the secret store of the properties `access-key` and `secret-key`.
    pub secret: SecretPath,
}

/// Snapshots of etcd.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EtcdSpec {
    /// How often one is taken.
    #[serde(default)]
    pub every: Option<Duration>,
    /// How long one is kept in the store. Machines keep those of the last day at most.
    #[serde(default)]
    pub keep: Option<Duration>,
    /// The store it goes to. Its credentials are `etcd-store/access-key` and `etcd-store/secret-key` in the file of
    /// `groundplan secrets`: machines write before there is a secret store. To an NFS export machines write as root.
    pub to: Name,
}

/// Objects of teams and their volumes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSpec {
    /// The store they go to, which must be of kind `s3`.
    pub to: Name,
    /// How often they are saved.
    #[serde(default)]
    pub every: Option<Routine>,
    /// How long a backup is kept.
    #[serde(default)]
    pub keep: Option<Duration>,
    /// What becomes of volumes: `copies` and `snapshots` need a driver that takes snapshots; `files` reads them from the
    /// machines, and its namespace then allows pods that are privileged.
    #[serde(default)]
    pub volumes: Option<SavedVolumes>,
    /// The environments that are saved, as far as they are on the cluster; all of them if none is named.
    #[serde(default)]
    pub environments: Vec<Name>,
    /// The teams that are saved; all of them if none is named.
    #[serde(default)]
    pub teams: Vec<Name>,
    /// Where in the secret store the password is that volumes are encrypted with: keep it outside the estate too,
    /// without it every copy is lost. It cannot change.
    #[serde(default)]
    pub encryption: Option<SecretRef>,
}
