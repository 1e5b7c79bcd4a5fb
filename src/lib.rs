//! groundplan compiles one typed blueprint of a Kubernetes estate into the GitOps repository that Argo CD syncs.
//!
//! The stages, and the noun each makes for the next:
//!
//! | verb | from → to | module |
//! | --- | --- | --- |
//! | load, overlay | [`World`] → [`Documents`](source::Documents): one without overlays, one per cluster and environment | [`source`] |
//! | decode, declare, resolve, check | document → [`Estate`]: no default left, no name unbound | [`registry`], [`components`] |
//! | *barrier* | errors stop here | [`compile`] |
//! | lower | estate → [`Plan`]: units, resources, facts | [`components`] |
//! | derive | plan → plan: policies, routes, secrets, budgets, Applications | [`passes`] |
//! | audit | plan → diagnostics, placed in the blueprint through origins | [`audit`] |
//! | *barrier* | errors stop here; after it only the world can fail | [`compile`] |
//! | emit | plan → [`Bundle`](emit::Bundle): path → bytes | [`emit`] |
//! | publish | bundle → files, or a commit | [`publish`] |
//!
//! Modules stand in the order of their levels: a module uses those above it, never those below
//! (`tests/it/tidy.rs` keeps it so).

// 0: places and the outside
pub mod path;
pub mod world;
// 1: what is told
pub mod diag;
// 2: text to documents; the words of Kubernetes
pub mod k8s;
pub mod source;
// 3: what is known of other projects; what will exist; how findings look
pub mod catalog;
pub mod plan;
pub mod report;
// 4: what a component is; what crosses components; what only the whole shows; printing
pub mod audit;
pub mod component;
pub mod emit;
pub mod passes;
// 5: the sections
pub mod components;
// 6: their one list
pub mod registry;
// 7: carrying it out, and describing it
pub mod explain;
pub mod publish;
pub mod reference;
pub mod seed;
pub mod upgrade;
// 8: the command line
pub mod cli;

use std::collections::BTreeMap;

use camino::Utf8Path;
use rayon::prelude::*;

use component::Files;
use diag::{Diagnostics, Place, Rule, Span};
use path::{At, DocumentId};
use plan::{Plan, Stage};
use publish::lock::{LOCK, Lock};
use registry::Estate;
use source::{Layer, LoadError, Loaded, Scope};
use world::World;

/// What is compiled.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Where files and the date come from.
    pub world: &'a dyn World,
    /// A blueprint: one file, or a folder of files.
    pub blueprint: &'a Utf8Path,
    /// The folder of overlays, if there is one.
    pub overlays: Option<&'a Utf8Path>,
}

/// What came of a compilation.
pub struct Compilation {
    /// The files and documents that were read; diagnostics are shown with them.
    pub loaded: Loaded,
    /// Name and version of the estate, if they could be read.
    pub identity: Option<(String, String)>,
    /// Everything that was found.
    pub diagnostics: Diagnostics,
    /// The finished plan; `None` when an error stopped it.
    pub plan: Option<Plan>,
}

/// Compiles a blueprint to a finished plan. Whatever is wrong with it is in the diagnostics, all of it at once.
///
/// # Errors
/// Only what the world refuses: a file that is not there or cannot be read.
pub fn compile(input: Input<'_>) -> Result<Compilation, LoadError> {
    compile_after(input, |_| BTreeMap::new())
}

