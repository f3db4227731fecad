//! Cold start of `mailer`.

fn main() {}
