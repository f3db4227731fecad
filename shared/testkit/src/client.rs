//! Requests through a function's real router, and their answers.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use serde_json::Value;
use tower::ServiceExt as _;
use zencall::kernel::{Clock, Origin};

/// Somebody who sends requests, with or without credentials.
#[derive(Debug, Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    address: String,
}

/// An address of a network that no other client is in: what is limited by address must not add up over tests.
pub fn some_address() -> String {
    let [a, b, c, d, e, f]: [u8; 6] = Clock::system().random_bytes();
    format!("fd{a:02x}:{b:02x}{c:02x}:{d:02x}{e:02x}:{f:02x}::1")
}

/// Where somebody is whose requests go straight to a use-case.
pub fn some_origin() -> Origin {
    Origin {
        ip_address: Some(some_address()),
        ..Origin::default()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Somebody without credentials.
    pub fn anonymous(router: Router) -> Self {
        Self {
            router,
            token: None,
            address: some_address(),
        }
    }

    /// The same client, sending to this router.
    pub fn on(self, router: Router) -> Self {
        Self { router, ..self }
    }

    /// The same client at this address.
    pub fn at(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// The bearer of this token.
    pub fn bearer(router: Router, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..Self::anonymous(router)
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    /// Any method, with or without a JSON body.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let builder = Request::builder().method(method).uri(path);
        let request = match body {
            Some(body) => builder
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => builder.body(Body::empty()),
        };
        self.request(request.unwrap()).await
    }

    /// Any request; the credentials are added, and the address as API Gateway tells it.
    pub async fn request(&self, mut request: Request<Body>) -> Reply {
        if request.extensions().get::<RequestContext>().is_none() {
            let mut context = ApiGatewayV2httpRequestContext::default();
            context.http.source_ip = Some(self.address.clone());
            request
                .extensions_mut()
                .insert(RequestContext::ApiGatewayV2(context));
        }
        if let Some(token) = &self.token {
            request
                .headers_mut()
                .insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

impl Reply {
    /// The body as JSON; null where it is empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Fails with the body unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Fails unless this is a problem document with this status and code, carrying every header that it must.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        let reply = self.expect(status);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        let body = reply.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["detail"], body["error"]);
        assert_eq!(
            body["request_id"],
            reply.headers["x-request-id"].to_str().unwrap()
        );
        body
    }

    /// The members of a 422 that have a fault, with its code, sorted.
    pub fn faults(&self) -> Vec<(String, String)> {
        let body = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = body["errors"].as_array().cloned().unwrap_or_default();
        let mut faults: Vec<_> = faults
            .iter()
            .map(|fault| (text(&fault["field"]), text(&fault["code"])))
            .collect();
        faults.sort();
        faults
    }
}
