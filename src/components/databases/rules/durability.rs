//! What is lost when something fails, and for how long nobody can write.
//!
//! The numbers were measured with PostgreSQL 15 and Patroni 4.1 at a ttl of 30 seconds: a leader that vanishes is
//! replaced after 30.6 seconds; one that is stopped hands over in 2.4; one that is cut off and not synchronous went on
//! to acknowledge 143 writes that were rewound when it came back.

use crate::component::Symbols;
use crate::components::databases::model::Database;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::postgres::Synchronous;
use crate::path::At;

/// Times that do not fit into each other.
pub static FAILOVER_TIMING: Rule = Rule::error(
    "databases/failover-timing",
    "the times of a failover do not fit into each other",
    "Two tries and a look must fit into the ttl, or the leader's lock ends while it still tries to renew it; Patroni \
     lowers such times by itself, with one line in its log. It takes a ttl of at least 20 seconds, a look every \
     second at most, and tries for at least 3 seconds.",
    "databases: {orders: {failover: {ttl: 20s, loopWait: 10s, retryTimeout: 10s}}}",
);

/// Nobody.
pub static MEMBERS_NONE: Rule = Rule::error(
    "databases/members-none",
    "a database has no member, or more than can follow one leader",
    "Without a member there is no database; each one more is another stream of the whole log. In an environment that \
     does not need it, remove it with `null` in the overlay.",
    "databases: {orders: {postgres: {version: 18, members: 0}}}",
);

/// One member.
pub static ONE_MEMBER: Rule = Rule::warning(
    "databases/one-member",
    "a database has one member: it is away whenever that is, and gone with its volume",
    "A drain, an upgrade of its node or a crash takes it away for minutes; the loss of its volume loses every write \
     since the last backup, or all of them without one.",
    "databases: {orders: {postgres: {version: 18, members: 1}}}",
);

/// Two, in production.
pub static FEW_MEMBERS: Rule = Rule::warning(
    "databases/few-members",
    "a database of a protected environment has two members",
    "While one of them is drained or lost the other is alone: nothing waits for a second copy of a write any more, and \
     the next fault is an outage.",
    "environments: {production: {cluster: main, protected: true}}\ndatabases: {orders: {postgres: {version: 18, members: 2}}}",
);

/// Strict with too few.
pub static STRICT_MEMBERS: Rule = Rule::error(
    "databases/strict-members",
    "`strict` with fewer than three members: the loss of one stops all writes",
    "A write waits for one other member. With two members there is none left after the first loss, and `strict` \
     refuses writes until it is back; three survive one loss (Patroni, `synchronous_mode_strict`).",
    "databases: {orders: {postgres: {version: 18, members: 2}, strict: true}}",
);

/// Strict about nothing.
pub static STRICT_ALONE: Rule = Rule::error(
    "databases/strict-alone",
    "`strict` without `synchronous`",
    "No write waits for another member, so there is nothing to be strict about; whoever reads it believes there is.",
    "databases: {orders: {synchronous: false, strict: true}}",
);

/// A quorum of two.
pub static QUORUM_MEMBERS: Rule = Rule::error(
    "databases/quorum-members",
    "`synchronous: quorum` with fewer than three members",
    "A quorum is any one of several followers; with one follower it is the same as `true`, with more moving parts.",
    "databases: {orders: {postgres: {version: 18, members: 2}, synchronous: quorum}}",
);

/// Waiting for nobody.
pub static SYNCHRONOUS_ALONE: Rule = Rule::error(
    "databases/synchronous-alone",
    "`synchronous: quorum` or `strict` of a database with one member",
    "There is nobody to wait for; with `strict`, no write would ever be accepted.",
    "databases: {orders: {postgres: {version: 18, members: 1}, strict: true}}",
);

/// Acknowledged and lost.
pub static MAY_LOSE_WRITES: Rule = Rule::warning(
    "databases/may-lose-writes",
    "a database of a protected environment acknowledges writes that a failover may lose",
    "Lost is what the new leader lacks, up to `failover.lag`, and whatever a leader that is cut off goes on to \
     acknowledge: 143 writes within 24 seconds in a trial, none with `synchronous: true`.",
    "environments: {production: {cluster: main, protected: true}}\ndatabases: {orders: {synchronous: false}}",
);

/// Read-only with the API server.
pub static FAILSAFE_OFF: Rule = Rule::warning(
    "databases/failsafe-off",
    "an API server that is away makes the database read-only",
    "The leader cannot renew its lock; after about 21 seconds it steps down, although every member is well.",
    "databases: {orders: {failover: {failsafe: false}}}",
);

/// Reads that are older than a failover would take.
pub static READ_LAG: Rule = Rule::error(
    "databases/read-lag",
    "a member that may take over may not serve reads",
    "It would be out of its Service, and use up the disruption budget, while it is good enough to lead.",
    "databases: {orders: {failover: {lag: 64Mi, readLag: 16Mi}}}",
);

