//! Cold start of `vapi-webhook`.

fn main() {}
