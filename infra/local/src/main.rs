//! Local stack.

fn main() {}
