//! What templates read: every `.Values.a.b` in them, and how it is used.
//!
//! This is a scan, not an execution. Where it cannot tell, a key counts as read: an index errs on the side of the
//! chart, so that what it calls unknown is.

use std::collections::BTreeMap;

/// One reading of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The path below `.Values`; empty when the values are passed on as a whole.
    pub path: Vec<String>,
    /// How it is read.
    pub usage: Usage,
}

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Only whether it is there.
    Asked,
    /// As it is, or by others that it is handed to.
    Read,
    /// As a whole map, whatever its keys are.
    Whole,
}

/// What turns a map into text, or goes through all of its keys.
const WHOLE: [&str; 12] = [
    "toYaml",
    "toJson",
    "toToml",
    "toPrettyJson",
    "toRawJson",
    "range",
    "tpl",
    "merge",
    "omit",
    "tplvalues",
    "deepCopy",
    "mustToJson",
];

/// How far into a `with` block its use of `.` is looked for.
const WITH: usize = 600;

/// Every reading of a value in a template.
pub fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let aliases = aliases(text);
    for (at, matched) in text.match_indices(".Values") {
        let after = &text[at + matched.len()..];
        if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let action = action(text, at);
        let (mut path, end) = chain(after);
        if path.is_empty() {
            path = indexed(action, text, at, after);
        }
        let usage = usage(action, text, at + matched.len() + end);
        found.push(Reference { path, usage });
    }
    for (name, base) in &aliases {
        for (at, matched) in text.match_indices(name.as_str()) {
            let after = &text[at + matched.len()..];
            let (below, end) = chain(after);
            if below.is_empty() && after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let path = base.iter().cloned().chain(below).collect();
            let usage = usage(action(text, at), text, at + matched.len() + end);
            found.push(Reference { path, usage });
        }
    }
    found
}

/// Variables that stand for a value: `$webhook := .Values.webhook`.
fn aliases(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut aliases = BTreeMap::new();
    for (at, _) in text.match_indices(":=") {
        // A loop's variables are the keys and values of a map, not the map.
        if action(text, at).trim_start_matches(['-', ' ']).starts_with("range") {
            continue;
        }
        let before = text[..at].trim_end();
        let Some(start) = before.rfind('$') else { continue };
        let name = &before[start..];
        let right = text[at + 2..].trim_start();
        let right = right.trim_start_matches(['(', ' ']);
        let right = right.strip_prefix('$').unwrap_or(right);
        if name.len() > 1
            && name[1..].chars().all(|c| c.is_alphanumeric() || c == '_')
            && let Some(after) = right.strip_prefix(".Values")
        {
            let (path, _) = chain(after);
            if !path.is_empty() {
                aliases.insert(name.to_owned(), path);
            }
        }
    }
    aliases
}

/// The names behind a value, `.a.b` or `).a`, and how many bytes they are.
fn chain(text: &str) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let closing = rest.len() - rest.trim_start_matches(')').len();
        if closing > 0 && path.is_empty() {
            break;
        }
        let Some(name) = rest[closing..].strip_prefix('.') else { break };
        let length = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        if length == 0 {
            break;
        }
        path.push(name[..length].to_owned());
        end += closing + 1 + length;
    }
    (path, end)
}

/// The path of `index .Values "a" "b"`.
fn indexed(action: &str, text: &str, at: usize, after: &str) -> Vec<String> {
    let before = text[..at].trim_end_matches('$').trim_end();
    let by_name = ["index", "get", "hasKey"].iter().any(|word| before.ends_with(word));
    if !by_name && !action.contains("index ") {
        return Vec::new();
    }
    let mut path = Vec::new();
    let mut rest = after.trim_start();
    while let Some(quoted) = rest.strip_prefix('"') {
        let Some((name, further)) = quoted.split_once('"') else { break };
        path.push(name.to_owned());
        rest = further.trim_start();
    }
    let behind = rest.strip_prefix(')').map(chain).unwrap_or_default().0;
    if !path.is_empty() {
        path.extend(behind);
    }
    path
}

/// The text between the braces around a place.
fn action(text: &str, at: usize) -> &str {
    let start = text[..at].rfind("{{").map_or(0, |start| start + 2);
    let end = text[at..].find("}}").map_or(text.len(), |end| at + end);
    &text[start..end]
}

fn usage(action: &str, text: &str, end: usize) -> Usage {
    let words = action.trim_start_matches(['-', ' ']);
    if WHOLE.iter().any(|word| action.contains(word)) {
        return Usage::Whole;
    }
    if words.starts_with("if ") || words.starts_with("else if ") {
        return Usage::Asked;
    }
    if words.starts_with("with ") {
        let mut stop = text.len().min(end + WITH);
        while !text.is_char_boundary(stop) {
            stop -= 1;
        }
        let block = &text[end..stop];
        let block = block.split("end }}").next().unwrap_or(block);
        if ["toYaml .", "toJson .", "tpl ", ":= . ", ":= .}", "tplvalues", "range"]
            .iter()
            .any(|use_| block.contains(use_))
        {
            return Usage::Whole;
        }
    }
    Usage::Read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let found = references(text);
        found.iter().map(|one| format!("{} {:?}", one.path.join("."), one.usage)).collect()
    }

    #[test]
    fn templates_read_values_in_many_ways() {
        for (text, wanted) in [
            ("{{ .Values.a.b | quote }}", "a.b Read"),
            ("{{ $.Values.a }}", "a Read"),
            ("{{- if .Values.a.b }}", "a.b Asked"),
            ("{{ toYaml .Values.a | nindent 2 }}", "a Whole"),
            ("{{- range $k, $v := .Values.a }}", "a Whole"),
            ("{{- with .Values.a }}\nx: {{ toYaml . }}\n{{ end }}", "a Whole"),
            ("{{- with .Values.a }}{{ .b }}{{ end }}", "a Read"),
            ("{{ (.Values.a).b }}", "a.b Read"),
            ("{{ index .Values \"x-y\" \"z\" }}", "x-y.z Read"),
            ("{{ (index .Values \"x-y\").z }}", "x-y.z Read"),
            ("{{ include \"f\" .Values }}", " Read"),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
        assert_eq!(told("{{ .ValuesOther.a }}"), [""; 0]);
    }

    #[test]
    fn a_variable_stands_for_its_value() {
        let text = "{{ $w := .Values.webhook }}{{ $w.port }}{{ toYaml $w.labels }}";
        assert_eq!(
            told(text),
            ["webhook Read", "webhook Read", "webhook.port Read", "webhook.labels Whole"]
        );
    }
}
