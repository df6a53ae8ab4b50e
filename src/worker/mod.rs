//! The worker: the only room that knows rdkafka.
//!
//! A process runs lanes ([`lane`]): one OS thread, one consumer, one transactional producer each. A lane repeats
//! *gather* ([`gather`]), *process* (the pure function, [`copydesk_core::pipeline`]) and *publish* ([`publish`]); the
//! [`supervisor`] starts lanes, starts them anew when they fail, and stops them in order.
//!
//! For the other commands that talk to Kafka, [`reader`], [`writer`], [`replay`], [`offsets`] and [`topics`] are doors without a type of
//! rdkafka's in them. [`embedded`] is a broker inside the process for the demo, which proves nothing about transactions.

mod batch;
pub mod claim;
mod clients;
mod context;
pub mod dead_letter;
mod diagnose;
pub mod embedded;
mod examine;
mod failure;
mod gather;
mod group;
mod hand_over;
mod ids;
mod lag;
mod lane;
mod leave;
mod life;
mod login;
mod native;
mod note;
pub mod offsets;
mod outgoing;
mod positions;
pub mod probe;
pub mod proof;
mod publish;
pub mod reader;
mod rebalance;
mod refusals;
mod replaced;
pub mod replay;
mod sabotage;
mod settle;
mod stop;
pub mod supervisor;
mod timestamps;
mod token;
mod topic_id;
pub mod topics;
mod transaction;
mod watch;
pub mod writer;

pub use failure::KafkaTrouble;
pub use stop::Stop;
pub use timestamps::TimestampBounds;
