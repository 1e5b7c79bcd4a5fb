//! Every snippet of the README is true: files are shown as they are, and what commands print is what they print.
//! `UPDATE=1 cargo test readme` writes the snippets.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::cli::Bench;

const README: &str = "README.md";

#[test]
fn every_snippet_of_the_readme_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(README)).unwrap_or_else(|error| panic!("{error}"));
    let mut wanted = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        wanted.push_str(line);
        let Some(info) = line.trim_end().strip_prefix("```").filter(|info| info.contains('='))
        else {
            continue;
        };
        for old in lines.by_ref() {
            if old.trim_end() == "```" {
                break;
            }
        }
        let (_, what) = info.split_once(' ').unwrap_or(("", info));
        wanted.push_str(&match what.split_once('=') {
            Some(("file", path)) => fs::read_to_string(root.join(path))
                .unwrap_or_else(|error| panic!("{path}: {error}"))
                .lines()
                .filter(|line| !line.starts_with("# yaml-language-server"))
                .fold(String::new(), |text, line| text + line + "\n"),
            Some(("tour", name)) => tour(name),
            _ => panic!("the README has a snippet `{info}`"),
        });
        wanted.push_str("```\n");
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root.join(README), wanted).unwrap_or_else(|error| panic!("{error}"));
    } else {
        assert!(text == wanted, "the README is out of date; run `UPDATE=1 cargo test readme`");
    }
}

/// What a reader sees who types along.
fn tour(name: &str) -> String {
    let bench = Bench::new();
    let smallest = include_str!("../../blueprints/smallest.yaml");
    match name {
        "mistakes" => {
            let broken: String = smallest
                .replace("ports:", "prots:")
                .lines()
                .filter(|line| !line.contains("image:"))
                .fold(String::new(), |text, line| text + line + "\n");
            bench.write("blueprint.yaml", &broken);
            typed(&bench, &[&["check"]])
        }
        "compile" => {
            bench.write("blueprint.yaml", smallest);
            typed(&bench, &[&["compile"], &["explain", "workloads.hello.scale.min"]])
        }
        "publish" => {
            bench.write("blueprint.yaml", smallest);
            let publish: &[&str] = &["publish", "--repo", "estate.git"];
            typed(&bench, &[publish, publish])
        }
        _ => panic!("there is no tour `{name}`"),
    }
}

fn typed(bench: &Bench, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for arguments in commands {
        let output = bench.command(arguments).output().unwrap_or_else(|error| panic!("{error}"));
        let _ = writeln!(text, "$ groundplan {}", arguments.join(" "));
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    text
}
