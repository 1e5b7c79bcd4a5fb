//! PromQL, as far as needed to find which metrics an expression reads.
//!
//! Prometheus itself judges the whole grammar (`promtool check rules`, a judge); what it cannot know is whether
//! anybody serves a metric. An expression that names one that nobody serves is never wrong and never fires.

use super::leaf::{Invalid, show};

/// Words that stand before a list of labels in parentheses.
const LABEL_LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Words that are operators or values.
const WORDS: [&str; 9] =
    ["and", "or", "unless", "atan2", "offset", "bool", "inf", "nan", "smoothed"];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name: of a metric, label, function or operator.
    Word(String),
    /// A quoted text.
    Quoted(String),
    /// A number or a length of time, or a variable of Grafana.
    Value,
    /// `=`, `!=`, `=~`, `!~` and the other operators, and brackets.
    Sign(&'static str),
}

/// The operators and brackets, the longer before the shorter.
const SIGNS: [&str; 25] = [
    "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", "@", ",", ":",
    "(", ")", "{", "}", "[", "]", "|",
];

/// The metrics that an expression reads, each once, in order of the alphabet.
///
/// A selector without a metric, such as `{job="x"}`, and one by a pattern that is more than a list of names, name
/// none. Variables of Grafana (`$cluster`, `$__rate_interval`) may stand for values and for lengths of time.
///
/// # Errors
/// A quote or bracket that is not closed, or a character that PromQL does not have.
pub fn metrics(expression: &str) -> Result<Vec<String>, Invalid> {
    let tokens = tokens(expression)?;
    check_brackets(&tokens)?;
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(token) = tokens.get(position) {
        position = match token {
            Token::Sign("{") => {
                let end = closing(&tokens, position, "{", "}");
                found.extend(by_matchers(&tokens[position + 1..end]));
                end + 1
            }
            // A length of time.
            Token::Sign("[") => closing(&tokens, position, "[", "]") + 1,
            Token::Word(word) => after_word(&tokens, position, word, &mut found),
            _ => position + 1,
        };
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Where to go on after a word, which is a metric if it is nothing else.
fn after_word(tokens: &[Token], position: usize, word: &str, found: &mut Vec<String>) -> usize {
    let lower = word.to_ascii_lowercase();
    let next = tokens.get(position + 1);
    let opens = next == Some(&Token::Sign("("));
    if LABEL_LISTS.contains(&lower.as_str()) {
        return if opens { closing(tokens, position + 1, "(", ")") + 1 } else { position + 1 };
    }
    // `sum by (job) (…)`: what is followed by parentheses, or by a grouping, is a function.
    let grouped = matches!(next, Some(Token::Word(next))
        if ["by", "without"].contains(&next.to_ascii_lowercase().as_str()));
    if !opens && !grouped && !WORDS.contains(&lower.as_str()) {
        found.push(word.to_owned());
    }
    position + 1
}

/// The metrics that matchers in braces name: `__name__="x"`, `__name__=~"x|y"`, or a quoted name alone.
fn by_matchers(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for matcher in tokens.split(|token| *token == Token::Sign(",")) {
        match matcher {
            [Token::Quoted(name)] => found.push(name.clone()),
            [Token::Word(label), Token::Sign("="), Token::Quoted(name)] if label == "__name__" => {
                found.push(name.clone());
            }
            [Token::Word(label), Token::Sign("=~"), Token::Quoted(names)]
                if label == "__name__" && names.split('|').all(is_name) =>
            {
                found.extend(names.split('|').map(str::to_owned));
            }
            _ => {}
        }
    }
    found
}

/// Whether a text can be the name of a metric as it is.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
}

/// The position of the bracket that closes the one at `from`; the brackets were checked.
fn closing(tokens: &[Token], from: usize, open: &'static str, close: &'static str) -> usize {
    let mut depth = 0_usize;
    for (position, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Sign(sign) if *sign == open => depth += 1,
            Token::Sign(sign) if *sign == close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return position;
        }
    }
    tokens.len()
}

