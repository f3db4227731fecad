//! Cold start of `campaigns`.

fn main() {}
