//! What a raw article is made of: headline, dates, dateline, paragraphs, and the repeats among them.

mod body;
mod dates;
mod headline;

pub(crate) use body::{Reader, Story};
pub(crate) use dates::{DateCache, Dates};
