//! Cold start of `vapi-assistants`.

fn main() {}
