//! Finding what selectors select, in time that does not grow with everything there is.

use std::collections::BTreeMap;

use super::objects::{list, present, text};
use crate::k8s::tree::Tree;

/// Things with labels, found by selectors.
#[derive(Default)]
pub(super) struct Labelled<'a> {
    labels: Vec<&'a Tree>,
    by_label: BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
}

impl<'a> Labelled<'a> {
    /// The next thing, by its labels; its number is how many there were before.
    pub fn push(&mut self, labels: &'a Tree) {
        let number = self.labels.len();
        for (key, value) in labels.as_map().into_iter().flat_map(|labels| labels.iter()) {
            if let Some(value) = value.as_str() {
                self.by_label.entry(key).or_default().entry(value).or_default().push(number);
            }
        }
        self.labels.push(labels);
    }

    /// The numbers of what these labels select, as a Service has them.
    pub fn with_labels(&self, wanted: &Tree) -> Vec<usize> {
        self.with(|| pairs(wanted), &[])
    }

    /// The numbers of what a `LabelSelector` selects; an empty one selects everything.
    pub fn selected_by(&self, selector: &Tree) -> Vec<usize> {
        let labels = present(selector, "matchLabels");
        self.with(|| labels.into_iter().flat_map(pairs), list(selector, "matchExpressions"))
    }

    /// The numbers of what has all these labels.
    pub fn with_pairs(&self, wanted: &BTreeMap<String, String>) -> Vec<usize> {
        self.with(|| wanted.iter().map(|(key, value)| (key.as_str(), value.as_str())), &[])
    }

    fn with<'b, I: Iterator<Item = (&'b str, &'b str)>>(
        &self,
        wanted: impl Fn() -> I,
        expressions: &[Tree],
    ) -> Vec<usize> {
        // The rarest label leaves the fewest to look at; in an estate that is a workload's name.
        let mut rarest: Option<&[usize]> = None;
        for (key, value) in wanted() {
            let with_label = self.by_label.get(key).and_then(|values| values.get(value));
            let with_label = with_label.map(Vec::as_slice).unwrap_or_default();
            if rarest.is_none_or(|rarest| with_label.len() < rarest.len()) {
                rarest = Some(with_label);
            }
        }
        let all: Vec<usize>;
        let candidates = match rarest {
            Some(candidates) => candidates,
            None => {
                all = (0..self.labels.len()).collect();
                &all
            }
        };
        let fits = |number: &usize| {
            let labels = self.labels[*number];
            wanted().all(|(key, value)| text(labels, key) == value)
                && expressions.iter().all(|expression| holds(expression, labels))
        };
        candidates.iter().copied().filter(fits).collect()
    }
}

/// Whether a `LabelSelector` selects what has these labels.
pub(super) fn selects(selector: &Tree, labels: &Tree) -> bool {
    let wanted = present(selector, "matchLabels").into_iter().flat_map(pairs);
    wanted.into_iter().all(|(key, value)| {
        labels.get(key).and_then(Tree::as_str).is_some_and(|found| found == value)
    }) && list(selector, "matchExpressions").iter().all(|expression| holds(expression, labels))
}

fn pairs(labels: &Tree) -> impl Iterator<Item = (&str, &str)> {
    let entries = labels.as_map().into_iter().flat_map(|labels| labels.iter());
    entries.filter_map(|(key, value)| Some((key, value.as_str()?)))
}

/// One of `matchExpressions`.
fn holds(expression: &Tree, labels: &Tree) -> bool {
    let value = labels.get(text(expression, "key")).and_then(Tree::as_str);
    let listed =
        || list(expression, "values").iter().any(|one| one.as_str() == value && value.is_some());
    match text(expression, "operator") {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        // Kubernetes refuses other words; the schema has said so.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn selectors_select_as_kubernetes_does() {
        let (web, api) = (tree!({"app": "web", "tier": "front"}), tree!({"app": "api"}));
        let mut all = Labelled::default();
        all.push(&web);
        all.push(&api);
        assert_eq!(all.with_labels(&tree!({"app": "web"})), [0]);
        assert_eq!(all.with_labels(&tree!({"app": "web", "tier": "back"})), [0; 0]);
        assert_eq!(all.selected_by(&tree!({})), [0, 1]);
        let expression = |key: &'static str, operator: &'static str| tree!({"matchExpressions": [{"key": key, "operator": operator, "values": ["web"]}]});
        assert_eq!(all.selected_by(&expression("app", "In")), [0]);
        assert_eq!(all.selected_by(&expression("app", "NotIn")), [1]);
        assert_eq!(all.selected_by(&expression("tier", "Exists")), [0]);
        assert_eq!(all.selected_by(&expression("tier", "DoesNotExist")), [1]);
        assert!(selects(&tree!({"matchLabels": {"app": "web"}}), &web));
        assert!(!selects(&tree!({"matchLabels": {"app": "web"}}), &api));
    }
}
