//! `infra/openapi.json` is what the handlers say. `make openapi` writes it by running this with `OPENAPI=write`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use zencall::App;
use zencall::http::rights::{RIGHTS, Who};

use crate::{root, router, text};

/// Routes that need no credentials of ours.
pub(crate) const PUBLIC: [&str; 14] = [
    "/api/v1/auth/confirm",
    "/api/v1/auth/confirm/resend",
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/api/v1/auth/password/forgot",
    "/api/v1/auth/password/reset",
    "/api/v1/auth/refresh",
    "/api/v1/auth/register",
    "/api/v1/health",
    "/api/v1/legal/{document}",
    "/api/v1/ready",
    "/api/v1/twilio/webhook",
    "/api/v1/twilio/webhook/{organization_id}",
    "/api/v1/vapi/webhook",
];

/// The routes of each function that answers requests.
pub(crate) fn routers() -> Vec<(&'static str, OpenApiRouter<App>)> {
    vec![
        ("register", register::routes()),
        ("sessions", sessions::routes()),
        ("integrations", integrations::routes()),
        ("vapi-assistants", vapi_assistants::routes()),
        ("contacts", contacts::routes()),
        ("campaigns", campaigns::routes()),
        ("campaigns-start", campaigns_start::routes()),
        ("calls", calls::routes()),
        ("gdpr", gdpr::routes()),
        ("gdpr-export", gdpr_export::routes()),
        ("messages", messages::routes()),
        ("twilio-webhook", twilio_webhook::routes()),
        ("vapi-webhook", vapi_webhook::routes()),
    ]
}

/// What each function says of itself.
fn functions() -> impl Iterator<Item = (&'static str, OpenApi)> {
    routers()
        .into_iter()
        .map(|(name, routes)| (name, routes.into_openapi()))
}

/// The whole API: versioned routes only, each behind a bearer token unless it says otherwise.
pub(crate) fn document() -> Value {
    let mut document = OpenApi::new(Info::new("Zencall API", "1"), utoipa::openapi::Paths::new());
    for (_, function) in functions() {
        document.merge(function);
    }
    document.paths.paths.retain(|path, _| is_versioned(path));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token, as login gives it."));
    let api_key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("zc_…")
        .description(Some("An API key with the scope that is named."));
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    components.add_security_scheme("api_key", SecurityScheme::Http(api_key.build()));
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    let mut document = serde_json::to_value(document).unwrap();
    name_rights(&mut document);
    document
}

/// Says of each route who may ask, as the table of rights has it: a role, or a scope of an API key.
fn name_rights(document: &mut Value) {
    for right in RIGHTS.iter().filter(|right| right.who != Who::Public) {
        let Some(operation) = document["paths"]
            .get_mut(right.path)
            .and_then(|item| item.get_mut(right.method.to_lowercase()))
        else {
            continue;
        };
        let role = if right.who == Who::Admin {
            "admin"
        } else {
            "member"
        };
        let mut ways = vec![json!({ "bearer": [role] })];
        ways.extend(right.scope.map(|scope| json!({ "api_key": [scope] })));
        operation["security"] = ways.into();
    }
}

fn is_versioned(path: &str) -> bool {
    path.starts_with("/api/v1/")
}

/// Path, method and description of each operation.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                operations.push((path.clone(), method.to_owned(), operation.clone()));
            }
        }
    }
    operations
}

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
                .is_some_and(|responses| responses.keys().any(|status| status.starts_with('2'))),
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
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}
