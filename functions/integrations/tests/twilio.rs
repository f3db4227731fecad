//! `/integrations/twilio`, on the real database, the emulator's Secrets Manager and stand-ins of Twilio and Vapi.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{
    Client, Options, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization,
};
use zencall::adapters::twilio::{TwilioCredentials, secret};

const PATH: &str = "/api/v1/integrations/twilio";
const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";
/// A second number that automated calls may present.
const OTHER_NUMBER: &str = "+33948000002";
/// A landline, which they may not.
const LANDLINE: &str = "+33199001234";

/// What an administrator sends to connect the stand-in's account.
fn account() -> Value {
    json!({
        "account_sid": TWILIO_ACCOUNT_SID,
        "auth_token": TWILIO_AUTH_TOKEN,
        "phone_number": TWILIO_NUMBER,
    })
}

fn account_with(changes: Value) -> Value {
    let mut body = account();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    admin: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let admin = organization.admin(test.serving(integrations::routes())).await;
        Self {
            test,
            organization,
            admin,
        }
    }

    async fn secret(&self) -> Option<TwilioCredentials> {
        let app = &self.test.app;
        secret::load(app.secrets().await, &app.config.stage, self.organization.id)
            .await
            .unwrap()
    }

    async fn row(&self) -> Value {
        let sql = "select * from organizations where id = $1";
        self.organization
            .rows(sql, &[&self.organization.id])
            .await
            .remove(0)
    }

    async fn audit(&self) -> Vec<Value> {
        self.organization
            .rows("select action, details from gdpr_audit_logs order by id", &[])
            .await
    }

    /// The numbers that Vapi's stand-in has.
    async fn imports(&self) -> Vec<Value> {
        let request = zencall::adapters::http_client()
            .get(format!("{}/phone-number", self.test.app.config.vapi_api_url))
            .bearer_auth(testkit::VAPI_API_KEY);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Changes the stand-in's account; what is left out stays.
    async fn change_account(&self, change: Value) {
        let url = format!(
            "{}/_control/twilio/accounts/{TWILIO_ACCOUNT_SID}",
            self.test.sandbox.url()
        );
        let reply = zencall::adapters::http_client()
            .put(url)
            .body(change.to_string())
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_success());
    }

    /// Nothing of a connection is anywhere.
    async fn expect_nothing(&self) {
        let row = self.row().await;
        assert_eq!(row["twilio_configured"], false);
        for column in [
            "twilio_account_sid",
            "twilio_phone_number",
            "vapi_phone_number_id",
            "twilio_change_until",
        ] {
            assert_eq!(row[column], Value::Null, "{column}");
        }
        assert!(self.secret().await.is_none());
        assert!(self.imports().await.is_empty());
        assert!(self.audit().await.is_empty());
    }
}

mod put {
    use super::*;

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

    #[tokio::test]
    async fn twilio_down_changes_nothing() {
        let tenant = Tenant::start().await;
        tenant
            .test
            .set_behaviour(json!({ "api": { "status": 503, "provider": "twilio" } }))
            .await;
        tenant
            .admin
            .put(PATH, account())
            .await
            .expect_problem(502, "twilio_unavailable");
        tenant.test.set_behaviour(json!({})).await;
        tenant.expect_nothing().await;
    }

    #[tokio::test]
    async fn twilio_out_of_reach_changes_nothing() {
        let options = Options {
            configure: Some(Box::new(|config| {
                config.twilio_api_url = "http://127.0.0.1:1".to_owned()
            })),
            ..Options::default()
        };
        let tenant = Tenant::on(TestApp::with(options).await).await;
        tenant
            .admin
            .put(PATH, account())
            .await
            .expect_problem(502, "twilio_unavailable");
        tenant.expect_nothing().await;
    }

    #[tokio::test]
    async fn twilio_busy_for_a_moment_is_asked_again() {
        let tenant = Tenant::start().await;
        let behaviour = json!({ "api": { "status": 429, "times": 2, "provider": "twilio" } });
        tenant.test.set_behaviour(behaviour).await;
        tenant.admin.put(PATH, account()).await.expect(200);
    }

