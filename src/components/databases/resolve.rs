//! A database as written to a database without doubts.

use super::backup::resolve::backup;
use super::defaults as default;
use super::model::{
    Database, Durability, Failover, ImageOf, Placement, Pooler, Resources, Schema, Storage, User,
};
use super::rules::ALLOWS_NO_CLIENT;
use super::spec::{
    DatabaseSpec, FailoverSpec, ImageLayout, ImageSpec, PoolerSpec, PostgresSpec, ResourcesSpec,
    SchemaSpec,
};
use std::collections::BTreeMap;

use crate::component::Resolving;
use crate::diag::{Diagnostics, Place, Rule, one_of};
use crate::field;
use crate::k8s::image::Image;
use crate::k8s::name::Name;
use crate::k8s::postgres::{SqlName, Synchronous};
use crate::k8s::secret::SecretPath;
use crate::path::At;
use crate::source::Short;

/// Resolves a database. What is wrong is reported and left out, so that one run finds all of it.
pub fn database(
    name: Name,
    spec: DatabaseSpec,
    at: &At,
    cx: &mut Resolving<'_>,
) -> Option<Database> {
    let at = &at.key(&name);
    cx.symbols.teams.bind(spec.team.as_str(), &field!(at, spec.team), cx.diags);
    cx.bind_consent(&spec.allows, &field!(at, spec.allows), &ALLOWS_NO_CLIENT);
    let pool = placement(&spec.postgres, at, cx);
    let storage =
        Storage { data: spec.storage.data, wal: spec.storage.wal, class: class(&spec, at, cx) };
    let issuer = issuer(&spec, at, cx);
    let owner = (&spec.team, &name);
    let backup = spec
        .backup
        .as_ref()
        .and_then(|it| backup(it.clone(), owner, storage.data, &field!(at, spec.backup), cx));
    let image = image(&spec.postgres);
    let credentials =
        spec.credentials.clone().unwrap_or_else(|| own_credentials(&spec.team, &name));
    let schemas = schemas(&spec, at, cx);
    let durability = durability(&spec);
    let users = spec.users.into_iter();
    let users = users
        .map(|(name, user)| User {
            name,
            database: user.database,
            secret: user.secret,
            connections: user.connections.map(crate::k8s::Count::get),
            read_only: user.read_only,
        })
        .collect();
    let database = Database {
        major: spec.postgres.version,
        members: spec.postgres.members.unwrap_or_else(|| default::MEMBERS.get()).get(),
        load: spec.postgres.load.unwrap_or_else(|| default::LOAD.get()),
        written: spec.postgres.parameters.into_iter().collect(),
        image,
        pool,
        storage,
        resources: resources(spec.resources.unwrap_or_default()),
        durability,
        failover: failover(spec.failover.unwrap_or_default()),
        pooler: spec.pooler.map(pooler),
        users,
        schemas,
        credentials,
        backup,
        recover: spec.recover,
        issuer,
        team: spec.team,
        name,
    };
    distinct(&database, at, cx.diags);
    Some(database)
}

/// A database is owned by nobody.
pub static OWNER_UNKNOWN: Rule = Rule::error(
    "databases/owner-unknown",
    "the owner of a database is no user of it",
    "Its tables could not be made or changed by anybody but the superuser.",
    "databases: {orders: {users: {checkout: {database: orders, secret: …}}, databases: {orders: {owner: chekout}}}}",
);

/// A role of our own.
pub static USER_RESERVED: Rule = Rule::error(
    "databases/user-reserved",
    "a user or a database has a name that is PostgreSQL's or Patroni's own",
    "PostgreSQL refuses roles that begin with `pg_`, and the others would be given another password than Patroni \
     knows: members could not log in to each other any more.",
    "databases: {orders: {users: {postgres: {database: orders, secret: …}}}}",
);

/// One password for two.
pub static SECRET_SHARED: Rule = Rule::error(
    "databases/secret-shared",
    "two roles have the same secret",
    "Who knows the password of one knows that of the other: a user of the application would be the superuser.",
    "databases: {orders: {credentials: payments/orders, users: {checkout: {database: orders, secret: payments/orders}}}}",
);

/// Roles of PostgreSQL's, Patroni's and groundplan's own.
const RESERVED: [&str; 9] = [
    "postgres",
    "replicator",
    "rewinder",
    "pooler",
    "pgbouncer",
    "public",
    "monitor",
    "drill",
    "backup",
];
/// Databases that every cluster has.
const RESERVED_DATABASES: [&str; 3] = ["postgres", "template0", "template1"];

