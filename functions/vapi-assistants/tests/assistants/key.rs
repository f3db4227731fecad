//! The platform's key at Vapi, exchanged while containers are warm.

use jiff::SignedDuration;
use testkit::{Environment, Options, TestApp, VAPI_API_KEY};

use super::{PATH, Tenant, minimal};

#[tokio::test]
async fn a_key_that_vapi_refuses_is_replaced_by_the_one_that_there_is_now() {
    let environment = Environment::get().await;
    let secret = environment.store_secret("a-key-that-was-revoked").await;
    let name = secret.clone();
    let test = TestApp::with(Options {
        held_at: Some("2026-11-24T08:30:00Z".parse().unwrap()),
        configure: Some(Box::new(|config| config.vapi_api_key_secret = name)),
        ..Options::default()
    })
    .await;
    let tenant = Tenant::on(test).await;
    let refused = tenant.member.post(PATH, minimal()).await;
    refused.expect_problem(502, "vapi_refused");
    environment.set_secret(&secret, VAPI_API_KEY).await;
    // It was fetched just now: whoever makes Vapi refuse us does not make us ask again and again.
    let refused = tenant.member.post(PATH, minimal()).await;
    refused.expect_problem(502, "vapi_refused");
    tenant.test.app.clock.advance(SignedDuration::from_mins(1));
    tenant.make(minimal()).await;
    // Three refusals and one creation: the last request was carried out once.
    let statuses: Vec<_> = tenant
        .test
        .provider_requests("vapi")
        .await
        .iter()
        .map(|request| request["status"].clone())
        .collect();
    assert_eq!(statuses, [401, 401, 401, 201]);
}
