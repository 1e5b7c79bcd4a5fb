//! What the policy of some pods is called.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::rules::Labels;

/// The label that names an application.
const APPLICATION: &str = "app.kubernetes.io/name";

/// The longest name that is taken as it is.
const LONGEST: usize = 63;

/// The names for the policies of a namespace, in the order of their selectors and without those that are taken.
///
/// Each is made of the values of its labels, the application's name first. Those that would be the same, or too
/// long, get a digest of their labels at the end: all of them, so that one more does not rename another.
pub(super) fn of<'a>(
    selectors: impl Iterator<Item = &'a Labels> + Clone,
    taken: &[&'static str],
) -> Vec<String> {
    let mut bearers: BTreeMap<String, u32> = BTreeMap::new();
    for name in taken.iter().map(|&name| name.to_owned()).chain(selectors.clone().map(plain)) {
        *bearers.entry(name).or_default() += 1;
    }
    selectors
        .map(|labels| {
            let plain = plain(labels);
            if bearers[&plain] == 1 && plain.len() <= LONGEST {
                return plain;
            }
            let digest = digest(labels);
            // All characters are ASCII.
            let kept = plain.len().min(LONGEST - 1 - digest.len());
            format!("{}-{digest}", plain[..kept].trim_end_matches('-'))
        })
        .collect()
}

/// The values of the labels as one name; a value may hold more than a name may.
fn plain(labels: &Labels) -> String {
    let application = labels.get(APPLICATION);
    let others = labels.iter().filter(|(key, _)| *key != APPLICATION).map(|(_, value)| value);
    let values: Vec<&str> = application
        .into_iter()
        .chain(others)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .collect();
    if values.is_empty() {
        return "all-pods".to_owned();
    }
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    values.join("-").chars().map(allowed).collect()
}

fn digest(labels: &Labels) -> String {
    let mut hasher = Sha256::new();
    for (key, value) in labels {
        hasher.update(format!("{key}={value}\n"));
    }
    hasher.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selectors: &[&[(&str, &str)]]) -> Vec<String> {
        let selectors: Vec<Labels> = selectors
            .iter()
            .map(|labels| labels.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect())
            .collect();
        of(selectors.iter(), &["default-deny"])
    }

    #[test]
    fn a_policy_is_called_as_its_application() {
        assert_eq!(names(&[&[(APPLICATION, "web")]]), ["web"]);
        assert_eq!(names(&[&[("a", "primary"), (APPLICATION, "orders")]]), ["orders-primary"]);
        assert_eq!(names(&[&[("Tier", "Back_End.1")]]), ["back-end-1"]);
        assert_eq!(names(&[&[]]), ["all-pods"]);
    }

    #[test]
    fn what_would_be_called_the_same_is_told_apart() {
        let both = names(&[&[(APPLICATION, "web")], &[("app", "web")]]);
        assert_eq!(both, ["web-8290aa42", "web-fca9b562"]);
        assert_eq!(names(&[&[("app", "default-deny")]]), ["default-deny-8a1dee9f"]);
        let long = names(&[&[("a", &"x".repeat(63)), ("b", "y")]]);
        assert_eq!(long, [format!("{}-d2be3b38", "x".repeat(54))]);
        assert!(long[0].len() == LONGEST);
    }
}
