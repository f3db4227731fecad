//! Campaigns: lists of people to call, and when and under which rule that is allowed.
