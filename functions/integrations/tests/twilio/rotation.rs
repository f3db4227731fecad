//! Another token for the same account, and what becomes of the one before.

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Client, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp};
use zencall::adapters::twilio::{Keyring, OVERLAP};

use super::{OTHER_TOKEN, PATH, Tenant, account, account_with};

async fn connected() -> Tenant {
    let test = TestApp::held_at("2026-11-24T08:30:00Z".parse().unwrap()).await;
    let tenant = Tenant::on(test).await;
    tenant.admin.put(PATH, account()).await.expect(200);
    tenant
}

/// Twilio knows another token, and so do we.
async fn rotate(tenant: &Tenant, token: &str) {
    let test = &tenant.test;
    test.set_twilio_account(TWILIO_ACCOUNT_SID, token, &[TWILIO_NUMBER])
        .await;
    let body = account_with(json!({ "auth_token": token }));
    tenant.admin.put(PATH, body).await.expect(200);
}

/// The administrator after another login: access tokens last a quarter of an hour.
async fn admin(tenant: &Tenant) -> Client {
    let router = tenant.test.serving(integrations::routes());
    tenant.organization.admin(router).await
}

fn tokens(keyring: &Keyring) -> (&str, Option<&str>) {
    let former = keyring.former.as_ref();
    (
        keyring.current.auth_token.expose_secret(),
        former.map(|former| former.credentials.auth_token.expose_secret()),
    )
}

#[tokio::test]
async fn the_token_before_proves_webhooks_for_an_hour() {
    let tenant = connected().await;
    assert_eq!(tokens(&tenant.keyring().await), (TWILIO_AUTH_TOKEN, None));
    rotate(&tenant, OTHER_TOKEN).await;
    let keyring = tenant.keyring().await;
    assert_eq!(tokens(&keyring), (OTHER_TOKEN, Some(TWILIO_AUTH_TOKEN)));
    let until = keyring.former.as_ref().unwrap().accepted_until;
    assert_eq!(until.duration_since(tenant.test.app.clock.now()), OVERLAP);
    let printed = format!("{keyring:?}");
    assert!(!printed.contains(OTHER_TOKEN) && !printed.contains(TWILIO_AUTH_TOKEN));
}

#[tokio::test]
async fn connecting_with_the_same_token_again_prolongs_nothing() {
    let tenant = connected().await;
    rotate(&tenant, OTHER_TOKEN).await;
    let until = tenant.keyring().await.former.unwrap().accepted_until;
    let clock = &tenant.test.app.clock;
    clock.advance(SignedDuration::from_mins(59));
    let body = account_with(json!({ "auth_token": OTHER_TOKEN }));
    admin(&tenant).await.put(PATH, body.clone()).await.expect(200);
    assert_eq!(tenant.keyring().await.former.unwrap().accepted_until, until);
    // Once it has had its time, it is thrown away.
    clock.advance(SignedDuration::from_mins(1));
    admin(&tenant).await.put(PATH, body).await.expect(200);
    assert_eq!(tokens(&tenant.keyring().await), (OTHER_TOKEN, None));
}

#[tokio::test]
async fn a_change_that_fails_puts_both_tokens_back() {
    let tenant = connected().await;
    rotate(&tenant, OTHER_TOKEN).await;
    let third = "00112233445566778899aabbccddeeff";
    let test = &tenant.test;
    test.set_twilio_account(TWILIO_ACCOUNT_SID, third, &[TWILIO_NUMBER])
        .await;
    test.set_behaviour(json!({ "api": { "status": 503, "provider": "vapi" } }))
        .await;
    let body = account_with(json!({ "auth_token": third }));
    tenant.admin.put(PATH, body).await.expect(502);
    assert_eq!(
        tokens(&tenant.keyring().await),
        (OTHER_TOKEN, Some(TWILIO_AUTH_TOKEN))
    );
}

#[tokio::test]
async fn removing_the_connection_leaves_neither() {
    let tenant = connected().await;
    rotate(&tenant, OTHER_TOKEN).await;
    tenant.admin.delete(PATH).await.expect(204);
    assert!(tenant.secret().await.is_none());
    // Nothing of the one before comes back with a new connection.
    let body = account_with(json!({ "auth_token": OTHER_TOKEN }));
    tenant.admin.put(PATH, body).await.expect(200);
    assert_eq!(tokens(&tenant.keyring().await), (OTHER_TOKEN, None));
}
