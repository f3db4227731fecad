//! Cold start of `minute-tick`.

fn main() {}
