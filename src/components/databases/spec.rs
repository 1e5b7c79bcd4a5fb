//! What a blueprint may say of a database. The comments become the reference and the schema's descriptions.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::k8s::count::Count;
use crate::k8s::duration::Duration;
use crate::k8s::image::Image;
use crate::k8s::name::Name;
use crate::k8s::postgres::{Major, Setting, SqlName, Synchronous};
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::recovery::RecoveryTarget;
use crate::k8s::reference::Reference;
use crate::k8s::routine::Routine;
use crate::k8s::secret::{SecretPath, SecretRef};
use crate::source::Short;

/// A PostgreSQL cluster of a team: members that Patroni keeps in agreement, with what reaches it and what saves it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSpec {
    /// The team whose namespace it runs in.
    pub team: Name,
    /// Which PostgreSQL, in how many members.
    pub postgres: PostgresSpec,
    /// Its volumes.
    pub storage: StorageSpec,
    /// What one member asks for.
    #[serde(default)]
    pub resources: Option<ResourcesSpec>,
    /// Whether a write is acknowledged only when another member has it: `true`, `quorum` or `false`.
    #[serde(default)]
    pub synchronous: Option<Synchronous>,
    /// Whether writes are refused while no other member can take them, rather than kept by the leader alone.
    #[serde(default)]
    pub strict: Option<bool>,
    /// How soon a lost leader is noticed, and how much a member may lag to take its place.
    #[serde(default)]
    pub failover: Option<FailoverSpec>,
    /// PgBouncer before it. Clients then reach the database through it and in no other way.
    #[serde(default)]
    pub pooler: Option<PoolerSpec>,
    /// Roles that log in, by name. Their passwords are in the secret store.
    #[serde(default)]
    pub users: IndexMap<SqlName, UserSpec>,
    /// Databases, by name. Those that `users` name need not be repeated here.
    #[serde(default)]
    pub databases: IndexMap<SqlName, SchemaSpec>,
    /// Where in the secret store the passwords of the cluster itself are: the properties `superuser`,
    /// `replication`, `rewind`, `rest-api`, and `pooler` where there is one.
    #[serde(default)]
    pub credentials: Option<SecretPath>,
    /// Backups, and the proof that they restore.
    #[serde(default)]
    pub backup: Option<BackupSpec>,
    /// The state of another database that this one begins with, instead of empty.
    #[serde(default)]
    pub recover: Option<RecoverSpec>,
    /// Who of other teams may connect to it: `workload/web`, `team/storefront`.
    #[serde(default)]
    pub allows: Vec<Reference>,
    /// Who signs its certificates.
    #[serde(default)]
    pub tls: Option<TlsSpec>,
}

/// Which PostgreSQL, in how many members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostgresSpec {
    /// The major version. It cannot change in place.
    pub version: Major,
    /// How many members there are: one leads, the others follow.
    #[serde(default)]
    pub members: Option<Count>,
    /// The pool of machines they run on.
    #[serde(default)]
    pub pool: Option<Name>,
    /// Settings of PostgreSQL beyond those that follow from the rest: `{work_mem: 32MB}`.
    #[serde(default)]
    pub parameters: IndexMap<String, Setting>,
    /// What the database is used for, which its settings are derived from.
    #[serde(default)]
    pub load: Option<Load>,
    /// The image, with PostgreSQL, Patroni and pgBackRest in it.
    #[serde(default)]
    #[schemars(with = "Option<Short<Image, ImageSpec>>")]
    pub image: Option<Short<Image, ImageSpec>>,
}

/// What a database is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Load {
    /// Many short reads.
    Web,
    /// Many short transactions.
    Transactions,
    /// Few long queries over much data.
    Analytics,
    /// Some of each.
    Mixed,
}

/// An image and how it is built.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageSpec {
    /// The image, with a tag or better a digest.
    pub name: Image,
    /// Where its programs are, and which user owns the data.
    #[serde(default)]
    pub layout: Option<ImageLayout>,
    /// The number of the user that PostgreSQL runs as; that of the layout if not said.
    #[serde(default)]
    pub user: Option<Count>,
}

/// Where an image has its programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ImageLayout {
    /// As packages of Debian have them: `/usr/lib/postgresql/18/bin`, user 999 of the official image.
    Debian,
    /// As packages for Red Hat have them: `/usr/pgsql-18/bin`, user 26.
    RedHat,
}

/// The volumes of each member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageSpec {
    /// How much the data may take. It can grow later, never shrink.
    pub data: Bytes,
    /// A volume of its own for the write-ahead log, and how much that may take.
    #[serde(default)]
    pub wal: Option<Bytes>,
    /// The storage class; the cluster's default one if not said. It cannot change in place.
    #[serde(default)]
    pub class: Option<Name>,
}

