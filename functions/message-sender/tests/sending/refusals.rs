//! What Twilio refuses or puts off: credentials that changed, an account that was exchanged, too many requests.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn an_overloaded_twilio_is_asked_again_later() {
    let tenant = Tenant::start().await;
    let fault = json!({ "speed": 1000.0, "api": { "status": 429, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "queued");
    let later = tenant.test.app.clock.now() + SignedDuration::from_mins(5);
    let sql = "update messages set due_at = now() - interval '1 second'";
    tenant.organization.sql(sql, &[]).await;
    sweep::sweep(&tenant.test.app, later).await.unwrap();
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    assert_eq!(tenant.at_twilio().await.len(), 1);
}

#[tokio::test]
async fn a_token_that_changed_is_fetched_again_once() {
    let tenant = Tenant::start().await;
    tenant.take("un").await;
    tenant.deliver().await;
    // The administrator has connected the account with its new token, in another container.
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    tenant.store_token(NEW_TOKEN).await;
    let id = tenant.take("deux").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
}

#[tokio::test]
async fn rejected_credentials_stop_everything_until_they_are_given_again() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    let message = tenant.read(&id).await;
    assert_eq!(message["status"], "failed");
    assert_eq!(message["error_code"], "twilio_credentials_rejected");
    // They were read for this very message: asking for them again would tell nothing new.
    assert_eq!(tenant.posts().await.len(), 1);
    let request = json!({ "to": RECIPIENT, "body": "Encore" });
    tenant
        .member
        .post("/api/v1/messages", request)
        .await
        .expect_problem(409, "twilio_credentials_rejected");
}

#[tokio::test]
async fn a_refusal_that_may_be_out_of_date_ends_nothing() {
    let test = TestApp::held_at("2026-11-24T08:30:00Z".parse().unwrap()).await;
    let tenant = Tenant::on(test).await;
    for text in ["un", "deux"] {
        // Twice: asked for once because of the first refusal.
        tenant.take(text).await;
        tenant.deliver().await;
        let account = [TWILIO_NUMBER];
        let test = &tenant.test;
        test.set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &account)
            .await;
        tenant.store_token(NEW_TOKEN).await;
    }
    let third = "00112233445566778899aabbccddeeff";
    let test = &tenant.test;
    test.set_twilio_account(TWILIO_ACCOUNT_SID, third, &[TWILIO_NUMBER])
        .await;
    tenant.store_token(third).await;
    let id = tenant.take("trois").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "queued");
    tenant.test.app.clock.advance(SignedDuration::from_mins(1));
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn another_account_that_was_connected_meanwhile_is_the_one_that_sends() {
    let tenant = Tenant::start().await;
    tenant.take("un").await;
    tenant.deliver().await;
    let other = "AC00000000000000000000000000000002";
    tenant
        .test
        .set_twilio_account(other, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    let sql = "update organizations set twilio_account_sid = $2 where id = $1";
    let organization = &tenant.organization;
    organization.sql(sql, &[&organization.id, &other]).await;
    tenant.store(other, NEW_TOKEN).await;
    let id = tenant.take("deux").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    let posts = tenant.posts().await;
    assert!(posts[1]["path"].as_str().unwrap().contains(other));
}

#[tokio::test]
async fn a_twilio_that_takes_too_long_is_looked_at_before_anything_is_sent_again() {
    let tenant = Tenant::alone().await;
    // Longer than we wait for an answer; the message is taken all the same.
    let slow =
        json!({ "speed": 1000.0, "api": { "after_accepting": true, "latency_ms": 11_000, "times": 1 } });
    tenant.test.set_behaviour(slow).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["twilio_message_sid"], Value::Null);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
    assert_eq!(tenant.at_twilio().await.len(), 1);
}
