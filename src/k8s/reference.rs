//! References: something of the blueprint by kind and name, and a port of it.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, as_written, leaf, show};
use super::name::Name;
use super::port::PortName;
use super::socket::Socket;

leaf! {
    /// Something of the blueprint by kind and name: `workload/checkout`, `external/card-network`, `team/storefront`.
    pub struct Reference {
        kind: String,
        name: Name,
    }
    kind: Kind::Text,
    pattern: "^[a-z]+/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    examples: ["workload/checkout", "external/card-network", "database/orders"],
}

leaf! {
    /// A port of something else: by its name, or by its number where it has none (`443`, `53/udp`).
    pub struct PortReference(String);
    kind: Kind::Raw,
    pattern: "^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?(/(tcp|udp))?$",
    examples: ["http", "443"],
}

as_written!(PortReference);

impl Reference {
    /// The word before the slash.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let help = "write a kind and a name, such as `workload/checkout`";
        let Some((kind, name)) = text.split_once('/') else {
            let near = text.parse::<Name>().ok().map(|name| format!("workload/{name}"));
            return Err(Invalid::new(format!("{} does not say what it is", show(text))).help(
                near.map_or_else(|| help.to_owned(), |near| format!("write for example `{near}`")),
            ));
        };
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(Invalid::new(format!("{} is of no known kind", show(text))).help(help));
        }
        let name = name.parse::<Name>().map_err(|invalid| {
            // What is offered for the name stands behind the kind here.
            let offered = invalid.help.as_deref().unwrap_or_default().strip_prefix("write `");
            let near = offered.and_then(|rest| rest.strip_suffix('`'));
            let near = near.filter(|near| near.parse::<Name>().is_ok());
            Invalid::new(invalid.message).write_or(near.map(|near| format!("{kind}/{near}")), help)
        })?;
        Ok(Self { kind: kind.to_owned(), name })
    }
}

impl FromStr for PortReference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(socket) = text.parse::<Socket>() {
            return Ok(Self(socket.to_string()));
        }
        text.parse::<PortName>().map(|name| Self(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn ports_have_names_or_numbers() {
        lawful::<PortReference>();
        good::<PortReference>(&[("http", "http"), ("443", "443"), ("53/udp", "53/udp")]);
    }

    #[test]
    fn references_say_kind_and_name() {
        lawful::<Reference>();
        good::<Reference>(&[("workload/checkout", "workload/checkout")]);
        let help = "write a kind and a name, such as `workload/checkout`";
        bad::<Reference>(&[
            (
                "checkout",
                "`checkout` does not say what it is",
                "write for example `workload/checkout`",
            ),
            ("/x", "`/x` is of no known kind", help),
            ("", "`` does not say what it is", help),
        ]);
    }
}
