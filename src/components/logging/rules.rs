//! What can be wrong with `logging`.

use super::{KibanaSpec, Logging, LoggingSpec};
use crate::component::Symbols;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::quantity::Bytes;
use crate::path::At;

/// Something about logging, but no logging.
pub static NO_KIND: Rule = Rule::error(
    "logging/no-kind",
    "logging is described, but not which programs do it",
    "Nothing would be kept, and somebody believes it is.",
    "logging: {retention: 14d}",
);

/// Lines that do not fit.
pub static STORAGE_TOO_SMALL: Rule = Rule::error(
    "logging/storage-too-small",
    "the disks do not hold the lines of the retention",
    "At 85 % of its disk an Elasticsearch node takes no more copies, at 95 % its indices become read-only, and \
     lines pile up on the nodes until they are lost (Elasticsearch reference, Disk-based shard allocation).",
    "logging: {kind: efk, retention: 30d, volumePerDay: 20Gi, storage: {size: 50Gi}}",
);

/// Too few nodes.
pub static TOO_FEW_NODES: Rule = Rule::error(
    "logging/too-few-nodes",
    "one data node has no second copy of anything",
    "Its health is never green, so Argo CD waits for it for ever; with its disk all lines are lost.",
    "logging: {kind: efk, storage: {nodes: 1}}",
);

/// A class that Elasticsearch cannot use.
pub static STORAGE_CLASS: Rule = Rule::error(
    "logging/storage-class",
    "the storage class of Elasticsearch is a network file system",
    "Its locks do not hold there; indices are corrupted (Elasticsearch reference, Node settings: path.data).",
    "logging: {kind: efk, storage: {class: shared}}  # a class on NFS",
);

/// Kibana for every name.
pub static KIBANA_HOST: Rule = Rule::error(
    "logging/kibana-host",
    "the host name of Kibana is a wildcard",
    "Kibana makes links to itself, and needs one name for them.",
    "logging: {kind: efk, kibana: {host: \"*.acme.example\"}}",
);

pub static ALL: &[&Rule] =
    &[&NO_KIND, &STORAGE_TOO_SMALL, &TOO_FEW_NODES, &STORAGE_CLASS, &KIBANA_HOST];

/// Copies of every line: one and its replica.
pub(super) const COPIES: u64 = 2;
/// Hundredths that an index takes of what was printed: fields beside the line, and less by compression.
const INDEXED: u64 = 110;
/// Hundredths of a disk that may be full: below the low watermark, with a day in reserve.
const FILLED: u64 = 80;

impl Logging {
    /// What each data node needs. Lines are deleted by whole indices, which are a day long, so one day more.
    pub(super) fn needed(&self) -> Bytes {
        let days = self.retention.as_days().saturating_add(1);
        let total = u128::from(self.volume.get())
            * u128::from(days)
            * u128::from(COPIES)
            * u128::from(INDEXED)
            / u128::from(FILLED);
        let each = total / u128::from(self.nodes.max(1));
        Bytes::new(u64::try_from(each).unwrap_or(u64::MAX))
    }
}

pub(super) fn without_kind(spec: &LoggingSpec, at: &At, diags: &mut Diagnostics) {
    let first = [
        (spec.retention.is_some(), "retention"),
        (spec.volume_per_day.is_some(), "volumePerDay"),
        (spec.storage.is_some(), "storage"),
        (spec.kibana.is_some(), "kibana"),
    ];
    if let Some((_, field)) = first.into_iter().find(|(written, _)| *written) {
        diags
            .report(&NO_KIND, at.key(field), "nothing says which programs keep logs")
            .help("write `kind: efk`");
    }
}

pub(super) fn kibana(spec: &KibanaSpec, at: &At, diags: &mut Diagnostics) {
    if spec.host.is_wildcard() {
        diags
            .report(&KIBANA_HOST, at.key("host"), format!("`{}` is many names", spec.host))
            .help(format!("write `kibana.{}`", spec.host.domain()));
    }
}

pub(super) fn check(logging: &Logging, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
    let storage = at.key("storage");
    if logging.nodes < 2 {
        diags
            .report(&TOO_FEW_NODES, storage.key("nodes"), "one data node keeps no second copy")
            .help("write `nodes: 3`, or leave it out");
    }
    let needed = logging.needed().round_up_to(Bytes::from_gi(1));
    if logging.written && logging.size < needed && logging.nodes > 1 {
        let message = format!(
            "{} a day for {} in {COPIES} copies needs {needed} on each of {} nodes",
            logging.volume, logging.retention, logging.nodes
        );
        diags
            .report(&STORAGE_TOO_SMALL, storage.key("size"), message)
            .related(at.key("volumePerDay"), "how much is printed")
            .related(at.key("retention"), "how long it is kept")
            .help(format!("write `size: {needed}`, or leave it out"));
    }
    let class = logging.class.as_ref().and_then(|name| symbols.storage_classes.get(name));
    if let Some(class) = class
        && class.provisioner.contains("nfs")
    {
        diags
            .report(
                &STORAGE_CLASS,
                storage.key("class"),
                format!("`{}` is a network file system", class.provisioner),
            )
            .help("choose a class of a block device, such as one of Longhorn or iSCSI");
    }
}
