//! The one list of components, which is also the table of contents of the language.
//!
//! For a list of `/// summary` and `name: Type` lines, `components!` writes: [`SECTIONS`] and [`ABOUT`],
//! [`Blueprint`] (each section as written), [`Estate`] (each section resolved), and the loops over them.
//! There is no other place that names all components.

use rayon::prelude::*;

use crate::component::{
    About, Component, DANGLING, Files, MISSING_SECTION, Resolving, Situation, Symbols,
};
use crate::components;
use crate::diag::{Diagnostic, Diagnostics, Rule};
use crate::path::{At, FieldPath};
use crate::plan::{Plan, Stage};
use crate::source::{Document, Layer, Scope, Section, Unread, decode};

macro_rules! components {
    ($($name:ident: $component:ty,)*) => {
        /// What every component says of itself, in the order of the language.
        pub static ABOUT: &[&About] = &[$(&<$component as Component>::ABOUT),*];

        /// What loading must know of every section.
        pub static SECTIONS: &[Section] = &[$(Section {
            name: <$component as Component>::ABOUT.section,
            scope: <$component as Component>::ABOUT.scope,
            named: <$component as Component>::ABOUT.named,
        }),*];

        /// The sections as written.
        struct Blueprint {
            $($name: Option<<$component as Component>::Spec>,)*
        }

        /// The sections of one document, resolved: no default left, no name unbound.
        pub struct Estate {
            $(
                #[doc = concat!("The resolved section `", stringify!($name), "`.")]
                pub $name: Option<$component>,
            )*
            /// The names of the document.
            pub symbols: Symbols,
        }

        impl Blueprint {
            fn decode(
                document: &Document,
                unread: &mut Unread<'_>,
                diags: &mut Diagnostics,
            ) -> Self {
                Self { $($name: section::<$component>(document, unread, diags),)* }
            }

            fn declare(&self, document: &Document) -> Symbols {
                let environment = match &document.layer {
                    Layer::Environment(name) => Some(std::sync::Arc::clone(name)),
                    _ => None,
                };
                let mut symbols = Symbols::new(environment);
                $(if let Some(spec) = &self.$name {
                    <$component>::declare(spec, &place::<$component>(document), &mut symbols);
                })*
                symbols
            }

            fn resolve(
                self,
                document: &Document,
                symbols: Symbols,
                files: Files<'_>,
                diags: &mut Diagnostics,
            ) -> Estate {
                $(let $name = self.$name.and_then(|spec| {
                    let mut cx = Resolving { symbols: &symbols, diags: &mut *diags, files };
                    <$component>::resolve(spec, &place::<$component>(document), &mut cx)
                });)*
                Estate { $($name,)* symbols }
            }
        }

        impl Estate {
            fn check(&self, document: &Document, diags: &mut Diagnostics) {
                $(if let Some(model) = &self.$name {
                    model.check(&place::<$component>(document), &self.symbols, diags);
                })*
            }

            /// What must exist in `stage` of the sections that `scope` covers; `base` is what the base has.
            pub fn lower(
                &self,
                document: &Document,
                stage: &Stage,
                scopes: &[Scope],
                base: Option<&Plan>,
            ) -> Plan {
                let mut plan = Plan { estate: self.symbols.estate.clone(), ..Plan::default() };
                let situation = Situation { stage, symbols: &self.symbols, base };
                $(if scopes.contains(&<$component as Component>::ABOUT.scope)
                    && let Some(model) = &self.$name
                {
                    model.lower(&place::<$component>(document), &situation, &mut plan);
                })*
                plan
            }
        }

        /// The JSON Schema of every section, by name.
        pub fn section_schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(&'static About, schemars::Schema)> {
            vec![$((
                &<$component as Component>::ABOUT,
                generator.subschema_for::<<$component as Component>::Spec>(),
            )),*]
        }
    };
}

components! {
    metadata: components::metadata::Metadata,
    repository: components::repository::Repository,
    clusters: components::clusters::Clusters,
    environments: components::environments::Environments,
    network: components::network::Network,
    machines: components::machines::Machines,
    kubernetes: components::kubernetes::Kubernetes,
    autoscaling: components::autoscaling::Autoscaling,
    storage: components::storage::Storage,
    security: components::security::Security,
    backup: components::backup::Backup,
    delivery: components::delivery::Delivery,
    logging: components::logging::Logging,
    monitoring: components::monitoring::Monitoring,
    teams: components::teams::Teams,
    externals: components::externals::Externals,
    databases: components::databases::Databases,
    workloads: components::workloads::Workloads,
    releases: components::releases::Releases,
    waivers: components::waivers::Waivers,
}

/// Every rule that a component or the frame around them can report.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let own = [&MISSING_SECTION, &DANGLING];
    own.into_iter().chain(ABOUT.iter().flat_map(|about| about.rules.iter().copied()))
}

fn place<C: Component>(document: &Document) -> At {
    At::root(document.id).key(C::ABOUT.section)
}

/// A section as written. An absent one that may be absent is an empty one, so that its defaults hold.
fn section<C: Component>(
    document: &Document,
    unread: &mut Unread<'_>,
    diags: &mut Diagnostics,
) -> Option<C::Spec> {
    // A cluster has no teams or workloads of its own.
    if matches!(document.layer, Layer::Cluster(_)) && C::ABOUT.scope == Scope::Environment {
        return None;
    }
    let path = FieldPath::root().key(C::ABOUT.section);
    if document.get(&path).is_some_and(|node| !node.is_null()) {
        return decode(document, &path, unread, diags);
    }
    if C::ABOUT.required {
        diags
            .report(
                &MISSING_SECTION,
                At::root(document.id),
                format!("the section `{}` is missing", C::ABOUT.section),
            )
            .help(format!("write `{}:`, {}", C::ABOUT.section, C::ABOUT.summary));
        unread.extend([path]);
        return None;
    }
    let empty = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(
        std::iter::empty::<(&str, &str)>(),
    );
    serde::Deserialize::deserialize(empty).ok()
}

/// How many segments the path of a thing of a section has.
fn depth(section: &str) -> usize {
    let named = ABOUT.iter().any(|about| about.named && about.section == section);
    if named { 2 } else { 3 }
}

/// Documents to resolved sections, each document for itself; the diagnostics of all of them.
pub fn resolve(documents: &[&Document], files: Files<'_>) -> (Vec<Estate>, Diagnostics) {
    let results: Vec<(Estate, Diagnostics)> = documents
        .par_iter()
        .map(|document| {
            let mut diags = Diagnostics::new();
            let mut unread = Unread::of(document);
            let blueprint = Blueprint::decode(document, &mut unread, &mut diags);
            let symbols = blueprint.declare(document);
            let mut found = Diagnostics::new();
            let estate = blueprint.resolve(document, symbols, files, &mut found);
            estate.check(document, &mut found);
            // Of a section that was not read as a whole, nobody knows which names it has.
            let dangles = |finding: &Diagnostic| finding.rule == &DANGLING && unread.has_sections();
            found.retain(|finding| !unread.explains(finding, depth) && !dangles(finding));
            diags.append(found);
            (estate, diags)
        })
        .collect();
    let mut all = Diagnostics::new();
    let mut estates = Vec::new();
    for (estate, diags) in results {
        all.append(diags);
        estates.push(estate);
    }
    (estates, all)
}
