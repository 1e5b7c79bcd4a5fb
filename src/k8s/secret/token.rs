//! The shapes of tokens that services hand out.

/// Token prefixes that nothing else begins with, the least number of characters after them, and what they are.
const TOKENS: &[(&str, usize, &str)] = &[
    ("ghp_", 16, "a GitHub token"),
    ("gho_", 16, "a GitHub token"),
    ("ghu_", 16, "a GitHub token"),
    ("ghs_", 16, "a GitHub token"),
    ("ghr_", 16, "a GitHub token"),
    ("github_pat_", 16, "a GitHub token"),
    ("glpat-", 12, "a GitLab token"),
    ("gldt-", 12, "a GitLab token"),
    ("glrt-", 12, "a GitLab token"),
    ("glptt-", 12, "a GitLab token"),
    ("glcbt-", 12, "a GitLab token"),
    ("glsoat-", 12, "a GitLab token"),
    ("glagent-", 12, "a GitLab token"),
    ("glsa_", 16, "a Grafana token"),
    ("glc_", 16, "a Grafana token"),
    ("xoxb-", 10, "a Slack token"),
    ("xoxp-", 10, "a Slack token"),
    ("xoxa-", 10, "a Slack token"),
    ("xoxr-", 10, "a Slack token"),
    ("xoxs-", 10, "a Slack token"),
    ("xapp-", 10, "a Slack token"),
    ("sk_live_", 10, "a Stripe key"),
    ("rk_live_", 10, "a Stripe key"),
    ("sk-ant-", 16, "an API key"),
    ("npm_", 30, "an npm token"),
    ("pypi-AgE", 16, "a PyPI token"),
    ("dckr_pat_", 16, "a Docker Hub token"),
    ("dop_v1_", 16, "a DigitalOcean token"),
    ("ATATT3", 16, "an Atlassian token"),
    ("AIza", 30, "a Google API key"),
    ("ya29.", 16, "a Google token"),
    ("hvs.", 16, "a Vault token"),
    ("hvb.", 16, "a Vault token"),
    ("SG.", 30, "a SendGrid key"),
    ("AGE-SECRET-KEY-", 16, "an age secret key"),
];

/// What other tokens begin with.
const OTHERS: [&str; 3] = ["AKIA", "ASIA", "eyJ"];

/// The shortest token.
const SHORTEST: usize = {
    // A JSON Web Token: ten characters, a point, four, a point.
    let (mut shortest, mut at) = (16, 0);
    while at < TOKENS.len() {
        let length = TOKENS[at].0.len() + TOKENS[at].1;
        if length < shortest {
            shortest = length;
        }
        at += 1;
    }
    shortest
};

/// By the first byte of a token, a bit for each possible second one (its lower five bits).
const STARTS: [u32; 128] = {
    let mut starts = [0; 128];
    let mut at = 0;
    while at < TOKENS.len() + OTHERS.len() {
        let text = if at < TOKENS.len() { TOKENS[at].0 } else { OTHERS[at - TOKENS.len()] };
        let start = text.as_bytes();
        starts[(start[0] & 127) as usize] |= 1 << (start[1] & 31);
        at += 1;
    }
    starts
};

/// Whether a word is worth comparing with all tokens; next to no word that is none is.
pub(super) fn may_be_token(word: &[u8]) -> bool {
    word.len() >= SHORTEST && STARTS[usize::from(word[0] & 127)] & (1 << (word[1] & 31)) != 0
}

/// The kind of token a word is.
pub(super) fn token_shape(word: &str) -> Option<&'static str> {
    let by_prefix = TOKENS.iter().find(|(prefix, least, _)| {
        word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least)
    });
    if let Some((.., kind)) = by_prefix {
        return Some(kind);
    }
    let amazon = OTHERS[..2].iter().find_map(|prefix| word.strip_prefix(prefix));
    if amazon.is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }) {
        return Some("an AWS access key");
    }
    let mut parts = word.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    (header.starts_with(OTHERS[2])
        && header.len() >= 10
        && payload.len() >= 4
        && parts.next().is_some())
    .then_some("a JSON Web Token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_worth_a_look() {
        for (prefix, least, _) in TOKENS {
            let token = format!("{prefix}{}", "0".repeat(*least));
            assert!(token_shape(&token).is_some() && may_be_token(token.as_bytes()), "{prefix}");
        }
        for word in ["registry.acme.example", "app.kubernetes.io", "shop-production-web"] {
            assert!(!may_be_token(word.as_bytes()), "{word}");
        }
    }
}
