//! A database with every default filled in and every name bound. Lowering reads nothing else.

use std::collections::BTreeMap;

use super::backup::model::Backup;
use super::spec::{ImageLayout, Load, PoolMode, RecoverSpec};
use crate::component::Pool;
use crate::k8s::duration::Duration;
use crate::k8s::image::Image;
use crate::k8s::name::Name;
use crate::k8s::postgres::{Major, Setting, SqlName, Synchronous};
use crate::k8s::quantity::{Bytes, Cpu};
use crate::k8s::secret::SecretPath;

/// Where the volume of the data is mounted; the data itself is in a folder below, so that neither `lost+found` nor
/// the owner of the volume's root is in PostgreSQL's way.
pub const DATA_MOUNT: &str = "/var/lib/postgresql";
/// Where the volume of the write-ahead log is mounted.
pub const WAL_MOUNT: &str = "/var/lib/postgresql-wal";
/// Where the sockets are.
pub const SOCKETS: &str = "/var/run/postgresql";
/// PostgreSQL.
pub const PORT: u16 = 5432;
/// Patroni's REST API.
pub const REST_PORT: u16 = 8008;

/// A database.
#[derive(Debug)]
pub struct Database {
    pub name: Name,
    pub team: Name,
    pub major: Major,
    pub members: u32,
    pub load: Load,
    pub image: ImageOf,
    /// The pool of machines, if one is named.
    pub pool: Option<Placement>,
    /// Settings as they were written.
    pub written: BTreeMap<String, Setting>,
    pub storage: Storage,
    pub resources: Resources,
    pub durability: Durability,
    pub failover: Failover,
    pub pooler: Option<Pooler>,
    pub users: Vec<User>,
    pub schemas: Vec<Schema>,
    pub credentials: SecretPath,
    pub backup: Option<Backup>,
    pub recover: Option<RecoverSpec>,
    /// The estate's issuer; without one the database has an authority of its own.
    pub issuer: Option<Name>,
}

/// An image and where it has its programs.
#[derive(Debug)]
pub struct ImageOf {
    pub image: Image,
    pub layout: ImageLayout,
    pub user: u32,
    /// Whether the blueprint names it.
    pub written: bool,
}

/// The pool that the members run on.
#[derive(Debug)]
pub struct Placement {
    pub name: Name,
    /// What the pool says of itself; `None` where no pools are described.
    pub pool: Option<Pool>,
}

#[derive(Debug)]
pub struct Storage {
    pub data: Bytes,
    pub wal: Option<Bytes>,
    pub class: Option<Name>,
}

#[derive(Clone, Copy, Debug)]
pub struct Resources {
    pub cpu: Cpu,
    pub memory: Bytes,
    pub cpu_limit: Option<Cpu>,
    pub huge_pages: Option<Bytes>,
    pub shared: Bytes,
}

/// Who must have a write before it is acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Durability {
    pub synchronous: Synchronous,
    pub strict: bool,
}

impl Durability {
    /// Whether a write waits for another member.
    pub fn waits(self) -> bool {
        self.synchronous != Synchronous::Off
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Failover {
    pub ttl: Duration,
    pub loop_wait: Duration,
    pub retry_timeout: Duration,
    pub lag: Bytes,
    pub read_lag: Bytes,
    pub failsafe: bool,
}

#[derive(Debug)]
pub struct Pooler {
    pub instances: u32,
    pub mode: PoolMode,
    pub size: u32,
    pub clients: u32,
    pub image: Image,
    pub cpu: Cpu,
    pub memory: Bytes,
}

/// A role that logs in.
#[derive(Debug)]
pub struct User {
    pub name: SqlName,
    pub database: SqlName,
    pub secret: SecretPath,
    pub connections: Option<u32>,
    pub read_only: bool,
}

/// A database of the cluster.
#[derive(Debug)]
pub struct Schema {
    pub name: SqlName,
    pub owner: Option<SqlName>,
    pub extensions: Vec<SqlName>,
}

impl Database {
    /// The name of the cluster to Patroni, and of its objects: never that of a workload, which may be called as the
    /// database is.
    pub fn scope(&self) -> String {
        scope(&self.name)
    }

    /// The labels that every member has and nothing else may have: Patroni takes each pod with them for a member.
    pub fn selector(&self) -> BTreeMap<String, String> {
        selector(&self.name)
    }

    /// The headless Service, by which each member has a name of its own.
    pub fn members_service(&self) -> String {
        format!("{}-members", self.scope())
    }

    /// The Service of the leader.
    pub fn primary_service(&self) -> String {
        format!("{}-primary", self.scope())
    }

    /// The Service of the members that follow.
    pub fn replica_service(&self) -> String {
        format!("{}-replica", self.scope())
    }

    /// The Secret with the passwords of the cluster itself.
    pub fn credentials_secret(&self) -> String {
        format!("{}-credentials", self.scope())
    }

    /// The Secret with the certificate of the members.
    pub fn tls_secret(&self) -> String {
        format!("{}-tls", self.scope())
    }

    /// The folder of the data.
    pub fn data_directory(&self) -> String {
        format!("{DATA_MOUNT}/{}/pgdata", self.major)
    }

    /// The folder of the write-ahead log, where it has a volume of its own.
    pub fn wal_directory(&self) -> Option<String> {
        self.storage.wal.map(|_| format!("{WAL_MOUNT}/{}/pg_wal", self.major))
    }

    /// The folder of PostgreSQL's programs in the image.
    pub fn binaries(&self) -> String {
        match self.image.layout {
            ImageLayout::Debian => format!("/usr/lib/postgresql/{}/bin", self.major),
            ImageLayout::RedHat => format!("/usr/pgsql-{}/bin", self.major),
        }
    }

    /// The names of the members, which are those of their pods.
    pub fn member_names(&self) -> impl Iterator<Item = String> {
        let scope = self.scope();
        (0..self.members).map(move |ordinal| format!("{scope}-{ordinal}"))
    }
}

/// The name of a database's cluster to Patroni, and of its objects.
pub fn scope(name: &Name) -> String {
    format!("{name}-db")
}

/// The labels of the members of a database.
pub fn selector(name: &Name) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name".to_owned(), scope(name))].into()
}

/// The labels of the copies of a database's pooler.
pub fn pooler_selector(name: &Name) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name".to_owned(), format!("{}-pooler", scope(name)))].into()
}
