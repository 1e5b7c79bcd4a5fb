//! A chart on its way to an index: its files, and those of the charts in it.

use std::collections::{BTreeMap, BTreeSet};

use super::definitions::{Definition, definitions};
use super::index::Index;
use super::keys::Keys;
use super::references::{Reference, Usage, references};
use super::schema;
use crate::k8s::tree::{Map, Tree};
use crate::source;

/// Where templates are, and what `tpl` makes one of.
const TEMPLATES: [&str; 2] = ["templates/", "files/"];

/// The files of a chart, by paths relative to it.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    files: BTreeMap<String, Vec<u8>>,
}

/// Why a chart cannot be indexed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableChart(pub String);

impl Chart {
    /// A chart of these files.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// The chart in a package, whose files are in one folder.
    pub fn packaged(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let below = |(path, bytes): (String, Vec<u8>)| {
            path.split_once('/').map(|(_, path)| (path.to_owned(), bytes))
        };
        Self::new(files.into_iter().filter_map(below))
    }

    /// The index of the chart.
    ///
    /// # Errors
    /// Names the file that is missing or cannot be read.
    pub fn index(&self) -> Result<Index, UnreadableChart> {
        let about = self.yaml("Chart.yaml")?;
        let field = |key: &str| {
            let value = about.get(key).and_then(Tree::as_str).map(str::to_owned);
            value.ok_or_else(|| UnreadableChart(format!("Chart.yaml has no `{key}`")))
        };
        let range = about.get("kubeVersion").and_then(Tree::as_str).map(str::parse);
        Ok(Index {
            chart: field("name")?,
            version: field("version")?,
            kubernetes: range
                .transpose()
                .map_err(|error| UnreadableChart(format!("Chart.yaml, kubeVersion: {error}")))?,
            definitions: self.definitions(&about),
            keys: self.keys(&about)?,
        })
    }

    fn keys(&self, about: &Tree) -> Result<Keys, UnreadableChart> {
        let dependencies = Dependencies::of(about);
        let values = if self.files.contains_key("values.yaml") {
            self.yaml("values.yaml")?
        } else {
            Tree::Null
        };
        let mut keys = Keys::default();
        defaults(&mut keys, &values);
        let read = self.references(&dependencies);
        let dynamic = read.iter().any(|reference| reference.path.is_empty());
        for reference in &read {
            let at = keys.at(reference.path.iter().map(String::as_str));
            at.open |= reference.usage == Usage::Whole && !reference.path.is_empty();
        }
        if !dynamic {
            let reading = Reading::of(&read);
            let others: BTreeSet<&str> =
                dependencies.names.iter().map(String::as_str).chain(["global"]).collect();
            for (key, below) in &mut keys.below {
                if !others.contains(key.as_str()) {
                    bury(below, &mut vec![key.clone()], &reading);
                }
            }
        }
        if let Some(bytes) = self.files.get("values.schema.json") {
            let found = serde_json::from_slice(bytes)
                .map_err(|error| UnreadableChart(format!("values.schema.json: {error}")))?;
            schema::add(&mut keys, &found);
        }
        self.add_dependencies(&dependencies, &mut keys)?;
        keys.open = false;
        Ok(keys)
    }

    /// The keys of the charts in it; a chart that is not in it accepts anything.
    fn add_dependencies(
        &self,
        dependencies: &Dependencies,
        keys: &mut Keys,
    ) -> Result<(), UnreadableChart> {
        for (name, file) in dependencies.names.iter().zip(&dependencies.charts) {
            let at = keys.at([name.as_str()]);
            match self.inner(file) {
                Some(chart) => {
                    let inner = chart.keys(&chart.yaml("Chart.yaml")?)?;
                    at.merge(inner);
                }
                None => at.open = true,
            }
        }
        if !dependencies.names.is_empty() {
            keys.at(["global"]).open = true;
        }
        Ok(())
    }

    /// The custom resources that it and the charts in it define.
    fn definitions(&self, about: &Tree) -> Vec<Definition> {
        let is_read = |path: &str| ["templates/", "crds/"].iter().any(|of| path.starts_with(of));
        let own = self.files.iter().filter(|(path, _)| is_read(path));
        let mut found: Vec<Definition> =
            own.flat_map(|(_, bytes)| definitions(&String::from_utf8_lossy(bytes))).collect();
        for name in Dependencies::of(about).charts {
            let Some(chart) = self.inner(&name) else { continue };
            found.extend(chart.definitions(&chart.yaml("Chart.yaml").unwrap_or(Tree::Null)));
        }
        found.sort();
        found.dedup();
        found
    }

    fn inner(&self, name: &str) -> Option<Self> {
        let folder = format!("charts/{name}/");
        let files: BTreeMap<String, Vec<u8>> = self
            .files
            .iter()
            .filter_map(|(path, bytes)| {
                Some((path.strip_prefix(&folder)?.to_owned(), bytes.clone()))
            })
            .collect();
        if files.contains_key("Chart.yaml") {
            return Some(Self { files });
        }
        let package = self.files.iter().find(|(path, _)| {
            let file = path.strip_prefix("charts/").and_then(|path| path.strip_prefix(name));
            file.is_some_and(|rest| {
                rest.starts_with("-") && rest.ends_with(".tgz") && !rest.contains('/')
            })
        });
        package.and_then(|(_, bytes)| Some(Self::packaged(super::unpack(bytes).ok()?)))
    }

