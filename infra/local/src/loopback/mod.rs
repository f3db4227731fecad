//! The outside world on this machine and in no time: what answers the real clients in a harness that holds the clock.

pub mod aws;
pub mod container;
pub mod counting;
pub mod http;
pub mod pooler;
