//! Needs: what must be there first, and so can never be needed by what it needs.

use std::collections::{BTreeMap, VecDeque};

use crate::diag::{Diagnostics, Rule};
use crate::path::At;
use crate::plan::{Plan, Stage, Unit, UnitId};

/// Units that wait for each other.
pub static CYCLE: Rule = Rule::error(
    "argocd/cycle",
    "units need each other in a circle",
    "A unit is applied when everything it needs is healthy (Argo CD, docs/user-guide/sync-waves.md). In a circle \
     nothing can be first: on a new cluster, and after a disaster, none of it would ever start.",
    "workloads:\n  web: {connects: [workload/checkout]}\n  checkout: {connects: [workload/web]}",
);

/// The rules of this audit.
pub static RULES: &[&Rule] = &[&CYCLE];

/// Reports one cycle of each group of units that need each other.
///
/// More would say the same again: until one connection of the shortest is gone, none of the group can start.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    let graph = Graph::of(plan);
    let groups = graph.groups();
    let mut cycles: Vec<Vec<usize>> =
        groups.iter().filter_map(|group| graph.cycle(group)).collect();
    cycles.sort_unstable();
    for cycle in cycles {
        graph.report(&cycle, diags);
    }
}

/// The units that are applied, and their needs.
struct Graph<'a> {
    units: Vec<&'a Unit>,
    /// For each unit the positions of those it needs, with the first field that says so.
    needs: Vec<Vec<(usize, &'a At)>>,
}

impl<'a> Graph<'a> {
    fn of(plan: &'a Plan) -> Self {
        let applied = |unit: &&Unit| unit.id.stage != Stage::Base;
        let units: Vec<&Unit> = plan.units.values().filter(applied).collect();
        let positions: BTreeMap<&UnitId, usize> =
            units.iter().enumerate().map(|(position, unit)| (&unit.id, position)).collect();
        let needs = units.iter().map(|unit| {
            let mut needed: Vec<(usize, &At)> =
                unit.needs.iter().filter_map(|(id, at)| Some((*positions.get(id)?, at))).collect();
            // The set is in order, so the first of several fields stays.
            needed.dedup_by_key(|(position, _)| *position);
            needed
        });
        Self { needs: needs.collect(), units }
    }