/// What one member asks for. Memory is reserved and the limit in one.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourcesSpec {
    /// Processor time that is reserved.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    /// Memory that is reserved, and the limit.
    #[serde(default)]
    pub memory: Option<Bytes>,
    /// Processor time beyond which it is throttled; none if not said.
    #[serde(default)]
    pub cpu_limit: Option<Cpu>,
    /// Memory in huge pages of 2 MiB, which its machines must provide; PostgreSQL keeps its buffers there.
    #[serde(default)]
    pub huge_pages: Option<Bytes>,
    /// Memory that workers of one query share; part of `memory`.
    #[serde(default)]
    pub shared: Option<Bytes>,
}

/// How soon a lost leader is noticed, and how much a member may lag to take its place.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailoverSpec {
    /// After how long a leader that does not answer is taken for lost.
    #[serde(default)]
    pub ttl: Option<Duration>,
    /// How often each member looks.
    #[serde(default)]
    pub loop_wait: Option<Duration>,
    /// How long a call to Kubernetes or PostgreSQL is tried before the leader steps down.
    #[serde(default)]
    pub retry_timeout: Option<Duration>,
    /// How much of the log a member may lack and still take over: what may be lost without `synchronous`.
    #[serde(default)]
    pub lag: Option<Bytes>,
    /// How much of the log a member may lack and still serve reads.
    #[serde(default)]
    pub read_lag: Option<Bytes>,
    /// Whether the leader goes on while Kubernetes does not answer, as long as it reaches every member.
    #[serde(default)]
    pub failsafe: Option<bool>,
}

/// PgBouncer before a database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolerSpec {
    /// In how many copies it runs.
    #[serde(default)]
    pub instances: Option<Count>,
    /// For how long a client keeps a connection of the database.
    #[serde(default)]
    pub mode: Option<PoolMode>,
    /// How many connections to the database one copy opens for each user and database.
    #[serde(default)]
    pub size: Option<Count>,
    /// How many clients one copy accepts.
    #[serde(default)]
    pub clients: Option<Count>,
    /// The image, with PgBouncer in it.
    #[serde(default)]
    pub image: Option<Image>,
    /// Processor time that one copy reserves.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    /// Memory that one copy reserves, and the limit.
    #[serde(default)]
    pub memory: Option<Bytes>,
}

/// For how long a client of a pooler keeps a connection of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PoolMode {
    /// For a transaction: what a session sets is gone after it.
    Transaction,
    /// As long as the client stays.
    Session,
}

/// A role that logs in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserSpec {
    /// The database it uses, and owns unless `databases` names another owner.
    pub database: SqlName,
    /// Where its password is in the secret store: the property `password` of this secret.
    pub secret: SecretPath,
    /// How many connections it may have at once.
    #[serde(default)]
    pub connections: Option<Count>,
    /// Whether it may only read.
    #[serde(default)]
    pub read_only: bool,
}

/// A database of the cluster.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchemaSpec {
    /// The user that owns it; the first one that uses it and may write, if not said.
    #[serde(default)]
    pub owner: Option<SqlName>,
    /// Extensions that are created in it.
    #[serde(default)]
    pub extensions: Vec<SqlName>,
}

/// Backups of a database, and the proof that they restore.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupSpec {
    /// The store.
    pub to: Name,
    /// What saves and restores.
    #[serde(default)]
    pub tool: Option<BackupTool>,
    /// How often everything is saved.
    #[serde(default)]
    pub full: Option<Routine>,
    /// How often what changed since the last full backup is saved.
    #[serde(default)]
    pub differential: Option<Routine>,
    /// How often what changed since the last backup is saved.
    #[serde(default)]
    pub incremental: Option<Routine>,
    /// For how long one can go back to any moment.
    #[serde(default)]
    pub keep: Option<Duration>,
    /// How much time of writes may be lost with the whole cluster.
    #[serde(default)]
    pub recovery_point: Option<Duration>,
    /// How long a restore may take.
    #[serde(default)]
    pub recovery_time: Option<Duration>,
    /// How often a restore is rehearsed.
    #[serde(default)]
    pub drill: Option<Routine>,
    /// Where in the secret store the passphrase is that backups are encrypted with: keep it outside the estate too,
    /// without it every backup is lost. It cannot change.
    #[serde(default)]
    pub encryption: Option<SecretRef>,
    /// How much of the write-ahead log is written in an hour; recovery times are computed with it.
    #[serde(default)]
    pub wal_per_hour: Option<Bytes>,
}

/// What saves and restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupTool {
    /// pgBackRest.
    #[serde(rename = "pgbackrest")]
    PgBackRest,
    /// WAL-G, which must be in the image.
    WalG,
}

/// The state of another database that this one begins with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoverSpec {
    /// The database whose backups are restored.
    pub from: Name,
    /// The moment or the named restore point; the newest state there is, if not said.
    #[serde(default)]
    pub to: Option<RecoveryTarget>,
}

/// Who signs the certificates of a database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsSpec {
    /// An issuer of the estate; without one the database has an authority of its own.
    #[serde(default)]
    pub issuer: Option<Name>,
}
