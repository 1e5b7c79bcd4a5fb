//! Where the members run, on what, and from which image.

use crate::component::Symbols;
use crate::components::databases::model::{Database, scope};
use crate::diag::{Diagnostics, Place, Rule};
use crate::k8s::quantity::Bytes;
use crate::path::At;

/// A name that objects made of it cannot bear.
pub static NAME_TOO_LONG: Rule = Rule::error(
    "databases/name-too-long",
    "the name of a database is too long for the objects that are made of it",
    "A CronJob's name has 52 characters at most, and a StatefulSet's too, as the name of a revision is a label.",
    "databases: {orders-of-the-whole-company-in-all-its-countries: {…}}",
);

/// More members than machines.
pub static POOL_TOO_SMALL: Rule = Rule::error(
    "databases/pool-too-small",
    "a database has more members than its pool has machines",
    "No two members share a machine, so the last ones would wait for ever.",
    "databases: {orders: {postgres: {version: 18, members: 5, pool: database}}}",
);

/// Larger than a machine.
pub static MEMBER_TOO_LARGE: Rule = Rule::error(
    "databases/member-too-large",
    "a member asks for more than a machine of its pool has",
    "It would wait for such a machine for ever.",
    "databases: {orders: {resources: {memory: 128Gi}, postgres: {version: 18, pool: database}}}",
);

/// Hosts that take two members along.
pub static HOSTS_SHARED: Rule = Rule::warning(
    "databases/hosts-shared",
    "there are fewer hosts than members: one failure takes several members",
    "Machines of one host die together. With two of three members gone, no write is in two places any more.",
    "databases: {orders: {postgres: {version: 18, members: 5, pool: database}}}",
);

/// A volume for many.
pub static CLASS_ACCESS: Rule = Rule::error(
    "databases/class-access",
    "a storage class that gives no volume to a single machine",
    "PostgreSQL's data belongs to one member; on a shared file system a second one that starts by mistake destroys it.",
    "databases: {orders: {storage: {data: 20Gi, class: shared}}}",
);

/// A volume that cannot grow.
pub static CLASS_FIXED: Rule = Rule::warning(
    "databases/class-fixed",
    "the volumes of a storage class cannot grow",
    "A database that outgrows its volume must be moved to a new one while it is full; others are enlarged in place.",
    "databases: {orders: {storage: {data: 20Gi, class: block}}}",
);

/// A moving image.
pub static IMAGE_FLOATING: Rule = Rule::error(
    "databases/image-floating",
    "an image of a database is named by a tag that moves",
    "`latest` may be another major tomorrow, which does not start with the data of today.",
    "databases: {orders: {postgres: {version: 18, image: \"registry.acme.example/postgres:latest\"}}}",
);

/// A tag where only a digest is certain.
pub static IMAGE_TAG: Rule = Rule::warning(
    "databases/image-tag",
    "the image of a database is named by a tag in a protected environment",
    "A tag can be pushed again, with another C library: text is then sorted in another order than its indexes are.",
    "environments: {production: {cluster: main, protected: true}}\ndatabases: {orders: {postgres: {version: 18, image: \"registry.acme.example/postgres:18.4\"}}}",
);

/// Consent for what opens no connections.
pub static ALLOWS_NO_CLIENT: Rule = Rule::error(
    "databases/allows-no-client",
    "consent for something that opens no connections",
    "Workloads connect, and teams have workloads; consent for anything else has no effect.",
    "databases: {orders: {allows: [external/card-network]}}",
);

/// The longest name: `-db-` and a word for each CronJob follow it.
const LONGEST: usize = 40;

/// Checks place and image.
pub fn check(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let length = database.name.as_str().len();
    if length > LONGEST {
        diags
            .report(
                &NAME_TOO_LONG,
                Place::Key(at.clone()),
                format!(
                    "`{}` has {} characters before its objects' own",
                    scope(&database.name),
                    length + 3
                ),
            )
            .help(format!("shorten it by {}", length - LONGEST));
    }
    pool(database, at, diags);
    class(database, at, symbols, diags);
    image(database, at, symbols, diags);
}

fn pool(database: &Database, at: &At, diags: &mut Diagnostics) {
    let Some(placement) = &database.pool else { return };
    let Some(pool) = &placement.pool else { return };
    let postgres = at.key("postgres");
    let members = database.members;
    if pool.machines < members {
        diags
            .report(
                &POOL_TOO_SMALL,
                postgres.key("members"),
                format!(
                    "{members} members, and `{}` has {} machines",
                    placement.name, pool.machines
                ),
            )
            .related(postgres.key("pool"), "the pool")
            .help(format!("write at most {}, or add machines", pool.machines));
    } else if pool.hosts < members {
        diags
            .report(
                &HOSTS_SHARED,
                postgres.key("pool"),
                format!("{members} members on {} hosts", pool.hosts),
            )
            .related(postgres.key("members"), "the members")
            .help("spread the pool over more hosts, or waive this with the reason");
    }
    let asked = &database.resources;
    let memory = asked.memory.get() + asked.huge_pages.map_or(0, Bytes::get);
    for (key, asks, has) in
        [("memory", memory, pool.memory), ("cpu", asked.cpu.millicores(), pool.cpu)]
    {
        if asks > has {
            diags
                .report(
                    &MEMBER_TOO_LARGE,
                    at.key("resources").key(key),
                    format!("a machine of `{}` has less {key} for pods", placement.name),
                )
                .related(postgres.key("pool"), "the pool")
                .help("ask for less, or choose a pool of larger machines");
        }
    }
}

fn class(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let Some(name) = &database.storage.class else { return };
    let Some(class) = symbols.storage_classes.get(name.as_str()) else { return };
    let place = at.key("storage").key("class");
    let single = ["ReadWriteOnce", "ReadWriteOncePod"];
    if !class.access.iter().any(|mode| single.contains(&mode.as_str())) {
        diags
            .report(
                &CLASS_ACCESS,
                place,
                format!("`{name}` gives volumes to many machines at once"),
            )
            .help("choose a class with `ReadWriteOnce`");
    } else if !class.expands {
        diags
            .report(&CLASS_FIXED, place, format!("a volume of `{name}` stays as large as it is"))
            .help("choose a class whose volumes grow, or waive this with the reason");
    }
}

fn image(database: &Database, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    if !database.image.written {
        return;
    }
    let image = &database.image.image;
    let place = at.key("postgres").key("image");
    if image.is_floating() {
        diags
            .report(&IMAGE_FLOATING, place, "the tag `latest` is another image tomorrow")
            .help("name a version, or better a digest");
    } else if symbols.is_protected() && !image.is_pinned_by_digest() {
        diags
            .report(&IMAGE_TAG, place, "a tag can be pushed again")
            .help("write the digest: `…@sha256:…`");
    }
}
