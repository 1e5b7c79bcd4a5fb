//! What `values.schema.json` says about keys.

use serde_json::Value;

use super::keys::Keys;

/// Deeper than any schema of a chart; one that refers to itself ends here.
const DEPTH: usize = 24;

/// Adds the keys of a schema. Where it closes a map, the map is closed, whatever templates seem to do with it.
pub fn add(keys: &mut Keys, schema: &Value) {
    descend(keys, schema, schema, 0);
}

fn descend(keys: &mut Keys, schema: &Value, root: &Value, depth: usize) {
    if depth > DEPTH {
        keys.open = true;
        return;
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        match reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
            Some(target) => descend(keys, target, root, depth + 1),
            None => keys.open = true,
        }
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for one in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
            descend(keys, one, root, depth + 1);
        }
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        if !key.contains(char::is_whitespace) {
            descend(keys.at([key.as_str()]), property, root, depth + 1);
        }
    }
    let others = schema.get("additionalProperties");
    if others == Some(&Value::Bool(false)) && schema.get("patternProperties").is_none() {
        keys.open = false;
    } else if others.is_some_and(Value::is_object)
        || schema.get("patternProperties").is_some()
        || properties.is_none_or(serde_json::Map::is_empty) && may_be(schema, "object")
    {
        keys.open = true;
    }
}

fn may_be(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_opens_and_closes_maps() {
        let schema = serde_json::json!({
            "$defs": {"labels": {"type": "object"}},
            "properties": {
                "labels": {"$ref": "#/$defs/labels"},
                "strict": {"type": "object", "additionalProperties": false,
                           "properties": {"a": {"type": "string"}}},
                "any": {"type": "object", "additionalProperties": {"type": "string"}},
                "maybe": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"b": {}}}]}
            }
        });
        let mut keys: Keys = "strict *\n".parse().expect("keys");
        add(&mut keys, &schema);
        assert_eq!(keys.to_string(), "any *\nlabels *\nmaybe\n b\nstrict\n a\n");
    }
}
