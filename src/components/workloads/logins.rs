//! What a workload gets to log in to the databases that it connects to: variables as libpq names them, and the
//! password from the secret store. Nobody else gets it.

use super::model::Login;
use super::spec::WorkloadSpec;
use crate::component::connects::Connect;
use crate::component::{DatabaseAccess, Resolving, namespace};
use crate::diag::{Rule, one_of};
use crate::field;
use crate::k8s::name::{EnvName, Name};
use crate::path::At;
use crate::source::Short;

/// As which user?
pub static DATABASE_USER: Rule = Rule::error(
    "workloads/database-user",
    "a connection to a database as a user that it does not have, or as any of several",
    "Guessing would hand a workload the password of another one.",
    "workloads: {web: {connects: [{to: database/orders, user: chekout}]}}",
);

/// Two values for one variable.
pub static DATABASE_VARIABLES: Rule = Rule::error(
    "workloads/database-variables",
    "the variables of a connection to a database are there already",
    "The program would log in to one database with what is meant for the other.",
    "workloads: {web: {connects: [database/orders, database/stock]}}",
);

/// A login to what has no logins.
pub static LOGIN_ELSEWHERE: Rule = Rule::error(
    "workloads/login-elsewhere",
    "`user` or `prefix` of a connection to something that is no database",
    "Only databases have users here; it would have no effect.",
    "workloads: {web: {connects: [{to: workload/checkout, user: web}]}}",
);

/// The logins of a workload, one for each connection to a database.
pub fn logins(
    name: &Name,
    spec: &WorkloadSpec,
    connects: &[Connect],
    at: &At,
    cx: &mut Resolving<'_>,
) -> Vec<Login> {
    let mut logins = Vec::new();
    for connect in connects {
        let entry = &spec.connects[connect.index];
        let place = field!(at, spec.connects).index(connect.index);
        let (to, user, prefix) = match entry {
            Short::Short(to) => (to, None, None),
            Short::Long(long) => (&long.to, long.user.as_ref(), long.prefix.as_ref()),
        };
        if to.kind() != "database" {
            for (key, written) in [("user", user.is_some()), ("prefix", prefix.is_some())] {
                if written {
                    cx.diags
                        .report(&LOGIN_ELSEWHERE, place.key(key), format!("`{to}` is no database"))
                        .help(format!("leave `{key}` out"));
                }
            }
            continue;
        }
        let Some(database) = cx.symbols.databases.get(to.name().as_str()).cloned() else {
            continue;
        };
        // A database without users has nothing to log in with: whoever connects brings it along.
        if database.users.is_empty() && user.is_none() {
            continue;
        }
        let wanted = user.map(|user| user.as_str());
        if let Some(user) = choose(name, wanted, &database, to.name(), &place, cx) {
            let prefix = prefix.map(EnvName::as_str).unwrap_or_default();
            logins.push(login(connect.index, prefix, user, &database, spec, cx));
        }
    }
    distinct(&logins, spec, at, cx);
    logins
}

/// The user that is named, that is called as the workload, or the only one.
fn choose(
    name: &Name,
    wanted: Option<&str>,
    database: &DatabaseAccess,
    of: &Name,
    place: &At,
    cx: &mut Resolving<'_>,
) -> Option<String> {
    let users = || database.users.keys().map(String::as_str);
    let found = match wanted {
        Some(wanted) => users().find(|user| *user == wanted),
        None => users().find(|user| *user == name.as_str()).or_else(|| {
            let mut all = users();
            all.next().filter(|_| all.next().is_none())
        }),
    };
    if found.is_none() {
        let (place, message) = match wanted {
            Some(wanted) => (place.key("user"), format!("`{of}` has no user `{wanted}`")),
            None => (place.clone(), format!("`{of}` has several users, and none is named")),
        };
        let report = cx.diags.report(&DATABASE_USER, place, message);
        if let Some(declared) = cx.symbols.databases.at(of.as_str()) {
            report.related(declared.key("users"), "its users");
        }
        match wanted {
            Some(wanted) => report.help(one_of(wanted, users())),
            None => {
                let all: Vec<String> = users().map(|user| format!("`{user}`")).collect();
                report.help(format!(
                    "write `{{to: database/{of}, user: …}}` with one of {}",
                    all.join(", ")
                ))
            }
        };
    }
    found.map(str::to_owned)
}

fn login(
    index: usize,
    prefix: &str,
    user: String,
    database: &DatabaseAccess,
    spec: &WorkloadSpec,
    cx: &Resolving<'_>,
) -> Login {
    let of = &database.users[&user];
    // In its own namespace a Service has a short name, which is the same in every environment.
    let host = if database.team == spec.team.as_str() {
        database.service.clone()
    } else {
        let namespace = namespace(&database.team, cx.symbols.environment.as_deref());
        format!("{}.{namespace}.svc", database.service)
    };
    // After a failover two members may say for a moment that they lead; one of them refuses writes.
    let session = if of.read_only { "any" } else { "read-write" };
    let variables = [
        ("PGHOST", host),
        ("PGPORT", database.port.to_string()),
        ("PGDATABASE", of.database.clone()),
        ("PGUSER", user),
        ("PGSSLMODE", "require".to_owned()),
        ("PGTARGETSESSIONATTRS", session.to_owned()),
        ("PGCONNECT_TIMEOUT", "5".to_owned()),
    ];
    Login {
        index,
        variables: variables.map(|(name, value)| (format!("{prefix}{name}"), value)).into(),
        password: (format!("{prefix}PGPASSWORD"), of.password.clone()),
    }
}

fn distinct(logins: &[Login], spec: &WorkloadSpec, at: &At, cx: &mut Resolving<'_>) {
    let mut known: std::collections::BTreeMap<&str, At> = std::collections::BTreeMap::new();
    for name in spec.config.keys() {
        known.insert(name.as_str(), field!(at, spec.config).key(name));
    }
    for name in spec.secrets.keys() {
        known.insert(name.as_str(), field!(at, spec.secrets).key(name));
    }
    for login in logins {
        let place = field!(at, spec.connects).index(login.index);
        let names: Vec<&str> = login.names().collect();
        if let Some((name, first)) = names.iter().find_map(|name| Some((name, known.get(name)?))) {
            cx.diags
                .report(&DATABASE_VARIABLES, &place, format!("there is a variable `{name}` already"))
                .related(first.clone(), "here")
                .help("write a prefix: `{to: database/<name>, prefix: STOCK_}` gives `STOCK_PGHOST` and so on");
        }
        for name in names {
            known.entry(name).or_insert_with(|| place.clone());
        }
    }
}
