//! Cold start of `register`.

fn main() {}
