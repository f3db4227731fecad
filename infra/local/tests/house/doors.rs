//! Every route from outside, without credentials and with a method that it does not take. No database, no secret and no
//! network is there: an answer other than a refusal would show.

use axum::body::Body;
use axum::response::Response;
use http::Request;
use tower::ServiceExt as _;
use zencall::App;
use zencall::config::Config;
use zencall::kernel::Clock;

use crate::api::{self, PUBLIC};

async fn ask(path: &str, method: &str) -> Response {
    let app = App::new(Config::from_lookup(|_| None).unwrap(), Clock::system(), 1);
    let (_, routes) = api::routers()
        .into_iter()
        .find(|(_, routes)| routes.get_openapi().paths.paths.contains_key(path))
        .unwrap();
    let address = path.replace(['{', '}'], "");
    let request = Request::builder()
        .method(method)
        .uri(address)
        .body(Body::empty())
        .unwrap();
    zencall::http::with_edge(routes, app)
        .oneshot(request)
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_has_no_credentials_is_refused_first() {
    let mut asked = 0;
    for (path, method, _) in api::operations(&api::document()) {
        if PUBLIC.contains(&path.as_str()) {
            continue;
        }
        let response = ask(&path, &method.to_uppercase()).await;
        assert_eq!(response.status(), 401, "{method} {path}");
        assert_eq!(
            response.headers()["www-authenticate"],
            "Bearer",
            "{method} {path}"
        );
        asked += 1;
    }
    assert!(asked > 20);
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_is_named() {
    let document = api::document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let other = ["put", "patch", "delete", "post"]
            .into_iter()
            .find(|method| item.get(method).is_none());
        let response = ask(path, &other.unwrap().to_uppercase()).await;
        assert_eq!(response.status(), 405, "{other:?} {path}");
        assert!(response.headers().contains_key("allow"), "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
    }
}
