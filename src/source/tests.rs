use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;

use super::*;
use crate::diag::Diagnostics;
use crate::path::{DocumentId, FieldPath};
use crate::world::Memory;

const SECTIONS: &[Section] = &[
    Section { name: "clusters", scope: Scope::Estate, named: true },
    Section { name: "environments", scope: Scope::Estate, named: true },
    Section { name: "workloads", scope: Scope::Environment, named: true },
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thing {
    image: String,
    #[serde(default)]
    replica_count: Option<u32>,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
}

fn run(files: &[(&str, &str)]) -> (Loaded, Diagnostics) {
    let world = files
        .iter()
        .fold(Memory::new("2026-01-01"), |world, (path, text)| world.with(*path, text.as_bytes()));
    let overlays = files.iter().any(|(path, _)| path.starts_with("overlays/"));
    let overlays = overlays.then(|| Utf8Path::new("overlays"));
    let mut diags = Diagnostics::new();
    let loaded = load(&world, Utf8Path::new("b.yaml"), overlays, SECTIONS, &mut diags)
        .unwrap_or_else(|error| panic!("{error}"));
    (loaded, diags)
}

fn told(loaded: &Loaded, diags: &Diagnostics) -> Vec<String> {
    diags
        .iter()
        .map(|d| {
            let span = loaded.documents.locate(&d.place).unwrap_or_else(|| panic!("{d:?}"));
            let (line, column) = loaded.sources.line_column(span.source, span.range().start);
            format!("{line}:{column} {}: {}", d.rule.name, d.message)
        })
        .collect()
}

const HEADER: &str = "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\n";

#[test]
fn every_mistake_of_a_section_is_told_in_one_run() {
    let text = format!(
        "{HEADER}workloads:\n  web: {{image: [a], replicaCont: 3, tags: [x, 1.10, y]}}\n  api:\n    tags: none\n  ok: {{image: a, replicaCount: -1}}\n"
    );
    let (loaded, mut diags) = run(&[("b.yaml", &text)]);
    let document = loaded.documents.get(DocumentId::BASE);
    let things: Option<BTreeMap<String, Thing>> = decode(
        document,
        &FieldPath::root().key("workloads"),
        &mut Unread::of(document),
        &mut diags,
    );
    let lines = told(&loaded, &diags);
    assert_eq!(
        lines,
        [
            "4:9 source/wrong-type: a text is wanted here, this is a list",
            "4:21 source/unknown-field: there is no field `replicaCont` here",
            "4:47 source/wrong-type: a text is wanted here, this is the number `1.10`",
            "6:11 source/wrong-type: a list is wanted here, this is the text `none`",
            "5:3 source/missing-field: `image` is missing",
            "7:32 source/invalid-value: -1 is out of range here",
        ]
    );
    assert!(things.is_some_and(|things| things["ok"].replica_count.is_none()));
}

#[test]
fn layers_merge_maps_and_replace_the_rest() {
    let base = format!(
        "{HEADER}clusters: {{main: {{}}}}\nenvironments: {{dev: {{cluster: main}}, prod: {{cluster: main}}}}\n\
         workloads:\n  web: {{image: a, tags: [x], replicaCount: 2}}\n"
    );
    let overlay = "apiVersion: groundplan.dev/v1alpha1\nkind: Overlay\nenvironment: dev\n\
                   workloads: {web: {replicaCount: 1, tags: null}}\n";
    let (loaded, diags) = run(&[("b.yaml", &base), ("overlays/environments/dev.yaml", overlay)]);
    assert_eq!(told(&loaded, &diags), Vec::<String>::new());
    let layers: Vec<&Layer> = loaded.documents.iter().map(|document| &document.layer).collect();
    assert_eq!(layers.len(), 4, "{layers:?}");
    let dev = loaded.documents.get(DocumentId(2));
    let path: FieldPath = "workloads.web.replicaCount".parse().unwrap_or_default();
    let span = dev.value_span(&path);
    assert_eq!(loaded.sources.path(&span), "overlays/environments/dev.yaml");
    assert_eq!(&loaded.sources.get(span.source).text[span.range()], "1");
    assert!(dev.get(&FieldPath::root().key("workloads").key("web").key("tags")).is_none());
}

#[test]
fn an_overlay_is_told_what_it_does_not_do() {
    let base = format!(
        "{HEADER}clusters: {{main: {{}}}}\nenvironments: {{dev: {{cluster: main}}}}\nworkloads: {{web: {{image: a}}}}\n"
    );
    let overlay = "apiVersion: groundplan.dev/v1alpha1\nkind: Overlay\nenvironment: dev\nclusters: {}\n\
                   workloads:\n  web: {image: a}\n  wbe: {image: b}\n  gone: null\n";
    let other = "apiVersion: groundplan.dev/v1alpha1\nkind: Overlay\nenvironment: dve\n";
    let (loaded, diags) = run(&[
        ("b.yaml", &base),
        ("overlays/environments/dev.yaml", overlay),
        ("overlays/environments/dve.yaml", other),
    ]);
    assert_eq!(
        told(&loaded, &diags),
        [
            "4:1 overlay/wrong-scope: `clusters` cannot be changed by this overlay",
            "3:14 overlay/unknown-target: the blueprint has no environment `dve`",
            "6:16 overlay/changes-nothing: `workloads.web.image` is already the text `a`",
            "7:3 overlay/adds-entry: the blueprint has no `workloads.wbe`; this layer adds it",
            "8:3 overlay/removes-nothing: `workloads.gone` is not there, so it cannot be removed",
        ]
    );
}

#[test]
fn hostile_texts_are_refused() {
    let deep = "[".repeat(10_000);
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, i| {
        let list = vec![format!("*a{}", i - 1); 10].join(", ");
        text + &format!("a{i}: &a{i} [{list}]\n")
    });
    for (text, rule) in [
        (format!("{HEADER}workloads: {deep}"), "yaml/too-deep"),
        (format!("{HEADER}{bomb}"), "yaml/alias-bomb"),
        (format!("{HEADER}workloads:\n\tweb: {{}}\n"), "yaml/syntax"),
        (format!("{HEADER}workloads: {{a: 1, a: 2}}\n"), "yaml/duplicate-key"),
        ("".to_owned(), "source/empty"),
        ("# nothing\n".to_owned(), "source/empty"),
        ("just text".to_owned(), "source/header"),
        ("a: 1\n---\nb: 2\n".to_owned(), "yaml/unsupported"),
    ] {
        let (loaded, diags) = run(&[("b.yaml", &text)]);
        let told = told(&loaded, &diags);
        assert!(told.iter().any(|line| line.contains(rule)), "{rule}: {told:?}");
    }
}

#[test]
fn merge_keys_do_not_hide_typos() {
    let text = format!(
        "{HEADER}workloads:\n  web: &web {{image: a, replcias: 2}}\n  api: {{<<: *web, image: b}}\n"
    );
    let (loaded, mut diags) = run(&[("b.yaml", &text)]);
    let document = loaded.documents.get(DocumentId::BASE);
    let things: Option<BTreeMap<String, Thing>> = decode(
        document,
        &FieldPath::root().key("workloads"),
        &mut Unread::of(document),
        &mut diags,
    );
    assert_eq!(things.map(|things| things["api"].image.clone()).as_deref(), Some("b"));
    let lines = told(&loaded, &diags);
    assert!(lines.iter().all(|line| line.starts_with("4:24 source/unknown-field")), "{lines:?}");
}
