//! What a database states about itself, so that passes derive policies, budgets, secrets and rights.

use super::{COMPONENT, Cx, pooler, reconcile};
use crate::component::Situation;
use crate::components::databases::model::{Database, PORT, REST_PORT, pooler_selector};
use crate::components::databases::{drill, monitoring};
use crate::field;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::{
    ApiAccess, ApiRule, Flow, Peer, Plan, Replicas, Requests, Scrape, SecretEntry, SecretNeed,
    Stage, UnitId, UnitKind,
};

/// The port of the API servers themselves, which a connection to their Service ends at.
const API_PORT: u16 = 6443;

/// States everything that is not an object of the database itself.
pub fn state(cx: Cx<'_>, situation: &Situation<'_>, unit: &UnitId, plan: &mut Plan) {
    let namespace = cx.namespace.unwrap_or_default();
    secrets(cx, unit, namespace, plan);
    replicas(cx, unit, namespace, plan);
    scrapes(cx, unit, namespace, plan);
    if *situation.stage != Stage::Base {
        flows(cx, situation.stage, namespace, plan);
        rights(cx, situation.stage, namespace, plan);
        // Patroni writes who leads on the pods.
        plan.facts.runtime_labels.entry(namespace.to_owned()).or_default().insert("role");
        requests(cx, situation.stage, namespace, plan);
    }
}

fn secrets(cx: Cx<'_>, unit: &UnitId, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let place = cx.at.key("credentials");
    let entry = |key: &str| SecretEntry {
        key: key.to_owned(),
        // A word of this component, or the name of a role, which is a property too.
        reference: database.credentials.property(key),
        at: place.clone(),
    };
    let mut need = |name: String, entries: Vec<SecretEntry>| {
        plan.facts.secrets.push(SecretNeed {
            unit: unit.clone(),
            namespace: namespace.to_owned(),
            name,
            entries,
            component: COMPONENT,
        });
    };
    let mut own = vec!["superuser", "replication", "rewind", "rest-api"];
    own.extend(database.backup.as_ref().map(|_| drill::ROLE));
    need(database.credentials_secret(), own.iter().map(|key| entry(key)).collect());
    if database.pooler.is_some() {
        need(pooler::pooler_secret(database), vec![entry("pooler")]);
    }
    let users = database.users.iter().map(|user| SecretEntry {
        key: user.name.to_string(),
        reference: user.secret.property("password"),
        at: field!(cx.at, database.users).key(&user.name).key("secret"),
    });
    let users: Vec<SecretEntry> = users.collect();
    if !users.is_empty() {
        need(reconcile::users_secret(database), users);
    }
}

fn replicas(cx: Cx<'_>, unit: &UnitId, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let mut copies = |name: String, labels, least, at| {
        plan.facts.replicas.push(Replicas {
            unit: unit.clone(),
            namespace: namespace.to_owned(),
            name,
            labels,
            least,
            unavailable: 1,
            component: COMPONENT,
            at,
        });
    };
    let members = cx.at.key("postgres").key("members");
    copies(database.scope(), database.selector(), database.members, members);
    if let Some(pool) = &database.pooler {
        let at = field!(cx.at, database.pooler).key("instances");
        copies(pooler::name(database), pooler_selector(&database.name), pool.instances, at);
    }
}

/// Patroni tells of the cluster, the exporter of the server.
fn scrapes(cx: Cx<'_>, unit: &UnitId, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let mut labels = database.selector();
    labels.insert(super::service::SERVICE_LABEL.to_owned(), "members".to_owned());
    for (port, number) in [("rest", REST_PORT), ("exporter", monitoring::PORT)] {
        plan.facts.scrapes.push(Scrape {
            unit: unit.clone(),
            namespace: namespace.to_owned(),
            name: format!("{}-{port}", database.scope()),
            labels: labels.clone(),
            port: port.to_owned(),
            pods: database.selector(),
            socket: Socket::tcp(number),
            path: "/metrics".to_owned(),
            interval: 30,
            component: COMPONENT,
            at: cx.at.key("postgres"),
        });
    }
}

fn flows(cx: Cx<'_>, stage: &Stage, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let pods = |labels| Peer::Pods { namespace: namespace.to_owned(), labels };
    let members = || pods(database.selector());
    let mut flow = |from, to, ports: &[u16], at: At| {
        plan.facts.flows.push(Flow {
            stage: stage.clone(),
            from,
            to,
            sockets: ports.iter().map(|port| Socket::tcp(*port)).collect(),
            component: COMPONENT,
            at,
        });
    };
    let postgres = cx.at.key("postgres");
    flow(members(), members(), &[PORT, REST_PORT], postgres.clone());
    // The API server has the addresses of nodes, which no selector and, with some networks, no range matches.
    flow(members(), Peer::Anyone, &[API_PORT], postgres.clone());
    flow(pods(reconcile::selector(database)), members(), &[PORT, REST_PORT], postgres);
    if database.pooler.is_some() {
        let at = field!(cx.at, database.pooler);
        flow(pods(pooler_selector(&database.name)), members(), &[PORT], at);
    }
}

/// What Patroni calls, and nothing else: it neither updates nor deletes. Its lock, its configuration, its history and
/// a switchover are four ConfigMaps; a role is a label of a member's pod.
fn rights(cx: Cx<'_>, stage: &Stage, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let scope = database.scope();
    let objects = ["leader", "config", "sync", "failover"].map(|part| format!("{scope}-{part}"));
    let rule = |resource, names: Vec<String>, verbs: &'static [&'static str]| ApiRule {
        group: "",
        resource,
        names,
        verbs,
    };
    plan.facts.api_access.push(ApiAccess {
        unit: UnitId {
            kind: UnitKind::Namespace,
            name: namespace.to_owned(),
            stage: stage.clone(),
        },
        namespace: namespace.to_owned(),
        account: scope,
        rules: vec![
            // Neither can be limited to names.
            rule("configmaps", Vec::new(), &["create", "list", "watch"]),
            rule("configmaps", objects.into(), &["get", "patch"]),
            rule("pods", Vec::new(), &["list", "watch"]),
            rule("pods", database.member_names().collect(), &["patch"]),
        ],
        component: COMPONENT,
        at: cx.at.key("postgres"),
    });
}

fn requests(cx: Cx<'_>, stage: &Stage, namespace: &str, plan: &mut Plan) {
    let database = cx.database;
    let mut ask = |cpu: u64, memory: u64, storage: u64, copies: u32, at: At| {
        plan.facts.requests.push(Requests {
            stage: stage.clone(),
            namespace: namespace.to_owned(),
            cpu,
            memory,
            storage,
            least: copies,
            most: copies,
            at,
        });
    };
    let Database { resources, members, .. } = database;
    let each = super::storage::volumes(database).map(|(_, size)| size.get());
    let storage = each.fold(0, u64::saturating_add).saturating_mul((*members).into());
    let place = field!(cx.at, database.resources);
    ask(resources.cpu.millicores(), resources.memory.get(), storage, *members, place);
    if let Some(pooler) = &database.pooler {
        let at = field!(cx.at, database.pooler);
        ask(pooler.cpu.millicores(), pooler.memory.get(), 0, pooler.instances, at);
    }
}
