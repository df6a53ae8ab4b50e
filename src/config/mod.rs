//! Configuration: what people write, and what comes of it.
//!
//! [`load`] takes a file, the environment and flags ([`Inputs`]), in this order of precedence, and gives [`Settings`], in
//! which nothing can be wrong any more, or all the [`Problems`] it found. `raw` is the shape of the file, `settings` the
//! validated type, `units` how people write sizes and durations, `properties` what of librdkafka's may not be set, and
//! `show` prints it all for people.

mod access;
mod load;
mod oauth;
mod problem;
pub mod properties;
mod raw;
mod settings;
mod show;
mod units;

pub use access::{Access, Secret, host_name};
pub use load::{FILE, Flag, Inputs, Loaded, PREFIX, load};
pub use oauth::{Oauth, TokenSource};
pub use problem::{Origin, Problem, Problems, is_secret, nearest};
pub use settings::{Delivery, Log, OffsetReset, RecordTimestamp, Settings, Stream, Traces, log_filter};
pub use show::{effective, json_schema, reference};