    #[tokio::test]
    async fn vapi_refusing_or_silent_leaves_nothing_behind() {
        let tenant = Tenant::start().await;
        for (api, code) in [
            (json!({ "status": 400 }), "vapi_refused"),
            (json!({ "status": 503 }), "vapi_unavailable"),
            // Carried out, and then the answer was lost: what may have been imported is looked for and removed.
            (
                json!({ "status": 500, "after_accepting": true }),
                "vapi_unavailable",
            ),
            (json!({ "after_accepting": true }), "vapi_unavailable"),
        ] {
            let mut behaviour = json!({ "api": api });
            behaviour["api"]["only"] = "POST /phone-number".into();
            tenant.test.set_behaviour(behaviour).await;
            tenant.admin.put(PATH, account()).await.expect_problem(502, code);
            tenant.test.set_behaviour(json!({})).await;
            tenant.expect_nothing().await;
        }
    }

    #[tokio::test]
    async fn a_failed_change_leaves_the_connection_that_was_there() {
        let tenant = Tenant::start().await;
        tenant.admin.put(PATH, account()).await.expect(200);
        let before = tenant.row().await;
        tenant
            .test
            .set_twilio_account(TWILIO_ACCOUNT_SID, OTHER_TOKEN, &[TWILIO_NUMBER, OTHER_NUMBER])
            .await;
        let changed = [
            account_with(json!({ "auth_token": OTHER_TOKEN })),
            account_with(json!({ "auth_token": OTHER_TOKEN, "phone_number": OTHER_NUMBER })),
        ];
        tenant
            .test
            .set_behaviour(json!({ "api": { "status": 503, "provider": "vapi" } }))
            .await;
        for body in changed {
            tenant
                .admin
                .put(PATH, body)
                .await
                .expect_problem(502, "vapi_unavailable");
            assert_eq!(tenant.row().await, before);
            assert_eq!(
                tenant.secret().await.unwrap().auth_token.expose_secret(),
                TWILIO_AUTH_TOKEN
            );
        }
    }

    #[tokio::test]
    async fn a_last_step_that_fails_undoes_secret_and_import() {
        let tenant = Tenant::start().await;
        let slow = json!({ "api": { "latency_ms": 600, "only": "POST /phone-number" } });
        tenant.test.set_behaviour(slow).await;
        let interrupted = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(tenant.secret().await.is_some());
            // As if a minute had passed and somebody else had begun.
            let sql = "update organizations set twilio_change_until = null where id = $1";
            tenant.organization.sql(sql, &[&tenant.organization.id]).await;
        };
        let (reply, ()) = tokio::join!(tenant.admin.put(PATH, account()), interrupted);
        reply.expect_problem(409, "integration_under_way");
        tenant.expect_nothing().await;
    }

    #[tokio::test]
    async fn two_changes_at_once_leave_one_whole_connection() {
        let tenant = Tenant::start().await;
        let numbers = [TWILIO_NUMBER, OTHER_NUMBER];
        tenant
            .test
            .set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &numbers)
            .await;
        tenant
            .test
            .set_behaviour(json!({ "api": { "latency_ms": 50, "only": "POST /phone-number" } }))
            .await;
        let moved = account_with(json!({ "phone_number": OTHER_NUMBER }));
        let (one, other) = tokio::join!(tenant.admin.put(PATH, account()), tenant.admin.put(PATH, moved));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert!(statuses == [200, 409] || statuses == [200, 200], "{statuses:?}");
        let imports = tenant.imports().await;
        assert_eq!(imports.len(), 1);
        let row = tenant.row().await;
        assert_eq!(imports[0]["id"], row["vapi_phone_number_id"]);
        assert_eq!(imports[0]["number"], row["twilio_phone_number"]);
        assert_eq!(row["twilio_change_until"], Value::Null);
    }
}

mod get {
    use super::*;

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
}

mod delete {
    use super::*;

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
}
