//! The address as the provider called it: never decoded, never put in order.

use axum::http::request::Parts;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

/// Path and query of a request, raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTarget {
    /// The path, without the stage that API Gateway puts before it.
    pub path: String,
    /// The query, empty where there is none.
    pub query: String,
}

impl RawTarget {
    /// What the gateway or the function URL received.
    pub fn of(parts: &Parts) -> Self {
        let raw = parts.raw_http_path();
        let path = if raw.is_empty() { parts.uri.path() } else { raw };
        let stage = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.stage.as_deref(),
            _ => None,
        };
        // A stage belongs to the gateway, not to the public address.
        let path = stage
            .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path);
        Self {
            path: path.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        }
    }
}
