//! `PUT /integrations/twilio`: what connects and what does not.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Client, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER};

use super::{LANDLINE, OTHER_NUMBER, OTHER_TOKEN, PATH, Tenant, account, account_with};

#[tokio::test]
async fn as_admin_connects_with_the_token_in_secrets_manager_only() {
    let tenant = Tenant::start().await;
    let reply = tenant.admin.put(PATH, account()).await.expect(200);
    let body = reply.json();
    assert_eq!(body["configured"], true);
    assert_eq!(body["account_sid"], TWILIO_ACCOUNT_SID);
    assert_eq!(body["phone_number"], TWILIO_NUMBER);
    assert_eq!(body["sms_sender"], TWILIO_NUMBER);
    assert!(body["verified_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        body["automated_calls"],
        json!({ "allowed": true, "code": null, "rule": null })
    );
    assert!(!reply.text().contains(TWILIO_AUTH_TOKEN));

    let credentials = tenant.secret().await.unwrap();
    assert_eq!(credentials.auth_token.expose_secret(), TWILIO_AUTH_TOKEN);
    assert!(!format!("{credentials:?}").contains(TWILIO_AUTH_TOKEN));
    assert!(!tenant.row().await.to_string().contains(TWILIO_AUTH_TOKEN));
    let audit = tenant.audit().await;
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0]["action"], "twilio.connect");
    assert!(!audit[0].to_string().contains(TWILIO_AUTH_TOKEN));

    let read = tenant.admin.get(PATH).await.expect(200);
    assert_eq!(read.json(), body);
}

#[tokio::test]
async fn the_number_is_imported_for_voice_and_keeps_its_messages() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let imports = tenant.imports().await;
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0]["number"], TWILIO_NUMBER);
    assert_eq!(imports[0]["smsEnabled"], false);
    assert_eq!(imports[0]["assistantId"], Value::Null);
    assert_eq!(imports[0]["id"], tenant.row().await["vapi_phone_number_id"]);
}

#[tokio::test]
async fn the_mandate_for_a_number_stays_with_it_and_goes_with_it() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let note = "update organizations set caller_number_mandate = 'Classeur 3', caller_number_mandate_signed_on = '2026-01-05'";
    tenant.organization.sql(note, &[]).await;
    tenant.admin.put(PATH, account()).await.expect(200);
    assert_eq!(tenant.row().await["caller_number_mandate"], "Classeur 3");
    let numbers = json!({ "numbers": [TWILIO_NUMBER, OTHER_NUMBER] });
    tenant.change_account(numbers).await;
    let another = account_with(json!({ "phone_number": OTHER_NUMBER }));
    tenant.admin.put(PATH, another).await.expect(200);
    let row = tenant.row().await;
    assert_eq!(row["caller_number_mandate"], Value::Null);
    assert_eq!(row["caller_number_mandate_signed_on"], Value::Null);
    tenant.organization.sql(note, &[]).await;
    tenant.admin.delete(PATH).await.expect(204);
    assert_eq!(tenant.row().await["caller_number_mandate"], Value::Null);
}

#[tokio::test]
async fn as_member_is_forbidden() {
    let tenant = Tenant::start().await;
    let member = tenant
        .organization
        .member(tenant.test.serving(integrations::routes()))
        .await;
    member
        .put(PATH, account())
        .await
        .expect_problem(403, "admin_required");
    member.delete(PATH).await.expect_problem(403, "admin_required");
    member.get(PATH).await.expect(200);
}

#[tokio::test]
async fn as_nobody_is_unauthenticated() {
    let tenant = Tenant::start().await;
    let nobody = Client::anonymous(tenant.test.serving(integrations::routes()));
    nobody.get(PATH).await.expect_problem(401, "unauthenticated");
    nobody
        .put(PATH, account())
        .await
        .expect_problem(401, "unauthenticated");
    nobody.delete(PATH).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let tenant = Tenant::start().await;
    let body = json!({
        "account_sid": "AC12", "auth_token": 7, "phone_number": "bonjour", "sms_sender": "ceci est trop long",
        "api_key_sid": "SK1",
    });
    let reply = tenant.admin.put(PATH, body).await;
    assert_eq!(
        reply.faults(),
        [
            ("account_sid", "account_sid_invalid"),
            ("api_key_secret", "required"),
            ("api_key_sid", "api_key_sid_invalid"),
            ("auth_token", "wrong_type"),
            ("phone_number", "phone_number_invalid"),
            ("sms_sender", "sms_sender_not_allowed"),
        ]
        .map(|(field, code)| (field.to_owned(), code.to_owned()))
    );
    reply.expect_problem(422, "invalid");
    assert!(tenant.test.provider_requests("twilio").await.is_empty());
}

#[tokio::test]
async fn credentials_that_twilio_rejects_change_nothing() {
    let tenant = Tenant::start().await;
    let wrong_token = account_with(json!({ "auth_token": OTHER_TOKEN }));
    let unknown_account = account_with(json!({ "account_sid": "AC000000000000000000000000000000ff" }));
    let shapeless = account_with(json!({ "auth_token": "wrong" }));
    for body in [wrong_token, unknown_account, shapeless] {
        let reply = tenant.admin.put(PATH, body).await;
        assert!(!reply.text().contains(OTHER_TOKEN));
        reply.expect_problem(422, "twilio_credentials_rejected");
    }
    tenant.expect_nothing().await;
}

