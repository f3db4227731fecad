//! Calls: what happened on the telephone.

pub mod ended_reason;
pub mod list;
pub mod read;
mod read_store;
mod view;

pub use list::{Filter, TypedFilter, list};
pub use read::{CallInFull, ReadError, read};
pub use view::{Call, Direction, Event, Recording, Sentiment, SentimentFilter, Status, Turn};
