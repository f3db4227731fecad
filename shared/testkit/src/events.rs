//! The sample events of `events/`, as the functions get them from Lambda.

use std::path::Path;

use axum::body::Body;
use http::Request;

/// A sample event (`events/<name>.json`), as text.
pub fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../events/{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request of API Gateway or of a function URL, as a function's router gets it.
pub fn request(event: &str) -> Request<Body> {
    lambda_http::request::from_str(event).unwrap().map(Body::new)
}
