//! `docs/blueprint.md` and `docs/rules.md`.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::schema::{Kind, schema, sentence};
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
    let section = &schema["properties"][about.section];
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    let start = if about.named { format!("{}.<name>", about.section) } else { about.section.to_owned() };
    let target = resolve(schema, section);
    let target = if about.named { named(schema, target) } else { target };
    fields(schema, target, &start, &mut rows, &mut seen);
    if rows.is_empty() {
        return;
    }
    page.push_str("\n| field | type | |\n| --- | --- | --- |\n");
    for (field, kind, description) in rows {
        let text = description.replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(page, "| `{field}` | {kind} | {text} |");
    }
}

/// The schema of the things in a mapping of named things.
fn named<'a>(schema: &'a Value, map: &'a Value) -> &'a Value {
    let inner = map
        .get("patternProperties")
        .and_then(|patterns| patterns.as_object()?.values().next())
        .or_else(|| map.get("additionalProperties").filter(|inner| inner.is_object()));
    inner.map_or(map, |inner| resolve(schema, inner))
}

fn resolve<'a>(schema: &'a Value, mut here: &'a Value) -> &'a Value {
    loop {
        let target = here.get("$ref").and_then(Value::as_str).map(|target| target.trim_start_matches('#'));
        let next = match target {
            Some(target) => schema.pointer(target),
            None if here.get("properties").is_some() => None,
            None => ["allOf", "anyOf", "oneOf"].iter().find_map(|word| {
                let choices = here.get(*word)?.as_array()?;
                choices.iter().find(|choice| {
                    choice.get("$ref").is_some() || choice.get("properties").is_some()
                })
            }),
        };
        match next {
            Some(next) => here = next,
            None => return here,
        }
    }
}

fn fields(
    schema: &Value,
    of: &Value,
    path: &str,
    rows: &mut Vec<(String, String, String)>,
    seen: &mut BTreeSet<String>,
) {
    let required: Vec<&str> = of["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in of["properties"].as_object().into_iter().flatten() {
        let here = format!("{path}.{name}");
        let target = resolve(schema, property);
        let description = property["description"].as_str().or_else(|| target["description"].as_str());
        let mut kind = kind_of(schema, property);
        if required.contains(&name.as_str()) {
            kind.push_str(", required");
        }
        rows.push((here.clone(), kind, description.unwrap_or_default().to_owned()));
        // A type that holds itself would never end.
        if !seen.insert(here.clone()) || here.matches('.').count() > 8 {
            continue;
        }
        if target.get("properties").is_some() {
            fields(schema, target, &here, rows, seen);
        } else if let Some(items) = target.get("items") {
            fields(schema, resolve(schema, items), &format!("{here}[]"), rows, seen);
        } else {
            let inner = named(schema, target);
            if !std::ptr::eq(inner, target) {
                fields(schema, inner, &format!("{here}.<name>"), rows, seen);
            }
        }
    }
}

fn kind_of(schema: &Value, property: &Value) -> String {
    let target = resolve(schema, property);
    if let Some(words) = target["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    let choices = target["oneOf"].as_array().or_else(|| target["anyOf"].as_array());
    if let Some(words) = choices
        && words.iter().all(|word| word.get("const").is_some() || word.get("enum").is_some())
    {
        let word = |word: &Value| {
            let word = word.get("const").or_else(|| word["enum"].get(0))?.as_str()?;
            Some(format!("`{word}`"))
        };
        return words.iter().filter_map(word).collect::<Vec<_>>().join(", ");
    }
    if target.get("properties").is_some() {
        return "mapping".to_owned();
    }
    if let Some(items) = target.get("items") {
        return format!("list of {}", kind_of(schema, items));
    }
    let word = match &target["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words: Vec<&str> =
                words.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect();
            words.join(" or ")
        }
        _ => "mapping or text".to_owned(),
    };
    let word = match word.as_str() {
        "string" => "text",
        "object" => "mapping of names",
        other => other,
    };
    match target["examples"].as_array() {
        Some(examples) if !examples.is_empty() => {
            let shown: Vec<String> = examples
                .iter()
                .take(2)
                .map(|example| match example.as_str() {
                    Some(text) => format!("`{text}`"),
                    None => format!("`{example}`"),
                })
                .collect();
            format!("{word} such as {}", shown.join(", "))
        }
        _ => word.to_owned(),
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
