//! Where messages to a connected number go: to us while it is connected, and where they went before afterwards.

use serde_json::{Value, json};
use testkit::{TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER};

use super::{OTHER_NUMBER, OTHER_TOKEN, PATH, Tenant, account, account_with};

const FORMER: &str = "https://user:secret@agence.example/sms";
const APPLICATION: &str = "AP0123456789abcdef0123456789abcdef";

impl Tenant {
    fn numbers_path() -> String {
        format!("/2010-04-01/Accounts/{TWILIO_ACCOUNT_SID}/IncomingPhoneNumbers")
    }

    /// A number as Twilio's stand-in has it.
    async fn number(&self, number: &str) -> Value {
        let url = format!(
            "{}{}.json",
            self.test.app.config.twilio_api_url,
            Self::numbers_path()
        );
        let request = zencall::adapters::http_client()
            .get(url)
            .basic_auth(TWILIO_ACCOUNT_SID, Some(TWILIO_AUTH_TOKEN));
        let text = request.send().await.unwrap().text().await.unwrap();
        let page: Value = serde_json::from_str(&text).unwrap();
        let numbers = page["incoming_phone_numbers"].as_array().unwrap();
        let found = numbers.iter().find(|found| found["phone_number"] == number);
        found.unwrap().clone()
    }

    /// Where messages to a number go: address, method, application.
    async fn route(&self, number: &str) -> [String; 3] {
        let number = self.number(number).await;
        ["sms_url", "sms_method", "sms_application_sid"]
            .map(|member| number[member].as_str().unwrap().to_owned())
    }

    /// The organisation has set this itself, before it came to us.
    async fn set_route(&self, number: &str, form: &[(&str, &str)]) {
        let sid = self.number(number).await["sid"].as_str().unwrap().to_owned();
        let url = format!(
            "{}{}/{sid}.json",
            self.test.app.config.twilio_api_url,
            Self::numbers_path()
        );
        let request = zencall::adapters::http_client()
            .post(url)
            .basic_auth(TWILIO_ACCOUNT_SID, Some(TWILIO_AUTH_TOKEN))
            .form(form);
        assert!(request.send().await.unwrap().status().is_success());
    }

    fn ours(&self) -> [String; 3] {
        let origin = &self.test.app.config.twilio_webhook_url;
        let id = self.organization.id;
        [
            format!("{origin}/api/v1/twilio/webhook/{id}#rc=2&rp=ct,rt,5xx"),
            "POST".to_owned(),
            String::new(),
        ]
    }

    /// From now on, Twilio fails like this where a number is changed.
    async fn fail_at_numbers(&self, mut api: Value) {
        api["only"] = format!("POST {}/*", Self::numbers_path()).into();
        self.test.set_behaviour(json!({ "api": api })).await;
    }
}

fn nowhere() -> [String; 3] {
    [String::new(), "POST".to_owned(), String::new()]
}

#[tokio::test]
async fn they_come_to_us_and_ask_for_another_try() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, tenant.ours());
    tenant.admin.delete(PATH).await.expect(204);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, nowhere());
}

#[tokio::test]
async fn what_was_there_before_comes_back_however_often_it_is_connected() {
    let tenant = Tenant::start().await;
    let form = [
        ("SmsUrl", FORMER),
        ("SmsMethod", "GET"),
        ("SmsApplicationSid", APPLICATION),
    ];
    tenant.set_route(TWILIO_NUMBER, &form).await;
    let before = tenant.route(TWILIO_NUMBER).await;
    for _ in 0..2 {
        let reply = tenant.admin.put(PATH, account()).await.expect(200);
        assert!(!reply.text().contains("agence.example"));
        assert_eq!(tenant.route(TWILIO_NUMBER).await, tenant.ours());
    }
    tenant.admin.delete(PATH).await.expect(204);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, before);
    assert_eq!(tenant.row().await["twilio_sms_former"], Value::Null);
}

#[tokio::test]
async fn what_somebody_has_changed_since_is_left_alone() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    tenant.set_route(TWILIO_NUMBER, &[("SmsUrl", FORMER)]).await;
    tenant.admin.delete(PATH).await.expect(204);
    assert_eq!(tenant.route(TWILIO_NUMBER).await[0], FORMER);
}