/// The databases that are named, and those that users use.
fn schemas(spec: &DatabaseSpec, at: &At, cx: &mut Resolving<'_>) -> Vec<Schema> {
    let taken = |name: &SqlName, reserved: &[&str]| {
        name.as_str().starts_with("pg_") || reserved.contains(&name.as_str())
    };
    for (name, user) in &spec.users {
        let place = field!(at, spec.users).key(name);
        if taken(name, &RESERVED) {
            cx.diags
                .report(&USER_RESERVED, Place::Key(place), format!("`{name}` is taken"))
                .help("choose another name");
        } else if taken(&user.database, &RESERVED_DATABASES) {
            cx.diags
                .report(
                    &USER_RESERVED,
                    place.key("database"),
                    format!("`{}` is taken", user.database),
                )
                .help("choose a database of its own");
        }
    }
    let mut names: BTreeMap<&SqlName, Option<&SchemaSpec>> =
        spec.users.values().map(|user| (&user.database, None)).collect();
    for (name, schema) in &spec.databases {
        if taken(name, &RESERVED_DATABASES) {
            let place = field!(at, spec.databases).key(name);
            cx.diags
                .report(&USER_RESERVED, Place::Key(place), format!("`{name}` is taken"))
                .help("choose another name");
        }
        names.insert(name, Some(schema));
    }
    let mut schemas = Vec::new();
    for (name, schema) in names {
        let of_it =
            |user: &&SqlName| spec.users.get(*user).is_some_and(|spec| spec.database == *name);
        let written = schema.and_then(|schema| schema.owner.as_ref());
        if let Some(owner) = written
            && !of_it(&owner)
        {
            let users = spec.users.keys().filter(of_it).map(SqlName::as_str);
            cx.diags
                .report(
                    &OWNER_UNKNOWN,
                    field!(at, spec.databases).key(name).key("owner"),
                    format!("`{owner}` is no user of `{name}`"),
                )
                .related(field!(at, spec.users), "the users")
                .help(one_of(owner.as_str(), users));
        }
        let writes = |user: &&SqlName| of_it(user) && !spec.users[*user].read_only;
        schemas.push(Schema {
            name: name.clone(),
            owner: written.or_else(|| spec.users.keys().find(writes)).cloned(),
            extensions: schema.map(|schema| schema.extensions.clone()).unwrap_or_default(),
        });
    }
    schemas
}

/// No two roles share a secret.
fn distinct(database: &Database, at: &At, diags: &mut Diagnostics) {
    let mut known: BTreeMap<&SecretPath, At> =
        [(&database.credentials, at.key("credentials"))].into();
    for user in &database.users {
        let place = at.key("users").key(&user.name).key("secret");
        if let Some(first) = known.get(&user.secret) {
            diags
                .report(
                    &SECRET_SHARED,
                    &place,
                    format!("`{}` is somebody else's already", user.secret),
                )
                .related(first.clone(), "here")
                .help("keep each password in a secret of its own");
        } else {
            known.insert(&user.secret, place);
        }
    }
}

/// With one member there is nobody to wait for, so `true` of the blueprint asks nothing of an overlay's one member.
fn durability(spec: &DatabaseSpec) -> Durability {
    let members = spec.postgres.members.unwrap_or_else(|| default::MEMBERS.get()).get();
    let synchronous = spec.synchronous.unwrap_or_else(|| default::SYNCHRONOUS.get());
    Durability {
        synchronous: match (members, synchronous) {
            (1, Synchronous::On) => Synchronous::Off,
            (_, synchronous) => synchronous,
        },
        strict: spec.strict.unwrap_or_else(|| default::STRICT.get()),
    }
}

