//! The worker: the only room that knows rdkafka.
//!
//! A process runs lanes ([`lane`]): one OS thread, one consumer, one transactional producer each. A lane repeats
//! *gather* ([`gather`]), *process* (the pure function, [`crate::pipeline`]) and *publish* ([`publish`]); the
//! [`supervisor`] starts lanes, starts them anew when they fail, and stops them in order.
//!
//! For the other commands that talk to Kafka, [`reader`], [`writer`], [`replay`] and [`topics`] are doors without a type of
//! rdkafka's in them. [`embedded`] is a broker inside the process for the demo, which proves nothing about transactions.

mod batch;
mod clients;
mod context;
pub mod dead_letter;
pub mod embedded;
mod failure;
mod gather;
mod hand_over;
mod lane;
mod life;
mod login;
pub mod probe;
pub mod proof;
mod publish;
pub mod reader;
mod rebalance;
pub mod replay;
mod sabotage;
mod settle;
mod stop;
pub mod supervisor;
mod token;
pub mod topics;
mod transaction;
pub mod writer;

pub use failure::KafkaTrouble;
pub use stop::Stop;
