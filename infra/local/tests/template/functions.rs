//! Every function is deployed, called by something, and finds what it needs.

use std::collections::{BTreeMap, BTreeSet};

use zencall::config::Config;

use crate::model::{Template, folders, read, root, target, toml};

/// What `Need`s ask for, as `config.rs` says: the name of a need and its variables.
pub(crate) fn variables_of_needs() -> BTreeMap<String, Vec<String>> {
    let source = read("shared/src/config.rs");
    let (_, table) = source.split_once("fn variables(").expect("Config::variables");
    table
        .split("Need::")
        .skip(1)
        .filter_map(|arm| arm.split_once("=> vec!["))
        .map(|(name, rest)| {
            let variables = rest.split('"').skip(1).step_by(2);
            (name.trim().to_owned(), variables.map(str::to_owned).collect())
        })
        .collect()
}

/// What a function's `main.rs` asks for.
pub(crate) fn needs(function: &str) -> Vec<String> {
    let source = read(&format!("functions/{function}/src/main.rs"));
    source
        .split("Need::")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

/// The variables that a function cannot start without.
pub(crate) fn needed_variables(function: &str) -> BTreeSet<String> {
    let known = variables_of_needs();
    needs(function)
        .iter()
        .flat_map(|need| {
            known
                .get(need)
                .unwrap_or_else(|| panic!("{function}: Need::{need}?"))
        })
        .cloned()
        .collect()
}

#[test]
fn the_table_of_needs_is_read_from_the_settings() {
    let table = variables_of_needs();
    assert_eq!(table["Database"], ["DATABASE_SECRET"]);
    assert_eq!(table["MailQueue"], ["QUEUE_MAIL_URL"]);
    assert!(table.len() > 10, "{table:?}");
}

#[test]
fn every_function_of_the_workspace_is_deployed_and_no_other() {
    let template = Template::load();
    let deployed: BTreeSet<_> = template.functions().into_keys().collect();
    assert_eq!(deployed, folders());
    for (name, function) in template.functions() {
        let code = format!("../../target/lambda/{name}/");
        assert_eq!(function.properties["CodeUri"], code.as_str(), "{name}");
        assert_eq!(function.properties["Architectures"][0], "arm64", "{name}");
        assert_eq!(function.properties["Runtime"], "provided.al2023", "{name}");
    }
}

#[test]
fn every_function_has_a_trigger() {
    for (name, function) in Template::load().functions() {
        let events = function.properties["Events"].as_object();
        let called = events.is_some_and(|events| !events.is_empty());
        let posted_to = function.properties["FunctionUrlConfig"].is_object();
        assert!(called || posted_to, "{name} has no trigger");
    }
}

#[test]
fn every_function_starts_with_its_environment() {
    for (name, function) in Template::load().functions() {
        let environment = function.environment();
        // What CloudFormation fills in is there; which number or text does not matter here.
        let lookup = |variable: &str| environment.get(variable).map(|_| "1".to_owned());
        let read = Config::from_lookup(lookup);
        assert!(read.is_ok(), "{name}: {read:?}");
        for variable in needed_variables(&name) {
            // Addresses of providers have a default.
            let has_default = variable.ends_with("_API_URL");
            assert!(
                environment.contains_key(variable.as_str()) || has_default,
                "{name}: no {variable}"
            );
        }
    }
}

#[test]
fn a_function_gets_no_secret_and_no_queue_that_it_does_not_need() {
    let template = Template::load();
    let kinds = [
        "AWS::SecretsManager::Secret",
        "AWS::SQS::Queue",
        "AWS::S3::Bucket",
    ];
    let guarded: BTreeSet<_> = kinds
        .iter()
        .flat_map(|kind| template.resources(kind).into_keys())
        .collect();
    for (name, function) in template.functions() {
        let needed = needed_variables(&name);
        for (variable, value) in function.environment() {
            let is_guarded = target(value).is_some_and(|resource| guarded.contains(resource));
            assert!(
                !is_guarded || needed.contains(variable),
                "{name}: {variable}, what for?"
            );
        }
    }
}

#[test]
fn every_variable_is_one_that_the_settings_know() {
    let settings = read("shared/src/config.rs");
    for (name, function) in Template::load().functions() {
        for variable in function.environment().into_keys() {
            // The filter of the logs is read by the telemetry; the revision by nobody, it starts containers anew.
            let elsewhere = ["LOG", "SECRETS_REVISION"].contains(&variable);
            let known = settings.contains(&format!("\"{variable}\""));
            assert!(known || elsewhere, "{name}: {variable} is read by nobody");
        }
    }
}

#[test]
fn every_stage_gives_each_parameter_that_has_no_default_and_none_that_does_not_exist() {
    let template = Template::load();
    let parameters = template.0["Parameters"].as_object().unwrap();
    for (stage, section) in toml("infra/aws/samconfig.toml")
        .iter()
        .filter(|(name, _)| *name != "version")
    {
        let overrides = section["deploy"]["parameters"]["parameter_overrides"]
            .as_array()
            .unwrap();
        let given: BTreeMap<_, _> = overrides
            .iter()
            .map(|text| text.as_str().unwrap().split_once('=').unwrap())
            .collect();
        assert_eq!(given["Stage"], stage);
        for name in given.keys() {
            assert!(parameters.contains_key(*name), "{stage}: no parameter {name}");
        }
        for (name, value) in &given {
            let quoted = value.starts_with('"') && value.ends_with('"');
            assert!(
                quoted || !value.contains(' '),
                "{stage}: SAM cuts {name} at its space"
            );
        }
        for (name, parameter) in parameters {
            let has_default = parameter.get("Default").is_some();
            assert!(
                has_default || given.contains_key(name.as_str()),
                "{stage}: no {name}"
            );
        }
    }
}

#[test]
fn whatever_reads_a_password_has_room_to_hash_it() {
    // Argon2id takes 19 MiB and a whole processor, twice at once at most: Lambda gives processor by memory.
    let template = Template::load();
    let functions = template.functions();
    let mut hashing = Vec::new();
    for (name, function) in &functions {
        let sources = std::fs::read_dir(root().join(format!("functions/{name}/src"))).unwrap();
        let reads_one = sources
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default())
            .any(|source| source.contains("password: Member<String>"));
        if reads_one {
            let memory = function.properties["MemorySize"].as_i64();
            assert!(memory.is_some_and(|memory| memory >= 1024), "{name}: {memory:?}");
            hashing.push(name.as_str());
        }
    }
    for name in ["gdpr", "register", "sessions"] {
        assert!(hashing.contains(&name), "{hashing:?}");
    }
}
