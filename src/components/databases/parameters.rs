//! The settings of PostgreSQL: what follows from the pod's resources, what the blueprint writes, and who sets what.
//!
//! Patroni takes some settings from its cluster-wide configuration alone and ignores them in a member's own, without
//! a word; the others it takes from the member's. Each setting is therefore given where it holds.

use std::collections::BTreeMap;

use super::backup::lower as backup;
use super::lower::patroni::TLS_FOLDER;
use super::model::Database;
use super::spec::Load;
use crate::catalog::postgres::{self, Amount, Context};
use crate::k8s::postgres::Synchronous;
use crate::k8s::quantity::Bytes;

const KI: u64 = 1 << 10;
const MI: u64 = 1 << 20;
const GI: u64 = 1 << 30;

/// What Patroni itself, its interpreter and its threads take of a member's memory.
pub const PATRONI_MEMORY: u64 = 150 * MI;
/// What archiving takes of it.
pub const ARCHIVE_MEMORY: u64 = 128 * MI;
/// What one connection takes before it works.
const CONNECTION_MEMORY: u64 = 8 * MI;
/// The least that one operation of a query has: PostgreSQL's own default.
const LEAST_WORK: u64 = 4 * MI;
/// What a process that sends the log takes.
const SENDER_MEMORY: u64 = 4 * MI;
/// What PostgreSQL takes in any case.
const FIXED_MEMORY: u64 = 16 * MI;
/// Connections that Patroni, the exporter and a person in need have for themselves.
pub const RESERVED_CONNECTIONS: u64 = 13;

/// Settings that hold in Patroni's cluster-wide configuration only, with the least that Patroni accepts.
pub const SHARED: [(&str, Option<f64>); 10] = [
    ("max_connections", Some(25.0)),
    ("max_wal_senders", Some(3.0)),
    ("max_replication_slots", Some(4.0)),
    ("max_worker_processes", Some(2.0)),
    ("max_locks_per_transaction", Some(32.0)),
    ("max_prepared_transactions", Some(0.0)),
    ("wal_level", None),
    ("track_commit_timestamp", None),
    ("wal_log_hints", None),
    ("wal_keep_size", Some(16.0)),
];

/// Settings that a standby must have at least as large as its leader: they grow on standbys first, and shrink on the
/// leader first.
pub const FOLLOWED: [&str; 5] = [
    "max_connections",
    "max_wal_senders",
    "max_worker_processes",
    "max_locks_per_transaction",
    "max_prepared_transactions",
];

/// Who says so: the formulas of pgtune, read in its source, and PostgreSQL's manual by page.
const PGTUNE: &str = "pgtune, github.com/le0pard/pgtune";
const RESOURCE: &str = "postgresql.org/docs/current/runtime-config-resource.html";
const CONNECTION: &str = "postgresql.org/docs/current/runtime-config-connection.html";
const QUERY: &str = "postgresql.org/docs/current/runtime-config-query.html";
const LOGGING: &str = "postgresql.org/docs/current/runtime-config-logging.html";
const WAL: &str = "postgresql.org/docs/current/runtime-config-wal.html";
const REPLICATION: &str = "postgresql.org/docs/current/runtime-config-replication.html";
const LOCKS: &str = "postgresql.org/docs/current/runtime-config-locks.html";
const PREPARED: &str = "postgresql.org/docs/current/sql-prepare-transaction.html";

/// How a setting was arrived at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// The formula, or the reason.
    pub why: &'static str,
    /// Whose it is.
    pub source: &'static str,
}

/// A setting and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As PostgreSQL reads it.
    pub text: String,
    /// How it was arrived at; `None` where the blueprint writes it.
    pub derived: Option<Formula>,
}

/// All settings of a database by name.
pub type Parameters = BTreeMap<String, Value>;

/// Whether a setting holds in the cluster-wide configuration only.
pub fn is_shared(name: &str) -> bool {
    SHARED.iter().any(|(shared, _)| *shared == name)
}

/// What another value of a setting takes.
pub fn takes(name: &str, major: u32) -> &'static str {
    let context = postgres::settings(major).and_then(|known| known.get(name)).map(|it| it.context);
    match context {
        Some(Context::Reload) if is_shared(name) => SHARED_RELOAD,
        _ if FOLLOWED.contains(&name) => FOLLOWED_RESTART,
        _ if is_shared(name) => SHARED_RESTART,
        Some(Context::Reload) => RELOAD,
        _ => RESTART,
    }
}

