use super::*;
use crate::k8s::leaf::check::{bad, good, lawful};
use proptest::prelude::*;

/// Texts that only look like credentials, put together so that no scanner of this repository takes them for one.
fn fakes() -> Vec<(String, &'static str)> {
    let body = "0123456789abcdefABCDEF0123456789abcdef";
    vec![
        (format!("ghp{}{body}", "_"), "a GitHub token"),
        (format!("github{}{body}", "_pat_"), "a GitHub token"),
        (format!("glpat{}{body}", "-"), "a GitLab token"),
        (format!("xoxb{}{body}", "-"), "a Slack token"),
        (format!("hvs{}{body}", "."), "a Vault token"),
        (format!("AKIA{}", "ABCDEFGHIJ234567"), "an AWS access key"),
        (format!("eyJ{body}.eyJ{body}.{body}"), "a JSON Web Token"),
        (format!("AGE-SECRET-KEY{}{body}", "-1"), "an age secret key"),
        (format!("-----BEGIN {}-----\n{body}", "PRIVATE KEY"), "a private key"),
        (format!("-----BEGIN RSA {}-----\n{body}", "PRIVATE KEY"), "a private key"),
        (format!("postgres://app:{body}@db:5432/orders"), "an address with a password"),
        (format!("https://app:a/b{body}@git.acme.example/x"), "an address with a password"),
        (format!("Bearer eyJ{body}.eyJ{body}.{body}"), "a JSON Web Token"),
    ]
}

#[test]
fn references_keep_the_laws_of_leaves() {
    lawful::<SecretRef>();
    lawful::<SecretPath>();
}

#[test]
fn references_name_a_path_and_a_property() {
    good::<SecretRef>(&[
        ("payments/card-network#key", "payments/card-network#key"),
        ("/prod/db#password", "/prod/db#password"),
    ]);
    let example = "write `path/in/store#property`, such as `payments/card-network#key`";
    let path = "a secret is named by a path of words of letters, digits, `.`, `_` and `-`";
    bad::<SecretRef>(&[
        ("hunter2", "a secret reference names no property", example),
        ("#key", path, example),
        ("a//b#key", path, example),
        ("../b#key", path, example),
        (
            "a/b#",
            "the property of a secret reference is not made of letters, digits, `.`, `_` and `-`",
            example,
        ),
    ]);
    let reference: SecretRef = "payments/card#key".parse().unwrap();
    assert_eq!((reference.path().as_str(), reference.property()), ("payments/card", "key"));
    assert_eq!(SecretPath::known("payments/card").property("key"), reference);
    bad::<SecretPath>(&[
        (
            "payments/card#key",
            "a property is named where the whole secret is meant",
            "write `payments/card`",
        ),
        ("two words", path, "write its path in the store, such as `payments/orders-checkout`"),
    ]);
}

#[test]
fn credentials_are_recognised_and_never_repeated() {
    for (fake, kind) in fakes() {
        assert_eq!(credential_shape(&fake), Some(kind), "{kind}");
        assert_eq!(looks_like_credential("ANY", &fake), Some(kind), "{kind}");
        let refusal = fake.parse::<SecretRef>().unwrap_err();
        assert_eq!(
            refusal.message,
            format!("this looks like {kind}; secrets must not be written down")
        );
        let elsewhere: Result<crate::k8s::name::Name, Invalid> = crate::k8s::leaf::parse(&fake);
        assert_eq!(elsewhere, Err(refusal), "the same refusal wherever it stands");
    }
}

#[test]
fn ordinary_texts_have_no_such_shape() {
    for text in [
        "registry.acme.example/payments/checkout:2.7.1",
        "https://vault.acme.internal:8200",
        "https://vault.acme.internal:8200/v1/a@b",
        "https://acme.example/docs/a:b@c",
        "postgres://app@db:5432/orders",
        "postgres://app:${PASSWORD}@db:5432/orders",
        "git@gitlab.acme.example:platform/estate.git",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "ghp_short",
        "eyJust.a.word",
        "AKIA",
        "info",
    ] {
        assert_eq!(credential_shape(text), None, "{text}");
    }
}

#[test]
fn names_of_keys_betray_literals() {
    for (key, value, kind) in [
        ("DB_PASSWORD", "hunter2", "a password"),
        ("dbPassword", "hunter2", "a password"),
        ("PASSWORD_2", "changeme", "a password"),
        ("spring.datasource.password", "hunter2", "a password"),
        ("SMTP_PASS", "hunter2", "a password"),
        ("API_TOKEN", "abcdef", "a token"),
        ("API_TO\u{212a}EN", "abcdef", "a token"),
        ("apiKey", "abcdef", "a secret key"),
        ("AWS_SECRET_ACCESS_KEY", "abc/def+ghi", "a secret key"),
        ("CLIENT_SECRET", "abcdef", "a secret"),
        ("ARG", "--db-password=hunter2", "a password"),
        ("DSN", "host=db user=app password=hunter2", "a password"),
        ("URL", "jdbc:postgresql://db/orders?user=app&password=hunter2", "a password"),
        ("app.yaml", "db:\n  user: app\n  password: hunter2\n", "a password"),
        ("app.properties", "user = app\npassword = \"hunter two\"\n", "a password"),
    ] {
        assert_eq!(looks_like_credential(key, value), Some(kind), "{key}: {value}");
    }
}

#[test]
fn what_is_about_a_secret_or_stands_for_one_is_harmless() {
    for (key, value) in [
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "$(DB_PASSWORD)"),
        ("DB_PASSWORD", "{{ .Values.password }}"),
        ("DB_PASSWORD", "<from the store>"),
        ("DB_PASSWORD", "********"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD_FILE", "/run/secrets/password"),
        ("PASSWORD", "/run/secrets/password"),
        ("TOKEN", "token.txt"),
        ("TOKEN", "payments/card#token"),
        ("TOKEN", "ENC[AES256_GCM,data:abc]"),
        ("REQUIRE_TOKEN", "true"),
        ("MAX_TOKEN", "4096"),
        ("TOKEN_URL", "sso"),
        ("passwordPolicy", "strict"),
        ("password_encryption", "scram-sha-256"),
        ("secretName", "web-tls"),
        ("TOKENIZER", "bert"),
        ("LOG_LEVEL", "info"),
        ("KEYBOARD", "azerty"),
        ("COMPASS", "north"),
        ("app.yaml", "# password: old\nuser: app\npassword: ${PASSWORD}\n"),
        ("app.py", "token = os.environ[\"TOKEN\"]\nx = 1\n"),
        ("MESSAGE", "password: enter it please"),
    ] {
        assert_eq!(looks_like_credential(key, value), None, "{key}: {value}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(key: String, value: String, ascii in "[ -~\n]{0,80}") {
        let _ = looks_like_credential(&key, &value);
        let _ = looks_like_credential(&value, &ascii);
    }

    #[test]
    fn what_is_refused_is_not_repeated(text in "[!-~]{8,40}") {
        if let Err(refusal) = text.parse::<SecretRef>() {
            prop_assert!(!refusal.to_string().contains(&text));
        }
    }
}
