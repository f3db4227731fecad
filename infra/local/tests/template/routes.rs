//! One list of routes: the deployed API's, the local router's and the document's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Template, read, toml};

/// The local router's way of writing "whatever else".
const REST: [&str; 2] = ["/", "/{*rest}"];

fn local_routes() -> BTreeMap<String, String> {
    let manifest = toml("Cargo.toml");
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_table();
    router
        .unwrap()
        .iter()
        .map(|(path, function)| (path.clone(), function.as_str().unwrap().to_owned()))
        .collect()
}

fn deployed_routes() -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (name, function) in Template::load().functions() {
        for event in function.events("HttpApi") {
            let paths = match event["Path"].as_str() {
                // `$default`
                None => REST.to_vec(),
                Some(path) => {
                    assert_eq!(event["Method"], "ANY", "{path}: the function itself answers 405");
                    vec![path]
                }
            };
            for path in paths {
                let before = routes.insert(path.to_owned(), name.clone());
                assert_eq!(before, None, "{path} leads to two functions");
            }
        }
    }
    routes
}

#[test]
fn the_deployed_api_serves_what_the_local_router_serves() {
    assert_eq!(deployed_routes(), local_routes());
}

#[test]
fn its_versioned_routes_are_those_of_the_openapi_document() {
    let document: Value = serde_json::from_str(&read("infra/openapi.json")).unwrap();
    let documented: BTreeSet<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let deployed: BTreeSet<_> = deployed_routes()
        .into_keys()
        .filter(|path| path.starts_with("/api/v1/"))
        .collect();
    assert_eq!(deployed, documented);
}

#[test]
fn only_webhooks_and_the_stream_have_public_addresses_of_their_own() {
    let template = Template::load();
    let parameters = template.0["Parameters"].as_object().unwrap();
    for (name, function) in template.functions() {
        let url = &function.properties["FunctionUrlConfig"];
        assert_eq!(
            url.is_object(),
            name.ends_with("-webhook") || name == "live",
            "{name}"
        );
        // SAM names the address's resource so; a parameter of that name would hide it.
        assert!(!parameters.contains_key(&format!("{}Url", function.id)), "{name}");
    }
}