/// The same, compared with what was chosen before: what runs already and may not change, or not at once, is found too.
/// `previous` finds the versions of the lock of that time, knowing what is planned: which branches, for example.
///
/// # Errors
/// As [`compile`].
pub fn compile_after(
    input: Input<'_>,
    previous: impl FnOnce(&Plan) -> BTreeMap<String, String>,
) -> Result<Compilation, LoadError> {
    let mut diagnostics = Diagnostics::new();
    let Input { world, blueprint, overlays } = input;
    let loaded = source::load(world, blueprint, overlays, registry::SECTIONS, &mut diagnostics)?;

    let files = Files { world, folder: folder_of(world, blueprint) };
    let documents: Vec<&source::Document> = loaded.documents.iter().collect();
    let (estates, found) = registry::resolve(&documents, files);
    diagnostics.append(found);

    let lowered = (!diagnostics.has_errors()).then(|| lower(&documents, &estates));
    // What the sections say is in the plan now; only the blueprint's own is asked again.
    let mut estates = estates.into_iter();
    let base = estates.next();
    rayon::spawn(|| drop(estates));
    let metadata = base.as_ref().and_then(|estate| estate.metadata.as_ref());
    let identity =
        metadata.map(|metadata| (metadata.name.to_string(), metadata.version.to_string()));
    let mut plan = None;
    if let Some(mut whole) = lowered {
        whole.previous = previous(&whole);
        passes::derive(&mut whole);
        audit::audit(&whole, &mut diagnostics);
        plan = Some(whole);
    }
    if let Some(waivers) = &base.and_then(|estate| estate.waivers) {
        let at = At::root(DocumentId::BASE).key("waivers");
        waivers.apply(&at, &world.today(), &rules(), &mut diagnostics);
    }
    if diagnostics.has_errors() {
        plan = None;
    }
    Ok(Compilation { loaded, identity, diagnostics, plan })
}

/// Every rule there is, in the order of the stages.
pub fn rules() -> Vec<&'static Rule> {
    source::RULES.iter().copied().chain(registry::rules()).chain(audit::rules()).collect()
}

/// The versions of the last compilation into a folder; none where there is no lock. One that cannot be read is told by
/// whoever writes the folder.
pub fn compiled_into(world: &dyn World, folder: &Utf8Path) -> BTreeMap<String, String> {
    let bytes = world.read(&folder.join(LOCK)).unwrap_or_default();
    Lock::parse(&bytes).map(|lock| lock.versions).unwrap_or_default()
}

/// Each document's part of the plan, planned for itself and put together in order. The base, which is the first
/// document, comes before the others, which share what they have in common with it.
fn lower(documents: &[&source::Document], estates: &[Estate]) -> Plan {
    let part = |document: &source::Document, estate: &Estate, base| match &document.layer {
        Layer::Base => {
            estate.lower(document, &Stage::Base, &[Scope::Estate, Scope::Environment], base)
        }
        Layer::Cluster(cluster) => {
            estate.lower(document, &Stage::Cluster(cluster.to_string()), &[Scope::Cluster], base)
        }
        Layer::Environment(environment) => {
            let known = estate.symbols.environments.get(environment);
            let stage = Stage::Environment {
                cluster: known.map(|known| known.cluster.clone()).unwrap_or_default(),
                environment: environment.to_string(),
            };
            estate.lower(document, &stage, &[Scope::Environment], base)
        }
    };
    let mut all = documents.iter().zip(estates);
    let mut plan =
        all.next().map(|(document, estate)| part(document, estate, None)).unwrap_or_default();
    let others: Vec<(&&source::Document, &Estate)> = all.collect();
    let parts: Vec<Plan> = others
        .into_par_iter()
        .map(|(document, estate)| part(document, estate, Some(&plan)))
        .collect();
    for part in parts {
        plan.estate.clone_from(&part.estate);
        plan.absorb(part);
    }
    plan
}

fn folder_of<'a>(world: &dyn World, blueprint: &'a Utf8Path) -> &'a Utf8Path {
    if world.standing(blueprint) == world::Standing::Folder {
        return blueprint;
    }
    blueprint.parent().unwrap_or(Utf8Path::new(""))
}

impl report::Locate for Compilation {
    fn locate(&self, place: &Place) -> Option<Span> {
        self.loaded.documents.locate(place)
    }

    fn is_written(&self, place: &Place) -> bool {
        match place {
            Place::Value(at) | Place::Key(at) => {
                self.loaded.documents.get(at.document).get(&at.path).is_some()
            }
            Place::Text(_) | Place::File(_) => true,
        }
    }

    fn describe(&self, document: DocumentId) -> String {
        match &self.loaded.documents.get(document).layer {
            Layer::Base => String::new(),
            Layer::Cluster(name) => format!("cluster {name}"),
            Layer::Environment(name) => format!("environment {name}"),
        }
    }
}
