//! Calls: what happened on the telephone.

mod apply;
pub mod during;
mod during_store;
mod event;
mod event_store;
mod facts;
pub mod large;
pub mod list;
mod objection;
mod parked;
pub mod read;
mod read_store;
mod receive;
mod recording;
mod report;
mod report_store;
mod stats;
mod stats_store;
mod turn_store;
mod view;

pub use crate::adapters::vapi::webhook::Projection;
pub use crate::assistants::said::{Disclosures, Finding};
pub use crate::kernel::ended_reason;
pub use apply::{Applied, ApplyError, apply};
pub use during::transfer_of;
pub use list::{Filter, TypedFilter, list};
pub use objection::object;
pub use parked::{Retried, retry_parked};
pub use read::{CallInFull, ReadError, read};
pub use receive::{ReceiveError, receive, receive_in_passing};
pub use recording::{RecordingError, recording};
pub use report::ask_for_reports;
pub use stats::{Bucket, Measures, Stats, Wanted, stats};
pub use view::{Call, Direction, Event, Recording, Sentiment, SentimentFilter, Status, Transfer, Turn};