#[tokio::test]
async fn a_sender_of_its_own_is_turned_too_and_a_number_without_messages_is_not() {
    let tenant = Tenant::start().await;
    let numbers = json!({ "numbers": [{ "number": TWILIO_NUMBER, "sms": false }, OTHER_NUMBER] });
    tenant.change_account(numbers).await;
    let body = account_with(json!({ "sms_sender": OTHER_NUMBER }));
    tenant.admin.put(PATH, body).await.expect(200);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, nowhere());
    assert_eq!(tenant.route(OTHER_NUMBER).await, tenant.ours());
    // With a name as sender nobody can answer, and the number is let go.
    let body = account_with(json!({ "sms_sender": "AGENCE" }));
    tenant.admin.put(PATH, body).await.expect(200);
    assert_eq!(tenant.route(OTHER_NUMBER).await, nowhere());
}

#[tokio::test]
async fn twilio_failing_there_leaves_nothing_half_done() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_twilio_account(
            TWILIO_ACCOUNT_SID,
            TWILIO_AUTH_TOKEN,
            &[TWILIO_NUMBER, OTHER_NUMBER],
        )
        .await;
    tenant.set_route(TWILIO_NUMBER, &[("SmsUrl", FORMER)]).await;
    let body = account_with(json!({ "sms_sender": OTHER_NUMBER }));
    for (api, code) in [
        (json!({ "status": 400 }), "twilio_unavailable"),
        (json!({ "status": 503, "times": 3 }), "twilio_unavailable"),
        // Carried out, and the answer was lost: it is taken back.
        (
            json!({ "after_accepting": true, "times": 3 }),
            "twilio_unavailable",
        ),
        (
            json!({ "status": 500, "after_accepting": true, "times": 3 }),
            "twilio_unavailable",
        ),
    ] {
        tenant.fail_at_numbers(api).await;
        tenant
            .admin
            .put(PATH, body.clone())
            .await
            .expect_problem(502, code);
        tenant.test.set_behaviour(json!({})).await;
        tenant.expect_nothing().await;
        assert_eq!(tenant.route(TWILIO_NUMBER).await[0], FORMER);
        assert_eq!(tenant.route(OTHER_NUMBER).await, nowhere());
    }
}

#[tokio::test]
async fn a_change_that_fails_there_leaves_the_connection_that_was() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_twilio_account(
            TWILIO_ACCOUNT_SID,
            TWILIO_AUTH_TOKEN,
            &[TWILIO_NUMBER, OTHER_NUMBER],
        )
        .await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let (before, imports) = (tenant.row().await, tenant.imports().await);
    tenant.fail_at_numbers(json!({ "status": 503, "times": 3 })).await;
    let moved = account_with(json!({ "phone_number": OTHER_NUMBER }));
    tenant
        .admin
        .put(PATH, moved.clone())
        .await
        .expect_problem(502, "twilio_unavailable");
    assert_eq!(tenant.row().await, before);
    assert_eq!(tenant.imports().await, imports);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, tenant.ours());
    assert_eq!(tenant.route(OTHER_NUMBER).await, nowhere());
    // And when it succeeds, the number before goes back to where it was.
    tenant.admin.put(PATH, moved).await.expect(200);
    assert_eq!(tenant.route(TWILIO_NUMBER).await, nowhere());
    assert_eq!(tenant.route(OTHER_NUMBER).await, tenant.ours());
}

#[tokio::test]
async fn a_disconnection_that_fails_leaves_them_with_us() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    let before = tenant.row().await;
    for (provider, code) in [("twilio", "twilio_unavailable"), ("vapi", "vapi_unavailable")] {
        let down = json!({ "api": { "status": 503, "provider": provider } });
        tenant.test.set_behaviour(down).await;
        tenant.admin.delete(PATH).await.expect_problem(502, code);
        tenant.test.set_behaviour(json!({})).await;
        assert_eq!(tenant.row().await, before);
        assert!(tenant.secret().await.is_some());
        assert_eq!(tenant.route(TWILIO_NUMBER).await, tenant.ours());
    }
}

#[tokio::test]
async fn an_account_that_lets_nobody_in_any_more_can_still_be_removed() {
    let tenant = Tenant::start().await;
    tenant.admin.put(PATH, account()).await.expect(200);
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, OTHER_TOKEN, &[TWILIO_NUMBER])
        .await;
    tenant.admin.delete(PATH).await.expect(204);
    assert_eq!(tenant.row().await["twilio_configured"], false);
    assert!(tenant.secret().await.is_none());
}
