//! `storage`: classes of volumes, what provides them, and snapshots.

mod drivers;
mod lower;
mod rules;
mod spec;

use indexmap::IndexMap;

use crate::component::{About, Component, Resolving, Situation, StorageClass, Symbols};
use crate::diag::Diagnostics;
use crate::k8s::name::Name;
use crate::path::At;
use crate::plan::{Plan, Stage};
use crate::source::Scope;
use spec::{ClassSpec, ExportSpec, StorageSpec};

const SECTION: &str = "storage";

/// The classes of volumes of a cluster.
#[derive(Debug)]
pub struct Storage {
    classes: IndexMap<Name, ClassSpec>,
    exports: IndexMap<Name, ExportSpec>,
    snapshots: bool,
}

impl Component for Storage {
    const ABOUT: About = About {
        section: SECTION,
        scope: Scope::Cluster,
        required: false,
        named: false,
        summary: "classes of volumes, what provides them, and snapshots",
        rules: rules::ALL,
        defaults: spec::DEFAULTS,
    };

    type Spec = StorageSpec;

    fn declare(spec: &StorageSpec, at: &At, symbols: &mut Symbols) {
        for (name, class) in &spec.classes {
            let access = class.access();
            let about = StorageClass {
                provisioner: class.driver.provisioner().to_owned(),
                access: access.iter().map(|mode| mode.word().to_owned()).collect(),
                // All three drivers can grow a volume that is in use.
                expands: true,
                snapshots: spec.snapshots.unwrap_or_else(|| spec::SNAPSHOTS.get()),
                bound: class.is_bound(),
                default: class.default,
            };
            symbols.storage_classes.declare(name.to_string(), at.key("classes").key(name), about);
        }
    }

    fn resolve(spec: StorageSpec, _: &At, _: &mut Resolving<'_>) -> Option<Self> {
        Some(Self {
            snapshots: spec.snapshots.unwrap_or_else(|| spec::SNAPSHOTS.get()),
            classes: spec.classes,
            exports: spec.exports,
        })
    }

    fn check(&self, at: &At, symbols: &Symbols, diags: &mut Diagnostics) {
        // Every environment sees the classes of its cluster; the clusters' own documents are judged once.
        rules::check(self, at, symbols, diags);
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        if let Stage::Cluster(cluster) = situation.stage {
            lower::lower(self, at, cluster, plan);
        }
    }
}
