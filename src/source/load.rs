//! The world to documents: reads the blueprint and its overlays, checks their headers, lays the layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::document::{Documents, Layer};
use super::files::Sources;
use super::node::{Kind, Node};
use super::overlay::{Layering, join};
use super::parse::parse;
use crate::diag::{Diagnostics, Rule, SourceId, Span, one_of};
use crate::world::{Standing, World};

/// The version of the language this compiler reads.
pub const API_VERSION: &str = "groundplan.dev/v1alpha1";

/// Bytes that are not UTF-8.
pub static NOT_UTF8: Rule = Rule::error(
    "source/not-utf8",
    "a file is not UTF-8",
    "YAML files are UTF-8 (YAML 1.2.2, 5.2); any other reading would guess at names.",
    "metadata: {name: caf\\xe9}  # Latin-1",
);

/// A file that says nothing.
pub static EMPTY: Rule = Rule::error(
    "source/empty",
    "a file is empty",
    "An empty blueprint would compile to an empty estate, and Argo CD would delete everything that runs.",
    "# only a comment",
);

/// `apiVersion` or `kind` missing or foreign.
pub static HEADER: Rule = Rule::error(
    "source/header",
    "a file does not begin as a blueprint or an overlay",
    "`apiVersion` and `kind` say which language the file is in; without them any YAML file would be taken \
     for a blueprint.",
    "apiVersion: groundplan.dev/v1\nkind: Blueprint",
);

/// A section that does not exist.
pub static UNKNOWN_SECTION: Rule = Rule::error(
    "source/unknown-section",
    "a section does not exist",
    "A misspelt section would be ignored as a whole, and everything in it would silently be missing.",
    "worklods: {}",
);

/// An overlay with a section of another scope.
pub static WRONG_SCOPE: Rule = Rule::error(
    "overlay/wrong-scope",
    "an overlay changes a section that is not of its scope",
    "What belongs to the whole estate or to a cluster cannot differ between environments on that cluster.",
    "kind: Overlay\nenvironment: production\nclusters: {other: {}}",
);

/// An overlay for what does not exist, or for both or neither.
pub static TARGET: Rule = Rule::error(
    "overlay/unknown-target",
    "an overlay names no environment or cluster of the blueprint",
    "Its changes would never be applied anywhere.",
    "kind: Overlay\nenvironment: prodution",
);

/// Who may change a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Only the blueprint itself.
    Estate,
    /// Overlays of clusters too.
    Cluster,
    /// Overlays of environments too.
    Environment,
}

/// What loading must know of a section.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// The key at the top of the blueprint.
    pub name: &'static str,
    /// Who may change it.
    pub scope: Scope,
    /// Whether it is a mapping of named things.
    pub named: bool,
}

/// The world refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing stands there.
    #[error("there is no blueprint at {0}; `groundplan init` writes one")]
    Missing(Utf8PathBuf),
    /// A file that cannot be read.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A folder without a single YAML file.
    #[error("the folder {0} holds no .yaml or .yml file")]
    NoFiles(Utf8PathBuf),
    /// An overlay path that is not a folder.
    #[error("{0} is not a folder; --overlays takes the folder with clusters/ and environments/")]
    NotAFolder(Utf8PathBuf),
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// The merged trees: the blueprint, one per cluster, one per environment.
    pub documents: Documents,
}

