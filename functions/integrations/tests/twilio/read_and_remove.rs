//! `GET` and `DELETE /integrations/twilio`.

use serde_json::json;

use super::{PATH, Tenant, account};

#[tokio::test]
async fn as_member_of_an_unconnected_organisation_sees_that_nothing_is_connected() {
    let tenant = Tenant::start().await;
    let expected = json!({
        "configured": false, "account_sid": null, "phone_number": null, "sms_sender": null, "verified_at": null,
        "automated_calls": { "allowed": false, "code": "twilio_not_configured", "rule": null },
    });
    assert_eq!(tenant.admin.get(PATH).await.expect(200).json(), expected);
}

#[tokio::test]
async fn as_stranger_sees_nothing_of_another_organisation() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let stranger = tenant.test.organization().await;
    let stranger = stranger.admin(tenant.test.serving(integrations::routes())).await;
    assert_eq!(stranger.get(PATH).await.expect(200).json()["configured"], false);
    stranger.delete(PATH).await.expect(204);
    assert_eq!(tenant.imports().await.len(), 1);
    assert!(tenant.secret().await.is_some());
}

#[tokio::test]
async fn as_admin_removes_row_secret_and_import_and_may_ask_again() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    for _ in 0..2 {
        tenant.admin.delete(PATH).await.expect(204);
        assert!(tenant.secret().await.is_none());
        assert!(tenant.imports().await.is_empty());
        assert_eq!(tenant.row().await["twilio_configured"], false);
    }
    let actions: Vec<_> = tenant
        .audit()
        .await
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(actions, ["twilio.connect", "twilio.remove"]);
    // Connected anew as if nothing had been.
    tenant.admin.put(PATH, account()).await.expect(200);
}

#[tokio::test]
async fn vapi_down_removes_nothing() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let before = tenant.row().await;
    tenant
        .test
        .set_behaviour(json!({ "api": { "status": 503, "provider": "vapi" } }))
        .await;
    tenant
        .admin
        .delete(PATH)
        .await
        .expect_problem(502, "vapi_unavailable");
    assert_eq!(tenant.row().await, before);
    assert!(tenant.secret().await.is_some());
    // A deletion that was carried out without an answer is finished by asking again.
    let lost = json!({ "api": { "status": 500, "after_accepting": true, "times": 1, "only": "DELETE /phone-number*" } });
    tenant.test.set_behaviour(lost).await;
    tenant.admin.delete(PATH).await.expect(204);
    assert!(tenant.imports().await.is_empty());
}
