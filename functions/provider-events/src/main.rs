//! Cold start of `provider-events`.

fn main() {}
