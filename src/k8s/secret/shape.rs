//! What looks like a secret that was written down.
//!
//! A finding is an error that nobody can waive, so the rules lean towards silence. Two kinds of evidence count:
//! the shape of the value (tokens, private keys, addresses with a password), which is nearly certain, and the
//! name of the key (`DB_PASSWORD`) in front of a literal. After such a name these are taken for harmless:
//! placeholders (`${VAR}`, `$(VAR)`, `{{ … }}`, `<…>`, `%s`, `****`), booleans, numbers, paths, file names,
//! addresses without a password, references into a store, SOPS ciphertext; and so is every value of a key that
//! ends in what is merely *about* a secret (`TOKEN_URL`, `passwordPolicy`, `secretName`). Hashes and mere
//! entropy are no evidence.

use super::token::{may_be_token, token_shape};

/// The kind of credential a text, or a word in it, has the shape of.
pub fn credential_shape(text: &str) -> Option<&'static str> {
    if !may_have_shape(text.as_bytes()) {
        return None;
    }
    let private = text.contains("-----BEGIN ") && text.contains("PRIVATE KEY");
    if private || text.contains("PuTTY-User-Key-File-") {
        return Some("a private key");
    }
    if text.contains("\"auths\"") && text.contains("\"auth\"") {
        return Some("the login of a registry");
    }
    if has_address_with_password(text) {
        return Some("an address with a password");
    }
    text.split(|c| !u8::try_from(c).is_ok_and(token_character))
        .filter(|word| may_be_token(word.as_bytes()))
        .find_map(token_shape)
}

fn token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a text is worth a closer look. This is asked of every string of an estate, so it goes over the bytes once:
/// a login has a `@`, a file of registry logins a `"`, a key five dashes or the name of its program, a token its start.
fn may_have_shape(text: &[u8]) -> bool {
    let (mut start, mut dashes) = (0, 0);
    for (at, byte) in text.iter().enumerate() {
        dashes = if *byte == b'-' { dashes + 1 } else { 0 };
        if matches!(byte, b'@' | b'"') || dashes == 5 {
            return true;
        }
        if !token_character(*byte) {
            if is_worth_a_look(&text[start..at]) {
                return true;
            }
            start = at + 1;
        }
    }
    is_worth_a_look(&text[start..])
}

fn is_worth_a_look(word: &[u8]) -> bool {
    may_be_token(word) || word.starts_with(b"PuTTY-User-Key-File-")
}

/// Whether a value of that key is a credential, and of which kind: by its shape, or by the name of the key.
///
/// The value may also be an argument (`--password=…`), a connection string (`host=db password=…`) or a whole
/// file of `key: value` or `key = value` lines.
pub fn looks_like_credential(key: &str, value: &str) -> Option<&'static str> {
    let by_name = |(key, value): (&str, &str)| kind_by_name(key).filter(|_| is_literal(value));
    credential_shape(value)
        .or_else(|| kind_by_name(key).filter(|_| !is_harmless(value)))
        .or_else(|| assignments(value).find_map(by_name))
}

/// Whether a text may hold a telling name; most lines of most files do not.
fn may_be_telling(text: &str) -> bool {
    let starts_name = |three: &[u8]| {
        let lower = [three[0] | 32, three[1] | 32, three[2] | 32];
        matches!(&lower, b"pas" | b"pwd" | b"tok" | b"key" | b"sec" | b"cre")
    };
    // Some letters are ASCII only when they are lower-case.
    text.as_bytes().windows(3).any(starts_name) || !text.is_ascii()
}

