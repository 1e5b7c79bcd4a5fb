//! Scripts, statements and configuration files, from the templates beside this folder.

use minijinja::{Value, context};

use crate::components::databases::drill;
use crate::components::databases::model::{Database, PORT};
use crate::components::databases::render::render;
use crate::components::databases::spec::BackupTool;

/// The statements that make roles and databases.
pub fn statements(database: &Database) -> String {
    let users: Vec<Value> = database
        .users
        .iter()
        .map(|user| {
            context! {
                name => user.name.as_str(),
                quoted => user.name.quoted(),
                limit => user.connections.map_or_else(|| "-1".to_owned(), |limit| limit.to_string()),
                read_only => user.read_only,
            }
        })
        .collect();
    let databases: Vec<Value> = database
        .schemas
        .iter()
        .map(|schema| {
            let mut extensions: Vec<String> =
                schema.extensions.iter().map(crate::k8s::postgres::SqlName::quoted).collect();
            extensions.sort();
            let users = database.users.iter().filter(|user| user.database == schema.name);
            context! {
                name => schema.name.as_str(),
                quoted => schema.name.quoted(),
                owner => schema.owner.as_ref().map(crate::k8s::postgres::SqlName::quoted),
                users => users.map(|user| user.name.quoted()).collect::<Vec<_>>(),
                extensions => extensions,
            }
        })
        .collect();
    let pooler = database.pooler.as_ref().map(|pooler| pooler.instances * 2);
    let wal_g = database.backup.as_ref().is_some_and(|backup| backup.tool == BackupTool::WalG);
    let drill = database.backup.as_ref().map(|_| drill::STATEMENTS);
    render(
        "statements.sql",
        include_str!("../templates/statements.sql"),
        context! { users, databases, pooler, drill, wal_g },
    )
}

/// The configuration of PgBouncer.
pub fn pgbouncer(database: &Database, pooler: &super::super::model::Pooler) -> String {
    let databases: Vec<String> =
        database.schemas.iter().map(|schema| schema.name.to_string()).collect();
    render(
        "pgbouncer.ini",
        include_str!("../templates/pgbouncer.ini"),
        context! {
            databases,
            host => database.primary_service(),
            port => PORT,
            auth_user => super::patroni::POOLER,
            mode => pooler.mode.word(),
            size => pooler.size,
            clients => pooler.clients,
        },
    )
}
