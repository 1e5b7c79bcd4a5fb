//! What kustomize builds of a folder, read back from the emitted text by a YAML reader that is not ours.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::bundle::Bundle;
use super::super::kustomize::{Operation, Patch, Target, apply};
use crate::k8s::tree::Tree;
use crate::plan::{Layout, Plan, Stage, Unit, unit_folder};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    resources: Vec<String>,
    #[serde(default)]
    patches: Vec<PatchFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PatchFile {
    path: String,
    target: Option<Selector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selector {
    group: String,
    version: String,
    kind: String,
    name: String,
}

/// The objects of a folder's kustomization, in no order that matters.
///
/// # Errors
/// Everything that kustomize refuses or passes over in silence, and every file of the folder that is not listed.
pub fn rebuild(bundle: &Bundle, folder: &str) -> Result<Vec<Tree>, String> {
    let file = |name: &str| {
        let path = format!("{folder}/{name}");
        let bytes = bundle.get(&path).ok_or_else(|| format!("no {path}"))?;
        std::str::from_utf8(bytes).map_err(|error| format!("{path}: {error}"))
    };
    let read = |name: &str| -> Result<Tree, String> {
        serde_yaml::from_str(file(name)?).map_err(|error| format!("{folder}/{name}: {error}"))
    };
    // A chart alone has nothing that kustomize would build.
    let within = crate::emit::bundle::RepoPath::of(folder);
    let names = bundle.below(&within).filter_map(|(path, _)| path.below(&within));
    if names.eq(["README.md", "values.yaml"]) {
        return Ok(Vec::new());
    }
    let listing: Kustomization = serde_yaml::from_str(file("kustomization.yaml")?)
        .map_err(|error| format!("{folder}: {error}"))?;
    if (&*listing.api_version, &*listing.kind)
        != ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    {
        return Err(format!("{folder}: not a kustomization"));
    }
    every_file_is_listed(bundle, folder, &listing)?;

    let mut objects = Vec::new();
    for resource in &listing.resources {
        match resource.strip_prefix("../../") {
            Some(beside) => {
                let (above, _) = folder.rsplit_once("/overlays/").ok_or("no overlay")?;
                objects.extend(rebuild(bundle, &format!("{above}/{beside}"))?);
            }
            None => objects.push(read(resource)?),
        }
    }
    if objects
        .iter()
        .enumerate()
        .any(|(at, one)| objects[..at].iter().any(|two| id(one) == id(two)))
    {
        return Err(format!("{folder}: an object is there twice"));
    }
    for listed in &listing.patches {
        let patch = patch_of(read(&listed.path)?, listed.target.as_ref())?;
        let selected = |object: &Tree| match &patch {
            Patch::StrategicMerge(tree) | Patch::Delete(tree) => id(object) == id(tree),
            Patch::Json6902 { target, .. } => Target::of(object) == *target,
        };
        let found: Vec<usize> = (0..objects.len()).filter(|at| selected(&objects[*at])).collect();
        let [at] = found[..] else {
            return Err(format!("{folder}/{}: matches {} objects", listed.path, found.len()));
        };
        match apply(&objects[at], &patch)? {
            None => drop(objects.remove(at)),
            Some(same) if same.same_as(&objects[at]) => {
                return Err(format!("{folder}/{}: changes nothing", listed.path));
            }
            Some(changed) => objects[at] = changed,
        }
    }
    if let Some(namespace) = &listing.namespace {
        objects.iter_mut().for_each(|object| give(object, namespace));
    }
    Ok(objects)
}

fn every_file_is_listed(
    bundle: &Bundle,
    folder: &str,
    listing: &Kustomization,
) -> Result<(), String> {
    let mut listed: Vec<&str> = listing.resources.iter().map(String::as_str).collect();
    listed.retain(|name| !name.starts_with("../"));
    let patches: Vec<&str> = listing.patches.iter().map(|patch| &*patch.path).collect();
    if !listed.is_sorted() || !patches.is_sorted() {
        return Err(format!("{folder}: not sorted"));
    }
    listed.extend(patches);
    listed.extend(["README.md", "kustomization.yaml"]);
    // Read by Helm, not by kustomize.
    if bundle.get(&format!("{folder}/values.yaml")).is_some() {
        listed.push("values.yaml");
    }
    listed.sort_unstable();
    let within = crate::emit::bundle::RepoPath::of(folder);
    let files: Vec<&str> =
        bundle.below(&within).filter_map(|(path, _)| path.below(&within)).collect();
    if files == listed { Ok(()) } else { Err(format!("{folder}: {files:?}, listed {listed:?}")) }
}

fn patch_of(tree: Tree, target: Option<&Selector>) -> Result<Patch, String> {
    let plain = |pattern: &str| match pattern {
        "^$" => String::new(),
        pattern => pattern.replace("\\.", "."),
    };
    match (tree, target) {
        (tree @ Tree::Seq(_), Some(selector)) => Ok(Patch::Json6902 {
            target: Target {
                group: plain(&selector.group),
                version: plain(&selector.version),
                kind: plain(&selector.kind),
                name: plain(&selector.name),
            },
            operations: tree.into_typed::<Vec<Operation>>()?,
        }),
        (tree @ Tree::Map(_), None) => {
            let delete = tree.get("$patch").and_then(Tree::as_str) == Some("delete");
            Ok(if delete { Patch::Delete(tree) } else { Patch::StrategicMerge(tree) })
        }
        (tree, _) => Err(format!("neither kind of patch: {tree:?}")),
    }
}

/// The namespace transformer. What it does to subjects and webhooks is no matter: `overlay` does not let it.
fn give(object: &mut Tree, namespace: &str) {
    let kind = object.get("kind").and_then(Tree::as_str).unwrap_or_default();
    if ["ClusterRole", "PriorityClass", "StorageClass", "IngressClass", "RuntimeClass"]
        .contains(&kind)
    {
        return;
    }
    if let Some(object) = object.as_map_mut() {
        object.map_at("metadata").insert("namespace", namespace.to_owned());
    }
}

type Id = [String; 4];

fn id(object: &Tree) -> Id {
    ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| {
        object.pointer(pointer).and_then(Tree::as_str).unwrap_or_default().to_owned()
    })
}