/// What a change takes.
pub const RELOAD: &str = "a reload, without a restart";
pub const RESTART: &str = "a restart of PostgreSQL in place, member by member";
const SHARED_RELOAD: &str = "a cluster-wide change, which Patroni's members agree on, and a reload";
const SHARED_RESTART: &str = "a cluster-wide change, which Patroni's members agree on, and a restart of PostgreSQL in place, member by member";
const FOLLOWED_RESTART: &str = "a cluster-wide change, which Patroni's members agree on, and a restart of PostgreSQL in place: standbys first \
                                where it grows, the leader first where it shrinks";
pub const PODS: &str =
    "new pods, one after the other, and a failover of about three seconds for the leader's";

/// What the formulas begin with, in numbers.
pub fn terms(database: &Database) -> String {
    let resources = &database.resources;
    let archive = match database.backup {
        Some(_) => format!(", {} for archiving", Bytes::new(ARCHIVE_MEMORY)),
        None => String::new(),
    };
    format!(
        "the memory that is PostgreSQL's: {} of {} ({} for Patroni{archive}, {} for /dev/shm); processors: {}; room \
         for the log: {}; another size of the pod takes {PODS}",
        Bytes::new(memory(database)),
        resources.memory,
        Bytes::new(PATRONI_MEMORY),
        resources.shared,
        processors(database),
        Bytes::new(log_room(database)),
    )
}

/// The settings of a database: those that are derived, and over them those that are written.
pub fn of(database: &Database) -> Parameters {
    let mut parameters = derived(database);
    for (name, setting) in &database.written {
        let value = Value { text: setting.as_str().to_owned(), derived: None };
        parameters.insert(name.clone(), value);
    }
    // A setting of another major is refused when it is written; a derived one is only left out.
    if let Some(known) = postgres::settings(database.major.get()) {
        parameters
            .retain(|name, value| value.derived.is_none() || known.contains_key(name.as_str()));
    }
    parameters
}

/// The memory that is PostgreSQL's: what is left of the limit.
pub fn memory(database: &Database) -> u64 {
    let archive = if database.backup.is_some() { ARCHIVE_MEMORY } else { 0 };
    let taken = PATRONI_MEMORY + archive + database.resources.shared.get();
    database.resources.memory.get().saturating_sub(taken)
}

/// Processors that queries may spread over.
fn processors(database: &Database) -> u64 {
    let cpu = database.resources.cpu_limit.unwrap_or(database.resources.cpu);
    cpu.millicores().div_ceil(1000).max(1)
}

fn derived(database: &Database) -> Parameters {
    let mut set = Set { values: Parameters::new() };
    memory_settings(database, &mut set);
    work(database, &mut set);
    log_settings(database, &mut set);
    set.put(
        "password_encryption",
        "scram-sha-256",
        "md5 can be computed back and is deprecated since 18",
        CONNECTION,
    );
    set.put(
        "log_lock_waits",
        "on",
        "a query that waits is seen in the log before somebody calls",
        LOGGING,
    );
    set.put("log_checkpoints", "on", "PostgreSQL's default since 15, written out", LOGGING);
    if database.durability.synchronous != Synchronous::Off {
        set.put(
            "synchronous_commit",
            "on",
            "`synchronous`: a commit waits for another member's disk",
            WAL,
        );
    }
    around(database, &mut set);
    set.values
}

/// What follows from the fields around PostgreSQL, which alone can change it.
fn around(database: &Database, set: &mut Set) {
    set.put(
        "unix_socket_directories",
        super::model::SOCKETS,
        "the one writable folder for sockets",
        CONNECTION,
    );
    if let Some(backup) = &database.backup {
        for (name, text) in backup::parameters(database, backup) {
            set.put(name, text, "`backup`: the tool, and how much may be lost", WAL);
        }
    }
    let tls = "`tls`: the certificate of the members, renewed by a reload";
    set.put("ssl", "on", "`tls`: clients reach the database with TLS alone", CONNECTION);
    set.put("ssl_cert_file", format!("{TLS_FOLDER}/tls.crt"), tls, CONNECTION);
    set.put("ssl_key_file", format!("{TLS_FOLDER}/tls.key"), tls, CONNECTION);
    set.put("ssl_ca_file", format!("{TLS_FOLDER}/ca.crt"), tls, CONNECTION);
    set.put(
        "ssl_min_protocol_version",
        "TLSv1.2",
        "PostgreSQL's default since 13, written out",
        CONNECTION,
    );
}

