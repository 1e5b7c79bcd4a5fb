use super::*;
use crate::k8s::leaf::check::{bad, good, lawful};

const CREDENTIALS: &str = "the address holds credentials";
const WITHOUT: &str =
    "write it without what stands before `@`, and keep the credentials in the secret store";

#[test]
fn addresses_of_services() {
    lawful::<Url>();
    good::<Url>(&[
        ("https://vault.acme.internal:8200", "https://vault.acme.internal:8200"),
        ("http://10.0.0.1/a?b=c#d", "http://10.0.0.1/a?b=c#d"),
        ("https://[fd00::1]:8443/", "https://[fd00::1]:8443/"),
    ]);
    let rule = "write an address such as `https://vault.acme.internal:8200`";
    bad::<Url>(&[
        (
            "vault.acme.internal:8200",
            "`vault.acme.internal:8200` has no scheme such as `https://`",
            "write `https://vault.acme.internal:8200`",
        ),
        ("vault", "`vault` has no scheme such as `https://`", rule),
        ("htps://a.b", "the scheme `htps` is not known here", "did you mean `https://`?"),
        ("HTTPS://a.b", "the scheme `HTTPS` is not known here", "did you mean `https://`?"),
        (
            "gopher://a.b",
            "the scheme `gopher` is not known here",
            "begin with one of `https://`, `http://`",
        ),
        (
            "https://Vault.acme",
            "`https://Vault.acme` has a host that is neither a name nor an address",
            "write `https://vault.acme`",
        ),
        ("https://", "`https://` names no host", rule),
        ("https://a.b:0", "`https://a.b:0` has no such port", "ports are 1 to 65535"),
        (
            "https://a.b/c d",
            "`https://a.b/c d` has a character that an address must escape with `%`",
            rule,
        ),
        ("https://app:hunter2@a.b/", CREDENTIALS, WITHOUT),
        ("https://app:hun/ter2@a.b/", CREDENTIALS, WITHOUT),
        ("https://token@a.b/", CREDENTIALS, WITHOUT),
        ("app:hunter2@a.b", "the address has no scheme such as `https://`", rule),
    ]);
    let url: Url = "https://vault.acme.internal:8200/v1".parse().unwrap();
    assert_eq!((url.scheme(), url.host(), url.path()), ("https", "vault.acme.internal", "/v1"));
    assert_eq!(url.port(), Port::known(8200));
    assert_eq!(Url::known("http://a.b").port(), Port::known(80));
    assert_eq!(Url::known("https://[fd00::1]").host(), "[fd00::1]");
}

#[test]
fn addresses_of_repositories() {
    lawful::<RepositoryUrl>();
    for text in [
        "https://gitlab.acme.example/platform/estate.git",
        "git@gitlab.acme.example:platform/estate.git",
        "ssh://git@gitlab.acme.example:2222/platform/estate.git",
        "oci://registry.acme.example/charts",
        "file:///srv/git/estate",
    ] {
        good::<RepositoryUrl>(&[(text, text)]);
    }
    let rule = "write an address such as `https://gitlab.acme.example/platform/estate.git`";
    bad::<RepositoryUrl>(&[
        (
            "gitlab.acme.example/platform/estate",
            "`gitlab.acme.example/platform/estate` has no scheme such as `https://`",
            "write `https://gitlab.acme.example/platform/estate`",
        ),
        ("https://gitlab.acme.example/", "the address names a host, but no repository", rule),
        ("https://oauth2:glpat@gitlab.acme.example/a.git", CREDENTIALS, WITHOUT),
        ("https://token@gitlab.acme.example/a.git", CREDENTIALS, WITHOUT),
        ("ssh://git:secret@gitlab.acme.example/a.git", CREDENTIALS, WITHOUT),
        ("git:secret@host:a", "the address is not of the form user, `@`, host, `:`, path", rule),
        (
            "file://srv/git",
            "a `file` address needs an absolute path",
            "write it as `file:///srv/git/estate`",
        ),
        ("", "`` has no scheme such as `https://`", rule),
    ]);
    let url = RepositoryUrl::known("git@gitlab.acme.example:platform/estate.git");
    assert_eq!((url.scheme(), url.host()), ("ssh", "gitlab.acme.example"));
    assert!(RepositoryUrl::known("oci://registry.acme.example/charts").is_oci());
}

#[test]
fn credentials_are_never_repeated() {
    for text in [
        "https://app:hunter2@a.b/",
        "htps://app:hunter2@a.b/",
        "app:hunter2@a.b",
        "https://hunter2@a.b:99999/x y",
        "ssh://git:hunter2@A.b/x",
        "postgres://app:hunter2@db/orders",
    ] {
        for refusal in
            [text.parse::<Url>().unwrap_err(), text.parse::<RepositoryUrl>().unwrap_err()]
        {
            assert!(!refusal.to_string().contains("hunter2"), "{refusal}");
        }
    }
}
