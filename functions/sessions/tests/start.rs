//! The function itself, as Lambda starts it.

use std::process::Command;

#[test]
fn it_does_not_start_without_what_it_needs() {
    // at init, where the deployment notices, and not at the first login.
    let run = |environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sessions"));
        command.env_clear().envs(environment.iter().copied());
        let output = command.output().unwrap();
        assert!(!output.status.success());
        format!("{output:?}")
    };
    let told = run(&[]);
    for name in ["DATABASE_SECRET", "TOKEN_KEYS_SECRET", "PEPPER_SECRET"] {
        assert!(told.contains(name), "{told}");
    }
    let told = run(&[
        ("DATABASE_SECRET", "a"),
        ("TOKEN_KEYS_SECRET", "b"),
        ("PEPPER_SECRET", ""),
    ]);
    assert!(
        told.contains("PEPPER_SECRET") && !told.contains("TOKEN_KEYS_SECRET"),
        "{told}"
    );
}