struct Set {
    values: Parameters,
}

impl Set {
    fn put(
        &mut self,
        name: &str,
        text: impl Into<String>,
        why: &'static str,
        source: &'static str,
    ) {
        let derived = Some(Formula { why, source });
        self.values.insert(name.to_owned(), Value { text: text.into(), derived });
    }
}

/// Bytes as PostgreSQL writes them, in the largest unit that loses nothing below a megabyte.
fn amount(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= GI && bytes.is_multiple_of(GI) => format!("{}GB", bytes / GI),
        bytes if bytes >= MI => format!("{}MB", bytes / MI),
        bytes => format!("{}kB", bytes / KI),
    }
}

/// The number of bytes that a written setting comes to, if it is one.
fn written_bytes(database: &Database, name: &str) -> Option<u64> {
    let setting = postgres::settings(database.major.get())?.get(name)?;
    match setting.read(database.written.get(name)?.as_str()) {
        Ok(Amount::Number(number)) if number >= 0.0 => Some(whole(setting.scaled(number))),
        _ => None,
    }
}

fn written_count(database: &Database, name: &str) -> Option<u64> {
    let setting = postgres::settings(database.major.get())?.get(name)?;
    match setting.read(database.written.get(name)?.as_str()) {
        Ok(Amount::Number(number)) if number >= 0.0 => Some(whole(number)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
fn whole(number: f64) -> u64 {
    number.clamp(0.0, 9.0e18) as u64
}

/// The numbers that decide whether everything fits into a member's memory.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What PostgreSQL has.
    pub memory: u64,
    /// Its buffers, unless they are in huge pages.
    pub buffers: u64,
    /// How many connections there may be.
    pub connections: u64,
    /// What one operation of a query may take.
    pub work: u64,
    /// What a vacuum may take.
    pub vacuum: u64,
    /// How many vacuums run at once.
    pub vacuums: u64,
    /// How many processes send the log.
    pub senders: u64,
}

impl Budget {
    /// What is taken in any case when every connection is open.
    pub fn fixed(self) -> u64 {
        self.buffers
            .saturating_add(FIXED_MEMORY)
            .saturating_add(self.connections.saturating_mul(CONNECTION_MEMORY))
            .saturating_add(self.vacuum.saturating_mul(self.vacuums))
            .saturating_add(self.senders.saturating_mul(SENDER_MEMORY))
    }

    /// What is taken when half of the connections run two operations each.
    pub fn busy(self) -> u64 {
        self.fixed().saturating_add(self.connections.saturating_mul(self.work))
    }
}

/// The budget of a member's memory, with derived settings and written ones.
pub fn budget(database: &Database) -> Budget {
    let memory = memory(database);
    let huge = database.resources.huge_pages;
    let buffers = written_bytes(database, "shared_buffers")
        .unwrap_or_else(|| derived_buffers(database, memory));
    let processors = processors(database);
    let vacuums = written_count(database, "autovacuum_max_workers").unwrap_or(match processors {
        32.. => 5,
        16.. => 4,
        _ => 3,
    });
    let maintenance = written_bytes(database, "maintenance_work_mem")
        .unwrap_or_else(|| derived_maintenance(database, memory));
    let vacuum =
        written_bytes(database, "autovacuum_work_mem").unwrap_or_else(|| maintenance.min(2 * GI));
    let senders =
        written_count(database, "max_wal_senders").unwrap_or_else(|| needed_senders(database));
    let resident = if huge.is_some() { 0 } else { buffers };
    let mut budget =
        Budget { memory, buffers: resident, connections: 0, work: 0, vacuum, vacuums, senders };
    let wanted = match database.load {
        Load::Web => 200,
        Load::Transactions => 300,
        Load::Analytics => 40,
        Load::Mixed => 100,
    };
    budget.connections = written_count(database, "max_connections").unwrap_or_else(|| {
        // Each has room for one operation of the least size.
        let room = memory.saturating_sub(budget.fixed()) / (CONNECTION_MEMORY + LEAST_WORK);
        (room / 5 * 5).clamp(25, wanted)
    });
    budget.work = written_bytes(database, "work_mem").unwrap_or_else(|| {
        let sharers = (budget.connections + worker_processes(processors)) * 3;
        let share = memory.saturating_sub(resident) / sharers.max(1);
        let halved = matches!(database.load, Load::Analytics | Load::Mixed);
        // What half of the connections take with two operations each is there.
        let there = memory.saturating_sub(budget.fixed()) / budget.connections.max(1);
        (if halved { share / 2 } else { share }.min(there) / KI * KI).max(LEAST_WORK)
    });
    budget
}

fn derived_buffers(database: &Database, memory: u64) -> u64 {
    match database.resources.huge_pages {
        // Buffers, a twenty-fifth for what describes them, and 64 MiB for the rest of the segment.
        Some(huge) => huge.get().saturating_sub(64 * MI) / 104 * 100 / MI * MI,
        None => memory / 4 / MI * MI,
    }
}

fn derived_maintenance(database: &Database, memory: u64) -> u64 {
    let share = if database.load == Load::Analytics { 8 } else { 16 };
    (memory / share / MI * MI).clamp(MI, 8 * GI)
}

fn worker_processes(processors: u64) -> u64 {
    processors.max(8)
}

/// Processes that send the log: to each other member, to two base backups at once, and two to spare.
pub fn needed_senders(database: &Database) -> u64 {
    (u64::from(database.members).saturating_sub(1) + 4).max(10)
}

fn memory_settings(database: &Database, set: &mut Set) {
    let budget = budget(database);
    let memory = budget.memory;
    let maintenance = derived_maintenance(database, memory);
    let buffers = derived_buffers(database, memory);
    match database.resources.huge_pages {
        Some(_) => {
            set.put("shared_buffers", amount(buffers), "(huge pages - 64 MiB) / 1.04", PGTUNE);
            set.put(
                "huge_pages",
                "on",
                "`resources.hugePages`: they are there, or it does not start",
                RESOURCE,
            );
        }
        None => {
            set.put(
                "shared_buffers",
                amount(buffers),
                "a quarter of the memory that is PostgreSQL's",
                PGTUNE,
            );
            set.put(
                "huge_pages",
                "off",
                "without a request for them, using them ends in SIGBUS",
                RESOURCE,
            );
        }
    }
    set.put(
        "effective_cache_size",
        amount(memory / 4 * 3 / MI * MI),
        "three quarters of the memory: what the page cache and the buffers hold together",
        PGTUNE,
    );
    set.put(
        "maintenance_work_mem",
        amount(maintenance),
        "a sixteenth of the memory, an eighth for analytics; at most 8 GB",
        PGTUNE,
    );
    if maintenance >= 2 * GI {
        set.put(
            "autovacuum_work_mem",
            "2GB",
            "vacuums run at once and would each take all of it",
            PGTUNE,
        );
    }
    set.put(
        "max_connections",
        budget.connections.to_string(),
        "what the load is known for, as far as 8 MiB each and the least work_mem fit into what is left", PGTUNE);
    set.put(
        "work_mem",
        amount(budget.work),
        "the memory without the buffers, over three operations of every connection and worker; half of it for mixed \
         loads and analytics, at least 4 MB", PGTUNE);
    set.put(
        "superuser_reserved_connections",
        "3",
        "PostgreSQL's default, written out: somebody can always look",
        CONNECTION,
    );
}

fn work(database: &Database, set: &mut Set) {
    let processors = processors(database);
    set.put(
        "max_worker_processes",
        worker_processes(processors).to_string(),
        "one for each processor, at least PostgreSQL's 8",
        PGTUNE,
    );
    if processors >= 4 {
        let some = processors.div_ceil(2).min(4).to_string();
        let gather = match database.load {
            Load::Analytics => processors.div_ceil(2).to_string(),
            _ => some.clone(),
        };
        set.put("max_parallel_workers", processors.to_string(), "one for each processor", PGTUNE);
        set.put(
            "max_parallel_workers_per_gather",
            gather,
            "half of the processors, at most 4 but for analytics",
            PGTUNE,
        );
        set.put(
            "max_parallel_maintenance_workers",
            some,
            "half of the processors, at most 4",
            PGTUNE,
        );
    }
    if processors >= 16 {
        let vacuums = if processors >= 32 { "5" } else { "4" };
        set.put("autovacuum_max_workers", vacuums, "4 from 16 processors, 5 from 32", PGTUNE);
    }
    set.put(
        "random_page_cost",
        "1.1",
        "volumes of a cluster are on flash, where any page is as near as the next",
        PGTUNE,
    );
    set.put("effective_io_concurrency", "200", "flash reads many pages at once", PGTUNE);
    if database.load == Load::Analytics {
        set.put(
            "default_statistics_target",
            "500",
            "analytics: better plans are worth a longer ANALYZE",
            PGTUNE,
        );
    } else {
        set.put("jit", "off", "compiling costs short queries more than it saves", QUERY);
    }
    set.put(
        "io_method",
        "worker",
        "io_uring is blocked by the seccomp profile RuntimeDefault",
        RESOURCE,
    );
    let workers = (processors / 4).clamp(3, 32);
    set.put("io_workers", workers.to_string(), "a quarter of the processors, 3 to 32", PGTUNE);
}

/// The write-ahead log, in what its volume holds.
fn log_settings(database: &Database, set: &mut Set) {
    let (least, most) = match database.load {
        Load::Web | Load::Mixed => (1, 4),
        Load::Transactions => (2, 8),
        Load::Analytics => (4, 16),
    };
    let room = log_room(database);
    let most = (most * GI).min(room / 4 / MI * MI).max(128 * MI);
    let least = (least * GI).min(most / 4 / MI * MI).max(80 * MI);
    set.put(
        "max_wal_size",
        amount(most),
        "what the load is known for, at most a quarter of the room for the log",
        PGTUNE,
    );
    set.put(
        "min_wal_size",
        amount(least),
        "a quarter of the most: files are used again, not made anew",
        PGTUNE,
    );
    set.put(
        "max_slot_wal_keep_size",
        amount(derived_slot_wal(room)),
        "two fifths of the room for the log: a member that is away for long is built anew, and the disk never fills", REPLICATION);
    set.put(
        "wal_compression",
        "lz4",
        "less to write, to send and to archive, for little of a processor",
        WAL,
    );
    set.put("wal_level", "replica", "what standbys and archives need", WAL);
    set.put(
        "wal_keep_size",
        amount((512 * MI).min(room / 16 / MI * MI).max(16 * MI)),
        "a member that was restarted catches up without the archive",
        REPLICATION,
    );
    set.put(
        "max_wal_senders",
        needed_senders(database).to_string(),
        "the other members, two base backups and two to spare; at least 10",
        REPLICATION,
    );
    set.put(
        "max_replication_slots",
        (u64::from(database.members) + 4).max(10).to_string(),
        "one for each member and four to spare; at least 10",
        REPLICATION,
    );
    set.put("max_locks_per_transaction", "64", "PostgreSQL's default, written out", LOCKS);
    set.put(
        "max_prepared_transactions",
        "0",
        "a prepared transaction that is forgotten stops every vacuum",
        PREPARED,
    );
}

/// How much of the log a member or subscriber that is away may hold back, `max_slot_wal_keep_size`: what the alert
/// about it counts from too.
pub fn slot_wal(database: &Database) -> u64 {
    written_bytes(database, "max_slot_wal_keep_size")
        .unwrap_or_else(|| derived_slot_wal(log_room(database)))
}

fn derived_slot_wal(room: u64) -> u64 {
    (room / 5 * 2 / MI * MI).max(128 * MI)
}

/// The bytes that the write-ahead log may take: its volume, or a fifth of the volume that it shares with the data.
pub fn log_room(database: &Database) -> u64 {
    database.storage.wal.map_or(database.storage.data.get() / 5, crate::k8s::Bytes::get)
}

/// What a setting comes to in bytes; `None` where it is not there or is no number.
pub fn bytes(database: &Database, parameters: &Parameters, name: &str) -> Option<u64> {
    let setting = postgres::settings(database.major.get())?.get(name)?;
    match setting.read(&parameters.get(name)?.text) {
        Ok(Amount::Number(number)) if number >= 0.0 => Some(whole(setting.scaled(number))),
        _ => None,
    }
}
