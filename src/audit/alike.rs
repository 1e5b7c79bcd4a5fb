//! Rules about one object at a time. An object that says in several environments what it says in the base, as most
//! do, is judged in one of them: all rules at once while it is at hand, and in the others only if they found anything.

use rayon::prelude::*;

use crate::diag::Diagnostics;
use crate::k8s::tree::{Map, Tree};
use crate::plan::{Plan, Resource, Stage, Unit};

/// Finds what is wrong with an object by itself; the namespace, which is its unit's, plays no part in it.
pub type Judge = fn(&Unit, &Resource, &mut Diagnostics);

/// What each of the judges finds, in the order of the units.
pub(super) fn judge(plan: &Plan, judges: &[Judge]) -> Vec<Diagnostics> {
    let units: Vec<&Unit> = plan.units.values().collect();
    let found: Vec<Vec<Diagnostics>> = units
        .par_chunk_by(|one, two| one.is_stage_of(two))
        .map(|stages| judge_stages(stages, judges))
        .collect();
    let mut all = vec![Diagnostics::new(); judges.len()];
    for found in found {
        all.iter_mut().zip(found).for_each(|(all, found)| all.append(found));
    }
    all
}

/// Judges the stages of one unit, of which the base is the first, if there is one.
fn judge_stages(stages: &[&Unit], judges: &[Judge]) -> Vec<Diagnostics> {
    let mut all = vec![Diagnostics::new(); judges.len()];
    let count = |all: &[Diagnostics]| all.iter().map(Diagnostics::len).sum::<usize>();
    let base = stages.first().copied().filter(|unit| unit.id.stage == Stage::Base);
    let mut is_fine = vec![false; base.map_or(0, |base| base.resources.len())];
    for unit in &stages[usize::from(base.is_some())..] {
        for (at, resource) in unit.resources.iter().enumerate() {
            let twin = base.and_then(|base| resource.twin(at, &base.resources));
            let twin = twin.filter(|(_, twin)| {
                resource.namespace() == unit.namespace.as_deref()
                    && are_alike(twin.as_tree(), resource.as_tree())
            });
            let twin = twin.map(|(twin, _)| twin);
            if twin.is_some_and(|twin| is_fine[twin]) {
                continue;
            }
            let before = count(&all);
            for (judge, diags) in judges.iter().zip(&mut all) {
                judge(unit, resource, diags);
            }
            if let Some(twin) = twin {
                is_fine[twin] = count(&all) == before;
            }
        }
    }
    all
}

/// Whether two objects say the same in the same order, but for the namespace.
fn are_alike(one: &Tree, two: &Tree) -> bool {
    let (Some(one), Some(two)) = (one.as_map(), two.as_map()) else { return false };
    one.len() == two.len()
        && one.iter().zip(two.iter()).all(|pair| match pair {
            (("metadata", Tree::Map(one)), ("metadata", Tree::Map(two))) => {
                unplaced(one).eq(unplaced(two))
            }
            (one, two) => one == two,
        })
}

fn unplaced(metadata: &Map) -> impl Iterator<Item = (&str, &Tree)> {
    metadata.iter().filter(|(key, _)| *key != "namespace")
}
