//! What a raw article is made of: its dates.

mod dates;

pub(crate) use dates::{DateCache, Dates};
