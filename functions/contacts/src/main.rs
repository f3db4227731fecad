//! Cold start of `contacts`.

fn main() {}