/// Compares two sets of objects.
pub fn equal(built: &[Tree], wanted: &[Tree]) -> Result<(), String> {
    let by_id = |objects: &[Tree]| -> BTreeMap<Id, Tree> {
        objects.iter().map(|object| (id(object), object.clone())).collect()
    };
    let (built, wanted) = (by_id(built), by_id(wanted));
    if !built.keys().eq(wanted.keys()) {
        return Err(format!("built {:?}, wanted {:?}", built.keys(), wanted.keys()));
    }
    for (id, object) in &built {
        if !object.same_as(&wanted[id]) {
            return Err(format!("{id:?}\nbuilt  {object:?}\nwanted {:?}", wanted[id]));
        }
    }
    Ok(())
}

/// That every folder builds to the objects of its unit, and that the rendered tree holds the same.
pub fn holds(plan: &Plan) -> Result<(), String> {
    let (folders, rendered) = (super::super::folders(plan), super::super::rendered(plan));
    let branches = super::super::branches(plan);
    let units = plan.units.values().filter(|unit| unit.id.stage != Stage::Base);
    // A chart alone is nothing that kustomize would build.
    for unit in units.filter(|unit| unit.release.is_none() || !unit.resources.is_empty()) {
        let wanted: Vec<Tree> =
            unit.resources.iter().map(|resource| resource.as_tree().clone()).collect();
        let check = |bundle: &Bundle, folder: &str| {
            equal(&rebuild(bundle, folder)?, &wanted).map_err(|why| format!("{folder}: {why}"))
        };
        check(&folders, &unit_folder(&unit.id, Layout::Folders))?;
        let (branch, folder) = (branch_of(unit), unit_folder(&unit.id, Layout::Branches));
        check(&branches[&branch], &folder)?;
        let within_rendered =
            if folder.starts_with("clusters/") { folder } else { format!("{branch}/{folder}") };
        check(&rendered, &within_rendered)?;
    }
    Ok(())
}

fn branch_of(unit: &Unit) -> String {
    match &unit.id.stage {
        Stage::Environment { environment, .. } => format!("environments/{environment}"),
        stage => format!("clusters/{}", stage.cluster().unwrap_or_default()),
    }
}