/// The most members: each follows the leader on its own.
const MOST: u32 = 9;

/// Checks durability; whether there is anything to count with.
pub fn check(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) -> bool {
    timing(database, at, diags);
    let members = at.key("postgres").key("members");
    if !(1..=MOST).contains(&database.members) {
        diags
            .report(&MEMBERS_NONE, members, format!("{} members cannot be", database.members))
            .help(format!("write 1 to {MOST}; 3 survive the loss of one"));
        return false;
    }
    copies(database, at, symbols, diags);
    let failover = at.key("failover");
    if !database.failover.failsafe {
        diags
            .report(
                &FAILSAFE_OFF,
                failover.key("failsafe"),
                "the leader steps down without the API server",
            )
            .help("leave it out");
    }
    let (lag, read_lag) = (database.failover.lag, database.failover.read_lag);
    if lag > read_lag {
        diags
            .report(
                &READ_LAG,
                failover.key("lag"),
                format!("{lag} is more than the {read_lag} for reads"),
            )
            .related(failover.key("readLag"), "for reads")
            .help(format!("write `readLag: {lag}` or more"));
    }
    true
}

fn copies(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let members = at.key("postgres").key("members");
    let (synchronous, strict) = (at.key("synchronous"), at.key("strict"));
    let durability = database.durability;
    if database.members == 1 {
        let backup = match &database.backup {
            Some(_) => "every write since the last backup",
            None => "everything, as there is no backup",
        };
        diags
            .report(
                &ONE_MEMBER,
                &members,
                format!(
                    "one member survives no drain and no lost node; with its volume goes {backup}"
                ),
            )
            .help("write `members: 3`, or waive this with the reason");
        let quorum = durability.synchronous == Synchronous::Quorum;
        if quorum || durability.strict {
            diags
                .report(
                    &SYNCHRONOUS_ALONE,
                    if durability.strict { strict } else { synchronous },
                    "there is no other member to wait for",
                )
                .related(members, "the only one")
                .help("leave it out here, or add members");
        }
        return;
    }
    if durability.strict && !durability.waits() {
        diags
            .report(&STRICT_ALONE, strict, "no write waits for another member")
            .related(synchronous, "here")
            .help("write `synchronous: true`, or leave `strict` out");
    } else if durability.strict && database.members < 3 {
        diags
            .report(
                &STRICT_MEMBERS,
                strict,
                format!("{} members cannot lose one", database.members),
            )
            .related(members.clone(), "the members")
            .help("write `members: 3`, or leave `strict` out");
    } else if durability.synchronous == Synchronous::Quorum && database.members < 3 {
        diags
            .report(
                &QUORUM_MEMBERS,
                synchronous.clone(),
                "there is one follower, and no choice of several",
            )
            .related(members.clone(), "the members")
            .help("write `synchronous: true`");
    }
    if !symbols.is_protected() {
        return;
    }
    if database.members == 2 {
        diags
            .report(&FEW_MEMBERS, members, "after the loss of one, the other is alone")
            .help("write `members: 3`, or waive this with the reason");
    }
    if !durability.waits() {
        let seconds = database.failover.ttl.as_secs();
        diags
            .report(
                &MAY_LOSE_WRITES,
                at.key("synchronous"),
                format!(
                    "a failover may lose {} of the log, and what a leader that is cut off acknowledges in {seconds} seconds",
                    database.failover.lag
                ),
            )
            .help("write `synchronous: true`, or waive this with the reason");
    }
}

fn timing(database: &Database, at: &At, diags: &mut Diagnostics) {
    let times = &database.failover;
    let place = at.key("failover");
    let (ttl, look, tries) =
        (times.ttl.as_millis(), times.loop_wait.as_millis(), times.retry_timeout.as_millis());
    let wrong = if ttl < 20_000 {
        Some((
            "ttl",
            "Patroni takes no ttl below 20 seconds".to_owned(),
            "write `20s` or more".to_owned(),
        ))
    } else if look < 1000 {
        Some((
            "loopWait",
            "Patroni looks once a second at most".to_owned(),
            "write `1s` or more".to_owned(),
        ))
    } else if tries < 3000 {
        Some((
            "retryTimeout",
            "Patroni tries for at least 3 seconds".to_owned(),
            "write `3s` or more".to_owned(),
        ))
    } else if look + 2 * tries > ttl {
        let needed = (look + 2 * tries).div_ceil(1000);
        let message = format!(
            "a look and two tries take {needed}s, the lock ends after {}s",
            times.ttl.as_secs()
        );
        Some(("ttl", message, format!("write `ttl: {needed}s` or more, or shorter tries")))
    } else {
        None
    };
    if let Some((key, message, help)) = wrong {
        diags
            .report(&FAILOVER_TIMING, place.key(key), message)
            .related(place, "the times")
            .help(help);
    }
}