#[tokio::test]
async fn a_suspended_account_and_a_number_of_somebody_else_are_told_apart() {
    let tenant = Tenant::start().await;
    let not_owned = account_with(json!({ "phone_number": OTHER_NUMBER }));
    tenant
        .admin
        .put(PATH, not_owned)
        .await
        .expect_problem(422, "twilio_number_not_owned");
    // Part of a number is not the number.
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &["+331620000012"])
        .await;
    tenant
        .admin
        .put(PATH, account())
        .await
        .expect_problem(422, "twilio_number_not_owned");
    let suspended = json!({ "status": "suspended" });
    tenant.change_account(suspended).await;
    tenant
        .admin
        .put(PATH, account())
        .await
        .expect_problem(422, "twilio_account_suspended");
    tenant.expect_nothing().await;
}

#[tokio::test]
async fn senders_of_messages_that_operators_block_are_refused() {
    let tenant = Tenant::start().await;
    let mobile = "+33639981234";
    let numbers = [TWILIO_NUMBER, OTHER_NUMBER, mobile];
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &numbers)
        .await;
    for sender in [mobile, "TWELVELETTER", "0199", "+33162000009"] {
        let body = account_with(json!({ "sms_sender": sender }));
        tenant
            .admin
            .put(PATH, body)
            .await
            .expect_problem(422, "sms_sender_not_allowed");
    }
    // The default sender is the number, and this one cannot send.
    let body = account_with(json!({ "phone_number": mobile }));
    tenant
        .admin
        .put(PATH, body)
        .await
        .expect_problem(422, "sms_sender_not_allowed");
    tenant.expect_nothing().await;
    for sender in ["ZENCALL", "Agence 12", OTHER_NUMBER, "09 48 00 00 02"] {
        let body = account_with(json!({ "sms_sender": sender }));
        tenant.admin.put(PATH, body).await.expect(200);
    }
}

#[tokio::test]
async fn a_landline_is_connected_with_a_warning_and_its_rule() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &[LANDLINE])
        .await;
    let body = account_with(json!({ "phone_number": "01 99 00 12 34" }));
    let answer = tenant.admin.put(PATH, body).await.expect(200).json();
    assert_eq!(answer["phone_number"], LANDLINE);
    assert_eq!(answer["automated_calls"]["allowed"], false);
    assert_eq!(answer["automated_calls"]["code"], "caller_id_not_allowed");
    assert!(
        answer["automated_calls"]["rule"]
            .as_str()
            .unwrap()
            .contains("ARCEP")
    );
}

#[tokio::test]
async fn an_api_key_sends_the_requests_and_the_token_stays_for_webhooks() {
    let tenant = Tenant::start().await;
    let key = "SK000000000000000000000000000000ab";
    tenant
        .change_account(json!({ "api_keys": { key: "the-key-secret" } }))
        .await;
    let with_key = |secret: &str| account_with(json!({ "api_key_sid": key, "api_key_secret": secret }));
    let reply = tenant.admin.put(PATH, with_key("another-secret")).await;
    reply.expect_problem(422, "twilio_credentials_rejected");
    let reply = tenant
        .admin
        .put(PATH, with_key("the-key-secret"))
        .await
        .expect(200);
    assert!(!reply.text().contains("the-key-secret"));
    let imports = tenant.imports().await;
    assert_eq!(imports[0]["twilioApiKey"], key);
    assert_eq!(imports[0]["twilioAuthToken"], Value::Null);
    let credentials = tenant.secret().await.unwrap();
    assert_eq!(
        credentials.api_key.unwrap().secret.expose_secret(),
        "the-key-secret"
    );
    assert_eq!(credentials.auth_token.expose_secret(), TWILIO_AUTH_TOKEN);
    // Back to the token alone: a key that stayed at Vapi would be used until it is revoked.
    tenant.admin.put(PATH, account()).await.expect(200);
    let imports = tenant.imports().await;
    assert_eq!(imports[0]["twilioApiKey"], Value::Null);
    assert_eq!(imports[0]["twilioAuthToken"], TWILIO_AUTH_TOKEN);
}

#[tokio::test]
async fn another_token_or_number_replaces_the_one_before() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let first = tenant.imports().await[0]["id"].clone();
    let numbers = [TWILIO_NUMBER, OTHER_NUMBER];
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, OTHER_TOKEN, &numbers)
        .await;

    tenant
        .admin
        .put(PATH, account_with(json!({ "auth_token": OTHER_TOKEN })))
        .await
        .expect(200);
    let imports = tenant.imports().await;
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0]["id"], first);
    assert_eq!(imports[0]["twilioAuthToken"], OTHER_TOKEN);
    assert_eq!(
        tenant.secret().await.unwrap().auth_token.expose_secret(),
        OTHER_TOKEN
    );

    let moved = account_with(json!({ "auth_token": OTHER_TOKEN, "phone_number": OTHER_NUMBER }));
    tenant.admin.put(PATH, moved).await.expect(200);
    let imports = tenant.imports().await;
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0]["number"], OTHER_NUMBER);
    assert_eq!(imports[0]["id"], tenant.row().await["vapi_phone_number_id"]);
}
