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
    tenant.make(minimal()).await;
    // Once more within the minute: whoever makes Vapi refuse us does not make us ask again and again.
    environment.set_secret(&secret, "another-that-was-revoked").await;
    tenant.make(minimal()).await;
    tenant.test.app.clock.advance(SignedDuration::from_mins(5));
    let refused = tenant.member.post(PATH, minimal()).await;
    refused.expect_problem(502, "vapi_refused");
    // Refused, repeated with the new key, created, created, refused: each assistant was created once.
    let statuses: Vec<_> = tenant
        .test
        .provider_requests("vapi")
        .await
        .iter()
        .map(|request| request["status"].clone())
        .collect();
    assert_eq!(statuses, [401, 401, 201, 201, 401]);
}

#[tokio::test]
async fn a_key_that_is_missing_or_empty_is_a_service_that_is_not_there() {
    //
    let empty = Environment::get().await.store_secret(" \n").await;
    for name in ["zencall/none/vapi".to_owned(), empty] {
        let test = TestApp::with(Options {
            configure: Some(Box::new(|config| config.vapi_api_key_secret = name)),
            ..Options::default()
        })
        .await;
        let tenant = Tenant::on(test).await;
        let reply = tenant.member.post(PATH, minimal()).await;
        reply.expect_problem(503, "unavailable");
    }
}