/// Reads a blueprint (a file or a folder) and the overlays in a folder, and lays every layer.
///
/// A folder's files are joined, but for hidden ones and those below `files/`, where manifests and encrypted secrets
/// that the blueprint names have their place.
///
/// # Errors
/// Only what the world refuses; what is wrong with the texts goes into `diags`.
pub fn load(
    world: &dyn World,
    blueprint: &Utf8Path,
    overlays: Option<&Utf8Path>,
    sections: &[Section],
    diags: &mut Diagnostics,
) -> Result<Loaded, LoadError> {
    let mut loader = Loader { world, sections, sources: Sources::default(), diags };
    let of_blueprint = loader.files_of_blueprint(blueprint)?;
    let of_overlays = match overlays {
        Some(folder) => loader.files_of_overlays(folder)?,
        None => Vec::new(),
    };
    // All at once, because that is done on all cores.
    let mut read = loader.read(of_blueprint.iter().chain(&of_overlays))?;
    let layers = read.split_off(of_blueprint.len());
    let base = loader.blueprint(read);
    let layers = loader.overlays(layers);
    let mut documents = Documents::default();
    if let Some(base) = base {
        documents.add(Layer::Base, Arc::clone(&base));
        loader.lay(&base, &layers, &mut documents);
    }
    Ok(Loaded { sources: loader.sources, documents })
}

/// What is in a file, unless that was reported.
type File = Option<(SourceId, Arc<Node>)>;

struct Overlay {
    target: Layer,
    target_span: Span,
    /// Whether nothing but the header is written in it.
    is_empty: bool,
    sections: Arc<Node>,
}

struct Loader<'a> {
    world: &'a dyn World,
    sections: &'a [Section],
    sources: Sources,
    diags: &'a mut Diagnostics,
}

