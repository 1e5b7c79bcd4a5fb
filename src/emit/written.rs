//! Which file is of what: for those who ask where a file comes from, or what a field reaches.

use super::folder::Folder;
use super::{names, overlay};
use crate::path::At;
use crate::plan::{Layout, Origin, Plan, Resource, Unit, unit_folder};

/// A file of the output, and what it is of.
pub struct Written<'p> {
    /// Its path below the owned folder.
    pub path: String,
    /// The unit whose folder it is in.
    pub unit: &'p Unit,
    /// The object it holds or changes; `None` for the kustomization and the README, which speak of all of them.
    pub resource: Option<&'p Resource>,
}

impl<'p> Written<'p> {
    /// The origins of what is in the file.
    pub fn origins(&self) -> impl Iterator<Item = &'p Origin> + use<'p> {
        let one = self.resource.map(|resource| &resource.origin);
        let all = self.resource.is_none().then_some(&self.unit.resources);
        one.into_iter().chain(all.into_iter().flatten().map(|resource| &resource.origin))
    }

    /// The fields that what is in the file is made of.
    pub fn from(&self) -> impl Iterator<Item = &'p At> + use<'p> {
        self.origins().flat_map(|origin| &origin.from)
    }

    /// One line for people.
    pub fn what(&self) -> String {
        let unit = format!("{} {}", self.unit.id.kind.word(), self.unit.id.name);
        let place = match self.unit.id.stage.environment() {
            Some(environment) => format!("{unit} in environment {environment}"),
            None => unit,
        };
        match self.resource {
            Some(resource) => format!("{} {}, of {place}", resource.kind(), resource.name()),
            None => format!("about all of {place}"),
        }
    }
}

/// Every file of the layout that the blueprint asks for, in the order of units.
pub fn written(plan: &Plan) -> impl Iterator<Item = Written<'_>> {
    let layout =
        plan.facts.repository.as_ref().map_or(Layout::Folders, |repository| repository.layout);
    let folders = plan.units.values().filter_map(move |unit| match layout {
        Layout::Folders => overlay::folder(plan, unit, unit_folder(&unit.id, layout)),
        Layout::Branches => overlay::whole(unit, super::rendered_folder(unit)),
    });
    let room = super::room(plan);
    folders.flat_map(move |folder| files(folder, room))
}

fn files(folder: Folder<'_>, room: usize) -> Vec<Written<'_>> {
    let Folder { unit, path, items, .. } = folder;
    let named = names::of(&items, room.saturating_sub(path.len() + 1));
    let objects = named.into_iter().map(|(name, item)| (name, Some(item.resource)));
    let about = ["kustomization.yaml", "README.md"].map(|name| (name.to_owned(), None));
    objects
        .chain(about)
        .map(|(name, resource)| Written { path: format!("{path}/{name}"), unit, resource })
        .collect()
}
