//! The settings of PostgreSQL that the blueprint writes.

use crate::catalog::postgres::{self, Amount, Context, RELEASES};
use crate::components::databases::model::Database;
use crate::components::databases::parameters::SHARED;
use crate::diag::{Diagnostics, Place, Rule, one_of};
use crate::path::At;

/// A major that is not known.
pub static VERSION_UNKNOWN: Rule = Rule::error(
    "databases/version-unknown",
    "a major version of PostgreSQL that is not mended any more, or not known yet",
    "PostgreSQL mends a major for five years; 14 ends on 2026-11-12. Settings of a major that nobody has looked at \
     cannot be checked.",
    "databases: {orders: {postgres: {version: 13}}}",
);

/// No such setting.
pub static PARAMETER_UNKNOWN: Rule = Rule::error(
    "databases/parameter-unknown",
    "a setting that this major of PostgreSQL does not have",
    "Patroni drops it with a line in its log, and PostgreSQL starts without it.",
    "databases: {orders: {postgres: {version: 18, parameters: {shared_bufers: 1GB}}}}",
);

/// No such value.
pub static PARAMETER_VALUE: Rule = Rule::error(
    "databases/parameter-value",
    "a value that PostgreSQL cannot read",
    "PostgreSQL would not start with it, or keep the old value after a reload.",
    "databases: {orders: {postgres: {version: 18, parameters: {work_mem: 32Mi}}}}",
);

/// Out of range.
pub static PARAMETER_RANGE: Rule = Rule::error(
    "databases/parameter-range",
    "a value outside of what PostgreSQL accepts",
    "PostgreSQL would not start with it, or keep the old value after a reload.",
    "databases: {orders: {postgres: {version: 18, parameters: {checkpoint_completion_target: 1.5}}}}",
);

/// Somebody else's.
pub static PARAMETER_OWNED: Rule = Rule::error(
    "databases/parameter-owned",
    "a setting that follows from another field, or that Patroni sets itself",
    "Two would set it; Patroni overwrites some without a word, and the others would contradict the pod around it.",
    "databases: {orders: {postgres: {version: 18, parameters: {port: 5433}}}}",
);

/// Loses data.
pub static PARAMETER_UNSAFE: Rule = Rule::error(
    "databases/parameter-unsafe",
    "a value with which a crash, a full disk or a stranger ends the database",
    "`fsync` and `full_page_writes` off corrupt it in a crash; slots without a limit fill the disk; io_uring is \
     blocked by the seccomp profile RuntimeDefault, and PostgreSQL does not start; md5 can be computed back.",
    "databases: {orders: {postgres: {version: 18, parameters: {fsync: off}}}}",
);

/// Below what the cluster needs.
pub static PARAMETER_LEAST: Rule = Rule::error(
    "databases/parameter-least",
    "a value below what Patroni or the members need",
    "Patroni ignores what is below its own least; with too few senders or slots a member cannot follow, and after a \
     failover nobody can.",
    "databases: {orders: {postgres: {version: 18, members: 3, parameters: {max_wal_senders: 2}}}}",
);

/// Logical without anybody.
pub static LOGICAL_WITHOUT_SLOTS: Rule = Rule::warning(
    "databases/logical-without-slots",
    "`wal_level: logical` writes more log, and nothing limits what a forgotten subscriber holds back",
    "A slot of a subscriber that is gone keeps the log until its limit; then the subscriber must begin anew.",
    "databases: {orders: {postgres: {version: 18, parameters: {wal_level: logical}}}}",
);

/// Settings that are not the blueprint's to write, and where their value comes from.
const OWNED: [(&str, &str); 33] = [
    ("archive_cleanup_command", "Patroni"),
    ("archive_command", "`backup`"),
    ("archive_library", "`backup`"),
    ("archive_mode", "`backup`"),
    ("archive_timeout", "`backup.recoveryPoint`"),
    ("cluster_name", "Patroni"),
    ("config_file", "Patroni"),
    ("data_directory", "Patroni"),
    ("external_pid_file", "Patroni"),
    ("hba_file", "Patroni"),
    ("hot_standby", "Patroni"),
    ("huge_pages", "`resources.hugePages`"),
    ("ident_file", "Patroni"),
    ("listen_addresses", "Patroni"),
    ("port", "Patroni"),
    ("primary_conninfo", "Patroni"),
    ("primary_slot_name", "Patroni"),
    ("recovery_end_command", "`recover`"),
    ("recovery_target", "`recover`"),
    ("recovery_target_action", "`recover`"),
    ("recovery_target_inclusive", "`recover`"),
    ("recovery_target_lsn", "`recover`"),
    ("recovery_target_name", "`recover`"),
    ("recovery_target_time", "`recover`"),
    ("recovery_target_timeline", "`recover`"),
    ("recovery_target_xid", "`recover`"),
    ("restore_command", "`backup`"),
    ("ssl", "`tls`"),
    ("ssl_ca_file", "`tls`"),
    ("ssl_cert_file", "`tls`"),
    ("ssl_key_file", "`tls`"),
    ("synchronous_standby_names", "`synchronous`"),
    ("unix_socket_directories", "the folders of the pod"),
];

