//! What a function's package looks like.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{function_name, functions, root, router, rust_files, text};

const MAIN_LINES: usize = 25;

/// Crates that speak SQL, HTTP or AWS, and those that are never deployed: a function has them through `zencall`, or not
/// at all.
const FORBIDDEN: [&str; 12] = [
    "aws-",
    "aws_",
    "deadpool",
    "hyper",
    "local",
    "lambda_runtime",
    "object_store",
    "postgres",
    "reqwest",
    "rustls",
    "testkit",
    "tokio-postgres",
];

fn manifest(folder: &std::path::Path) -> toml::Table {
    text(folder.join("Cargo.toml")).parse().unwrap()
}

/// Whether a function answers requests.
fn is_http(folder: &std::path::Path) -> bool {
    text(folder.join("src/lib.rs")).contains("pub fn routes()")
}

#[test]
fn manifests_hold_no_sql_http_client_or_sdk_crate_and_no_version() {
    let mut wrong = Vec::new();
    for folder in functions() {
        let manifest = manifest(&folder);
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(function_name(&folder).as_str())
        );
        for (name, specification) in manifest["dependencies"].as_table().unwrap() {
            if FORBIDDEN.iter().any(|forbidden| name.starts_with(forbidden)) {
                wrong.push(format!("{} depends on {name}", function_name(&folder)));
            }
            if specification.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                wrong.push(format!(
                    "{} has a version of {name} of its own",
                    function_name(&folder)
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let shared = manifest(&root().join("shared"));
    for never in ["local", "testkit"] {
        assert!(!shared["dependencies"].as_table().unwrap().contains_key(never));
    }
    assert!(
        shared.get("features").is_none(),
        "features make the workspace build twice"
    );
}

#[test]
fn a_main_is_a_cold_start_and_nothing_else() {
    for folder in functions() {
        let main = text(folder.join("src/main.rs"));
        assert!(main.lines().count() <= MAIN_LINES, "{}", function_name(&folder));
        assert!(
            main.starts_with("//! Cold start of"),
            "{}",
            function_name(&folder)
        );
    }
}

#[test]
fn every_function_has_a_sample_event() {
    for folder in functions() {
        let function = function_name(&folder);
        let sample = text(root().join(format!("events/{function}.json")));
        let event: serde_json::Value = serde_json::from_str(&sample).unwrap();
        let is_request = event.get("requestContext").is_some();
        assert_eq!(
            is_request,
            is_http(&folder),
            "the trigger of {function} and its sample"
        );
    }
}

#[test]
fn every_function_that_answers_requests_is_served_locally() {
    let served: BTreeSet<_> = router().into_iter().map(|(_, function)| function).collect();
    let answering: BTreeSet<_> = functions()
        .iter()
        .filter(|folder| is_http(folder))
        .map(|folder| function_name(folder))
        .collect();
    assert_eq!(served, answering);
}

#[test]
fn every_function_that_answers_requests_is_tested() {
    for folder in functions().into_iter().filter(|folder| is_http(folder)) {
        assert!(
            !rust_files(&folder.join("tests")).is_empty(),
            "{} has no tests",
            function_name(&folder)
        );
    }
}

#[test]
fn there_is_one_provider_of_tls() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.lines().any(|line| line.starts_with("aws-lc-rs ")), "{tree}");
    for other in ["ring ", "openssl ", "openssl-sys ", "native-tls "] {
        let found: BTreeSet<_> = tree.lines().filter(|line| line.starts_with(other)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
