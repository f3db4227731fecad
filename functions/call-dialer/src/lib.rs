//! TODO call-dialer
