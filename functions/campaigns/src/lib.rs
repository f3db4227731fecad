//! TODO campaigns