    /// What its own templates read, and what decides about the charts in it.
    fn references(&self, dependencies: &Dependencies) -> Vec<Reference> {
        let is_template = |path: &str| TEMPLATES.iter().any(|folder| path.starts_with(folder));
        let mut found: Vec<Reference> = self
            .files
            .iter()
            .filter(|(path, _)| is_template(path))
            .flat_map(|(_, bytes)| references(&String::from_utf8_lossy(bytes)))
            .collect();
        found.extend(dependencies.conditions.iter().map(|condition| Reference {
            path: condition.split('.').map(str::to_owned).collect(),
            usage: Usage::Read,
        }));
        found
    }

    fn yaml(&self, file: &str) -> Result<Tree, UnreadableChart> {
        let bytes = self
            .files
            .get(file)
            .ok_or_else(|| UnreadableChart(format!("there is no {file}: is this a chart?")))?;
        let text = String::from_utf8_lossy(bytes);
        let found = source::manifests(&text).map_err(|error| {
            UnreadableChart(format!("{file}, line {}: {}", error.line, error.message))
        })?;
        Ok(found.into_iter().next().unwrap_or(Tree::Map(Map::default())))
    }
}

/// The charts that a chart brings along.
#[derive(Debug, Default)]
struct Dependencies {
    /// The keys that their values are below: the alias, or the name.
    names: Vec<String>,
    /// The names of their folders, in the same order.
    charts: Vec<String>,
    /// The keys that switch them on and off.
    conditions: Vec<String>,
}

impl Dependencies {
    fn of(about: &Tree) -> Self {
        let mut found = Self::default();
        let list = about.get("dependencies").and_then(Tree::as_seq).unwrap_or_default();
        for dependency in list {
            let text = |key: &str| dependency.get(key).and_then(Tree::as_str);
            let Some(name) = text("name") else { continue };
            found.names.push(text("alias").unwrap_or(name).to_owned());
            found.charts.push(name.to_owned());
            let conditions = text("condition").unwrap_or_default().split(',');
            found
                .conditions
                .extend(conditions.map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned));
        }
        found
    }
}

/// The keys of the defaults. A map without keys, a list and nothing at all say nothing about what may be in them.
fn defaults(keys: &mut Keys, values: &Tree) {
    match values {
        Tree::Map(map) if map.is_empty() => keys.open = true,
        Tree::Map(map) => {
            for (key, value) in map.iter() {
                if key.contains(char::is_whitespace) || key.is_empty() {
                    keys.open = true;
                } else {
                    defaults(keys.at([key]), value);
                }
            }
        }
        Tree::Seq(_) | Tree::Null => keys.open = true,
        _ => {}
    }
}

/// What is read, for questions about prefixes.
struct Reading<'a> {
    /// Every path that is read, and every path above one.
    above: BTreeSet<Vec<&'a str>>,
    /// Every path that is read as more than a question.
    read: BTreeSet<Vec<&'a str>>,
}

impl<'a> Reading<'a> {
    fn of(references: &'a [Reference]) -> Self {
        let mut reading = Self { above: BTreeSet::new(), read: BTreeSet::new() };
        for reference in references {
            let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
            for length in 1..=path.len() {
                reading.above.insert(path[..length].to_vec());
            }
            if reference.usage != Usage::Asked {
                reading.read.insert(path);
            }
        }
        reading
    }
}

/// Marks what nobody reads: neither it, nor what it is in, nor what is in it.
fn bury(keys: &mut Keys, path: &mut Vec<String>, reading: &Reading<'_>) {
    let own: Vec<&str> = path.iter().map(String::as_str).collect();
    let inside = (1..=own.len()).any(|length| reading.read.contains(&own[..length]));
    if inside {
        return;
    }
    if !reading.above.contains(&own) {
        *keys = Keys { dead: true, ..Keys::default() };
        return;
    }
    for (key, below) in &mut keys.below {
        path.push(key.clone());
        bury(below, path, reading);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(files: &[(&str, &str)]) -> Chart {
        let about = ("Chart.yaml", "name: x\nversion: 1.0.0\n");
        let all = [about].into_iter().chain(files.iter().copied());
        Chart::new(all.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
    }

    #[test]
    fn an_index_knows_what_is_there_what_is_read_and_what_is_not() {
        let chart = chart(&[
            (
                "values.yaml",
                "image: {tag: v1, unused: x}\nlabels: {}\nselector: {os: linux}\nui: {replicas: 1, budget: {min: 1}}\n",
            ),
            (
                "templates/a.yaml",
                "{{ .Values.image.tag }} {{ toYaml .Values.selector }} {{ .Values.ui.replicas }} \
                 {{ .Values.hidden.key }} {{ if .Values.ui }}{{ end }}",
            ),
        ]);
        let index = chart.index().expect("a chart");
        assert_eq!(
            index.keys.to_string(),
            "hidden\n key\nimage\n tag\n unused !\nlabels !\nselector *\n os\nui\n budget !\n replicas\n"
        );
    }

    #[test]
    fn the_charts_in_a_chart_are_indexed_below_their_names() {
        let about = "name: x\nversion: 1.0.0\ndependencies:\n- {name: sub, alias: s, condition: s.enabled}\n- {name: away}\n";
        let mut chart = chart(&[
            ("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "a: 1\n"),
            ("charts/sub/templates/a.yaml", "{{ .Values.a }}"),
        ]);
        chart.files.insert("Chart.yaml".to_owned(), about.as_bytes().to_vec());
        let index = chart.index().expect("a chart");
        assert_eq!(index.keys.to_string(), "away *\nglobal *\ns\n a\n enabled\n");
    }

    #[test]
    fn what_is_no_chart_is_refused() {
        let error = Chart::default().index().expect_err("no chart");
        assert_eq!(error.to_string(), "there is no Chart.yaml: is this a chart?");
        let broken = chart(&[("values.yaml", "a: [")]).index().expect_err("no YAML");
        assert!(broken.to_string().starts_with("values.yaml, line "), "{broken}");
    }
}
