//! Waves: in which order the Applications of a root are made.
//!
//! A root syncs the objects of one wave, waits until they are healthy, and goes on with the next. It knows the
//! health of an Application only if Argo CD is configured with the health check that was removed in 1.8
//! (`resource.customizations.health.argoproj.io_Application`, docs/argocd.md); without it all waves follow each
//! other at once.

use std::collections::BTreeMap;

use crate::plan::{Unit, UnitId, UnitKind};

/// The wave of each unit: 0 if it needs none of the others, otherwise one more than the latest it needs.
///
/// A workload needs its namespace without saying so. Needs of units that another root syncs order nothing: there
/// is no common sync to order.
pub fn of_units(units: &[&Unit]) -> Vec<usize> {
    let positions: BTreeMap<&UnitId, usize> =
        units.iter().enumerate().map(|(position, unit)| (&unit.id, position)).collect();
    let needs: Vec<Vec<usize>> = units
        .iter()
        .map(|unit| {
            let stated = unit.needs.iter().filter_map(|(id, _)| positions.get(id));
            let namespace = home(unit).and_then(|id| positions.get(&id).copied());
            stated.copied().chain(namespace).collect()
        })
        .collect();
    levels(&needs)
}

/// The unit that makes the namespace of a unit.
fn home(unit: &Unit) -> Option<UnitId> {
    let namespace = unit.namespace.as_ref().filter(|_| unit.id.kind != UnitKind::Namespace)?;
    let stage = unit.id.stage.clone();
    Some(UnitId { kind: UnitKind::Namespace, name: namespace.clone(), stage })
}

/// Topological levels of a graph in which `needs[x]` are what `x` needs, in linear time.
///
/// Whatever is on a cycle or needs something that is has no level; it comes after everything else. The audit
/// refuses such a plan (`argocd/cycle`), so nobody ever sees that.
fn levels(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut dependants = vec![Vec::new(); needs.len()];
    let mut missing = vec![0_usize; needs.len()];
    for (position, needed) in needs.iter().enumerate() {
        missing[position] = needed.len();
        for &need in needed {
            dependants[need].push(position);
        }
    }
    let mut levels = vec![0; needs.len()];
    let mut ready: Vec<usize> =
        (0..needs.len()).filter(|&position| missing[position] == 0).collect();
    let mut last = 0;
    while let Some(position) = ready.pop() {
        last = last.max(levels[position] + 1);
        for &dependant in &dependants[position] {
            levels[dependant] = levels[dependant].max(levels[position] + 1);
            missing[dependant] -= 1;
            if missing[dependant] == 0 {
                ready.push(dependant);
            }
        }
    }
    for (level, missing) in levels.iter_mut().zip(missing) {
        if missing > 0 {
            *level = last;
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A graph without cycles: everything needs only what comes before it in a random order.
    fn acyclic() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1_usize..40).prop_flat_map(|size| {
            let order = Just((0..size).collect::<Vec<_>>()).prop_shuffle();
            let edges = proptest::collection::vec((0..size, 0..size), 0..size * 3);
            (order, edges).prop_map(move |(order, edges)| {
                let mut needs = vec![Vec::new(); size];
                for (a, b) in edges {
                    if a != b {
                        needs[order[a.max(b)]].push(order[a.min(b)]);
                    }
                }
                needs
            })
        })
    }

    proptest! {
        #[test]
        fn every_need_is_in_an_earlier_wave_and_no_wave_is_later_than_it_must_be(needs in acyclic()) {
            let levels = levels(&needs);
            for (position, needed) in needs.iter().enumerate() {
                let least = needed.iter().map(|&need| levels[need] + 1).max().unwrap_or(0);
                prop_assert_eq!(levels[position], least);
            }
        }

        #[test]
        fn the_order_in_which_needs_are_stated_does_not_matter(needs in acyclic()) {
            let turned: Vec<Vec<usize>> =
                needs.iter().map(|needed| needed.iter().rev().copied().collect()).collect();
            prop_assert_eq!(levels(&needs), levels(&turned));
        }
    }

    #[test]
    fn a_cycle_comes_last_and_ends() {
        assert_eq!(levels(&[vec![1], vec![0], vec![], vec![2], vec![0]]), [2, 2, 0, 1, 2]);
        assert_eq!(levels(&[vec![0]]), [0]);
    }
}
