//! The configuration of Patroni, as a folder of files by who owns what.
//!
//! What a member takes from its own files is reloaded, without a restart. What holds for the cluster as a whole is
//! read from a file once, when the cluster is born; afterwards a Job keeps it in step (`reconcile`).

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

use super::Cx;
use crate::components::databases::backup::lower as backup;
use crate::components::databases::model::{DATA_MOUNT, Database, PORT, REST_PORT, SOCKETS};
use crate::components::databases::spec::BackupTool;
use crate::components::databases::{drill, monitoring, parameters, recover};
use crate::emit::yaml;
use crate::k8s::duration::Duration;
use crate::k8s::postgres::Synchronous;
use crate::k8s::tree::{Map, Tree};
use crate::plan::Resource;
use crate::tree;

/// Where the folder is mounted, as a whole: files that are mounted one by one never change.
pub const FOLDER: &str = "/etc/patroni";
/// Where the certificate is mounted.
pub const TLS_FOLDER: &str = "/tls";
/// The role by which members follow each other.
pub const REPLICATOR: &str = "replicator";
/// The role by which a member rewinds itself to a new leader.
pub const REWINDER: &str = "rewinder";
/// The role by which the pooler asks for passwords.
pub const POOLER: &str = "pooler";

/// The name of the ConfigMap.
pub fn name(database: &Database) -> String {
    format!("{}-patroni", database.scope())
}

/// The files by name, in the order in which Patroni joins them.
fn files(cx: Cx<'_>) -> Vec<(&'static str, Tree)> {
    vec![
        ("10-cluster.yml", cluster(cx)),
        ("20-parameters.yml", tree!({"postgresql": {"parameters": (local(cx))}})),
        ("30-access.yml", access(cx.database)),
    ]
}

