//! Cold start of `integrations`.

fn main() {}
