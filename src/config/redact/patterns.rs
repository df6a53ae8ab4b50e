//! What looks like a secret by itself: PEM blocks, the user in a URL, JSON Web Tokens, values of names such as `password`.
//! Each function finds the next one from an offset on.

use std::ops::Range;

use crate::config::problem::{REDACTED, is_secret};

pub(super) fn is_alphanumeric(letter: char) -> bool {
    letter.is_alphanumeric()
}

/// Does no word end right before this offset? The `n` of an escape `\n` is not one.
pub(super) fn is_word_start(text: &str, at: usize) -> bool {
    let before = &text[..at];
    !before.ends_with(is_alphanumeric) || ["\\n", "\\r", "\\t"].iter().any(|escape| before.ends_with(escape))
}

/// A PEM block, even with its end missing or its line ends escaped.
pub(super) fn pem(text: &str, from: usize) -> Option<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let start = from + text.get(from..)?.find(BEGIN)?;
    let rest = &text[start..];
    if let Some(end) = rest.find(END) {
        let label = end + END.len();
        let length = rest[label..].find("-----").map_or(rest.len(), |dashes| label + dashes + 5);
        return Some(start..start + length);
    }
    let of_pem =
        |letter: char| letter.is_ascii_alphanumeric() || letter.is_ascii_whitespace() || "+/=\\-:,".contains(letter);
    let length = rest.find(|letter: char| !of_pem(letter)).unwrap_or(rest.len());
    Some(start..start + length)
}

/// The user and the password in `scheme://user:password@host`.
pub(super) fn user_of_url(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("://")? + 3;
        let rest = &text[start..];
        let ends = |letter: char| letter.is_whitespace() || "\"'`<>\\".contains(letter);
        let token = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let authority = &token[..token.find(['/', '?', '#']).unwrap_or(token.len())];
        // A password may hold an unencoded slash: then what looks like a port is not a number.
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let broken = port.is_some_and(|port| port.is_empty() || !port.bytes().all(|digit| digit.is_ascii_digit()))
            && !authority.ends_with(']');
        let user = if authority.contains('@') || !broken { authority } else { token };
        match user.rfind('@') {
            Some(end) if &user[..end] != REDACTED => return Some(start..start + end),
            _ => at = start,
        }
    }
}

/// A JSON Web Token: `eyJ…`, in parts separated by periods.
pub(super) fn json_web_token(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("eyJ")?;
        let of_token = |letter: char| letter.is_ascii_alphanumeric() || "-_.=".contains(letter);
        let rest = &text[start..];
        let length = rest.find(|letter: char| !of_token(letter)).unwrap_or(rest.len());
        if length >= 20 && rest[..length].contains('.') && is_word_start(text, start) {
            return Some(start..start + length);
        }
        at = start + 3;
    }
}

/// The value of a name that denotes a secret: `sasl.password = x`, `"client_secret": "x"`, `?token=x`.
pub(super) fn named_value(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let sign = at + text.get(at..)?.find(['=', ':'])?;
        at = sign + 1;
        let before = text[..sign].trim_end_matches([' ', '"', '\'', '`', '\\']);
        let of_name = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        let name = &before[before
            .rfind(|letter: char| !of_name(letter))
            .map_or(0, |end| end + before[end..].chars().next().map_or(0, char::len_utf8))..];
        if name.is_empty() || !is_secret(name) {
            continue;
        }
        let value = value_after(text, at, text.as_bytes().get(sign) == Some(&b'='));
        match value {
            Some(value) if !text[value.clone()].starts_with(REDACTED) => return Some(value),
            _ => {}
        }
    }
}

/// The value at this offset, without its quotes; an unquoted one counts only after an equals sign.
fn value_after(text: &str, at: usize, bare: bool) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let start = at + (rest.len() - rest.trim_start_matches([' ', '\t', '=', '>']).len());
    let rest = &text[start..];
    for quote in ["\\\"", "\"\"\"", "'''", "\"", "'", "`", "&quot;"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let length = inner.find(quote).unwrap_or_else(|| inner.find(['\n', '"']).unwrap_or(inner.len()));
            return (length > 0).then(|| start + quote.len()..start + quote.len() + length);
        }
    }
    let ends = |letter: char| letter.is_whitespace() || ",;&)]}\"'`<>\\".contains(letter);
    let length = rest.find(ends).unwrap_or(rest.len());
    (bare && length > 0).then_some(start..start + length)
}
