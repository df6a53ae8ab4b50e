//! The worker: the only room that knows rdkafka.
//!
//! A process runs lanes ([`lane`]): one OS thread, one consumer, one transactional producer each. A lane repeats
//! *gather* ([`gather`]), *process* (the pure function, [`copydesk_core::pipeline`]) and *publish* ([`publish`]). From its start
//! to its stop it goes through one [`session`] or more: what only new clients can repair restarts it. The [`supervisor`] starts
//! lanes and stops them in order.
//!
//! For the other commands that talk to Kafka, [`reader`], [`writer`], [`replay`], [`offsets`] and [`topics`] are doors without a type of
//! rdkafka's in them. [`embedded`] is a broker inside the process for the demo, which proves nothing about transactions.

mod abort;
mod batch;
mod batch_metrics;
mod clients;
pub mod config_check;
mod context;
pub mod dead_letter;
mod diagnose;
mod duplicate_member;
pub mod embedded;
mod failure;
mod gather;
mod group;
mod group_monitor;
mod group_offsets;
mod ids;
pub mod instance_lock;
mod lag;
mod lane;
mod leave_group;
mod login;
mod native;
mod oauth_token;
mod offset_metadata;
mod offset_sender;
pub mod offsets;
mod outgoing;
mod partition;
mod pipeline;
mod position_check;
mod positions;
pub mod probe;
mod publish;
pub mod reader;
mod rebalance;
mod refusals;
pub mod replay;
mod sabotage;
mod session;
mod stop;
pub mod supervisor;
mod timestamps;
mod token;
mod topic_id;
pub mod topics;
mod transaction;
pub mod writer;

pub use failure::KafkaTrouble;
pub use stop::Stop;
pub use timestamps::TimestampBounds;
