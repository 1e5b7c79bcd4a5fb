//! `patches`: changes of the objects themselves, for what has no field, as far as they can be checked.

use super::model::{Kind, PatchOf, Workload};
use super::plaintext;
use super::spec::{Op, OperationSpec, PatchSpec, WorkloadSpec};
use crate::diag::{Diagnostics, Rule, one_of};
use crate::field;
use crate::k8s::kinds;
use crate::k8s::patch::{self, Operation, Patch, Target};
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::plan::Resource;

/// Neither a merge nor steps.
pub static PATCH_SHAPE: Rule = Rule::error(
    "workloads/patch-shape",
    "a patch is not exactly one of `merge` and `json`, or a step lacks something",
    "A strategic merge is a part of the object; a JSON patch is a list of steps, of which `add`, `replace` and \
     `test` need a value, `move` and `copy` a `from` (RFC 6902).",
    "workloads: {web: {patches: [{json: [{op: add, path: /spec/paused}]}]}}",
);

/// Reads the patches of a workload.
pub fn patches(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> Vec<PatchOf> {
    let own = match (&spec.schedule, spec.stateful) {
        (Some(_), _) => "CronJob",
        (None, true) => "StatefulSet",
        (None, false) => "Deployment",
    };
    let mut patches = Vec::new();
    for (index, patch) in spec.patches.iter().enumerate() {
        let place = field!(at, spec.patches).index(index);
        let target = match &patch.target {
            Some(target) => (target.kind.clone(), target.name.clone()),
            None => (own.to_owned(), None),
        };
        if let Some(patch) = shape(patch, &place, diags) {
            patches.push(PatchOf { index, target, patch });
        }
    }
    patches
}

fn shape(spec: &PatchSpec, at: &At, diags: &mut Diagnostics) -> Option<Patch> {
    match (&spec.merge, spec.json.as_slice()) {
        (Some(merge @ Tree::Map(_)), []) => {
            plaintext::inside(merge, at.key("merge"), diags);
            Some(Patch::StrategicMerge(merge.clone()))
        }
        (None, steps @ [_, ..]) => {
            let mut operations = Vec::new();
            for (index, step) in steps.iter().enumerate() {
                let place = field!(at, spec.json).index(index);
                if let Some(value) = &step.value {
                    plaintext::inside(value, place.key("value"), diags);
                }
                match operation(step) {
                    Ok(operation) => operations.push(operation),
                    Err(missing) => {
                        diags
                            .report(&PATCH_SHAPE, place, format!("`{missing}` is missing"))
                            .help(format!("write `{missing}: …`"));
                        return None;
                    }
                }
            }
            Some(Patch::Json6902 { target: Target::default(), operations })
        }
        _ => {
            diags.report(&PATCH_SHAPE, at, "a patch is one of `merge` and `json`").help(
                "write `merge: {spec: …}`, or `json: [{op: replace, path: /spec/…, value: …}]`",
            );
            None
        }
    }
}

fn operation(step: &OperationSpec) -> Result<Operation, &'static str> {
    let path = step.path.clone();
    let value = || step.value.clone().ok_or("value");
    let from = || step.from.clone().ok_or("from");
    Ok(match step.op {
        Op::Add => Operation::Add { value: value()?, path },
        Op::Replace => Operation::Replace { value: value()?, path },
        Op::Test => Operation::Test { value: value()?, path },
        Op::Remove => Operation::Remove { path },
        Op::Move => Operation::Move { from: from()?, path },
        Op::Copy => Operation::Copy { from: from()?, path },
    })
}

/// A patch for nothing.
pub static PATCH_TARGET: Rule = Rule::error(
    "workloads/patch-target",
    "a patch matches no object, or more than one",
    "kustomize says nothing when a patch matches nothing; what it was to change stays as it is.",
    "workloads: {web: {patches: [{target: {kind: DaemonSet}, merge: {spec: {}}}]}}",
);

/// A step that leads nowhere.
pub static PATCH_FAILS: Rule = Rule::error(
    "workloads/patch-fails",
    "a patch cannot be applied",
    "A path that does not exist is a misspelt one: kustomize would add it, and the cluster would drop it.",
    "workloads: {web: {patches: [{json: [{op: replace, path: /spec/replcias, value: 3}]}]}}",
);

/// An object that is none any more.
pub static PATCH_INVALID: Rule = Rule::error(
    "workloads/patch-invalid",
    "the object is no longer valid after a patch",
    "Kubernetes drops fields it does not know and refuses values it cannot read; a controller without its \
     selector loses its pods.",
    "workloads: {web: {patches: [{merge: {spec: {replcias: 3}}}]}}",
);

/// What is wrong with a patch.
pub struct Refusal {
    /// Which of the patches.
    pub index: usize,
    rule: &'static Rule,
    message: String,
    help: String,
}

