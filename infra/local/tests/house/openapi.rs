//! `infra/openapi.json` is what the handlers say. `make openapi` writes it by running this with `OPENAPI=write`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::{PUBLIC, document, functions, is_versioned, operations};
use crate::{root, router, text};

#[test]
fn the_committed_document_is_current() {
    //
    let file = root().join("infra/openapi.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var("OPENAPI").is_ok_and(|wish| wish == "write") {
        std::fs::write(&file, &current).unwrap();
    }
    assert!(
        text(&file) == current,
        "infra/openapi.json is not current: run `make openapi` and commit it"
    );
}

#[test]
fn it_lists_the_routes_that_are_served_locally() {
    let described: BTreeMap<_, _> = functions()
        .flat_map(|(function, document)| {
            document
                .paths
                .paths
                .into_keys()
                .map(move |path| (path, function.to_owned()))
        })
        .filter(|(path, _)| is_versioned(path))
        .collect();
    let served: BTreeMap<_, _> = router()
        .into_iter()
        .filter(|(path, _)| is_versioned(path))
        .collect();
    assert_eq!(described, served);
}

#[test]
fn it_is_openapi_3_1_and_every_operation_is_complete() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["info"],
        json!({ "title": "Zencall API", "version": "1" })
    );
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{what} has no id"))
            .to_owned();
        assert!(ids.insert(id), "the id of {what} is another's");
        assert!(operation["summary"].is_string(), "{what} has no summary");
        assert!(operation["tags"].is_array(), "{what} has no tag");
        assert!(
            operation["responses"]
                .as_object()
                .is_some_and(|responses| responses.keys().any(|status| status.starts_with(['2', '3']))),
            "{what} never succeeds"
        );
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for place in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            assert!(
                parameters
                    .iter()
                    .any(|one| one["name"] == place && one["in"] == "path"),
                "{what} lacks {place}"
            );
        }
    }
}

#[test]
fn two_functions_mean_the_same_by_one_name() {
    let mut known = BTreeMap::new();
    let mut wrong = Vec::new();
    for (function, document) in functions() {
        let schemas = document.components.map(|components| components.schemas);
        for (name, schema) in schemas.unwrap_or_default() {
            let schema = serde_json::to_value(schema).unwrap();
            match known.get(&name) {
                Some((other, before)) if *before != schema => {
                    wrong.push(format!("{name} of {function} is not that of {other}"));
                }
                Some(_) => {}
                None => {
                    known.insert(name, (function, schema));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|inner| walk(inner, found));
            }
            Value::Array(elements) => elements.iter().for_each(|inner| walk(inner, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    for reference in references {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn what_is_public_is_on_the_list() {
    let document = document();
    let public: BTreeSet<_> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| {
            operation["security"]
                .as_array()
                .is_some_and(|ways| ways.is_empty() || ways.contains(&json!({})))
        })
        .map(|(path, ..)| path)
        .collect();
    assert_eq!(public, PUBLIC.iter().copied().map(str::to_owned).collect());
}