impl Loader<'_> {
    fn files_of_blueprint(&self, path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, LoadError> {
        match self.world.standing(path) {
            Standing::Nothing => Err(LoadError::Missing(path.to_owned())),
            Standing::File => Ok(vec![path.to_owned()]),
            Standing::Folder => {
                let files = self.yaml_files(path)?;
                if files.is_empty() {
                    return Err(LoadError::NoFiles(path.to_owned()));
                }
                Ok(files)
            }
        }
    }

    fn blueprint(&mut self, files: Vec<File>) -> Option<Arc<Node>> {
        let mut joined = None;
        let mut first = None;
        for (source, root) in files.into_iter().flatten() {
            first.get_or_insert(source);
            if self.is_mapping(&root) {
                join(&mut joined, root, self.diags);
            }
        }
        if let (Some(root), Some(source)) = (&joined, first) {
            self.header(root, source, "Blueprint");
            self.known_sections(root, &["apiVersion", "kind"]);
        }
        joined
    }

    fn yaml_files(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, LoadError> {
        let files = self
            .world
            .walk(folder)
            .map_err(|error| LoadError::Unreadable { path: folder.to_owned(), error })?;
        // What the blueprint names, such as manifests, is not part of it.
        let hidden = |path: &Utf8Path| {
            let below = path.strip_prefix(folder).unwrap_or(path);
            below.starts_with("files")
                || below.components().any(|part| part.as_str().starts_with('.'))
        };
        Ok(files
            .into_iter()
            .filter(|path| matches!(path.extension(), Some("yaml" | "yml")) && !hidden(path))
            .collect())
    }

    /// Reads files, and parses them in parallel.
    fn read<'p>(
        &mut self,
        paths: impl Iterator<Item = &'p Utf8PathBuf>,
    ) -> Result<Vec<File>, LoadError> {
        let texts: Vec<Option<SourceId>> =
            paths.map(|path| self.text(path)).collect::<Result<_, _>>()?;
        let sources = &self.sources;
        let parsed: Vec<(File, Diagnostics)> = texts
            .into_par_iter()
            .map(|source| {
                let mut diags = Diagnostics::new();
                let root =
                    source.and_then(|source| Some((source, root(source, sources, &mut diags)?)));
                (root, diags)
            })
            .collect();
        let mut files = Vec::with_capacity(parsed.len());
        for (file, found) in parsed {
            self.diags.append(found);
            files.push(file);
        }
        Ok(files)
    }

    /// The text of a file, without a byte order mark; `None` if it is not UTF-8.
    fn text(&mut self, path: &Utf8Path) -> Result<Option<SourceId>, LoadError> {
        let bytes = self
            .world
            .read(path)
            .map_err(|error| LoadError::Unreadable { path: path.to_owned(), error })?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = self.sources.add(path, text);
                let span = Span { source, start: at as u32, end: at as u32 + 1 };
                self.diags
                    .report(&NOT_UTF8, span, format!("byte {at} of the file is not UTF-8"))
                    .help("save the file as UTF-8");
                return Ok(None);
            }
        };
        let text = match text.strip_prefix('\u{feff}') {
            Some(text) => text.to_owned(),
            None => text,
        };
        Ok(Some(self.sources.add(path, text)))
    }

    fn is_mapping(&mut self, root: &Node) -> bool {
        let mapping = root.as_map().is_some();
        if !mapping {
            let span = Span { end: root.span.start + 1, ..root.span.clone() };
            self.diags
                .report(
                    &HEADER,
                    span,
                    format!("a mapping is wanted here, this is {}", root.describe()),
                )
                .help(format!("begin with `apiVersion: {API_VERSION}`"));
        }
        mapping
    }

    fn header(&mut self, root: &Node, source: SourceId, kind: &str) {
        for (key, wanted) in [("apiVersion", API_VERSION), ("kind", kind)] {
            let (span, message) = match root.get(key) {
                Some(node) if node.as_text() == Some(wanted) => continue,
                Some(node) => {
                    (node.span.clone(), format!("`{key}` is {}, not `{wanted}`", node.describe()))
                }
                None => (Span { source, start: 0, end: 0 }, format!("`{key}` is missing")),
            };
            self.diags.report(&HEADER, span, message).help(format!("write `{key}: {wanted}`"));
        }
    }

    fn known_sections(&mut self, root: &Node, header: &[&str]) {
        for (key, entry) in root.as_map().into_iter().flatten() {
            let known = self.sections.iter().any(|section| section.name == &**key);
            if !known && !header.contains(&&**key) {
                let names =
                    self.sections.iter().map(|section| section.name).chain(header.iter().copied());
                self.diags
                    .report(
                        &UNKNOWN_SECTION,
                        entry.key_span.clone(),
                        format!("there is no section `{key}`"),
                    )
                    .help(one_of(key, names));
            }
        }
    }

    fn files_of_overlays(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, LoadError> {
        if self.world.standing(folder) != Standing::Folder {
            return Err(LoadError::NotAFolder(folder.to_owned()));
        }
        self.yaml_files(folder)
    }

    fn overlays(&mut self, files: Vec<File>) -> Vec<Overlay> {
        let mut overlays = Vec::new();
        for (source, root) in files.into_iter().flatten() {
            if self.is_mapping(&root) {
                self.header(&root, source, "Overlay");
                self.known_sections(&root, &["apiVersion", "kind", "cluster", "environment"]);
                overlays.extend(self.overlay(&root, source));
            }
        }
        overlays
    }

    fn overlay(&mut self, root: &Arc<Node>, source: SourceId) -> Option<Overlay> {
        let target = match (root.get("environment"), root.get("cluster")) {
            (Some(node), None) => {
                node.as_text().map(|name| (Layer::Environment(name.into()), node))
            }
            (None, Some(node)) => node.as_text().map(|name| (Layer::Cluster(name.into()), node)),
            _ => None,
        };
        let Some((target, node)) = target else {
            self.diags
                .report(
                    &TARGET,
                    Span { source, start: 0, end: 0 },
                    "the overlay must name one environment or one cluster",
                )
                .help("write `environment: <name>` or `cluster: <name>`");
            return None;
        };
        let scope = match target {
            Layer::Environment(_) => Scope::Environment,
            _ => Scope::Cluster,
        };
        let mut sections = root.as_map()?.clone();
        let header = ["apiVersion", "kind", "environment", "cluster"];
        let is_empty = sections.keys().all(|key| header.contains(&&**key));
        sections.retain(|key, entry| {
            let section = self.sections.iter().find(|section| section.name == &**key);
            if let Some(section) = section
                && section.scope != scope
            {
                let owner = match section.scope {
                    Scope::Estate => "the whole estate: it can only be written in the blueprint",
                    Scope::Cluster => "the cluster: write it in an overlay with `cluster:`",
                    Scope::Environment => {
                        "environments: write it in an overlay with `environment:`, or in the blueprint"
                    }
                };
                self.diags
                    .report(
                        &WRONG_SCOPE,
                        entry.key_span.clone(),
                        format!("`{key}` cannot be changed by this overlay"),
                    )
                    .help(format!("`{key}` belongs to {owner}"));
                return false;
            }
            section.is_some()
        });
        let sections = Arc::new(Node { kind: Kind::Map(sections), span: root.span.clone() });
        Some(Overlay { target, target_span: node.span.clone(), is_empty, sections })
    }

    /// Checks the targets and builds the documents, clusters and environments in the blueprint's order.
    fn lay(&mut self, base: &Arc<Node>, overlays: &[Overlay], documents: &mut Documents) {
        let names = |section: &str| -> Vec<Arc<str>> {
            let section = base.get(section).and_then(|node| node.as_map());
            section.map(|entries| entries.keys().cloned().collect()).unwrap_or_default()
        };
        let (clusters, environments) = (names("clusters"), names("environments"));
        let mut joined: BTreeMap<Layer, Option<Arc<Node>>> = BTreeMap::new();
        for overlay in overlays {
            let (kind, name, known) = match &overlay.target {
                Layer::Cluster(name) => ("cluster", name, &clusters),
                Layer::Environment(name) => ("environment", name, &environments),
                Layer::Base => continue,
            };
            if known.contains(name) {
                let slot = joined.entry(overlay.target.clone()).or_default();
                join(slot, Arc::clone(&overlay.sections), self.diags);
                if overlay.is_empty {
                    self.diags
                        .report(
                            &super::overlay::CHANGES_NOTHING,
                            overlay.target_span.clone(),
                            format!("the overlay for {kind} `{name}` changes nothing"),
                        )
                        .help("remove the file");
                }
            } else {
                self.diags
                    .report(
                        &TARGET,
                        overlay.target_span.clone(),
                        format!("the blueprint has no {kind} `{name}`"),
                    )
                    .help(one_of(name, known.iter().map(|name| &**name)));
            }
        }
        let named: Vec<&str> = self
            .sections
            .iter()
            .filter(|section| section.named)
            .map(|section| section.name)
            .collect();
        let mut layered = BTreeMap::new();
        for name in clusters {
            let layer = Layer::Cluster(Arc::clone(&name));
            let root = self.laid(base, joined.get(&layer), documents, &layer, &named);
            layered.insert(name, root);
        }
        for name in environments {
            let layer = Layer::Environment(Arc::clone(&name));
            let cluster = base
                .get("environments")
                .and_then(|node| node.get(&name)?.get("cluster")?.as_text().map(str::to_owned));
            let below = cluster.as_deref().and_then(|name| layered.get(name)).unwrap_or(base);
            let below = Arc::clone(below);
            self.laid(&below, joined.get(&layer), documents, &layer, &named);
        }
    }

    fn laid(
        &mut self,
        below: &Arc<Node>,
        layer: Option<&Option<Arc<Node>>>,
        documents: &mut Documents,
        target: &Layer,
        named: &[&str],
    ) -> Arc<Node> {
        let document = documents.next_id();
        let root = match layer {
            Some(Some(layer)) => Layering { document, named, diags: self.diags }.over(below, layer),
            _ => Arc::clone(below),
        };
        documents.add(target.clone(), Arc::clone(&root));
        root
    }
}

/// What is in a text; `None` if it cannot be read or says nothing, which is then reported.
fn root(source: SourceId, sources: &Sources, diags: &mut Diagnostics) -> Option<Arc<Node>> {
    let root = parse(source, &sources.get(source).text, diags).filter(|root| !root.is_null());
    if root.is_none() && diags.is_empty() {
        diags
            .report(&EMPTY, Span { source, start: 0, end: 0 }, "the file is empty")
            .help("`groundplan init` writes a small working blueprint");
    }
    root
}
