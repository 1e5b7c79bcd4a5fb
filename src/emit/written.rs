//! Which file is of what: for those who ask where a file comes from, or what a field reaches.

use super::folder::{Folder, VALUES};
use super::{names, overlay};
use crate::path::At;
use crate::plan::{Artifact, Layout, Origin, Plan, Release, Resource, Stage, Unit, unit_folder};

/// A file of the output, and what it is of.
pub struct Written<'p> {
    /// Its path below the owned folder.
    pub path: String,
    /// What it is of.
    of: Of<'p>,
}

/// What a file is of.
#[derive(Clone, Copy)]
enum Of<'p> {
    /// An object of a unit, which it holds or changes.
    Object(&'p Unit, &'p Resource),
    /// The values of a unit's chart.
    Values(&'p Unit, &'p Release),
    /// All objects of a unit: the kustomization, the README.
    Unit(&'p Unit),
    /// Nothing that is synced.
    Artifact(&'p Artifact),
}

impl<'p> Written<'p> {
    /// The origins of what is in the file.
    pub fn origins(&self) -> impl Iterator<Item = &'p Origin> + use<'p> {
        let (one, all) = match self.of {
            Of::Object(_, resource) => (Some(&resource.origin), None),
            Of::Values(_, release) => (Some(&release.origin), None),
            Of::Artifact(artifact) => (Some(&artifact.origin), None),
            Of::Unit(unit) => (None, Some(&unit.resources)),
        };
        one.into_iter().chain(all.into_iter().flatten().map(|resource| &resource.origin))
    }

    /// The fields that what is in the file is made of.
    pub fn from(&self) -> impl Iterator<Item = &'p At> + use<'p> {
        self.origins().flat_map(|origin| &origin.from)
    }

    /// One line for people.
    pub fn what(&self) -> String {
        match self.of {
            Of::Object(unit, resource) => {
                format!("{} {}, of {}", resource.kind(), resource.name(), place(unit))
            }
            Of::Values(unit, release) => {
                format!("values of the chart {}, of {}", release.chart, place(unit))
            }
            Of::Unit(unit) => format!("about all of {}", place(unit)),
            Of::Artifact(artifact) => artifact.what.clone(),
        }
    }
}

fn place(unit: &Unit) -> String {
    let name = format!("{} {}", unit.id.kind.word(), unit.id.name);
    match unit.id.stage.environment() {
        Some(environment) => format!("{name} in environment {environment}"),
        None => name,
    }
}

/// Every file of the layout that the blueprint asks for, in the order of units.
pub fn written(plan: &Plan) -> impl Iterator<Item = Written<'_>> {
    let layout =
        plan.facts.repository.as_ref().map_or(Layout::Folders, |repository| repository.layout);
    let folders = plan.units.values().filter_map(move |unit| match layout {
        Layout::Folders => {
            let base = plan.units.get(&unit.id.in_stage(Stage::Base));
            overlay::folder(base, unit, unit_folder(&unit.id, layout))
        }
        Layout::Branches => overlay::whole(unit, super::rendered_folder(unit)),
    });
    let room = super::room(plan);
    let artifacts = plan.artifacts.iter().map(move |artifact| Written {
        path: match layout {
            Layout::Folders => artifact.path.clone(),
            Layout::Branches => super::rendered_artifact(artifact),
        },
        of: Of::Artifact(artifact),
    });
    folders.flat_map(move |folder| files(folder, room)).chain(artifacts)
}

fn files(folder: Folder<'_>, room: usize) -> Vec<Written<'_>> {
    let Folder { unit, path, items, .. } = folder;
    let named = names::of(&items, room.saturating_sub(path.len() + 1));
    let objects = named.into_iter().map(|(name, item)| (name, Of::Object(unit, item.resource)));
    let values =
        unit.release.as_ref().map(|release| (VALUES.to_owned(), Of::Values(unit, release)));
    let about = ["kustomization.yaml", "README.md"].map(|name| (name.to_owned(), Of::Unit(unit)));
    objects
        .chain(values)
        .chain(about)
        .map(|(name, of)| Written { path: format!("{path}/{name}"), of })
        .collect()
}
