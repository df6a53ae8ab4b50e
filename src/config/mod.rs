//! Configuration: loading, validation, display.
//!
//! [`load`] takes a file, the environment and flags ([`Inputs`]), of which later ones override earlier ones, and gives the
//! validated [`Settings`] or all [`Problems`]. `raw` is the shape of the file, `settings` the validated type, `units` parses
//! sizes and durations, `catalogue` has librdkafka's properties, `properties` those that may not be set, `brokers` parses the
//! list of brokers, and `show` prints the configuration. `bounded` reads files named in the configuration, and `redact` keeps
//! secrets inside the process.

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
