//! Every file under `tests/cases` is a behaviour that carries its own expectation.
//!
//! `*.yaml` is a blueprint; more files follow after lines `#--- <path>`. Each finding that is wanted is named by a
//! comment at the end of the line that must be blamed:
//!
//! ```yaml
//! scale: {min: 5, max: 2}   # error: workloads/scale-min-above-max
//! ```
//!
//! Where a comment cannot stand on that line, `# expect: error yaml/too-deep at blueprint.yaml:3` says the same.
//! Nothing else may be found. `*.case` is a blueprint, a line `=== output`, and then `-- <path> --` sections with
//! what those files must hold; `UPDATE=1 cargo test` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use groundplan::diag::Severity;
use groundplan::k8s::tree::Tree;
use groundplan::plan::{Body, Stage, UnitKind};
use groundplan::report::Locate;
use groundplan::world::Memory;
use groundplan::{Compilation, Input};

/// The day on which all cases are compiled.
const TODAY: &str = "2026-11-24";

/// Files of one case, by path; the first is the blueprint.
type Files = Vec<(Utf8PathBuf, Vec<u8>)>;

pub fn case_files(extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = walkdir::WalkDir::new(root).sort_by_file_name();
    files
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

/// Splits at `#--- <path>` lines, by bytes: a case may hold what is not UTF-8.
fn split(bytes: &[u8]) -> Files {
    let mut files: Files = vec![("blueprint.yaml".into(), Vec::new())];
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"#--- ") {
            Some(path) => {
                let path = String::from_utf8_lossy(path).trim().to_owned();
                files.push((path.into(), Vec::new()));
            }
            None => {
                if let Some((_, text)) = files.last_mut() {
                    text.extend_from_slice(line);
                }
            }
        }
    }
    files
}

fn compile(files: &Files) -> Compilation {
    let world = files
        .iter()
        .fold(Memory::new(TODAY), |world, (path, bytes)| world.with(path.clone(), bytes.clone()));
    let overlays = files.iter().any(|(path, _)| path.starts_with("overlays"));
    // Further files below `blueprint/` make the blueprint a folder.
    let folder = files.iter().any(|(path, _)| path.starts_with("blueprint"));
    let blueprint = Utf8Path::new(if folder { "blueprint" } else { "blueprint.yaml" });
    let overlays = overlays.then(|| Utf8Path::new("overlays"));
    // What was compiled before, for rules about the step from there to here.
    let compiled = files.iter().any(|(path, _)| path.starts_with("output"));
    let previous = |_: &_| match compiled {
        true => groundplan::compiled_into(&world, Utf8Path::new("output")),
        false => Default::default(),
    };
    groundplan::compile_after(Input { world: &world, blueprint, overlays }, previous)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn found(compilation: &Compilation) -> BTreeSet<String> {
    let sources = &compilation.loaded.sources;
    compilation
        .diagnostics
        .iter()
        .map(|found| {
            let severity = match found.rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let place = match compilation.locate(&found.place) {
                Some(span) => {
                    let (line, _) = sources.line_column(span.source, span.range().start);
                    format!("{}:{line}", sources.path(&span))
                }
                None => "nowhere".to_owned(),
            };
            format!("{place} {severity} {}", found.rule.name)
        })
        .collect()
}

fn wanted(files: &Files) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        for (index, line) in text.lines().enumerate() {
            for severity in ["error", "warning"] {
                for (at, _) in line.match_indices(&format!("# {severity}: ")) {
                    let rule = &line[at + severity.len() + 4..];
                    let rule = rule.split_whitespace().next().unwrap_or_default();
                    wanted.insert(format!("{path}:{} {severity} {rule}", index + 1));
                }
            }
            if let Some((_, rest)) = line.split_once("# expect: ") {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let [severity, rule, "at", place] = words[..] else {
                    panic!("{path}: `# expect: <severity> <rule> at <file>:<line>` is wanted");
                };
                wanted.insert(format!("{place} {severity} {rule}"));
            }
        }
    }
    wanted
}

