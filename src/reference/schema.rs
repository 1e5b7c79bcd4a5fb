//! The JSON Schema of a blueprint or an overlay, draft-07: what editors' YAML servers understand best.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::defaults;
use crate::path::{FieldPath, Segment};
use crate::registry::section_schemas;
use crate::source::{API_VERSION, Scope};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A blueprint.
    Blueprint,
    /// An overlay: nothing is required, and `null` removes.
    Overlay,
}

/// The schema of a file of that kind.
pub fn schema(kind: Kind) -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let sections = section_schemas(&mut generator);
    let mut properties = Map::new();
    let mut required = vec![json!("apiVersion"), json!("kind")];
    let word = match kind {
        Kind::Blueprint => "Blueprint",
        Kind::Overlay => "Overlay",
    };
    properties.insert("apiVersion".into(), json!({"const": API_VERSION}));
    properties.insert("kind".into(), json!({"const": word}));
    if kind == Kind::Overlay {
        for target in ["environment", "cluster"] {
            let description = format!("The {target} that this overlay is for.");
            properties.insert(target.into(), json!({"type": "string", "description": description}));
        }
    }
    for (about, section) in sections {
        if kind == Kind::Overlay && about.scope == Scope::Estate {
            continue;
        }
        if kind == Kind::Blueprint && about.required {
            required.push(json!(about.section));
        }
        let mut section = section.to_value();
        if let Some(fields) = section.as_object_mut() {
            // A reference may not have neighbours in draft-07.
            let inner = std::mem::take(fields);
            fields.insert("description".into(), json!(sentence(about.summary)));
            if inner.contains_key("$ref") {
                fields.insert("allOf".into(), json!([inner]));
            } else {
                fields.extend(inner.into_iter().filter(|(key, _)| key != "description"));
            }
        }
        properties.insert(about.section.into(), section);
    }
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("groundplan {word}"),
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
        "definitions": generator.take_definitions(true),
    });
    if kind == Kind::Overlay {
        schema["oneOf"] = json!([{"required": ["environment"]}, {"required": ["cluster"]}]);
    }
    write_defaults(&mut schema);
    close(&mut schema, kind, true);
    schema
}

/// "what Argo CD reads" → "What Argo CD reads."
pub(super) fn sentence(summary: &str) -> String {
    let mut chars = summary.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Refuses unknown fields everywhere, as the decoder does.
fn close(value: &mut Value, kind: Kind, root: bool) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(json!(false));
                if kind == Kind::Overlay && !root {
                    fields.remove("required");
                }
            }
            fields.values_mut().for_each(|value| close(value, kind, false));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| close(value, kind, false)),
        _ => {}
    }
}

/// Puts every default, with its reason, on the property it is of.
fn write_defaults(schema: &mut Value) {
    for default in defaults() {
        let steps: Vec<&str> = default.field.split('.').collect();
        // An overlay has no sections of the whole estate.
        if schema["properties"].get(steps[0]).is_none() {
            continue;
        }
        let property = property(schema, &steps).and_then(|pointer| schema.pointer_mut(&pointer));
        let Some(fields) = property.and_then(Value::as_object_mut) else {
            crate::bug!("the default of {} is of no field", default.field);
        };
        // `3.5` is a version, not a number.
        let value = match default.value.parse::<u32>() {
            Ok(number) => json!(number),
            Err(_) => match default.value.parse::<bool>() {
                Ok(word) => json!(word),
                Err(_) => json!(default.value),
            },
        };
        let mut description = fields
            .get("description")
            .and_then(Value::as_str)
            .map(|text| format!("{text}\n\n"))
            .unwrap_or_default();
        description.push_str(&format!("Default: `{}`, since {}.", default.value, default.why));
        fields.insert("description".into(), json!(description));
        fields.insert("default".into(), value);
    }
}

/// The pointer to the schema of a field, in which `*`, or a name that is no property, is any name or element.
fn property(schema: &Value, steps: &[&str]) -> Option<String> {
    let mut pointer = String::new();
    for step in steps {
        pointer = follow(schema, pointer)?;
        let here = schema.pointer(&pointer)?;
        let known = here.get("properties").is_some_and(|fields| fields.get(step).is_some());
        let next = if known {
            format!("/properties/{step}")
        } else if here.get("items").is_some() {
            "/items".to_owned()
        } else if let Some(patterns) = here.get("patternProperties").and_then(Value::as_object) {
            let pattern = patterns.keys().next()?.replace('~', "~0").replace('/', "~1");
            format!("/patternProperties/{pattern}")
        } else {
            "/additionalProperties".to_owned()
        };
        pointer.push_str(&next);
        schema.pointer(&pointer).filter(|found| found.is_object())?;
    }
    Some(pointer)
}

/// What the schema says a field is; `None` if there is no such field.
pub fn description_of(path: &FieldPath) -> Option<String> {
    let schema = schema(Kind::Blueprint);
    let steps: Vec<&str> = path
        .segments()
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => &**key,
            Segment::Index(_) => "*",
        })
        .collect();
    let pointer = property(&schema, &steps)?;
    let own = schema.pointer(&pointer)?;
    let target = schema.pointer(&follow(&schema, pointer)?)?;
    let text = [own, target].into_iter().find_map(|here| here.get("description")?.as_str());
    Some(text.unwrap_or_default().to_owned())
}

/// Follows references and choices to where the properties are: a field that may be written short or long is
/// described by its long form.
pub(super) fn follow(schema: &Value, pointer: String) -> Option<String> {
    let here = schema.pointer(&pointer)?;
    if let Some(target) = here.get("$ref").and_then(Value::as_str) {
        return follow(schema, target.strip_prefix('#')?.to_owned());
    }
    let structured = |here: &Value| {
        ["properties", "items", "patternProperties"].iter().any(|word| here.get(word).is_some())
            || here.get("additionalProperties").is_some_and(Value::is_object)
    };
    if structured(here) {
        return Some(pointer);
    }
    let choices = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|word| {
        let count = here.get(word).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).map(move |index| format!("/{word}/{index}"))
    });
    let targets: Vec<String> =
        choices.filter_map(|choice| follow(schema, format!("{pointer}{choice}"))).collect();
    let long = targets.iter().find(|target| schema.pointer(target).is_some_and(structured));
    // A choice of words stays where it is; an optional or wrapped leaf is what it wraps.
    let leaf = targets.iter().find(|target| {
        let leaf = schema.pointer(target);
        leaf.is_some_and(|leaf| {
            leaf.get("type") != Some(&json!("null")) && leaf.get("const").is_none()
        })
    });
    let words = here.get("oneOf").is_some() && long.is_none();
    match long.or(leaf) {
        Some(target) if !words => Some(target.clone()),
        _ => Some(pointer),
    }
}
