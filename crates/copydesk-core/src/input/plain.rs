//! Plain text, and HTML that comes without JSON around it.

use std::borrow::Cow;

use super::raw::Decoded;
use super::{RawArticle, markup};
use crate::record::Reject;

/// Text, or HTML where it begins with markup. A tag that stands inside plain text is what its author wrote: nothing of it is
/// taken away, since it would stand nowhere else.
pub(super) fn decode(text: &str) -> Result<Decoded<'_>, Reject> {
    if text.trim().is_empty() {
        return Err(Reject::EmptyPayload);
    }
    let begins_with_markup = ["<", "&lt;"].iter().any(|start| text.trim_start().starts_with(start));
    let body = if begins_with_markup { markup::plain(Cow::Borrowed(text)) } else { Cow::Borrowed(text) };
    if body.trim().is_empty() {
        return Err(Reject::NoBody);
    }
    Ok(Decoded { article: RawArticle { body, ..RawArticle::default() }, ..Decoded::default() })
}
