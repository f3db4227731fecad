//! Calls: what happened on the telephone.

pub mod list;
pub mod read;
mod read_store;
mod receive;
mod view;

pub use crate::kernel::ended_reason;
pub use list::{Filter, TypedFilter, list};
pub use read::{CallInFull, ReadError, read};
pub use receive::{receive, receive_in_passing};
pub use view::{Call, Direction, Event, Recording, Sentiment, SentimentFilter, Status, Turn};