/// Whether the text holds `scheme://user:password@`, the password not being a placeholder.
fn has_address_with_password(text: &str) -> bool {
    text.match_indices("://").any(|(start, _)| {
        let rest = &text[start + 3..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'))
            .unwrap_or(rest.len());
        let Some((login, _)) = rest[..end].split_once('@') else { return false };
        let Some((user, password)) = login.split_once(':') else { return false };
        // `host:8080/a@b` has a port there, `host/a:b@c` a path; a password may hold a `/`.
        let port = password.split(['/', '?', '#']).next().unwrap_or_default();
        let is_port = port.len() < password.len() && port.bytes().all(|b| b.is_ascii_digit());
        !password.is_empty()
            && !user.contains(['/', '?', '#'])
            && !is_port
            && !is_placeholder(password)
    })
}

/// What a key promises its value to be.
fn kind_by_name(key: &str) -> Option<&'static str> {
    /// What only says something about a secret when it ends the key.
    const ABOUT: &[&str] = &[
        "algorithm",
        "audience",
        "backend",
        "bytes",
        "claim",
        "class",
        "count",
        "dir",
        "directory",
        "enabled",
        "encryption",
        "endpoint",
        "expiration",
        "expiry",
        "field",
        "file",
        "filename",
        "format",
        "header",
        "host",
        "id",
        "interval",
        "issuer",
        "kind",
        "length",
        "lifetime",
        "limit",
        "max",
        "method",
        "min",
        "mode",
        "mount",
        "name",
        "namespace",
        "path",
        "policy",
        "prefix",
        "property",
        "provider",
        "ref",
        "reference",
        "required",
        "seconds",
        "server",
        "service",
        "size",
        "source",
        "store",
        "suffix",
        "timeout",
        "ttl",
        "type",
        "uri",
        "url",
        "username",
        "user",
        "validity",
        "version",
        "volume",
    ];
    if !may_be_telling(key) {
        return None;
    }
    let words = words(key);
    let last = words.last()?.as_str();
    if ABOUT.contains(&last) {
        return None;
    }
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let pair = |names: &[&str]| {
        words.windows(2).any(|pair| pair[1] == "key" && names.contains(&pair[0].as_str()))
    };
    if has(&["password", "passwd", "passphrase", "pwd", "pgpassword"]) || last == "pass" {
        Some("a password")
    } else if has(&["token"]) {
        Some("a token")
    } else if has(&["apikey", "secretkey", "privatekey", "accesskey"])
        || pair(&[
            "api",
            "secret",
            "private",
            "access",
            "encryption",
            "signing",
            "master",
            "account",
            "auth",
        ])
    {
        Some("a secret key")
    } else if has(&["secret", "credential", "credentials"]) {
        Some("a secret")
    } else {
        None
    }
}

/// `dbPassword`, `DB_PASSWORD` and `db.password-2` in lower-case words, without numbers.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in key.chars() {
        if !c.is_alphabetic() || (after_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        after_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_placeholder(value: &str) -> bool {
    let enclosed = value.starts_with('<') && value.ends_with('>');
    let masked =
        value.len() > 1 && ["*", "x", "X", "."].iter().any(|c| value.replace(c, "").is_empty());
    value.contains("${")
        || value.contains("$(")
        || value.contains("{{")
        || value.starts_with('%')
        || value.starts_with("ENC[")
        || enclosed
        || masked
}

/// Whether a value after a telling name is no secret: see the head of this file.
fn is_harmless(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled",
        "required", "optional", "always", "never", "default", "auto", "~",
    ];
    const FILES: &[&str] = &[
        "conf",
        "cfg",
        "crt",
        "env",
        "ini",
        "json",
        "jwt",
        "key",
        "pem",
        "properties",
        "pub",
        "token",
        "toml",
        "txt",
        "xml",
        "yaml",
        "yml",
    ];
    let value = value.trim();
    let number = value.parse::<f64>().is_ok();
    let path = ["/", "./", "../", "~/", "file:"].iter().any(|start| value.starts_with(start));
    let file = !value.contains(char::is_whitespace)
        && value
            .rsplit_once('.')
            .is_some_and(|(stem, end)| !stem.is_empty() && FILES.contains(&end));
    let reference = value.split_once('#').is_some_and(|(path, property)| {
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
        path.contains('/')
            && path.chars().all(lower)
            && property.parse::<crate::k8s::name::ConfigKey>().is_ok()
    });
    value.is_empty()
        || value.contains("://")
        || value.contains('\n')
        || WORDS.contains(&value.to_ascii_lowercase().as_str())
        || number
        || path
        || file
        || reference
        || is_placeholder(value)
}

/// Whether the right side of an assignment inside a file is a literal: not harmless, not code.
fn is_literal(value: &str) -> bool {
    let bare = value.trim().trim_end_matches([',', ';']);
    let quoted = bare.trim_matches(['"', '\'']);
    let code =
        quoted.contains(['(', '[', '{']) || (quoted.len() == bare.len() && quoted.contains(' '));
    !code && !is_harmless(quoted)
}

/// What the value assigns: its lines, if it has several, and words with `=`.
fn assignments(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let several = value.trim_end().contains('\n');
    value
        .lines()
        .filter(|line| may_be_telling(line))
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']) && !line.starts_with("//"))
        .flat_map(move |line| {
            let whole = line.split_once([':', '=']).filter(|_| several);
            let words = line.split(|c: char| c.is_whitespace() || matches!(c, '&' | '?' | ';'));
            whole.into_iter().chain(words.filter_map(|word| word.split_once('=')))
        })
}
