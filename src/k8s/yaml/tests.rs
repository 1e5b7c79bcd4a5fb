//! What is printed reads back as what was meant, by an independent reader.

use proptest::prelude::*;

use super::*;
use crate::tree;

/// Strings that some reader takes for something else, or cannot read plain or as a literal.
#[rustfmt::skip]
const DANGEROUS: &[&str] = &[
    // Booleans and nulls of YAML 1.1 and 1.2, in the cases readers know.
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off",
    "OFF", "true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL", "~", "nULL",
    "oN", "", " ", "  ",
    // Numbers: signs, bases, underscores, commas, exponents, specials.
    "0", "1", "-1", "+1", "00", "01", "007", "0644", "0755", "-0755", "08", "09", "0o17", "0O17",
    "0x1F", "0X1f", "-0x1", "0b101", "0B1", "1_000", "1__0", "0x_1", "1_0.5", "_1", "1_", "-_1", "+__4", "1,000",
    "1,000.5", "1.", ".5", "1.5", "-.5", "+.5", "1e3", "1E3", "1e+3", "1.5e-3", "1e", "e1", "0e0",
    "123e4567", "1.0", "1.10", "-0.0", ".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN",
    ".NAN", "inf", "Infinity", "-infinity", "nan", "NaN", "0x", "0b", "0o", "1p3", "0x1p-2",
    "99999999999999999999", "9223372036854775808", "-9223372036854775809", ".", "..", "...", "-",
    "--", "---", "+", "._", ".e1", "1.2.3", "10.96.0.1", "1..2", "0.0.0.0", "::1", "fe80::1",
    // Times and dates.
    "12:30", "12:30:45", "-12:30", "190:20:30.15", "1:1", "2024-01-01", "2024-1-1",
    "2024-01-01T00:00:00Z", "2024-01-01t00:00:00.5+02:00", "2024-01-01 00:00:00",
    "2024-01-01 00:00:00 -5", "20240101", "2024-W01",
    // Indicators, alone and at the beginning.
    "?", ":", ",", "[", "]", "{", "}", "#", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`", "=",
    "<<", "<", "\\", "- a", "-a", "--flag=on", "-c", "? a", "?a", ": a", ":a", ",a", "[a]", "{a}",
    "{{ a }}", "#a", "&a", "*a", "*", "!a", "!!str a", "!", "|-", "> a", "'a'", "\"a\"",
    "%YAML 1.1", "@a", "`a`", "=a", "<<a", "~/a", "~a", "--- a", "... a", "---a", "a ---", "a: b",
    "a:b", "a:", "a :", "a: ", "a #b", "a#b", "a # b", " a", "a ", "a\\nb", "\\", "a'b", "a\"b",
    "it's", "a, b", "a]b", "a}b", "${VAR}", "$(VAR)", "C:\\x", "a://b", "http://a:80/b?c=d&e#f",
    "key: [a, b]", "&anchor a", "*alias", "!tag", "0.1.2-rc.1+build", "100m", "1Gi", "5d", "1h30m",
    "50%", "1/2", "1-2", "0-1", "1+1", "a1", "e3", "null ", "true#", "true #", "yes:", "on: off",
    // White space and line breaks of all kinds.
    "\t", "\ta", "a\t", "a\tb", "\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "\na", "\n\na\n", "a\nb",
    "a\nb\n", " a\nb", "  a\n b\n", "\n a", "\n  a\nb\n\n", "a\n b", "a\n\n b\n", "a \nb",
    "a\n \nb", "a\n  ", "a\n\t\nb", "\ta\nb", " \ta\nb", "a\n\tb", "a\n \tb\n", "a\tb\nc", "\n\ta",
    " \n", " \na", "\n \n", "a\r", "a\r\nb", "\r", "a\rb\n", "#a\nb", "- a\n- b\n", "a: b\nc: d\n",
    "---\na: b\n", "...\na\n", "---\n", "%a\nb", "|\n", "a\n#b\n", "a\n---\nb", "a\u{85}b",
    "a\u{2028}b", "a\u{2029}b", "\u{85}", "a\nb\u{85}c", "a\nb\u{2028}", "\u{a0}", "\u{a0}a\nb",
    "\u{3000}a",
    // Controls, marks, what cannot be seen, what is no character.
    "\0", "a\0b", "\u{1}", "\u{7}", "\u{8}", "\u{b}", "\u{c}", "\u{1b}[0m", "\u{1f}", "\u{7f}",
    "\u{80}", "\u{9f}", "\u{ad}", "\u{feff}", "\u{feff}a", "a\u{feff}", "\u{200b}", "\u{200d}",
    "\u{202e}abc", "\u{2066}", "\u{fffe}", "\u{ffff}", "\u{fffd}", "\u{1fffe}", "\u{10ffff}",
    "\u{e0001}", "\u{d7ff}", "\u{e000}", "a\nb\0", "a\nb\u{feff}", "é", "ÿ", "日本語", "😀",
    "👩\u{200d}💻", "e\u{301}", "ａ", "a\n日本\n", "б: в",
];

fn read(yaml: &str) -> Tree {
    serde_yaml::from_str(yaml).unwrap_or_else(|reason| panic!("{reason}:\n{yaml:?}"))
}

#[test]
fn dangerous_strings_come_back_as_strings() {
    assert!(DANGEROUS.len() > 300, "{}", DANGEROUS.len());
    for text in DANGEROUS {
        for tree in [
            tree!({ "v": (*text) }),
            tree!(*text),
            tree!([(*text), [(*text)], { "a": [(*text), "b"], "c": (*text), "d": { "e": (*text) } }]),
            Tree::Map([(*text, 1), ("other", 2)].into_iter().collect()),
            tree!([(Map::from_iter([(*text, tree!({ "a": (*text) }))]))]),
        ] {
            let yaml = print(&tree);
            assert_eq!(read(&yaml), tree, "{yaml}");
            assert!(yaml.ends_with('\n') && !yaml.ends_with("\n\n"), "{yaml:?}");
        }
    }
}

#[test]
fn words_and_numbers_of_any_reader_are_quoted() {
    let words = [
        "on",
        "y",
        "No",
        "0644",
        "1e3",
        "12:30",
        "1_000",
        "=",
        "~",
        "2024-01-01",
        "<<",
        "1,000",
        ".5",
        "-1",
    ];
    for text in words {
        assert_eq!(print(&tree!(text)), format!("\"{text}\"\n"));
    }
    let texts = [
        "online",
        "10.96.0.1",
        "10.0.0.0/8",
        "100m",
        "1.2.3",
        "--flag=on",
        "-c",
        "nginx:1.29",
        "it's",
    ];
    for text in texts {
        assert_eq!(print(&tree!(text)), format!("{text}\n"));
    }
}

#[test]
fn an_object_looks_as_kubectl_prints_it() {
    let tree = tree!({
        "data": {
            "b": "two\nlines\n",
            "a": "no end\nof line",
            "c": "kept\n\n",
            "d": "  indented\nfirst\n",
            "e": "\ttab\n",
            "f": "first\n\tthen a tab\n",
        },
        "kind": "ConfigMap",
        "metadata": { "name": "x", "labels": {}, "finalizers": [] },
        "apiVersion": "v1",
        "list": [1, [2, [(-3)], []], { "x": true, "y": ["z", null] }, (0.5)],
        "spec": { "on": "off" },
    });
    let yaml = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  labels: {}
  finalizers: []
spec:
  \"on\": \"off\"
data:
  b: |
    two
    lines
  a: |-
    no end
    of line
  c: |+
    kept

  d: |2
      indented
    first
  e: \"\\ttab\\n\"
  f: |
    first
    \tthen a tab
list:
- 1
- - 2
  - - -3
  - []
- x: true
  \"y\":
  - z
  - null
- 0.5
";
    assert_eq!(print(&tree), yaml);
    assert!(read(yaml).same_as(&tree));
}

#[test]
fn the_document_ends_with_one_newline() {
    assert_eq!(print(&tree!({ "a": ["x\n\n"] })), "a:\n- \"x\\n\\n\"\n");
    assert_eq!(print(&tree!({ "a": ["x\n\n"], "b": 1 })), "a:\n- |+\n  x\n\nb: 1\n");
    assert_eq!(print(&tree!({})), "{}\n");
    assert_eq!(print(&tree!([])), "[]\n");
    assert_eq!(print(&Tree::Null), "null\n");
}

#[test]
fn floats_stay_floats() {
    for (value, text) in [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e16, "1.0e+16"),
        (1.5e300, "1.5e+300"),
        (1e-7, "1.0e-7"),
        (f64::INFINITY, ".inf"),
        (f64::NEG_INFINITY, "-.inf"),
        (f64::NAN, ".nan"),
    ] {
        assert_eq!(print(&Tree::Float(value)), format!("{text}\n"));
    }
}

#[test]
fn keys_too_long_to_be_simple_are_explicit() {
    for length in [999, 1000, 1001, 1024, 5000] {
        let key = "é".repeat(length / 2) + "\n";
        for value in [tree!(1), tree!({ "a": "b\nc\n" }), tree!([1, { "a": 2 }]), tree!("x\ny")] {
            let inner = Tree::Map([(key.clone(), value)].into_iter().collect());
            let tree = tree!({ "a": [(inner.clone()), (inner.clone())], "b": (inner), "z": 0 });
            assert_eq!(read(&print(&tree)), tree);
        }
    }
}

#[test]
fn what_a_reviewer_cannot_see_is_escaped() {
    assert_eq!(
        print(&tree!("a\u{202e}\u{200b}\u{1b}\0\u{a0}\u{e0001}é😀")),
        "\"a\\u202E\\u200B\\u001B\\u0000\\u00A0\\U000E0001é😀\"\n"
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9.:/-]{0,12}",
        3 => "[-+0-9_.:,eExXobTZ ~=<>|#&*!?'\"%@`{}\\[\\]\\\\ynof\n\t]{0,8}",
        2 => "[ a\n\t#:-]{0,10}",
        1 => any::<String>(),
        2 => prop::sample::select(DANGEROUS).prop_map(str::to_owned),
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        any::<f64>().prop_filter("comparable", |value| !value.is_nan()).prop_map(Tree::Float),
        text().prop_map(Tree::from),
        text().prop_map(Tree::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|entries| Tree::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_trees_read_back_equal(tree in any_tree()) {
        let yaml = print(&tree);
        prop_assert!(yaml.ends_with('\n') && !yaml.ends_with("\n\n"), "{:?}", yaml);
        let again: Result<Tree, _> = serde_yaml::from_str(&yaml);
        prop_assert_eq!(again.map_err(|reason| reason.to_string()), Ok(tree), "{}", yaml);
    }
}
