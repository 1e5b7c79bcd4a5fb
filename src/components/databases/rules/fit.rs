//! Whether everything fits: into memory, into volumes, into the connections there are.

use crate::components::databases::model::Database;
use crate::components::databases::parameters::{self, Parameters, RESERVED_CONNECTIONS};
use crate::diag::{Diagnostics, Rule};
use crate::k8s::quantity::Bytes;
use crate::path::At;

/// Killed under load.
pub static MEMORY: Rule = Rule::error(
    "databases/memory",
    "the members may use more memory than they have",
    "Buffers, 8 MiB for each connection, vacuums and senders add up. Beyond the limit the kernel ends every process \
     of the container at once (memory.oom.group, Kubernetes 1.28), which is a failover.",
    "databases: {orders: {resources: {memory: 1Gi}, postgres: {version: 18, parameters: {max_connections: 500}}}}",
);

/// Killed by a few large queries.
pub static MEMORY_TIGHT: Rule = Rule::warning(
    "databases/memory-tight",
    "half of the connections with two operations each would use more memory than there is",
    "`work_mem` is for one operation of one query, not for a connection. Beyond the limit the kernel ends every \
     process of the container at once, which is a failover.",
    "databases: {orders: {resources: {memory: 2Gi}, postgres: {version: 18, parameters: {work_mem: 64MB}}}}",
);

/// Nothing at all.
pub static RESOURCES_ZERO: Rule = Rule::error(
    "databases/resources-zero",
    "a database without memory, processor time or space",
    "Patroni and the sharing of memory take their part first, and PostgreSQL needs 128 MiB of what is left; a volume \
     of less than 1 GiB does not hold the log of a new cluster.",
    "databases: {orders: {storage: {data: 0}}}",
);

/// Not whole pages.
pub static HUGE_PAGES: Rule = Rule::error(
    "databases/huge-pages",
    "an amount of huge pages that PostgreSQL cannot use",
    "Huge pages are given in whole pages of 2 MiB; PostgreSQL needs its buffers and 64 MiB of them at once, or it does \
     not start.",
    "databases: {orders: {resources: {hugePages: 1025Mi}}}",
);

/// The disk fills.
pub static LOG_ROOM: Rule = Rule::error(
    "databases/log-room",
    "the write-ahead log may need more than its room",
    "A full volume ends PostgreSQL with a PANIC, and it does not start again. Checkpoints, members that are away and \
     slots each hold log back; a fifth of the room stays free for an archive that fails.",
    "databases: {orders: {storage: {data: 100Gi, wal: 10Gi}, postgres: {version: 18, parameters: {max_wal_size: 16GB}}}}",
);

/// More than there is.
pub static POOL_BUDGET: Rule = Rule::error(
    "databases/pool-budget",
    "the pooler may open more connections than the database accepts",
    "Each copy opens `size` connections for each user; what is beyond `max_connections` is refused under load, \
     and nobody, not even the superuser of an application, gets in any more.",
    "databases: {orders: {pooler: {instances: 4, size: 100}}}",
);

/// No copy.
pub static POOLER_NONE: Rule = Rule::error(
    "databases/pooler-none",
    "a pooler in no copies, or with no connections",
    "Clients reach the database through it alone.",
    "databases: {orders: {pooler: {instances: 0}}}",
);

/// One copy.
pub static POOLER_ALONE: Rule = Rule::warning(
    "databases/pooler-alone",
    "a pooler in one copy before several members",
    "The members survive the drain of a node, the one way to them does not.",
    "databases: {orders: {postgres: {version: 18, members: 3}, pooler: {instances: 1}}}",
);

/// Checks what must fit.
pub fn check(database: &Database, parameters: &Parameters, at: &At, diags: &mut Diagnostics) {
    if !nothing_is_zero(database, at, diags) {
        return;
    }
    memory(database, at, diags);
    log(database, parameters, at, diags);
    pooler(database, at, diags);
}

fn nothing_is_zero(database: &Database, at: &At, diags: &mut Diagnostics) -> bool {
    let (resources, storage) = (at.key("resources"), at.key("storage"));
    let own = Bytes::new(parameters::memory(database));
    let mut wrong = Vec::new();
    if own < Bytes::from_mi(128) {
        let message = format!("{own} are left for PostgreSQL");
        wrong.push((resources.key("memory"), message, "write `512Mi` or more"));
    }
    if database.resources.cpu.millicores() == 0 {
        wrong.push((
            resources.key("cpu"),
            "no processor time is reserved".to_owned(),
            "write `100m` or more",
        ));
    }
    for (key, size) in [("data", Some(database.storage.data)), ("wal", database.storage.wal)] {
        if let Some(size) = size.filter(|size| *size < Bytes::from_gi(1)) {
            wrong.push((
                storage.key(key),
                format!("{size} hold no cluster"),
                "write `1Gi` or more",
            ));
        }
    }
    let sound = wrong.is_empty();
    for (place, message, help) in wrong {
        diags.report(&RESOURCES_ZERO, place, message).help(help);
    }
    sound
}

