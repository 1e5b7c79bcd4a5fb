use schemars::JsonSchema;

use super::*;
use crate::k8s::name::Name;
use crate::k8s::port::Port;
use crate::k8s::quantity::Cpu;

#[test]
fn schemas_say_how_a_leaf_may_be_written() {
    fn schema<T: JsonSchema>() -> serde_json::Value {
        T::json_schema(&mut schemars::SchemaGenerator::default()).to_value()
    }
    assert_eq!(
        schema::<Name>(),
        serde_json::json!({
            "description": "A name: lower-case letters, digits and `-`, at most 63 characters, beginning and ending \
                            with a letter or digit.",
            "type": "string",
            "pattern": Name::ABOUT.pattern,
            "examples": ["checkout", "hv-a"],
        })
    );
    let cpu = schema::<Cpu>();
    assert_eq!(cpu["type"], serde_json::json!(["string", "number"]));
    assert_eq!(cpu["examples"], serde_json::json!([2, "250m", "0.5"]));
    let port = schema::<Port>();
    assert_eq!((&port["type"], &port["maximum"]), (&"integer".into(), &65535.into()));
}

#[test]
fn leaves_are_read_from_numbers_where_numbers_may_stand() {
    assert_eq!(serde_json::from_str::<Cpu>("2").unwrap(), Cpu::from_cores(2));
    assert_eq!(serde_json::from_str::<Cpu>("0.5").unwrap(), Cpu::from_millicores(500));
    assert_eq!(serde_json::from_str::<Cpu>("\"250m\"").unwrap(), Cpu::from_millicores(250));
    assert!(serde_json::from_str::<Cpu>("true").is_err());
    assert!(serde_json::from_str::<Name>("1").is_err());
    assert_eq!(serde_json::to_string(&Cpu::from_millicores(500)).unwrap(), "\"500m\"");
    let ports = "{\"http\": 8080}";
    let ports: std::collections::BTreeMap<Name, Port> = serde_json::from_str(ports).unwrap();
    assert_eq!(ports.get("http"), Some(&Port::known(8080)));
}

#[test]
fn refusals_are_a_message_and_a_line_of_help() {
    let refusal = serde_json::from_str::<Name>("\"Web_1\"").unwrap_err().to_string();
    assert!(refusal.starts_with("`Web_1` is not a name: it has `W`\nwrite `web-1`"), "{refusal}");
    assert_eq!(show("a\nb"), "`a\\nb`");
}
