//! JSON, as far as the pure function needs it: an object as a list of raw fields, strings out of raw values and into them,
//! and the copy of what is passed through untouched, which stays readable for everybody.

mod fields;
mod raw;
mod string;
mod write;

pub(crate) use fields::Fields;
pub(crate) use raw::{DEEPEST, TooDeep, copy_raw, elements, nests_deeper, starts_like_data};
pub(crate) use string::string;
pub(crate) use write::{escaped_length, write_escaped, write_text};