fn check_brackets(tokens: &[Token]) -> Result<(), Invalid> {
    let mut open = Vec::new();
    for token in tokens {
        let Token::Sign(sign) = token else { continue };
        let wanted = match *sign {
            "(" | "{" | "[" => {
                open.push(*sign);
                continue;
            }
            ")" => "(",
            "}" => "{",
            "]" => "[",
            _ => continue,
        };
        if open.pop() != Some(wanted) {
            return Err(Invalid::new(format!("a `{sign}` closes nothing")));
        }
    }
    match open.pop() {
        Some(sign) => Err(Invalid::new(format!("a `{sign}` is not closed"))),
        None => Ok(()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Invalid> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            c if c.is_whitespace() => (None, c.len_utf8()),
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' | '`' => {
                let (quoted, length) = quoted(rest, first)?;
                (Some(Token::Quoted(quoted)), length)
            }
            '$' => (Some(Token::Value), variable(rest)),
            c if c.is_ascii_digit() || c == '.' => {
                (Some(Token::Value), span(rest, |c| c.is_ascii_alphanumeric() || c == '.'))
            }
            c if c.is_ascii_alphabetic() || matches!(c, '_' | ':') => {
                let length = span(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
                (Some(Token::Word(rest[..length].to_owned())), length)
            }
            _ => {
                let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
                    let message = format!("PromQL has no {}", show(&first.to_string()));
                    return Err(Invalid::new(message));
                };
                (Some(Token::Sign(sign)), sign.len())
            }
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// The bytes at the beginning that `belongs` takes.
fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The length of a variable of Grafana: `$name` or `${name:format}`.
fn variable(text: &str) -> usize {
    if text.starts_with("${") {
        return text.find('}').map_or(text.len(), |end| end + 1);
    }
    1 + span(&text[1..], |c| c.is_ascii_alphanumeric() || c == '_')
}

/// A quoted text and its length with the quotes.
fn quoted(text: &str, quote: char) -> Result<(String, usize), Invalid> {
    let mut value = String::new();
    let mut escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        if escaped {
            value.push(c);
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            return Ok((value, position + 1));
        } else {
            value.push(c);
        }
    }
    Err(Invalid::new(format!("a {quote} is not closed")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(expression: &str) -> Vec<String> {
        metrics(expression).unwrap_or_else(|invalid| panic!("{expression}: {invalid}"))
    }

    #[test]
    fn metrics_are_told_from_functions_labels_and_words() {
        for (expression, wanted) in [
            ("up", &["up"][..]),
            ("up == 0", &["up"]),
            (
                "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m]))",
                &["http_requests_total"],
            ),
            ("sum(rate(a_total[5m])) by (job, instance) / sum(b) without (job)", &["a_total", "b"]),
            ("a * on (node) group_left (zone) b", &["a", "b"]),
            ("a * ON(node) GROUP_LEFT b", &["a", "b"]),
            ("a and on () b or c unless d", &["a", "b", "c", "d"]),
            ("a > bool 1", &["a"]),
            ("time() - last_seen > 3600", &["last_seen"]),
            ("a offset 5m @ start()", &["a"]),
            ("max_over_time(deriv(a[1h:5m])[30m:])", &["a"]),
            ("{__name__=\"a\", job='x'}", &["a"]),
            ("{__name__=~\"a|b_total\"}", &["a", "b_total"]),
            ("{\"a.b\", job=\"x\"}", &["a.b"]),
            ("{__name__=~\"a.*\"}", &[]),
            ("{job=\"up\"}", &[]),
            ("cluster:cpu:rate5m", &["cluster:cpu:rate5m"]),
            (
                "histogram_quantile(0.99, sum by (le) (rate(x_bucket[$__rate_interval])))",
                &["x_bucket"],
            ),
            ("a{node=\"$node\", z=\"}\"} + ${offset:raw} - NaN + 1e3 + -Inf", &["a"]),
            ("vector(1) # up\n+ b", &["b"]),
            ("absent(up{job=\"x\"}) == 1 or sum without(instance) (a)", &["a", "up"]),
            ("quantile by(x)(0.5, a)", &["a"]),
            ("label_replace(a, \"x\", \"$1\", \"y\", \"(.*)\")", &["a"]),
            ("count_values(\"version\", build_info)", &["build_info"]),
            ("topk(5, a) > 0x1f", &["a"]),
            ("a{x=\"\\\"}\"}", &["a"]),
            ("a{x=`\\`}", &["a"]),
        ] {
            assert_eq!(found(expression), wanted, "{expression}");
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for (expression, message) in [
            ("sum(rate(a[5m])", "a `(` is not closed"),
            ("a)", "a `)` closes nothing"),
            ("a{x=\"1\"", "a `{` is not closed"),
            ("a{x=\"1}", "a \" is not closed"),
            ("a[5m)", "a `)` closes nothing"),
            ("a & b", "PromQL has no `&`"),
        ] {
            assert_eq!(metrics(expression).unwrap_err().message, message, "{expression}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            let _ = metrics(&text);
        }

        #[test]
        fn never_panics_on_likely_text(text in "[a-z_{}()\\[\\]\"'`$=~!,:|0-9 #\\\\\n]{0,40}") {
            let _ = metrics(&text);
        }
    }
}
