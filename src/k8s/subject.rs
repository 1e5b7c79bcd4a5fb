//! Who may do something.

use std::fmt;
use std::str::FromStr;

use super::leaf::{Invalid, Kind, leaf, show};
use super::name::{Name, Subdomain};
use crate::diag::nearest;

leaf! {
    /// Who: `group:<name>`, `user:<name>` or `serviceaccount:<namespace>/<name>`.
    ///
    /// What a RoleBinding may bind; names of groups and users are whatever the identity provider says.
    pub enum Subject {
        /// A group of the identity provider.
        Group(String),
        /// A person.
        User(String),
        /// A program in the cluster.
        ServiceAccount {
            /// Its namespace.
            namespace: Name,
            /// Its name there.
            name: Subdomain,
        },
    }
    kind: Kind::Text,
    pattern: "^(group|user):\\S(.*\\S)?$|^serviceaccount:[-a-z0-9]+/[-a-z0-9.]+$",
    examples: ["group:payments-leads", "user:ada@acme.example", "serviceaccount:ci/deployer"],
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "group:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::ServiceAccount { namespace, name } => {
                write!(f, "serviceaccount:{namespace}/{name}")
            }
        }
    }
}

impl FromStr for Subject {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const KINDS: [&str; 3] = ["group", "user", "serviceaccount"];
        let help = "write `group:<name>`, `user:<name>` or `serviceaccount:<namespace>/<name>`";
        let invalid = |why: &str| Invalid::new(format!("{} {why}", show(text)));
        // What the provider says may hold blanks and colons inside (`system:masters`), but nothing invisible.
        let plain = |name: &str| {
            !name.is_empty() && name.trim() == name && !name.contains(char::is_control)
        };
        let Some((kind, name)) = text.split_once(':') else {
            let near = match text.contains('@') {
                true => format!("user:{}", text.trim()),
                false => format!("group:{}", text.trim()),
            };
            let near = plain(text.trim()).then_some(near);
            return Err(
                invalid("does not say whether it is a group or a user").write_or(near, help)
            );
        };
        match kind {
            "group" | "user" if !plain(name) => {
                let near = Some(name.trim()).filter(|near| plain(near));
                Err(invalid("names nobody")
                    .write_or(near.map(|near| format!("{kind}:{near}")), help))
            }
            "group" => Ok(Self::Group(name.to_owned())),
            "user" => Ok(Self::User(name.to_owned())),
            "serviceaccount" => {
                let (namespace, name) = name.split_once('/').ok_or_else(|| {
                    invalid("names no namespace")
                        .help("name both, as in `serviceaccount:ci/deployer`")
                })?;
                let part = |invalid: Invalid| {
                    invalid.help("name both, as in `serviceaccount:ci/deployer`")
                };
                Ok(Self::ServiceAccount {
                    namespace: namespace.parse().map_err(part)?,
                    name: name.parse().map_err(part)?,
                })
            }
            "system" => Err(invalid("does not say whether it is a group or a user")
                .write(format_args!("group:{text}"))),
            _ => {
                let near = nearest(&kind.replace(['-', '_', ' '], ""), KINDS);
                let near = near.map(|kind| format!("{kind}:{name}")).filter(|near| near != text);
                Err(invalid("is of no known kind")
                    .write_or(near.filter(|near| near.parse::<Self>().is_ok()), help))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::leaf::check::{bad, good, lawful};

    #[test]
    fn subjects_say_what_they_are() {
        lawful::<Subject>();
        good::<Subject>(&[
            ("group:payments-leads", "group:payments-leads"),
            ("group:system:masters", "group:system:masters"),
            ("user:ada@acme.example", "user:ada@acme.example"),
            ("serviceaccount:ci/deployer", "serviceaccount:ci/deployer"),
        ]);
        let unclear = "does not say whether it is a group or a user";
        bad::<Subject>(&[
            ("payments", &format!("`payments` {unclear}"), "write `group:payments`"),
            (
                "ada@acme.example",
                &format!("`ada@acme.example` {unclear}"),
                "write `user:ada@acme.example`",
            ),
            (
                "system:masters",
                &format!("`system:masters` {unclear}"),
                "write `group:system:masters`",
            ),
            ("gruop:payments", "`gruop:payments` is of no known kind", "write `group:payments`"),
            (
                "service-account:ci/deployer",
                "`service-account:ci/deployer` is of no known kind",
                "write `serviceaccount:ci/deployer`",
            ),
            (
                "serviceaccount:deployer",
                "`serviceaccount:deployer` names no namespace",
                "name both, as in `serviceaccount:ci/deployer`",
            ),
            (
                "group:",
                "`group:` names nobody",
                "write `group:<name>`, `user:<name>` or `serviceaccount:<namespace>/<name>`",
            ),
        ]);
    }
}
