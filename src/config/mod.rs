//! Configuration: what people write, and what comes of it.
//!
//! [`load`] takes a file, the environment and flags ([`Inputs`]), in this order of precedence, and gives [`Settings`], in
//! which nothing can be wrong any more, or all the [`Problems`] it found. `raw` is the shape of the file, `settings` the
//! validated type, `units` how people write sizes and durations, `catalogue` what librdkafka can be told, `properties` what of
//! it may not be set, `brokers` what a list of brokers is, and `show` prints it all for people. `bounded` reads the files that
//! are named here, and `redact` sees to it that no secret leaves the process.

mod access;
pub mod bounded;
pub mod brokers;
pub mod catalogue;
mod file;
mod load;
mod oauth;
mod problem;
pub mod properties;
mod raw;
pub mod redact;
mod secrets;
mod settings;
mod show;
mod units;

pub use access::{Access, Secret, host_name};
pub use load::{FILE, Flag, Inputs, Loaded, PREFIX, load};
pub use oauth::{Oauth, TokenSource};
pub use problem::{Origin, Problem, Problems, is_secret, nearest, quoted};
pub use settings::{Delivery, Log, OffsetReset, RecordTimestamp, Settings, Stream, Traces, log_filter};
pub use show::{effective, json_schema, reference};
