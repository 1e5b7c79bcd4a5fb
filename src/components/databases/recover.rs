//! A database that begins with the state of another one: a restore to a moment, or a copy.
//!
//! The other one stays as it is. The new one has a stanza, a path and a key of its own from the first segment on:
//! two clusters that archive into one place destroy each other's history.

use k8s_openapi::api::core::v1 as core;
use minijinja::context;

use super::lower::pod;
use super::model::Database;
use super::render::render;
use super::spec::BackupTool;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::k8s::recovery::RecoveryTarget;
use crate::path::At;

/// Nothing that could be restored.
pub static SOURCE: Rule = Rule::error(
    "databases/recover-source",
    "a database is to begin with the state of one that has no backups, or does not exist",
    "It is read from the backups of the other one, by the keys that the blueprint names there. Keep the entry of a \
     lost database until its successor runs.",
    "databases: {orders-again: {recover: {from: orders}}}",
);

/// A database from itself.
pub static ITSELF: Rule = Rule::error(
    "databases/recover-itself",
    "a database is to begin with its own state",
    "Its members have data already and would not look; and a new history in the same place of the store would \
     overwrite the old one (pgBackRest: archive-push finds the segment with another checksum).",
    "databases: {orders: {recover: {from: orders}}}",
);

/// Backups that this database cannot read.
pub static UNLIKE: Rule = Rule::error(
    "databases/recover-unlike",
    "a database is to begin with the state of one that it cannot hold or read",
    "A physical backup is read by the same major version only, by the same tool, from the same store; and it needs at \
     least as much room.",
    "databases: {orders-again: {postgres: {version: 18}, recover: {from: orders}}, orders: {postgres: {version: 17}}}",
);

/// Checks what a database begins with, among all databases.
pub fn check(database: &Database, all: &[Database], at: &At, diags: &mut Diagnostics) {
    let Some(recover) = &database.recover else { return };
    let place = field!(at, database.recover).key("from");
    if recover.from == database.name {
        diags
            .report(&ITSELF, &place, format!("`{}` would begin with itself", database.name))
            .help("restore into a database of another name, and move the workloads to it");
        return;
    }
    let source = all.iter().find(|other| other.name == recover.from);
    let Some((source, backup)) = source.and_then(|it| Some((it, it.backup.as_ref()?))) else {
        diags
            .report(&SOURCE, &place, format!("there are no backups of `{}`", recover.from))
            .help("name a database of this blueprint that has `backup`");
        return;
    };
    let own = database.backup.as_ref();
    let room = |it: &Database| it.storage.data;
    let unlike = if source.major != database.major {
        Some(format!(
            "`{}` is PostgreSQL {}, this one {}",
            recover.from, source.major, database.major
        ))
    } else if room(source) > room(database) {
        Some(format!(
            "`{}` has {} of data, this one {}",
            recover.from,
            room(source),
            room(database)
        ))
    } else if own.is_none_or(|own| own.to != backup.to || own.tool != backup.tool) {
        Some(format!("`{}` is in the store `{}`, this one is not", recover.from, backup.to))
    } else if source.team != database.team {
        Some(format!("`{}` is of the team `{}`, this one is not", recover.from, source.team))
    } else {
        None
    };
    if let Some(message) = unlike {
        diags
            .report(&UNLIKE, &place, message)
            .help("make it like the other one; what differs can be changed once it runs");
    }
}

/// Where the script is mounted.
pub const FOLDER: &str = "/etc/recover";

/// The name of the ConfigMap with the script, and of the Secret with the other database's key.
pub fn files(database: &Database) -> String {
    format!("{}-recover", database.scope())
}

/// The variables that the script needs, after those of the database's own repository.
pub fn variables(database: &Database, source: &Database, estate: &str) -> Vec<core::EnvVar> {
    let Some(backup) = &source.backup else { return Vec::new() };
    let keys = files(database);
    // The store itself is the same; where in it, and under which key, is not.
    let own = ["_PATH", "_PASS", "_PREFIX", "_LIBSODIUM_KEY"];
    super::backup::pods::repository(source, backup, estate, "$(NAMESPACE)", &keys)
        .into_iter()
        .filter(|it| own.iter().any(|end| it.name.ends_with(end)))
        .map(|it| core::EnvVar { name: format!("RECOVER_{}", it.name), ..it })
        .chain([pod::value("RECOVER_STANZA", source.scope())])
        .collect()
}

/// The script that Patroni runs instead of `initdb`.
pub fn script(database: &Database) -> Option<String> {
    let recover = database.recover.as_ref()?;
    let tool = database.backup.as_ref().map_or(BackupTool::PgBackRest, |backup| backup.tool);
    let (kind, target) = match &recover.to {
        None => ("default", String::new()),
        Some(RecoveryTarget::Time(time)) => ("time", time.clone()),
        Some(RecoveryTarget::Name(name)) => ("name", name.clone()),
    };
    let values = context! {
        pgbackrest => tool == BackupTool::PgBackRest,
        kind,
        target,
        data => database.data_directory(),
        wal => database.wal_directory(),
    };
    Some(render("recover.sh", values))
}
