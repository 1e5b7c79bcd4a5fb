//! The index of one chart: a file of its coordinates and keys, and what of some values it does not know.

use std::fmt;
use std::str::FromStr;

use super::definitions::Definition;
use super::keys::Keys;
use super::range::Range;
use crate::diag::nearest;
use crate::k8s::tree::Tree;
use crate::source;

/// The keys of one version of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The chart's name.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The versions of Kubernetes that it lets itself be rendered for, where it says so.
    pub kubernetes: Option<Range>,
    /// The custom resources that it defines, in order.
    pub definitions: Vec<Definition>,
    /// Its keys.
    pub keys: Keys,
}

/// A key that should not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub path: Vec<String>,
    /// What is wrong with it.
    pub what: FaultKind,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The chart does not know it; the nearest one that it knows.
    Unknown(Option<String>),
    /// The chart has it among its values and reads it nowhere.
    Dead,
}

/// Why an index cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableIndex(pub String);

impl Index {
    /// The keys of some values that the chart does not read, in order.
    pub fn faults(&self, values: &Tree) -> Vec<Fault> {
        let mut faults = Vec::new();
        descend(&self.keys, values, &mut Vec::new(), &mut faults);
        faults
    }
}

fn descend(keys: &Keys, values: &Tree, path: &mut Vec<String>, faults: &mut Vec<Fault>) {
    let Some(map) = values.as_map() else { return };
    for (key, value) in map.iter() {
        path.push(key.to_owned());
        match keys.below.get(key) {
            Some(known) if known.dead => {
                faults.push(Fault { path: path.clone(), what: FaultKind::Dead });
            }
            Some(known) => descend(known, value, path, faults),
            None if keys.open => {}
            None => {
                let near = nearest(key, keys.below.keys().map(String::as_str));
                let what = FaultKind::Unknown(near.map(str::to_owned));
                faults.push(Fault { path: path.clone(), what });
            }
        }
        path.pop();
    }
}

/// The file of an index: YAML, with the keys as one block of text.
impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# Keys of a chart, made by `groundplan catalog add`; ` *` accepts anything below, ` !` is read nowhere."
        )?;
        writeln!(f, "chart: \"{}\"\nversion: \"{}\"", self.chart, self.version)?;
        if let Some(range) = &self.kubernetes {
            writeln!(f, "kubernetes: \"{range}\"")?;
        }
        if !self.definitions.is_empty() {
            writeln!(f, "definitions: |2")?;
        }
        for definition in &self.definitions {
            writeln!(f, "  {definition}")?;
        }
        writeln!(f, "keys: |2")?;
        for line in self.keys.to_string().lines() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl FromStr for Index {
    type Err = UnreadableIndex;

    fn from_str(text: &str) -> Result<Self, UnreadableIndex> {
        let unreadable = |message: String| UnreadableIndex(message);
        let found = source::manifests(text)
            .map_err(|error| unreadable(format!("line {}: {}", error.line, error.message)))?;
        let [found] = found.as_slice() else {
            return Err(unreadable("it is not one mapping".to_owned()));
        };
        let field = |key: &str| {
            let value = found.get(key).and_then(Tree::as_str);
            value.ok_or_else(|| unreadable(format!("`{key}` is missing or no text")))
        };
        let keys = field("keys")?;
        let range = found.get("kubernetes").and_then(Tree::as_str).map(str::parse);
        let definitions = found.get("definitions").and_then(Tree::as_str).unwrap_or_default();
        Ok(Self {
            chart: field("chart")?.to_owned(),
            version: field("version")?.to_owned(),
            kubernetes: range.transpose().map_err(|error| unreadable(format!("{error}")))?,
            definitions: definitions
                .lines()
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|error| unreadable(format!("{error}")))?,
            keys: keys.parse().map_err(|error| unreadable(format!("keys, {error}")))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn index() -> Index {
        let keys = "controller\n replicas\n podLabels *\nui\n budget !\n";
        Index {
            chart: "x".to_owned(),
            version: "1.2.3".to_owned(),
            kubernetes: Some(">=1.25.0-0".parse().expect("a range")),
            definitions: vec!["example.org Widget v1 v1beta1".parse().expect("a definition")],
            keys: keys.parse().expect("keys"),
        }
    }

    #[test]
    fn an_index_reads_back() {
        assert_eq!(index().to_string().parse(), Ok(index()));
    }

    #[test]
    fn what_the_chart_does_not_read_is_found() {
        let values = tree!({
            "controller": {"replica": 2, "replicas": 2, "podLabels": {"any": {"thing": 1}}},
            "ui": {"budget": {"minAvailable": 1}},
            "extra": true
        });
        let faults = index().faults(&values);
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {:?}", fault.path.join("."), fault.what))
            .collect();
        assert_eq!(
            told,
            [
                "controller.replica Unknown(Some(\"replicas\"))",
                "ui.budget Dead",
                "extra Unknown(None)",
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_index_is_refused() {
        for text in [
            "",
            "chart: x\n",
            "[1]\n",
            "chart: x\nversion: \"1\"\nkeys: |\n a b\n",
            "chart: x\nversion: \"1\"\nkubernetes: new\nkeys: |\n a\n",
        ] {
            assert!(text.parse::<Index>().is_err(), "{text}");
        }
    }
}
