//! The custom resources that a chart defines: what cannot be there any more when a newer chart defines it no longer.

use std::fmt;
use std::str::FromStr;

/// One custom resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// Its group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// The versions that are served, in order.
    pub versions: Vec<String>,
}

/// Why a definition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a group, a kind and the versions that are served")]
pub struct UnreadableDefinition(String);

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.group, self.kind, self.versions.join(" "))
    }
}

impl FromStr for Definition {
    type Err = UnreadableDefinition;

    fn from_str(text: &str) -> Result<Self, UnreadableDefinition> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let (Some(group), Some(kind)) = (words.next(), words.next()) else {
            return Err(UnreadableDefinition(text.to_owned()));
        };
        let versions: Vec<String> = words.collect();
        if versions.is_empty() {
            return Err(UnreadableDefinition(text.to_owned()));
        }
        Ok(Self { group, kind, versions })
    }
}

/// The definitions in a manifest or a template. A scan, since a template is no YAML: of each document the lines at
/// the depths at which a definition has its group, its kind and its versions.
pub fn definitions(text: &str) -> Vec<Definition> {
    let mut documents: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines() {
        if line.starts_with("---") {
            documents.push(Vec::new());
        } else if let Some(document) = documents.last_mut() {
            document.push(line);
        }
    }
    documents.iter().flat_map(|document| of(document)).collect()
}

/// Those of one document: a template may hold several behind conditions, without a line between.
fn of(lines: &[&str]) -> Vec<Definition> {
    let begins = |line: &&str| line.trim_end() == "kind: CustomResourceDefinition";
    let starts: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| one(&lines[*start..end])).collect()
}

fn one(lines: &[&str]) -> Option<Definition> {
    let spec = lines.iter().position(|line| line.trim_end() == "spec:")?;
    let mut versions = Versions::default();
    let (mut group, mut kind) = (None, None);
    let mut inside = "";
    for line in lines[spec + 1..].iter().filter(|line| !line.contains("{{")) {
        let text = line.trim_start();
        match (line.len() - text.len(), text) {
            (0, text) if !text.is_empty() && !text.starts_with(['#', '-']) => break,
            (2, text) if !text.starts_with('-') => {
                inside = text;
                group = value(text, "group").or(group);
            }
            (4, text) if inside.trim_end() == "names:" => kind = value(text, "kind").or(kind),
            _ => {}
        }
        if inside.trim_end() == "versions:" {
            versions.read(line);
        }
    }
    let one = Definition { group: group?, kind: kind?, versions: versions.served() };
    (!one.versions.is_empty()).then_some(one)
}

/// The entries of `versions`, whose dashes stand at two or at four spaces.
#[derive(Debug, Default)]
struct Versions {
    dash: Option<usize>,
    entries: Vec<(Option<String>, bool)>,
}

impl Versions {
    fn read(&mut self, line: &str) {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        let item = text.strip_prefix("- ");
        if item.is_some() && self.dash.is_none_or(|dash| dash == depth) {
            self.dash = Some(depth);
            self.entries.push((None, true));
        }
        let field = match item {
            Some(item) if self.dash == Some(depth) => item,
            _ if self.dash.is_some_and(|dash| depth == dash + 2) => text,
            _ => return,
        };
        let Some((name, served)) = self.entries.last_mut() else { return };
        if let Some(found) = value(field, "name") {
            *name = Some(found);
        }
        if value(field, "served").as_deref() == Some("false") {
            *served = false;
        }
    }

    fn served(self) -> Vec<String> {
        let served = self.entries.into_iter().filter(|(_, served)| *served);
        let mut names: Vec<String> = served.filter_map(|(name, _)| name).collect();
        names.sort();
        names
    }
}

fn value(text: &str, key: &str) -> Option<String> {
    let value = text.strip_prefix(key)?.strip_prefix(':')?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_in_templates() {
        let text = "{{- if .Values.crds.install }}\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
             metadata:\n  name: widgets.example.org\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\n\
             spec:\n  group: example.org\n  names:\n    kind: Widget\n    plural: widgets\n  scope: Namespaced\n  versions:\n\
             \x20   - name: v1\n      schema:\n        openAPIV3Schema:\n          properties:\n            kind:\n              type: string\n\
             \x20     served: true\n      storage: true\n    - name: v1alpha1\n      served: false\n{{- end }}\n---\n\
             apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: example.org\n  names:\n    kind: Gadget\n\
             \x20 versions:\n  - additionalPrinterColumns:\n    - jsonPath: .status\n      name: Age\n    name: v1beta1\n    served: true\n\
             \x20 - name: v1\n    served: true\nstatus: {}\n---\nkind: Deployment\n";
        let found: Vec<String> = definitions(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["example.org Widget v1", "example.org Gadget v1 v1beta1"]);
    }

    #[test]
    fn a_definition_reads_back() {
        let text = "cert-manager.io Issuer v1 v1beta1";
        assert_eq!(text.parse::<Definition>().map(|one| one.to_string()), Ok(text.to_owned()));
        assert!("cert-manager.io Issuer".parse::<Definition>().is_err());
    }
}
