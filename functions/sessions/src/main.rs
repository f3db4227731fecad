//! Cold start of `sessions`.

fn main() {}