/// The pool is bound where pools are described at all.
fn placement(spec: &PostgresSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Placement> {
    let name = spec.pool.clone()?;
    let described = cx.symbols.pools.iter().next().is_some();
    let place = at.key("postgres").key("pool");
    let pool = match described {
        true => cx.symbols.pools.bind(name.as_str(), &place, cx.diags).cloned(),
        false => None,
    };
    Some(Placement { name, pool })
}

fn class(spec: &DatabaseSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Name> {
    let class = spec.storage.class.clone()?;
    if cx.symbols.storage_classes.iter().next().is_some() {
        cx.symbols.storage_classes.bind(class.as_str(), &field!(at, spec.storage.class), cx.diags);
    }
    Some(class)
}

fn issuer(spec: &DatabaseSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Name> {
    let issuer = spec.tls.as_ref()?.issuer.clone()?;
    if cx.symbols.issuers.iter().next().is_some() {
        cx.symbols.issuers.bind(issuer.as_str(), &at.key("tls").key("issuer"), cx.diags);
    }
    Some(issuer)
}

fn own_credentials(team: &Name, name: &Name) -> SecretPath {
    match format!("{team}/{name}-database").parse() {
        Ok(path) => path,
        Err(error) => crate::bug!("names make no path of a secret: {error}"),
    }
}

fn image(spec: &PostgresSpec) -> ImageOf {
    let (image, layout, user) = match &spec.image {
        Some(Short::Short(image)) => (image.clone(), ImageLayout::Debian, None),
        Some(Short::Long(ImageSpec { name, layout, user })) => {
            (name.clone(), layout.unwrap_or(ImageLayout::Debian), *user)
        }
        None => (default_image(spec.version), ImageLayout::RedHat, None),
    };
    let by_layout = match layout {
        ImageLayout::Debian => 999,
        ImageLayout::RedHat => 26,
    };
    let user = user.map_or(by_layout, crate::k8s::Count::get);
    ImageOf { image, layout, user, written: spec.image.is_some() }
}

/// The image of a major: PostgreSQL, Patroni and pgBackRest in one, by Percona.
///
/// The tags are those that Percona's operator 3.0.0 of 2026-05-22 was released with (percona/percona-postgresql-operator
/// at v3.0.0, e2e-tests/release_versions; docs.percona.com/percona-operator-for-postgresql/3.0.0/images.html, with
/// digests for both processors), and what is in them is in percona/percona-docker, percona-distribution-postgresql-18.
/// Looked at on 2026-11-25. A tag of the major alone would be another image tomorrow.
fn default_image(major: crate::k8s::postgres::Major) -> Image {
    let tag = match major.get() {
        15 => "15.18-1".to_owned(),
        16 => "16.14-1".to_owned(),
        17 => "17.10-1".to_owned(),
        18 => "18.4-1".to_owned(),
        // Such a major is refused (`databases/version-unknown`).
        major => major.to_string(),
    };
    match format!("docker.io/percona/percona-distribution-postgresql:{tag}").parse() {
        Ok(image) => image,
        Err(error) => crate::bug!("the image of PostgreSQL {major} is none: {error}"),
    }
}

fn resources(spec: ResourcesSpec) -> Resources {
    Resources {
        cpu: spec.cpu.unwrap_or_else(|| default::CPU.get()),
        memory: spec.memory.unwrap_or_else(|| default::MEMORY.get()),
        cpu_limit: spec.cpu_limit,
        huge_pages: spec.huge_pages,
        shared: spec.shared.unwrap_or_else(|| default::SHARED.get()),
    }
}

fn failover(spec: FailoverSpec) -> Failover {
    Failover {
        ttl: spec.ttl.unwrap_or_else(|| default::TTL.get()),
        loop_wait: spec.loop_wait.unwrap_or_else(|| default::LOOP_WAIT.get()),
        retry_timeout: spec.retry_timeout.unwrap_or_else(|| default::RETRY_TIMEOUT.get()),
        lag: spec.lag.unwrap_or_else(|| default::LAG.get()),
        read_lag: spec.read_lag.unwrap_or_else(|| default::READ_LAG.get()),
        failsafe: spec.failsafe.unwrap_or_else(|| default::FAILSAFE.get()),
    }
}

fn pooler(spec: PoolerSpec) -> Pooler {
    Pooler {
        instances: spec.instances.unwrap_or_else(|| default::INSTANCES.get()).get(),
        mode: spec.mode.unwrap_or_else(|| default::POOL_MODE.get()),
        size: spec.size.unwrap_or_else(|| default::POOL_SIZE.get()).get(),
        clients: spec.clients.unwrap_or_else(|| default::POOL_CLIENTS.get()).get(),
        image: spec.image.unwrap_or_else(|| default::POOL_IMAGE.get()),
        cpu: spec.cpu.unwrap_or_else(|| default::POOL_CPU.get()),
        memory: spec.memory.unwrap_or_else(|| default::POOL_MEMORY.get()),
    }
}