/// What a member says it runs with, so that one can wait for it.
pub fn digest(cx: Cx<'_>) -> String {
    let mut hasher = Sha256::new();
    for (name, content) in files(cx) {
        hasher.update(name);
        hasher.update(yaml::print(&content));
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The ConfigMap.
pub fn configuration(cx: Cx<'_>) -> Resource {
    let mut data: std::collections::BTreeMap<String, String> = files(cx)
        .iter()
        .map(|(name, content)| ((*name).to_owned(), yaml::print(content)))
        .collect();
    let tags = tree!({"tags": {"configuration": (digest(cx))}});
    data.insert("90-digest.yml".to_owned(), yaml::print(&tags));
    data.insert("settings.md".to_owned(), explained(cx));
    let object = ConfigMap {
        metadata: cx.metadata(name(cx.database)),
        data: Some(data),
        ..ConfigMap::default()
    };
    Resource::object(
        &object,
        cx.from(&["postgres", "resources", "storage", "failover", "synchronous", "users"]),
    )
}

/// The settings with where they come from, for people; Patroni reads no such file.
fn explained(cx: Cx<'_>) -> String {
    let mut text =
        String::from("| setting | value | from | a change takes |\n| --- | --- | --- | --- |\n");
    for (name, value) in cx.parameters {
        let why = value.derived.map_or("written in the blueprint", |formula| formula.why);
        let takes = parameters::takes(name, cx.database.major.get());
        text.push_str(&format!("| {name} | {} | {why} | {takes} |\n", value.text));
    }
    text
}

fn cluster(cx: Cx<'_>) -> Tree {
    let database = cx.database;
    let mut initdb = vec![
        tree!({"encoding": "UTF8"}),
        // Sorted by bytes: another C library in another image cannot change the order under an index.
        tree!({"locale": "C.UTF-8"}),
        tree!("data-checksums"),
    ];
    let mut basebackup = vec![tree!({"checkpoint": "fast"})];
    if let Some(folder) = database.wal_directory() {
        initdb.push(tree!({"waldir": (folder.clone())}));
        basebackup.push(tree!({"waldir": (folder)}));
    }
    let mut bootstrap = tree!({"dcs": (shared(cx)), "initdb": (Tree::from(initdb))});
    let mut postgresql = tree!({
        "listen": (format!("0.0.0.0:{PORT}")),
        "bin_dir": (database.binaries()),
        "data_dir": (database.data_directory()),
        "pgpass": "/tmp/pgpass",
        "use_unix_socket": true,
        "use_unix_socket_repl": true,
        // A member that cannot follow is built anew, by itself.
        "remove_data_directory_on_rewind_failure": true,
        "remove_data_directory_on_diverged_timelines": true,
        "create_replica_methods": ["basebackup"],
        "basebackup": (Tree::from(basebackup))
    });
    if let (Some(backup), Some(map)) = (&database.backup, postgresql.as_map_mut()) {
        let fetch = backup::restore_command(database, backup);
        map.insert("recovery_conf", tree!({"restore_command": fetch}));
        if let Some(command) = backup::replica_command(database, backup) {
            // The store first, which is nobody's load; without a backup yet it gives up, and the leader is asked.
            map.insert("create_replica_methods", tree!(["pgbackrest", "basebackup"]));
            let method = tree!({"command": command, "keep_data": true, "no_params": true});
            map.insert("pgbackrest", method);
        }
    }
    if let (Some(_), Some(map)) = (cx.source, bootstrap.as_map_mut()) {
        map.insert("method", "recover");
        let command = format!("{}/recover.sh", recover::FOLDER);
        let method = tree!({
            "command": command,
            "keep_existing_recovery_conf": true,
            "no_params": true
        });
        map.insert("recover", method);
    }
    tree!({
        "scope": (database.scope()),
        "kubernetes": {
            "use_endpoints": false,
            "scope_label": "cluster-name",
            "role_label": "role",
            "leader_label_value": "primary",
            "follower_label_value": "replica",
            "standby_leader_label_value": "primary",
            "labels": (labels(database))
        },
        "restapi": {"listen": (format!("0.0.0.0:{REST_PORT}"))},
        "bootstrap": bootstrap,
        "postgresql": postgresql
    })
}

/// The labels that Patroni finds members by, and gives the ConfigMaps it makes. Never Argo CD's own label: it would
/// take the ConfigMaps for its own and prune them.
fn labels(database: &Database) -> Tree {
    let mut map = Map::new();
    for (label, value) in database.selector() {
        map.insert(label, value);
    }
    Tree::Map(map)
}

/// The member's own settings of PostgreSQL.
fn local(cx: Cx<'_>) -> Tree {
    let mut map = Map::new();
    for (name, value) in cx.parameters.iter().filter(|(name, _)| !parameters::is_shared(name)) {
        map.insert(name.clone(), value.text.clone());
    }
    Tree::Map(map)
}

fn whole(number: u64) -> Tree {
    Tree::from(i64::try_from(number).unwrap_or(i64::MAX))
}

fn seconds(time: Duration) -> Tree {
    whole(time.as_secs())
}

/// What holds for the cluster as a whole: Patroni's own settings, and those of PostgreSQL that it takes from nowhere
/// else.
pub fn shared(cx: Cx<'_>) -> Tree {
    let database = cx.database;
    let failover = &database.failover;
    let mut settings = Map::new();
    for (name, value) in cx.parameters.iter().filter(|(name, _)| parameters::is_shared(name)) {
        settings.insert(name.clone(), value.text.clone());
    }
    let mode = match database.durability.synchronous {
        Synchronous::Off => "off",
        Synchronous::On => "on",
        Synchronous::Quorum => "quorum",
    };
    tree!({
        "ttl": (seconds(failover.ttl)),
        "loop_wait": (seconds(failover.loop_wait)),
        "retry_timeout": (seconds(failover.retry_timeout)),
        "maximum_lag_on_failover": (whole(failover.lag.get())),
        "check_timeline": true,
        "failsafe_mode": (failover.failsafe),
        "synchronous_mode": (mode),
        "synchronous_mode_strict": (database.durability.strict),
        "synchronous_node_count": 1,
        "postgresql": {
            "use_pg_rewind": true,
            "use_slots": true,
            "parameters": (Tree::Map(settings))
        }
    })
}

/// Who may log in whence. Over the network only with TLS and a password, each role to its own database.
fn access(database: &Database) -> Tree {
    let mut lines = vec![
        "local all all peer map=local".to_owned(),
        // Patroni asks its own server for its place in the log; `all` is no replication.
        format!("local replication {REPLICATOR} peer map=local"),
        format!("hostssl replication {REPLICATOR} all scram-sha-256"),
        format!("hostssl postgres {REWINDER} all scram-sha-256"),
        // The Job that makes roles and databases; policies let nobody else near.
        "hostssl all postgres all scram-sha-256".to_owned(),
    ];
    if let Some(backup) = &database.backup {
        lines.push(format!("hostssl postgres {} all scram-sha-256", drill::ROLE));
        if backup.tool == BackupTool::WalG {
            lines.push(format!("hostssl postgres {REPLICATOR} all scram-sha-256"));
        }
    }
    if database.pooler.is_some() {
        lines.push(format!("hostssl postgres {POOLER} all scram-sha-256"));
    }
    for user in &database.users {
        let (of, name) = (user.database.quoted(), user.name.quoted());
        lines.push(format!("hostssl {of} {name} all scram-sha-256"));
    }
    lines.push("host all all all reject".to_owned());
    tree!({
        "postgresql": {
            "pg_hba": (lines.into_iter().map(Tree::from).collect::<Vec<_>>()),
            "pg_ident": [
                "local postgres postgres",
                (format!("local postgres {REPLICATOR}")),
                (format!("local nobody {}", monitoring::ROLE))
            ]
        }
    })
}

/// Folders that must be writable beside the volumes.
pub fn scratch() -> [(&'static str, &'static str); 2] {
    [("sockets", SOCKETS), ("tmp", "/tmp")]
}

/// Where the data's volume is mounted.
pub const fn data_mount() -> &'static str {
    DATA_MOUNT
}
