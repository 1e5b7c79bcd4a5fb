//! A folder of the repository: its objects and patches one a file, the kustomization that lists them, the README.

use std::fmt::Write as _;

use super::bundle::RepoPath;
use super::kustomize::{Kustomization, Patch, PatchFile};
use super::names;
use super::readme::{self, Shape};
use super::yaml;
use crate::path::{FieldPath, Segment};
use crate::plan::{Body, Origin, Resource, Unit};

/// From an overlay to its base.
const BASE: &str = "../../base";

/// The values of a unit's chart; kustomize does not read it.
pub(super) const VALUES: &str = "values.yaml";

/// A file after it was printed.
pub(super) type File = (RepoPath, Vec<u8>);

/// A folder before it is printed.
pub(super) struct Folder<'p> {
    /// The unit that it is of.
    pub unit: &'p Unit,
    /// Where it lies.
    pub path: String,
    /// What kind of folder it is.
    pub shape: Shape,
    /// The namespace that kustomize gives all objects; objects that are whole have it already.
    pub namespace: Option<&'p str>,
    /// What is in it, in any order.
    pub items: Vec<Item<'p>>,
}

/// A file of a folder before it is printed.
pub(super) struct Item<'p> {
    /// The object, which a patch changes to this or, if it deletes, from this.
    pub resource: &'p Resource,
    /// What the file does.
    pub what: What,
}

/// What a file does.
pub(super) enum What {
    /// It holds the object.
    Whole,
    /// It changes or deletes an object of the base.
    Change(Patch),
}

impl<'p> Item<'p> {
    /// The object as it is.
    pub fn whole(resource: &'p Resource) -> Self {
        Self { resource, what: What::Whole }
    }
}

impl Folder<'_> {
    /// The files, of which no path is longer than `room`. What was in the buffer is lost.
    pub fn print(self, room: usize, buffer: &mut String) -> Vec<File> {
        let Self { unit, path, shape, namespace, items } = self;
        let named = names::of(&items, room.saturating_sub(path.len() + 1));
        let mut kustomization =
            Kustomization { namespace: namespace.map(str::to_owned), ..Kustomization::default() };
        if shape == Shape::Overlay {
            kustomization.resources.push(BASE.to_owned());
        }
        let folder = RepoPath::of(path);
        let mut files = Vec::with_capacity(items.len() + 2);
        let mut add = |name: &str, bytes: &[u8]| files.push((folder.join(name), bytes.to_vec()));
        for (name, item) in named {
            print_item(item, buffer);
            match (&item.what, item.resource.body()) {
                (What::Whole, Body::Verbatim { bytes, .. }) => add(&name, bytes),
                _ => add(&name, buffer.as_bytes()),
            }
            match &item.what {
                What::Whole => kustomization.resources.push(name),
                What::Change(patch) => kustomization
                    .patches
                    .push(PatchFile { path: name, target: patch.target().cloned() }),
            }
        }
        if let Some(release) = &unit.release {
            buffer.clear();
            header(&release.origin, buffer);
            yaml::print_into(&release.values, buffer);
            add(VALUES, buffer.as_bytes());
        }
        // kustomize refuses to build nothing; where a chart is all there is, nobody asks it to.
        if unit.release.is_none() || !kustomization.resources.is_empty() {
            buffer.clear();
            yaml::print_into(&kustomization.tree(), buffer);
            add("kustomization.yaml", buffer.as_bytes());
        }
        buffer.clear();
        readme::print_into(unit, shape, buffer);
        add("README.md", buffer.as_bytes());
        files.sort_by(|one: &File, two| one.0.cmp(&two.0));
        files
    }
}

fn print_item(item: &Item<'_>, buffer: &mut String) {
    buffer.clear();
    match (&item.what, item.resource.body()) {
        // Not a byte of it is ours, so there is nothing to print.
        (What::Whole, Body::Verbatim { .. }) => {}
        (What::Whole, Body::Object(object)) => {
            header(&item.resource.origin, buffer);
            yaml::print_into(object, buffer);
        }
        (What::Change(patch), _) => {
            header(&item.resource.origin, buffer);
            yaml::print_into(&patch.tree(), buffer);
        }
    }
}

/// Tells a reviewer where to look. Never a list's index: it moves when somebody adds a line above.
fn header(origin: &Origin, buffer: &mut String) {
    // What is made of several sections is told by the most telling one.
    let common = origin.field();
    let path = if common.depth() == 0 { &origin.at().path } else { &common };
    let keys = path.segments().into_iter().take_while(|segment| matches!(segment, Segment::Key(_)));
    let indexed = path.depth() != keys.clone().count();
    let field = if indexed {
        &keys.fold(FieldPath::root(), |path, segment| match segment {
            Segment::Key(key) => path.key(key),
            Segment::Index(_) => path,
        })
    } else {
        path
    };
    // Writing to a string does not fail.
    let _ = match origin.pass {
        None => writeln!(buffer, "# groundplan: {field}"),
        Some(pass) => writeln!(buffer, "# groundplan: {field} ({pass})"),
    };
}
