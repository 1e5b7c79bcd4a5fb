use super::*;
use crate::k8s::leaf::check::{bad, good, lawful};

#[test]
fn every_name_keeps_the_laws_of_leaves() {
    lawful::<Name>();
    lawful::<Subdomain>();
    lawful::<LabelKey>();
    lawful::<LabelValue>();
    lawful::<EnvName>();
    lawful::<ConfigKey>();
    lawful::<crate::k8s::quantity::Cpu>();
    lawful::<crate::k8s::quantity::Bytes>();
}

#[test]
fn names_are_labels() {
    good::<Name>(&[("web", "web"), ("hv-a", "hv-a"), ("0", "0")]);
    let long = "a".repeat(64);
    bad::<Name>(&[
        ("Web_1", "`Web_1` is not a name: it has `W`", "write `web-1`"),
        ("my app", "`my app` is not a name: it has ` `", "write `my-app`"),
        ("-web-", "`-web-` does not begin and end with a letter or digit", "write `web`"),
        ("", "a name must not be empty", "write 1 to 63 characters of a-z, 0-9 and `-`"),
        ("日本", "`日本` is not a name: it has `日`", "use a-z, 0-9 and `-`"),
        (
            &long,
            &format!("`{}…` has 64 characters, 63 are allowed", "a".repeat(60)),
            "shorten a name to 63 characters",
        ),
    ]);
    assert!(Name::known("web").starts_with_letter());
    assert!(!Name::known("0web").starts_with_letter());
    assert_eq!(Name::known("web").join("metrics"), Ok(Name::known("web-metrics")));
}

#[test]
fn dotted_names_have_no_empty_part() {
    good::<Subdomain>(&[("acme.example", "acme.example"), ("web", "web")]);
    let edge = "has a part that is empty or has `-` at its edge";
    bad::<Subdomain>(&[
        ("acme..example", &format!("`acme..example` {edge}"), "write `acme.example`"),
        ("a.-b", &format!("`a.-b` {edge}"), "write `a.b`"),
        ("Acme.example", "`Acme.example` is not a dotted name: it has `A`", "write `acme.example`"),
    ]);
}

#[test]
fn label_keys_have_at_most_one_domain() {
    good::<LabelKey>(&[("app.kubernetes.io/name", "app.kubernetes.io/name"), ("Tier_1", "Tier_1")]);
    bad::<LabelKey>(&[
        (
            "a/b/c",
            "`a/b/c` has more than one `/`",
            "write at most one domain before the name, such as `acme.example/tier`",
        ),
        (
            "acme.example/my tier",
            "`my tier` is not a label key: it has ` `",
            "write `acme.example/my-tier`",
        ),
        ("ACME/tier", "`ACME` is not a dotted name: it has `A`", "write `acme/tier`"),
    ]);
    assert!(LabelKey::known("app.kubernetes.io/name").is_reserved());
    assert!(!LabelKey::known("notkubernetes.io/name").is_reserved());
}

#[test]
fn label_values_may_be_empty() {
    good::<LabelValue>(&[("", ""), ("v1.2", "v1.2")]);
    bad::<LabelValue>(&[(
        "payments team",
        "`payments team` is not a label value: it has ` `",
        "write `payments-team`",
    )]);
}

#[test]
fn variables_and_keys() {
    good::<EnvName>(&[("LOG_LEVEL", "LOG_LEVEL"), ("_x1", "_x1")]);
    bad::<EnvName>(&[
        ("LOG-LEVEL", "`LOG-LEVEL` is not the name of a variable", "write `LOG_LEVEL`"),
        ("1st", "`1st` is not the name of a variable", "write `_1ST`"),
        ("", "`` is not the name of a variable", "write a name such as `LOG_LEVEL`"),
    ]);
    good::<ConfigKey>(&[("application.yaml", "application.yaml"), (".env", ".env")]);
    bad::<ConfigKey>(&[
        ("etc/app.yaml", "`etc/app.yaml` is not a key of a ConfigMap", "write `etc-app.yaml`"),
        ("..", "`..` means a folder, not a key", "write a file name such as `application.yaml`"),
        ("", "`` is not a key of a ConfigMap", "write 1 to 253 letters, digits, `-`, `_` and `.`"),
    ]);
}
