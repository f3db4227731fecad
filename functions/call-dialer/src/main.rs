//! Cold start of `call-dialer`.

fn main() {}
