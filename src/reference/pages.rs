//! `docs/blueprint.md` and `docs/rules.md`.

use std::fmt::Write;

use serde_json::Value;

use super::schema::{Kind, follow, schema, sentence};
use crate::component::About;
use crate::diag::{Rule, Severity};
use crate::registry::ABOUT;
use crate::source::Scope;

/// Every field of the language.
pub fn blueprint_page() -> String {
    let schema = schema(Kind::Blueprint);
    let mut page = String::from(
        "# The blueprint\n\nEvery section and field, printed from the types that read them. `groundplan schema` \
         prints the same as JSON Schema for editors; `groundplan explain <field>` shows what a field is in your own \
         blueprint.\n\n| section | | who may change it |\n| --- | --- | --- |\n",
    );
    for about in ABOUT {
        let required = if about.required { " (required)" } else { "" };
        let scope = match about.scope {
            Scope::Estate => "only the blueprint",
            Scope::Cluster => "overlays of clusters",
            Scope::Environment => "overlays of environments",
        };
        let _ = writeln!(
            page,
            "| [`{name}`](#{name}){required} | {} | {scope} |",
            sentence(about.summary),
            name = about.section
        );
    }
    for about in ABOUT {
        section(&mut page, &schema, about);
    }
    page
}

fn section(page: &mut String, schema: &Value, about: &About) {
    let _ = write!(page, "\n## {}\n\n{}\n", about.section, sentence(about.summary));
    let section = at(schema, &format!("/properties/{}", about.section));
    let mut rows = Vec::new();
    let (start, target) = match inner(&section).filter(|_| about.named) {
        Some(inner) => (format!("{}.<name>", about.section), at(schema, &inner)),
        None => (about.section.to_owned(), section),
    };
    fields(schema, &target, &start, &mut rows);
    if rows.is_empty() {
        return;
    }
    page.push_str("\n| field | type | |\n| --- | --- | --- |\n");
    for (field, kind, description) in rows {
        let text = description.replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(page, "| `{field}` | {kind} | {text} |");
    }
}

/// A piece of the schema, with references followed: where it is, and what stands there.
struct Target<'a> {
    pointer: String,
    value: &'a Value,
}

fn at<'a>(schema: &'a Value, pointer: &str) -> Target<'a> {
    let pointer = follow(schema, pointer.to_owned()).unwrap_or_default();
    let value = schema.pointer(&pointer).unwrap_or(&Value::Null);
    Target { pointer, value }
}

/// The pointer to what a mapping of names maps to.
fn inner(map: &Target<'_>) -> Option<String> {
    let pattern =
        map.value.get("patternProperties").and_then(|patterns| patterns.as_object()?.keys().next());
    match pattern {
        Some(pattern) => {
            let pattern = pattern.replace('~', "~0").replace('/', "~1");
            Some(format!("{}/patternProperties/{pattern}", map.pointer))
        }
        None if map.value.get("additionalProperties").is_some_and(Value::is_object) => {
            Some(format!("{}/additionalProperties", map.pointer))
        }
        None => None,
    }
}

fn fields(schema: &Value, of: &Target<'_>, path: &str, rows: &mut Vec<(String, String, String)>) {
    // A type that holds itself would never end.
    if path.matches('.').count() > 8 {
        return;
    }
    let required: Vec<&str> =
        of.value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in of.value["properties"].as_object().into_iter().flatten() {
        let here = format!("{path}.{name}");
        let pointer = format!("{}/properties/{name}", of.pointer);
        let target = at(schema, &pointer);
        let description =
            property["description"].as_str().or_else(|| target.value["description"].as_str());
        let mut kind = kind_of(schema, &pointer);
        if required.contains(&name.as_str()) {
            kind.push_str(", required");
        }
        rows.push((here.clone(), kind, description.unwrap_or_default().to_owned()));
        if target.value.get("properties").is_some() {
            fields(schema, &target, &here, rows);
        } else if target.value.get("items").is_some() {
            let items = at(schema, &format!("{}/items", target.pointer));
            fields(schema, &items, &format!("{here}[]"), rows);
        } else if let Some(inner) = inner(&target) {
            fields(schema, &at(schema, &inner), &format!("{here}.<name>"), rows);
        }
    }
}

/// "text such as `a`", "list of mapping", "`yes`, `no`".
fn kind_of(schema: &Value, pointer: &str) -> String {
    let own = schema.pointer(pointer).unwrap_or(&Value::Null);
    // Short or long.
    if let Some(choices) = own["anyOf"].as_array()
        && choices.iter().all(|choice| choice["type"] != "null")
    {
        let kinds: Vec<String> = (0..choices.len())
            .map(|index| kind_of(schema, &format!("{pointer}/anyOf/{index}")))
            .collect();
        return kinds.join(", or ");
    }
    let target = at(schema, pointer);
    let words: Vec<&str> = ["enum", "oneOf"]
        .iter()
        .flat_map(|list| target.value[*list].as_array().into_iter().flatten())
        .filter_map(|word| word.as_str().or_else(|| word.get("const")?.as_str()))
        .collect();
    if !words.is_empty() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if target.value.get("properties").is_some() {
        return "mapping".to_owned();
    }
    if target.value.get("items").is_some() {
        return format!("list of {}", kind_of(schema, &format!("{}/items", target.pointer)));
    }
    let types: Vec<&str> = match &target.value["type"] {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let word = match types.iter().find(|word| **word != "null").copied().unwrap_or("nothing") {
        "string" => "text",
        "object" => "mapping of names",
        other => other,
    };
    let examples: Vec<String> = target.value["examples"]
        .as_array()
        .into_iter()
        .flatten()
        .take(2)
        .map(|example| example.as_str().map_or_else(|| example.to_string(), str::to_owned))
        .map(|example| format!("`{example}`"))
        .collect();
    if examples.is_empty() {
        word.to_owned()
    } else {
        format!("{word} such as {}", examples.join(", "))
    }
}

/// Every rule, by the part that owns it.
pub fn rules_page(rules: &[&Rule]) -> String {
    let mut page = String::from(
        "# Rules\n\nEverything groundplan can find, printed from the rules themselves. Errors stop the compilation. \
         Warnings can be waived: `waivers: [{rule, at, reason, until}]`.\n",
    );
    let mut sorted: Vec<&Rule> = rules.to_vec();
    sorted.sort_by_key(|rule| rule.name);
    let mut part = "";
    for rule in sorted {
        let owner = rule.name.split('/').next().unwrap_or_default();
        if owner != part {
            part = owner;
            let _ = write!(page, "\n## {part}\n");
        }
        page.push_str(&rule_entry(rule));
    }
    page
}

/// One rule, as the page and `groundplan explain <rule>` show it.
pub fn rule_entry(rule: &Rule) -> String {
    let severity = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!(
        "\n### {}\n\n*{severity}*: {}.\n\n{}\n\n```yaml\n{}\n```\n",
        rule.name, rule.summary, rule.why, rule.example
    )
}
