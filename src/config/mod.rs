//! Configuration: as written (raw) and as validated (settings).

pub mod properties;
mod settings;

pub use settings::{Delivery, Log, Settings, Stream};
