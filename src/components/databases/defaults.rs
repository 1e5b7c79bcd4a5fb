//! What holds where the blueprint says nothing, and why.

use super::backup::resolve as backup;
use crate::component::Default;

pub static MEMBERS: Default = Default::new(
    "databases.*.postgres.members",
    "3",
    "with one member lost, two are left: one leads and one still has every write",
);
pub static LOAD: Default = Default::new(
    "databases.*.postgres.load",
    "mixed",
    "its settings suit short transactions and the occasional report",
);
pub static CPU: Default = Default::new(
    "databases.*.resources.cpu",
    "1",
    "PostgreSQL, Patroni and the archiving of the log share it",
);
pub static MEMORY: Default = Default::new(
    "databases.*.resources.memory",
    "2Gi",
    "a quarter of what is left for PostgreSQL becomes its buffers",
);
pub static SHARED: Default = Default::new(
    "databases.*.resources.shared",
    "128Mi",
    "workers of a parallel query share memory there; a container's own 64 MiB end such queries with an error",
);
pub static SYNCHRONOUS: Default = Default::new(
    "databases.*.synchronous",
    "true",
    "a leader that is cut off goes on acknowledging writes that are lost once it returns; 143 of them in a trial",
);
pub static STRICT: Default = Default::new(
    "databases.*.strict",
    "false",
    "with every other member away, most prefer writes on one member to none",
);
pub static TTL: Default = Default::new(
    "databases.*.failover.ttl",
    "30s",
    "Patroni's own default: a lost leader is replaced after 30 seconds, a slow one is not",
);
pub static LOOP_WAIT: Default =
    Default::new("databases.*.failover.loopWait", "10s", "Patroni's own default");
pub static RETRY_TIMEOUT: Default = Default::new(
    "databases.*.failover.retryTimeout",
    "10s",
    "Patroni's own default; twice this and a look must fit into the ttl",
);
pub static LAG: Default = Default::new(
    "databases.*.failover.lag",
    "1Mi",
    "Patroni's own default: with `synchronous: false`, so much of the log may be lost",
);
pub static READ_LAG: Default = Default::new(
    "databases.*.failover.readLag",
    "16Mi",
    "Patroni's 1 MiB takes replicas out of their Service during any bulk load",
);
pub static FAILSAFE: Default = Default::new(
    "databases.*.failover.failsafe",
    "true",
    "without it, an API server that is away for 20 seconds makes every database read-only",
);
pub static INSTANCES: Default =
    Default::new("databases.*.pooler.instances", "2", "one is gone whenever its node is drained");
pub static POOL_MODE: Default = Default::new(
    "databases.*.pooler.mode",
    "transaction",
    "a connection of the database serves many clients; with sessions it would serve one",
);
pub static POOL_SIZE: Default = Default::new(
    "databases.*.pooler.size",
    "20",
    "PgBouncer's own default; more running queries than processors and disks serve only wait",
);
pub static POOL_CLIENTS: Default =
    Default::new("databases.*.pooler.clients", "1000", "a waiting client costs a few kilobytes");
pub static POOL_CPU: Default = Default::new(
    "databases.*.pooler.cpu",
    "100m",
    "PgBouncer uses one processor at most, and little of it",
);
pub static POOL_MEMORY: Default = Default::new(
    "databases.*.pooler.memory",
    "128Mi",
    "a thousand clients and their TLS take less than half of it",
);

/// The tag is one that Percona's operator 3.0.0 was released with (percona/percona-postgresql-operator at v3.0.0,
/// e2e-tests/release_versions). Looked at on 2026-11-25.
pub static POOL_IMAGE: Default = Default::new(
    "databases.*.pooler.image",
    "docker.io/percona/percona-pgbouncer:1.25.2-1",
    "PgBouncer from the makers of the database's image; prepared statements work in transactions since 1.21",
);

/// All of them.
pub static ALL: &[&Default] = &[
    &MEMBERS,
    &LOAD,
    &CPU,
    &MEMORY,
    &SHARED,
    &SYNCHRONOUS,
    &STRICT,
    &TTL,
    &LOOP_WAIT,
    &RETRY_TIMEOUT,
    &LAG,
    &READ_LAG,
    &FAILSAFE,
    &INSTANCES,
    &POOL_MODE,
    &POOL_SIZE,
    &POOL_CLIENTS,
    &POOL_CPU,
    &POOL_MEMORY,
    &POOL_IMAGE,
    &backup::TOOL,
    &backup::FULL,
    &backup::KEEP,
    &backup::RECOVERY_POINT,
    &backup::RECOVERY_TIME,
    &backup::DRILL,
];
