//! A small run that every format is tried on: two files, three documents, a secret.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::{Locate, Report};
use crate::diag::{Diagnostic, Diagnostics, Place, Rule, SourceId, Span};
use crate::path::{At, DocumentId, FieldPath};
use crate::source::Sources;

static UNKNOWN_FIELD: Rule = Rule::error(
    "workloads/unknown-field",
    "A field has a name that does not exist.",
    "It would be ignored, and production would run with the default instead.",
    "workloads: { web: { replcias: 2 } }",
);
static MIN_ABOVE_MAX: Rule = Rule::error(
    "workloads/scale-min-above-max",
    "The least number of replicas is above the greatest.",
    "The autoscaler refuses it and the workload does not start.",
    "scale: { min: 3, max: 2 }",
);
static PLAINTEXT: Rule = Rule::error(
    "secrets/plaintext-secret",
    "A credential is written into the blueprint.",
    "Whoever reads the repository can use it, for ever.",
    "password: hunter2",
);
static SINGLE_REPLICA: Rule = Rule::warning(
    "workloads/single-replica",
    "A workload has one replica.",
    "It is away whenever its node is drained.",
    "scale: { min: 1 }",
);
static EMPTY_FILE: Rule = Rule::error(
    "blueprint/empty-file",
    "A file holds nothing.",
    "It was probably meant to hold something.",
    "# nothing",
);
static UNUSED_POOL: Rule =
    Rule::warning("clusters/unused-pool", "A pool has no use.", "It costs money.", "pools: {}");

/// The rules that the sample checks.
pub(super) static RULES: [&Rule; 5] =
    [&EMPTY_FILE, &UNUSED_POOL, &PLAINTEXT, &MIN_ABOVE_MAX, &UNKNOWN_FIELD];

/// A table of places.
#[derive(Default)]
pub(super) struct Table {
    pub places: BTreeMap<Place, Span>,
}

impl Locate for Table {
    fn locate(&self, place: &Place) -> Option<Span> {
        self.places.get(place).cloned()
    }

    fn describe(&self, document: DocumentId) -> String {
        match document.0 {
            0 => String::new(),
            1 => "environment development".to_owned(),
            2 => "environment production".to_owned(),
            other => format!("cluster c{other}"),
        }
    }
}

pub(super) const BLUEPRINT: &str = "\
workloads:
  wäb:
    replcias: 2
    scale: { min: 1, max: 2 }
\tenv:\t\"größe\"
databases:
  orders:
    password: hunter2
    note: { password: \"hunter3\", nmae: x }
";
pub(super) const OVERLAY: &str = "workloads:\r\n  wäb:\r\n    scale:\r\n      min: 3\r\n";

/// What the sample is made of.
pub(super) struct Sample {
    pub sources: Sources,
    pub table: Table,
    pub found: Diagnostics,
}

impl Sample {
    pub fn report(&self) -> Report<'_> {
        self.report_of(self.found.iter().cloned())
    }

    pub fn report_of(&self, found: impl IntoIterator<Item = Diagnostic>) -> Report<'_> {
        let root = Utf8Path::new("/repo");
        Report::new(found, &self.sources, &self.table, &RULES, Some(root)).started_in(root)
    }
}

/// The first `text` in a file.
pub(super) fn span(sources: &Sources, source: u32, text: &str) -> Span {
    let start = sources.get(SourceId(source)).text.find(text).map_or(0, |at| at as u32);
    Span { source: SourceId(source), start, end: start + text.len() as u32 }
}

pub(super) fn sample() -> Sample {
    let mut sources = Sources::default();
    sources.add("./blueprint.yaml", BLUEPRINT);
    sources.add("overlays/environments/production.yaml", OVERLAY);
    let mut table = Table::default();
    let at = |document: u32, path: &str| At {
        document: DocumentId(document),
        path: path.parse().unwrap_or_else(|_| FieldPath::root()),
    };
    let mut write = |place: Place, source: u32, text: &str| {
        table.places.insert(place.clone(), span(&sources, source, text));
        place
    };
    let mut found = Diagnostics::new();
    for document in 0..3 {
        let place = write(Place::Key(at(document, "workloads.wäb.replcias")), 0, "replcias");
        found
            .report(&UNKNOWN_FIELD, place, "unknown field `replcias`")
            .help("did you mean `replicas`?")
            .fix("replicas");
    }
    let min = write(at(2, "workloads.wäb.scale.min").into(), 1, "3");
    let max = write(at(2, "workloads.wäb.scale.max").into(), 0, "2 }");
    let size = write(at(2, "workloads.wäb.env").into(), 0, "\"größe\"");
    found
        .report(&MIN_ABOVE_MAX, min, "min is 3, max is 2")
        .related(max, "max is set here")
        .related(size, "and this is \"<large>\"")
        .help("raise max or lower min");
    let password = write(at(0, "databases.orders.password").into(), 0, "hunter2");
    let key = write(Place::Key(at(0, "databases.orders.note.password")), 0, "password: \"");
    write(at(0, "databases.orders.note.password").into(), 0, "\"hunter3\"");
    for place in [password, key] {
        found.report(&PLAINTEXT, place, "a password in plain text").sensitive();
    }
    let name = write(Place::Key(at(0, "databases.orders.note.nmae")), 0, "nmae");
    found.report(&UNKNOWN_FIELD, name, "unknown field `nmae`");
    for document in [1, 2] {
        let place = write(at(document, "workloads.wäb.scale").into(), 0, "{ min");
        found.report(&SINGLE_REPLICA, place, "one replica");
    }
    found
        .report(
            &EMPTY_FILE,
            Place::File("overlays/clusters/a b.yaml".to_owned()),
            "the file is empty",
        )
        .related(at(0, "clusters.a"), "it was named by");
    found.report(&UNUSED_POOL, at(3, "clusters.main.pools.spare"), "the pool `spare` has no use");
    Sample { sources, table, found }
}
