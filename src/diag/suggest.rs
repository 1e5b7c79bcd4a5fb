//! "Did you mean": the nearest of the names that exist.

/// The candidate nearest to `written`, if it is near enough to be what was meant.
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&written.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A help line for a name that does not exist: the nearest one, or all of them.
pub fn one_of<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(nearest) = nearest(written, candidates.iter().copied()) {
        return format!("did you mean `{nearest}`?");
    }
    match candidates.as_slice() {
        [] => "there is none yet".to_owned(),
        [only] => format!("the only one is `{only}`"),
        all => {
            let shown: Vec<String> = all.iter().take(12).map(|name| format!("`{name}`")).collect();
            let more = all.len().saturating_sub(12);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("there are {}{rest}", shown.join(", "))
        }
    }
}

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_near_and_refuses_the_far() {
        assert_eq!(nearest("replcias", ["replicas", "paused"]), Some("replicas"));
        assert_eq!(nearest("Name", ["name", "image"]), Some("name"));
        assert_eq!(nearest("memory", ["cpu", "disk"]), None);
        assert_eq!(one_of("x", ["cpu", "disk"]), "there are `cpu`, `disk`");
    }
}
