//! Cold start of `campaigns-start`.

fn main() {}
