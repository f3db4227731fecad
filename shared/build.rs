//! Migrations are embedded by a macro that Cargo does not see through: a new file must build the crate again.
#![expect(clippy::print_stdout, reason = "how a build script talks to Cargo")]

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