    /// The group of each unit: units that need each other, over any number of steps, are in one.
    ///
    /// Tarjan's algorithm with its own stack: a chain of 100,000 units is no deeper than one of two.
    fn groups(&self) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let size = self.units.len();
        let (mut order, mut low) = (vec![UNSEEN; size], vec![UNSEEN; size]);
        let (mut open, mut is_open) = (Vec::new(), vec![false; size]);
        let mut groups = Vec::new();
        let mut next = 0;
        for start in 0..size {
            if order[start] != UNSEEN {
                continue;
            }
            // What is being looked at, each with how many of its needs were followed.
            let mut path = vec![(start, 0)];
            while let Some((unit, followed)) = path.last_mut() {
                let unit = *unit;
                if *followed == 0 && order[unit] == UNSEEN {
                    (order[unit], low[unit], is_open[unit]) = (next, next, true);
                    next += 1;
                    open.push(unit);
                }
                if let Some(&(need, _)) = self.needs[unit].get(*followed) {
                    *followed += 1;
                    if order[need] == UNSEEN {
                        path.push((need, 0));
                    } else if is_open[need] {
                        low[unit] = low[unit].min(order[need]);
                    }
                    continue;
                }
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    low[parent] = low[parent].min(low[unit]);
                }
                if low[unit] == order[unit] {
                    let from = open.iter().rposition(|&member| member == unit).unwrap_or_default();
                    let group = open.split_off(from);
                    for &member in &group {
                        is_open[member] = false;
                    }
                    groups.push(group);
                }
            }
        }
        groups
    }

    /// A shortest way from the first unit of a group back to itself; `None` if it needs nobody of the group.
    fn cycle(&self, group: &[usize]) -> Option<Vec<usize>> {
        let &first = group.iter().min()?;
        let members: std::collections::BTreeSet<usize> = group.iter().copied().collect();
        let mut reached_from = BTreeMap::new();
        let mut queue = VecDeque::from([first]);
        while let Some(unit) = queue.pop_front() {
            for &(need, _) in &self.needs[unit] {
                if need == first {
                    let mut cycle = vec![unit];
                    while let Some(&before) = cycle.last().and_then(|unit| reached_from.get(unit)) {
                        cycle.push(before);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if members.contains(&need) && !reached_from.contains_key(&need) {
                    reached_from.insert(need, unit);
                    queue.push_back(need);
                }
            }
        }
        None
    }

    fn report(&self, cycle: &[usize], diags: &mut Diagnostics) {
        let name = |unit: usize| self.units[unit].id.name.as_str();
        let nexts = cycle.iter().cycle().skip(1);
        let mut edges = cycle.iter().zip(nexts).filter_map(|(&unit, &next)| {
            let (_, at) = self.needs[unit].iter().find(|(need, _)| *need == next)?;
            Some((unit, next, *at))
        });
        let Some((_, next, at)) = edges.next() else { return };
        let id = &self.units[next].id;
        let reference = format!("{}/{}", id.kind.word(), id.name);
        let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|&unit| name(unit)).collect();
        let message = format!("a circle of needs: {}", path.join(" -> "));
        let diagnostic = diags.report(&CYCLE, at, message);
        for (unit, next, at) in edges {
            diagnostic.related(at, format!("{} needs {}", name(unit), name(next)));
        }
        diagnostic.help(format!(
            "where one can start without the other, write `{{to: {reference}, ordered: false}}`"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Place;
    use crate::path::DocumentId;
    use crate::plan::UnitKind;

    fn at(name: &str) -> At {
        At::root(DocumentId::BASE).key("workloads").key(name)
    }

    fn id(name: &str) -> UnitId {
        let stage =
            Stage::Environment { cluster: "main".to_owned(), environment: "test".to_owned() };
        UnitId { kind: UnitKind::Workload, name: name.to_owned(), stage }
    }

    fn plan<'a>(needs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Plan {
        let mut plan = Plan::default();
        for (from, to) in needs {
            plan.unit(id(to), &at(to));
            let field = at(from).key("connects").key(to);
            plan.unit(id(from), &at(from)).needs.insert((id(to), field));
        }
        plan
    }

    fn found(plan: &Plan) -> Diagnostics {
        let mut diags = Diagnostics::new();
        audit(plan, &mut diags);
        diags
    }

    fn messages(plan: &Plan) -> Vec<String> {
        found(plan).iter().map(|diagnostic| diagnostic.message.clone()).collect()
    }

    #[test]
    fn a_cycle_is_told_with_its_path_at_the_connections_that_make_it() {
        let plan = plan([("web", "checkout"), ("checkout", "ledger"), ("ledger", "web")]);
        let found = found(&plan);
        let diagnostic = found.iter().next().expect("one finding");
        assert_eq!(found.len(), 1);
        assert_eq!(diagnostic.message, "a circle of needs: checkout -> ledger -> web -> checkout");
        let edge = |from: &str, to: &str| Place::Value(at(from).key("connects").key(to));
        assert_eq!(diagnostic.place, edge("checkout", "ledger"));
        assert_eq!(
            diagnostic.related,
            [
                (edge("ledger", "web"), "ledger needs web".to_owned()),
                (edge("web", "checkout"), "web needs checkout".to_owned()),
            ]
        );
        let help = diagnostic.help.as_deref().unwrap_or_default();
        assert!(help.contains("write `{to: workload/ledger, ordered: false}`"), "{help}");
    }

    #[test]
    fn each_group_is_told_once_by_its_shortest_cycle() {
        let tangled = plan([
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("b", "a"),
            ("c", "x"),
            ("x", "y"),
            ("y", "x"),
            ("z", "z"),
            ("free", "x"),
        ]);
        assert_eq!(
            messages(&tangled),
            [
                "a circle of needs: a -> b -> a",
                "a circle of needs: x -> y -> x",
                "a circle of needs: z -> z",
            ]
        );
    }

    #[test]
    fn what_is_no_cycle_is_not_told() {
        assert!(messages(&plan([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])).is_empty());
    }

    #[test]
    fn long_chains_and_rings_are_walked_without_recursion() {
        let names: Vec<String> = (0..20_000).map(|number| format!("w{number:05}")).collect();
        let chain = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
        assert!(messages(&plan(chain.clone())).is_empty());
        let ring = chain.chain([(names[19_999].as_str(), names[0].as_str())]);
        assert_eq!(messages(&plan(ring)).len(), 1);
    }
}
