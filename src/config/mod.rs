//! Configuration: as written (raw) and as validated (settings).

mod settings;

pub use settings::{Delivery, Log, Settings, Stream};