/// Applies the patches of a workload to its objects, in order; what could not be applied.
pub fn apply(workload: &Workload, at: &At, objects: &mut [Resource]) -> Vec<Refusal> {
    let mut refused = Vec::new();
    for patch in &workload.patches {
        let refuse = |rule, message: String, help: String| Refusal {
            index: patch.index,
            rule,
            message,
            help,
        };
        let position = match target(&patch.target, objects) {
            Ok(position) => position,
            Err((message, help)) => {
                refused.push(refuse(&PATCH_TARGET, message, help));
                continue;
            }
        };
        let resource = &mut objects[position];
        let before = resource.as_tree();
        let after = match patch::apply(before, &patch.patch) {
            Ok(Some(after)) => after,
            Ok(None) => {
                let help = "leave out the field that makes the object";
                refused.push(refuse(
                    &PATCH_INVALID,
                    "the patch deletes the object".to_owned(),
                    help.to_owned(),
                ));
                continue;
            }
            Err(message) => {
                let help = "look at the object in the output for what is there".to_owned();
                refused.push(refuse(&PATCH_FAILS, message, help));
                continue;
            }
        };
        if let Err((message, help)) = still_valid(workload, before, &after) {
            refused.push(refuse(&PATCH_INVALID, message, help));
            continue;
        }
        if let Some(object) = resource.as_tree_mut() {
            *object = after;
        }
        resource.origin.from.push(field!(at, workload.patches).index(patch.index));
        resource.origin.from.sort();
    }
    refused
}

type Wrong = (String, String);

fn target((kind, name): &(String, Option<String>), objects: &[Resource]) -> Result<usize, Wrong> {
    // Named by what they hold: a patch would make the name a lie, and the pods would not notice the change.
    if kind == "ConfigMap" {
        let help = "write it under `config` or `files`";
        return Err(("ConfigMaps are named by what they hold".to_owned(), help.to_owned()));
    }
    let fits = |object: &Resource| {
        object.kind() == kind && name.as_deref().is_none_or(|name| name == object.name())
    };
    let found: Vec<usize> = (0..objects.len()).filter(|at| fits(&objects[*at])).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let kinds = objects.iter().map(Resource::kind).filter(|kind| *kind != "ConfigMap");
            let mut kinds: Vec<&str> = kinds.collect();
            kinds.sort_unstable();
            kinds.dedup();
            let what = name.as_ref().map_or_else(|| kind.clone(), |name| format!("{kind} {name}"));
            if kinds.contains(&kind.as_str()) {
                let names = objects.iter().filter(|object| object.kind() == kind);
                let help = one_of(name.as_deref().unwrap_or_default(), names.map(Resource::name));
                return Err((format!("there is no {what} here"), help));
            }
            Err((format!("there is no {what} here"), one_of(kind, kinds)))
        }
        _ => {
            let names: Vec<&str> = found.iter().map(|at| objects[*at].name()).collect();
            Err((
                format!("there are several objects of the kind {kind}"),
                format!("write `name:` with one of {}", names.join(", ")),
            ))
        }
    }
}

fn still_valid(workload: &Workload, before: &Tree, after: &Tree) -> Result<(), Wrong> {
    for pointer in
        ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace", "/spec/selector"]
    {
        // The selector of a Service may be changed, that of a controller is fixed for ever.
        let fixed = pointer != "/spec/selector" || before.pointer("/spec/template").is_some();
        if fixed && before.pointer(pointer) != after.pointer(pointer) {
            return Err((
                format!("the patch changes {pointer}"),
                "leave it as it is: it is how the object is found".to_owned(),
            ));
        }
    }
    let text = |key: &str| after.get(key).and_then(Tree::as_str).unwrap_or_default();
    if let Some(check) = kinds::namespaced(text("apiVersion"), text("kind")) {
        check_fields(after, check)?;
    }
    let labels = |pointer: &str| after.pointer(pointer).and_then(Tree::as_map);
    if let Some(selector) = labels("/spec/selector/matchLabels") {
        let pod = labels("/spec/template/metadata/labels");
        let kept =
            selector.iter().all(|(key, value)| pod.and_then(|pod| pod.get(key)) == Some(value));
        if !kept {
            return Err((
                "the pods no longer have the labels that select them".to_owned(),
                "leave `app.kubernetes.io/name` as it is".to_owned(),
            ));
        }
    }
    if workload.scale.is_elastic() && !matches!(workload.kind, Kind::CronJob(_)) {
        let replicas = after.pointer("/spec/replicas");
        if replicas.is_some_and(|replicas| !replicas.is_null()) {
            return Err((
                "`spec.replicas` would be written beside a HorizontalPodAutoscaler".to_owned(),
                "write `scale:` instead; each sync would undo what the load asked for".to_owned(),
            ));
        }
    }
    Ok(())
}

pub fn check_fields(object: &Tree, check: kinds::Check) -> Result<(), Wrong> {
    let unknown = check(object).map_err(|reason| {
        (format!("it does not fit its kind: {reason}"), "correct the value".to_owned())
    })?;
    match unknown.as_slice() {
        [] => Ok(()),
        [first, ..] => Err((
            format!("its kind has no field `{first}`"),
            format!("look it up with `kubectl explain {}`", explain(object, first)),
        )),
    }
}

/// What to ask `kubectl explain` about a field that does not exist: what it is in.
fn explain(object: &Tree, field: &str) -> String {
    let kind = object.get("kind").and_then(Tree::as_str).unwrap_or_default().to_lowercase();
    let above = field.rsplit_once('.').map_or("", |(above, _)| above);
    let mut plain = String::new();
    let mut inside = false;
    for c in above.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    if plain.is_empty() { kind } else { format!("{kind}.{plain}") }
}

/// Reports what is wrong with the patches of a workload.
pub fn check(workload: &Workload, at: &At, objects: &mut [Resource], diags: &mut Diagnostics) {
    for refusal in apply(workload, at, objects) {
        let place = field!(at, workload.patches).index(refusal.index);
        let place = if refusal.rule == &PATCH_TARGET { place.key("target") } else { place };
        diags.report(refusal.rule, place, refusal.message).help(refusal.help);
    }
}
