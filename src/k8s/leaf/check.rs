//! How the tests of leaves put them to the proof: tables of good and bad texts, and what must hold of any text.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Invalid, Kind, Leaf};

/// Every text reads, prints in its canonical form, and that form reads back as the same value.
pub(crate) fn good<T: Leaf + PartialEq + Debug>(table: &[(&str, &str)]) {
    for (text, canonical) in table {
        let leaf: T = text.parse().unwrap_or_else(|e: Invalid| panic!("{text:?} is refused: {e}"));
        assert_eq!(leaf.to_string(), *canonical, "canonical form of {text:?}");
        assert_eq!(canonical.parse(), Ok(leaf), "{canonical:?} reads back");
    }
}

/// Every text is refused with exactly this message and this help.
pub(crate) fn bad<T: Leaf + PartialEq + Debug>(table: &[(&str, &str, &str)]) {
    for (text, message, help) in table {
        let expected = Invalid::new(*message).help(*help);
        match text.parse::<T>() {
            Ok(leaf) => panic!("{text:?} is accepted as {leaf:?}"),
            Err(invalid) => assert_eq!(invalid, expected, "refusal of {text:?}"),
        }
    }
}

/// What holds of every leaf: its examples read and match its schema, no text makes it panic, what it accepts
/// prints and reads back as the same value, a refusal is two lines, and a spelling offered whole is accepted.
pub(crate) fn lawful<T>()
where
    T: Leaf
        + PartialEq
        + Debug
        + serde::Serialize
        + for<'de> serde::Deserialize<'de>
        + schemars::JsonSchema,
{
    let about = T::ABOUT;
    for example in about.examples {
        law::<T>(example);
        assert!(example.parse::<T>().is_ok(), "example {example:?} of {}", T::schema_name());
        let json = match about.kind {
            Kind::Whole(..) => (*example).to_owned(),
            _ => format!("{example:?}"),
        };
        let leaf: T = serde_json::from_str(&json).unwrap();
        let printed = serde_json::to_string(&leaf).unwrap();
        assert_eq!(serde_json::from_str::<T>(&printed).unwrap(), leaf);
    }
    let near = prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "[-a-z0-9.:/@_*%# ]{0,24}",
        proptest::string::string_regex(&about.pattern.replace(['^', '$'], "")).unwrap(),
        mutated(about.examples),
    ];
    TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })
        .run(&near, |text| {
            law::<T>(&text);
            Ok(())
        })
        .unwrap();
}

/// An example with one character replaced, removed or added.
fn mutated(examples: &'static [&'static str]) -> impl Strategy<Value = String> {
    (prop::sample::select(examples), any::<prop::sample::Index>(), 0..3_u8, "[ -~]").prop_map(
        |(example, place, how, new)| {
            let mut characters: Vec<String> = example.chars().map(String::from).collect();
            let place = place.index(characters.len());
            match how {
                0 => characters[place] = new,
                1 => drop(characters.remove(place)),
                _ => characters.insert(place, new),
            }
            characters.concat()
        },
    )
}

fn law<T: Leaf + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(leaf) => assert_eq!(leaf.to_string().parse(), Ok(leaf), "{text:?} reads back"),
        Err(invalid) => {
            assert_eq!(invalid.to_string().lines().count(), 2, "{invalid} for {text:?}");
            // "write `x`" and nothing more is a promise that `x` is accepted.
            let help = invalid.help.unwrap_or_default();
            let offered = help.strip_prefix("write `").and_then(|rest| rest.strip_suffix('`'));
            if let Some(offered) = offered.filter(|offered| !offered.contains('`')) {
                assert!(offered.parse::<T>().is_ok(), "{offered:?} was offered for {text:?}");
            }
        }
    }
}
