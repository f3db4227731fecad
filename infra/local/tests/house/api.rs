//! The functions that answer requests, and what they say of themselves.

use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use zencall::App;
use zencall::http::rights::{RIGHTS, Who};
use zencall::http::{idempotency_key_parameter, takes_idempotency_key};

/// Routes that need no credentials of ours.
pub(crate) const PUBLIC: &[&str] = &[
    "/api/v1/auth/confirm",
    "/api/v1/auth/confirm/resend",
    "/api/v1/auth/invitations/accept",
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/api/v1/auth/password/forgot",
    "/api/v1/auth/password/reset",
    "/api/v1/auth/refresh",
    "/api/v1/auth/register",
    "/api/v1/health",
    "/api/v1/legal/{document}",
    "/api/v1/proof",
    "/api/v1/proof/code",
    "/api/v1/proof/withdraw",
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
        ("organization", organization::routes()),
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
pub(crate) fn functions() -> impl Iterator<Item = (&'static str, OpenApi)> {
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
        if takes_idempotency_key(right) {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let key = serde_json::to_value(idempotency_key_parameter()).unwrap();
            operation["parameters"] = [parameters, vec![key]].concat().into();
        }
    }
}

pub(crate) fn is_versioned(path: &str) -> bool {
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
