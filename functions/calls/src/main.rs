//! Cold start of `calls`.

fn main() {}
