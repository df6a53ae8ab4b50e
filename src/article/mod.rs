//! The two contracts: what comes in (raw articles, in every shape a feed has) and what goes out (records, refusals).

mod reject;

pub use reject::Reject;
