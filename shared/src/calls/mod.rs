//! Calls: what happened on the telephone.

pub mod ended_reason;
