//! How a string, or a float, must be written so that no reader takes it for something else.
//!
//! The readers in mind: Go's yaml.v2 (kubectl, Helm, Argo CD) and yaml.v3 (kustomize), which know YAML 1.1
//! booleans, octals and underscores; PyYAML and Ruby, which add times to the base of 60, dates, symbols and
//! thousands with commas; and YAML 1.2 readers. A string stays plain only when it is text to all of them.

use std::fmt::Write;

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In double quotes with escapes.
    Quoted,
    /// As a block of lines after `|`.
    Literal,
}

/// What a byte means for the way its string is written; a string's class is the union.
mod class {
    /// No number, date or time has this byte.
    pub const TEXT: u8 = 1;
    /// Space, colon and hash: their neighbours decide.
    pub const CONTEXT: u8 = 2;
    /// The newline.
    pub const LINE: u8 = 4;
    /// The tab.
    pub const TAB: u8 = 8;
    /// A control character.
    pub const CONTROL: u8 = 16;
    /// A part of a character outside ASCII.
    pub const WIDE: u8 = 32;
}

const CLASS: [u8; 256] = {
    let mut table = [class::TEXT; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'\n' => class::LINE,
            b'\t' => class::TAB,
            0..0x20 | 0x7f => class::CONTROL,
            b' ' | b':' => class::CONTEXT,
            b'#' => class::CONTEXT | class::TEXT,
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => 0,
            b'x' | b'X' | b'o' | b'O' | b'p' | b'P' | b't' | b'T' | b'z' | b'Z' => 0,
            b'_' | b'.' | b',' | b'+' | b'-' => 0,
            0x80.. => class::WIDE | class::TEXT,
            _ => class::TEXT,
        };
        byte += 1;
    }
    table
};

/// The way to write `text`.
pub(super) fn style(text: &str) -> Style {
    let class = text.bytes().fold(0, |class, byte| class | CLASS[usize::from(byte)]);
    if class & class::CONTROL != 0 || (class & class::WIDE != 0 && text.chars().any(hidden)) {
        Style::Quoted
    } else if class & class::LINE != 0 {
        if literal(text) { Style::Literal } else { Style::Quoted }
    } else if class & class::TAB == 0 && plain(text, class) {
        Style::Plain
    } else {
        Style::Quoted
    }
}

/// Whether a character must be escaped: what YAML does not print, what YAML 1.1 takes for a line break, and
/// what a reviewer cannot see, such as the marks that turn the direction of writing.
fn hidden(c: char) -> bool {
    match c {
        ' '..='~' | '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {
            true
        }
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control() || c.is_whitespace() || u32::from(c) & 0xfffe == 0xfffe,
    }
}

/// Whether a block literal holds these lines exactly.
fn literal(text: &str) -> bool {
    // The indentation of the first line that has any is measured: Go refuses a tab there.
    let first = text.trim_start_matches('\n');
    !first.is_empty()
        && !first.starts_with('\t')
        && text
            .split('\n')
            .all(|line| line.is_empty() || !line.trim_matches([' ', '\t']).is_empty())
}

/// Whether a string of one line is itself without quotes.
fn plain(text: &str, class: u8) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let begins = match first {
        b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
        | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b' ' => false,
        b'-' => !matches!(bytes.get(1), None | Some(b' ')) && !text.starts_with("---"),
        b'.' => !text.starts_with("..."),
        _ => true,
    };
    begins
        && !matches!(last, b' ' | b':')
        && (class & class::CONTEXT == 0
            || !bytes.windows(2).any(|pair| pair == b": " || pair == b" #"))
        && !number(bytes, class)
        && !word(text)
}

/// Whether some reader might see a number, a date or a time. Wider than any of their grammars.
fn number(bytes: &[u8], class: u8) -> bool {
    if class & class::TEXT != 0 {
        return false;
    }
    let unsigned = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
    // Addresses and versions, `10.96.0.1`, are numbers to nobody.
    let dots = unsigned.iter().filter(|byte| **byte == b'.').count();
    let dotted = dots > 1 && unsigned.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    // Go drops underscores before it looks at the digits: `-_1` is a number to kubectl.
    match unsigned.iter().find(|byte| **byte != b'_') {
        Some(b'0'..=b'9') => !dotted,
        Some(b'.') => true,
        _ => false,
    }
}

/// Whether some reader has its own idea of this word: booleans, null, floats, YAML 1.1's `=` and `<<`.
fn word(text: &str) -> bool {
    const WORDS: [&str; 18] = [
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "~",
        "=",
        "<<",
        "inf",
        "nan",
        "infinity",
        ".inf",
        ".nan",
        ".infinity",
    ];
    // Nearly every string is longer than the longest of them or begins otherwise.
    let begins = |first: &u8| {
        matches!(
            first | 0x20,
            b'y' | b'n' | b'o' | b't' | b'f' | b'i' | b'~' | b'=' | b'<' | b'.' | b'-' | b'+'
        )
    };
    text.len() <= 10 && text.as_bytes().first().is_some_and(begins) && {
        let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
        WORDS.iter().any(|word| word.eq_ignore_ascii_case(bare))
    }
}

/// Appends `text` in double quotes.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut done = 0;
    for (at, c) in text.char_indices() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\t' => "\\t",
            '\r' => "\\r",
            c if !hidden(c) => continue,
            _ => "",
        };
        out.push_str(&text[done..at]);
        out.push_str(escape);
        if escape.is_empty() {
            let code = u32::from(c);
            // Writing to a string cannot fail.
            let _ = match code {
                0..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
        }
        done = at + c.len_utf8();
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// A float that every reader reads as a float: PyYAML wants a point and a signed exponent.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // The shortest digits that read back as the same number: `1.5`, `1.0`, `1e16`, `1.2e-7`.
    let digits = format!("{value:?}");
    let Some((mantissa, exponent)) = digits.split_once('e') else { return digits };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}