fn memory(database: &Database, at: &At, diags: &mut Diagnostics) {
    let place = at.key("resources");
    if let Some(pages) = database.resources.huge_pages {
        let whole = pages.get().is_multiple_of(2 << 20);
        if !whole || pages < Bytes::from_mi(192) {
            diags
                .report(
                    &HUGE_PAGES,
                    place.key("hugePages"),
                    if whole {
                        format!("{pages} is too little")
                    } else {
                        format!("{pages} is no number of pages")
                    },
                )
                .help(format!(
                    "write `{}`",
                    pages.max(Bytes::from_mi(192)).round_up_to(Bytes::from_mi(2))
                ));
            return;
        }
    }
    let budget = parameters::budget(database);
    let (has, fixed) = (Bytes::new(budget.memory), Bytes::new(budget.fixed() >> 20 << 20));
    let settings = at.key("postgres").key("parameters");
    if budget.fixed() > budget.memory {
        diags
            .report(
                &MEMORY,
                place.key("memory"),
                format!(
                    "{} connections and what goes with them may take {fixed}, PostgreSQL has {has}",
                    budget.connections
                ),
            )
            .related(settings, "the settings")
            .help("reserve more memory, or write a lower `max_connections` and put a pooler before it");
    } else if budget.busy() > budget.memory {
        let busy = Bytes::new(budget.busy() >> 20 << 20);
        diags
            .report(
                &MEMORY_TIGHT,
                place.key("memory"),
                format!("busy connections may take {busy}, PostgreSQL has {has}"),
            )
            .related(settings, "the settings")
            .help("reserve more memory, or write a lower `work_mem` or `max_connections`");
    }
}

fn log(database: &Database, parameters: &Parameters, at: &At, diags: &mut Diagnostics) {
    let of = |name| parameters::bytes(database, parameters, name).unwrap_or(0);
    let (most, kept, slots) =
        (of("max_wal_size"), of("wal_keep_size"), of("max_slot_wal_keep_size"));
    let needed = most.saturating_add(kept).saturating_add(slots);
    let room = parameters::log_room(database);
    if needed > room / 5 * 4 {
        let (size, part) = match database.storage.wal {
            Some(_) => ("wal", "its volume"),
            None => ("data", "its fifth of the volume"),
        };
        let shown = Bytes::new(needed >> 20 << 20);
        diags
            .report(
                &LOG_ROOM,
                at.key("storage").key(size),
                format!("the log may take {shown}, {part} has {}", Bytes::new(room)),
            )
            .related(
                at.key("postgres").key("parameters"),
                "max_wal_size, wal_keep_size, max_slot_wal_keep_size",
            )
            .help("make the volume larger, or write smaller settings");
    }
}

fn pooler(database: &Database, at: &At, diags: &mut Diagnostics) {
    let Some(pooler) = &database.pooler else { return };
    let place = at.key("pooler");
    for (key, number) in
        [("instances", pooler.instances), ("size", pooler.size), ("clients", pooler.clients)]
    {
        if number == 0 {
            diags
                .report(&POOLER_NONE, place.key(key), "nobody could connect")
                .help("write at least 1, or leave `pooler` out");
            return;
        }
    }
    if pooler.instances == 1 && database.members > 1 {
        diags
            .report(&POOLER_ALONE, place.key("instances"), "one copy goes with its node")
            .related(at.key("postgres").key("members"), "the members before which it stands")
            .help("write `instances: 2`, or waive this with the reason");
    }
    let users = u64::try_from(database.users.len()).unwrap_or(u64::MAX).max(1);
    let opened = users
        .saturating_mul(u64::from(pooler.size))
        .saturating_add(2)
        .saturating_mul(u64::from(pooler.instances));
    let budget = parameters::budget(database);
    if opened + RESERVED_CONNECTIONS > budget.connections {
        diags
            .report(
                &POOL_BUDGET,
                place.key("size"),
                format!(
                    "{opened} connections of the pooler and {RESERVED_CONNECTIONS} of the cluster's own are more than \
                     {}",
                    budget.connections
                ),
            )
            .related(at.key("postgres").key("parameters"), "`max_connections`, written or derived from the memory")
            .help("write a smaller `size`, or reserve more memory");
    }
}