#[test]
fn every_case_reports_exactly_what_it_says() {
    let mut failures = Vec::new();
    let cases = case_files("yaml");
    for case in &cases {
        let bytes = fs::read(case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let mut files = split(&bytes);
        // A folder blueprint has no file of its own before the first `#---`.
        if files.iter().any(|(path, _)| path.starts_with("blueprint")) {
            files.remove(0);
        }
        let compilation = compile(&files);
        let (wanted, found) = (wanted(&files), found(&compilation));
        if wanted != found {
            let missing: Vec<_> = wanted.difference(&found).collect();
            let surplus: Vec<_> = compilation
                .diagnostics
                .iter()
                .map(|found| {
                    format!("{}: {} (help: {:?})", found.rule.name, found.message, found.help)
                })
                .collect();
            let extra: Vec<_> = found.difference(&wanted).collect();
            failures.push(format!(
                "{}\n  not reported: {missing:?}\n  not wanted: {extra:?}\n  all: {surplus:#?}",
                case.display()
            ));
        }
        if compilation.diagnostics.has_errors() && compilation.plan.is_some() {
            failures.push(format!("{}: a plan in spite of errors", case.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
    assert!(cases.len() >= 40, "only {} cases were found", cases.len());
}

#[test]
fn every_rule_has_a_case_that_fires_it() {
    let mut fired = BTreeSet::new();
    for case in case_files("yaml") {
        let text = fs::read(case).unwrap_or_default();
        for wanted in wanted(&split(&text)) {
            fired.extend(wanted.split_whitespace().last().map(str::to_owned));
        }
    }
    let silent: Vec<&str> = groundplan::rules()
        .into_iter()
        .map(|rule| rule.name)
        .filter(|name| !fired.contains(*name))
        .collect();
    assert!(silent.is_empty(), "no case fires {silent:#?}");
}

#[test]
fn somebody_looked_which_kubernetes_every_chart_of_the_platform_is_for() {
    use groundplan::catalog::compatibility::row;
    for chart in groundplan::plan::charts::ALL {
        assert!(row(chart.name, chart.version).is_some(), "{} {}", chart.name, chart.version);
    }
}

#[test]
fn every_value_of_the_platform_is_one_that_its_chart_reads() {
    let mut seen = BTreeSet::new();
    for case in case_files("case") {
        let text = fs::read_to_string(&case).unwrap_or_else(|error| panic!("{error}"));
        let (input, _) = text.split_once("=== output\n").unwrap_or((&text, ""));
        let Some(plan) = compile(&split(input.as_bytes())).plan else { continue };
        let releases = plan.units.values().filter_map(|unit| unit.release.as_ref());
        for release in releases {
            let index = groundplan::catalog::shipped(&release.chart, &release.version);
            let name = format!("{} {}", release.chart, release.version);
            let index = index.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
            let faults = index.faults(&release.values);
            assert!(faults.is_empty(), "{}: {name}: {faults:?}", case.display());
            seen.insert(name);
        }
    }
    let unseen: Vec<String> = groundplan::plan::charts::ALL
        .iter()
        .map(|chart| format!("{} {}", chart.name, chart.version))
        .filter(|name| !seen.contains(name))
        .collect();
    assert!(unseen.is_empty(), "no case has a release of {unseen:?}");
}

#[test]
fn environments_share_with_the_base_what_is_equal() {
    let mut shared = BTreeSet::new();
    for case in case_files("case") {
        let text = fs::read_to_string(&case).unwrap_or_else(|error| panic!("{error}"));
        let (input, _) = text.split_once("=== output\n").unwrap_or((&text, ""));
        let Some(plan) = compile(&split(input.as_bytes())).plan else { continue };
        for unit in plan.applications() {
            let Some(base) = plan.units.get(&unit.id.in_stage(Stage::Base)) else { continue };
            for (at, resource) in unit.resources.iter().enumerate() {
                // What is passed through byte for byte is in no base.
                let Body::Object(object) = resource.body() else { continue };
                let Some((_, twin)) = resource.twin(at, &base.resources) else { continue };
                let spec = |tree: &Tree| tree.get("spec").and_then(Tree::as_map).cloned();
                let (Some(ours), Some(theirs)) = (spec(object), spec(twin.as_tree())) else {
                    continue;
                };
                let what = format!("{}: {} {}", case.display(), resource.kind(), resource.name());
                assert_eq!(ours == theirs, ours.is_shared_with(&theirs), "{what}");
                if ours == theirs {
                    shared.insert(unit.id.kind);
                }
            }
        }
    }
    assert_eq!(Vec::from_iter(shared), [UnitKind::Database, UnitKind::Workload]);
}

#[test]
fn every_output_case_compiles_to_what_it_says() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = Vec::new();
    let cases = case_files("case");
    assert!(cases.len() >= 3, "only {} cases were found", cases.len());
    for case in cases {
        let text = fs::read_to_string(&case).unwrap_or_else(|error| panic!("{error}"));
        let (input, expected) = text.split_once("=== output\n").unwrap_or((&text, ""));
        let compilation = compile(&split(input.as_bytes()));
        let Some(plan) = &compilation.plan else {
            failures.push(format!("{}: {:#?}", case.display(), found(&compilation)));
            continue;
        };
        let bundle = groundplan::emit::folders(plan);
        let mut actual = String::new();
        for path in
            expected.lines().filter_map(|line| line.strip_prefix("-- ")?.strip_suffix(" --"))
        {
            let bytes =
                bundle.iter().find(|(found, _)| found.as_str() == path).map(|(_, bytes)| bytes);
            let text =
                bytes.map_or("(no such file)\n".into(), |bytes| String::from_utf8_lossy(bytes));
            actual.push_str(&format!("-- {path} --\n{text}"));
        }
        if update {
            let written = fs::write(&case, format!("{input}=== output\n{actual}"));
            written.unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        } else if actual != expected {
            failures.push(format!(
                "{}\n--- wanted\n{expected}\n--- compiled\n{actual}",
                case.display()
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
