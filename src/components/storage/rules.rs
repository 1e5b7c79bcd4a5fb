//! What makes no sense, or would be found out only when a volume is asked for.

use super::Storage;
use super::spec::{ClassSpec, Driver};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::field;
use crate::path::At;

/// No default, or several.
pub static DEFAULT: Rule = Rule::error(
    "storage/default",
    "not exactly one class of volumes is the default",
    "A claim without a class waits for ever where there is no default; where there are several, the newest one \
     wins (kubernetes.io, Storage Classes, DefaultStorageClass).",
    "storage: {classes: {fast: {driver: longhorn}, shared: {driver: longhorn}}}",
);

/// An access mode beyond the driver.
pub static ACCESS: Rule = Rule::error(
    "storage/access",
    "a class has an access mode that its driver cannot do",
    "Kubernetes does not check it: the claim is bound, and the second pod never starts, or two machines write to \
     one file system and destroy it.",
    "storage: {classes: {block: {driver: iscsi, portal: 10.0.0.1, access: ReadWriteMany, default: true}}}",
);

/// A field for another driver.
pub static FOREIGN_FIELD: Rule = Rule::error(
    "storage/foreign-field",
    "a class has a field of another driver",
    "It would change nothing, and whoever wrote it believes that it does.",
    "storage: {classes: {fast: {driver: longhorn, server: 10.0.0.1, default: true}}}",
);

/// A field that the driver cannot do without.
pub static MISSING_FIELD: Rule = Rule::error(
    "storage/missing-field",
    "a class does not say where its volumes are",
    "There is no server, export or portal that could be guessed.",
    "storage: {classes: {shared: {driver: nfs, default: true}}}",
);

/// More copies than hosts.
pub static REPLICAS: Rule = Rule::error(
    "storage/replicas",
    "a class wants more copies than there are hosts for them",
    "Longhorn puts two copies on two machines; where two machines share a host, it dies with both. A volume with \
     fewer copies than asked for stays degraded for ever.",
    "storage: {classes: {fast: {driver: longhorn, replicas: 5, default: true}}}",
);

/// Two appliances.
pub static ONE_APPLIANCE: Rule = Rule::error(
    "storage/one-appliance",
    "two classes of iSCSI are on different appliances",
    "A driver is configured for one appliance; the class of the other would make its volumes on the first.",
    "storage: {classes: {a: {driver: iscsi, portal: 10.0.0.1, default: true}, b: {driver: iscsi, portal: 10.0.0.2}}}",
);

pub static ALL: &[&Rule] =
    &[&DEFAULT, &ACCESS, &FOREIGN_FIELD, &MISSING_FIELD, &REPLICAS, &ONE_APPLIANCE];

pub fn check(storage: &Storage, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let classes = field!(at, storage.classes);
    default(storage, &classes, diags);
    for (name, class) in &storage.classes {
        let at = classes.key(name);
        foreign_fields(class, &at, diags);
        missing_fields(class, &at, diags);
        access(class, &at, diags);
        replicas(class, &at, symbols, diags);
    }
    one_appliance(storage, &classes, diags);
}

fn default(storage: &Storage, at: &At, diags: &mut Diagnostics) {
    let mut defaults = storage.classes.iter().filter(|(_, class)| class.default);
    match (defaults.next(), defaults.next()) {
        (None, _) if !storage.classes.is_empty() => {
            diags
                .report(&DEFAULT, at, "no class of volumes is the default")
                .help("write `default: true` in one of them");
        }
        (Some((first, _)), Some((second, _))) => {
            diags
                .report(
                    &DEFAULT,
                    at.key(second).key("default"),
                    format!("`{first}` is the default too"),
                )
                .related(at.key(first).key("default"), "the other one")
                .help("leave `default` out of all classes but one");
        }
        _ => {}
    }
}

fn foreign_fields(class: &ClassSpec, at: &At, diags: &mut Diagnostics) {
    let written = [
        ("replicas", class.replicas.is_some()),
        ("server", class.server.is_some()),
        ("share", class.share.is_some()),
        ("portal", class.portal.is_some()),
        ("dataset", class.dataset.is_some()),
        ("secret", class.secret.is_some()),
    ];
    for (field, _) in
        written.iter().filter(|(field, written)| *written && class.driver.foreign().contains(field))
    {
        diags
            .report(
                &FOREIGN_FIELD,
                at.key(field),
                format!("`{field}` is no field of the driver {}", class.driver.word()),
            )
            .related(at.key("driver"), "the driver")
            .help("leave it out, or choose another driver");
    }
}

fn missing_fields(class: &ClassSpec, at: &At, diags: &mut Diagnostics) {
    let missing = |field: &str, example: &str, diags: &mut Diagnostics| {
        diags
            .report(
                &MISSING_FIELD,
                at,
                format!("a class of the driver {} needs `{field}`", class.driver.word()),
            )
            .help(format!("write for example `{field}: {example}`"));
    };
    match class.driver {
        Driver::Longhorn => {}
        Driver::Nfs => {
            if class.server.is_none() {
                missing("server", "10.20.30.10", diags);
            }
            if class.share.is_none() {
                missing("share", "/export/kubernetes", diags);
            }
        }
        Driver::Iscsi => {
            if class.portal.is_none() {
                missing("portal", "10.20.30.11", diags);
            }
        }
    }
}

fn access(class: &ClassSpec, at: &At, diags: &mut Diagnostics) {
    let Some(mode) = class.access else { return };
    if !class.driver.access().contains(&mode) {
        let can: Vec<&str> = class.driver.access().iter().map(|mode| mode.word()).collect();
        diags
            .report(
                &ACCESS,
                field!(at, class.access),
                format!("the driver {} cannot do {}", class.driver.word(), mode.word()),
            )
            .related(at.key("driver"), "the driver")
            .help(format!("it can do {}", can.join(" and ")));
    }
}

fn replicas(class: &ClassSpec, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let Some(replicas) = class.replicas.filter(|_| class.driver == Driver::Longhorn) else {
        return;
    };
    // The pools' hosts are not told apart here; the widest pool is the most that is certain.
    let Some((pool, place, hosts)) = symbols
        .pools
        .iter()
        .filter(|(_, _, pool)| pool.dedicated.is_none())
        .map(|(name, at, pool)| (name, at, pool.hosts))
        .max_by_key(|(.., hosts)| *hosts)
    else {
        return;
    };
    if replicas.get() > hosts {
        diags
            .report(
                &REPLICAS,
                field!(at, class.replicas),
                format!("{replicas} copies, and the widest pool `{pool}` is on {hosts} hosts"),
            )
            .related(place.clone(), "the pool")
            .help(format!("write `replicas: {}`, or add hosts", hosts.max(1)));
    }
}

fn one_appliance(storage: &Storage, at: &At, diags: &mut Diagnostics) {
    let mut appliances = storage.classes.iter().filter(|(_, class)| class.driver == Driver::Iscsi);
    let Some((first, one)) = appliances.next() else { return };
    for (name, other) in appliances {
        for (field, same) in [
            ("portal", other.portal == one.portal),
            ("dataset", other.dataset == one.dataset),
            ("secret", other.secret == one.secret),
        ] {
            if !same {
                diags
                    .report(
                        &ONE_APPLIANCE,
                        at.key(name).key(field),
                        format!("`{name}` and `{first}` have one driver, and another `{field}`"),
                    )
                    .related(at.key(first).key(field), "the other one")
                    .help("write the same in both");
            }
        }
    }
}