/// Values that are never right, with what to write instead.
const UNSAFE: [(&str, &[&str], &str); 8] = [
    ("fsync", OFF, "leave it out"),
    ("full_page_writes", OFF, "leave it out"),
    ("zero_damaged_pages", ON, "leave it out; it hides damage instead of mending it"),
    ("ignore_checksum_failure", ON, "leave it out; it hides damage instead of mending it"),
    ("io_method", &["io_uring"], "write `worker`"),
    ("password_encryption", &["md5"], "leave it out"),
    ("max_slot_wal_keep_size", &["-1"], "write how much a slot may hold back, such as `8GB`"),
    ("wal_level", &["minimal"], "leave it out: no member could follow"),
];
const OFF: &[&str] = &["off", "false", "no", "0"];
const ON: &[&str] = &["on", "true", "yes", "1"];

/// Checks the settings; whether their numbers can be counted with.
pub fn check(database: &Database, at: &At, diags: &mut Diagnostics) -> bool {
    let postgres = at.key("postgres");
    let major = database.major.get();
    let Some(known) = postgres::settings(major) else {
        let majors: Vec<String> =
            RELEASES.iter().rev().map(|release| format!("`{}`", release.major)).collect();
        diags
            .report(
                &VERSION_UNKNOWN,
                postgres.key("version"),
                format!("PostgreSQL {major} cannot be chosen"),
            )
            .help(format!("write one of {}", majors.join(", ")));
        return false;
    };
    let mut sound = true;
    for (name, value) in &database.written {
        let place = postgres.key("parameters").key(name);
        let Some(setting) = known.get(name.as_str()) else {
            unknown(name, major, known, &place, diags);
            sound = false;
            continue;
        };
        let text = value.as_str();
        if let Some((_, owner)) = OWNED.iter().find(|(owned, _)| owned == name) {
            diags
                .report(
                    &PARAMETER_OWNED,
                    Place::Key(place),
                    format!("`{name}` follows from {owner}"),
                )
                .help("leave it out");
            continue;
        }
        if setting.context == Context::Internal {
            diags
                .report(&PARAMETER_OWNED, Place::Key(place), format!("nobody can set `{name}`"))
                .help("leave it out");
            continue;
        }
        match setting.read(text) {
            Err(bad) => {
                let rule = if bad.out_of_range { &PARAMETER_RANGE } else { &PARAMETER_VALUE };
                diags.report(rule, place, bad.message).help(bad.help);
                sound = false;
            }
            Ok(amount) => {
                dangerous(database, name, text, &place, diags);
                sound &= enough(database, name, amount, &place, diags);
            }
        }
    }
    sound
}

fn unknown(
    name: &str,
    major: u32,
    known: &'static postgres::Settings,
    place: &At,
    diags: &mut Diagnostics,
) {
    let elsewhere = postgres::majors_with(name);
    let help = if elsewhere.is_empty() {
        one_of(name, known.keys().copied())
    } else {
        let majors: Vec<String> = elsewhere.iter().map(ToString::to_string).collect();
        format!("leave it out; it is a setting of PostgreSQL {}", majors.join(", "))
    };
    diags
        .report(
            &PARAMETER_UNKNOWN,
            Place::Key(place.clone()),
            format!("PostgreSQL {major} has no setting `{name}`"),
        )
        .help(help);
}

fn dangerous(database: &Database, name: &str, text: &str, place: &At, diags: &mut Diagnostics) {
    let lower = text.to_ascii_lowercase();
    let found =
        UNSAFE.iter().find(|(of, values, _)| *of == name && values.contains(&lower.as_str()));
    if let Some((_, _, help)) = found {
        diags
            .report(&PARAMETER_UNSAFE, place, format!("`{name}` must not be `{text}`"))
            .help(*help);
    }
    let weak = ["off", "local", "false", "no", "0"].contains(&lower.as_str());
    if name == "synchronous_commit" && database.durability.waits() && weak {
        diags
            .report(
                &PARAMETER_UNSAFE,
                place,
                format!("`synchronous` promises what `synchronous_commit: {text}` does not keep"),
            )
            .help(
                "write `synchronous: false`, or leave this out and set it for single transactions",
            );
    }
    if name == "wal_level"
        && lower == "logical"
        && !database.written.contains_key("max_slot_wal_keep_size")
    {
        diags.report(&LOGICAL_WITHOUT_SLOTS, place, "logical slots hold the log back").help(
            "write `max_slot_wal_keep_size` too: how much a subscriber that is away may hold back",
        );
    }
}

/// Whether Patroni and the members have what they need.
fn enough(
    database: &Database,
    name: &str,
    amount: Amount,
    place: &At,
    diags: &mut Diagnostics,
) -> bool {
    let Amount::Number(number) = amount else { return true };
    let patroni = SHARED.iter().find(|(shared, _)| *shared == name).and_then(|(_, least)| *least);
    let members = f64::from(database.members);
    let needed = match name {
        // The other members, two base backups and two to spare.
        "max_wal_senders" => Some(members + 3.0),
        "max_replication_slots" => Some(members + 2.0),
        _ => None,
    };
    let least = patroni.unwrap_or(0.0).max(needed.unwrap_or(0.0));
    if (patroni.is_some() || needed.is_some()) && number < least {
        diags
            .report(&PARAMETER_LEAST, place, format!("`{name}` is {number}, {least} is the least"))
            .help(format!("write at least {least}, or leave it out"));
        return false;
    }
    true
}
