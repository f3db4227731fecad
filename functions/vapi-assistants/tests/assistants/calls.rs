//! Calls through Vapi's client: placed once, and found again when nobody knows whether they were placed.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::{TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER};
use zencall::adapters::kept::{Fetch, Kept};
use zencall::adapters::twilio::{AccountSid, TwilioCredentials};
use zencall::adapters::vapi::{NewCall, NumberAtTwilio, PlaceCallError, Placed, Refusal, Vapi};
use zencall::kernel::ids::{AttemptId, CampaignId};
use zencall::kernel::{Clock, Country, PhoneNumber};

use super::{Tenant, minimal, text};

/// A tenant with an assistant and a number at Vapi.
struct Line {
    tenant: Tenant,
    assistant: String,
    phone_number: String,
    number: PhoneNumber,
}

impl Line {
    async fn open() -> Self {
        let tenant = Tenant::start().await;
        let assistant = text(&tenant.make(minimal()).await["vapi_assistant_id"]);
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(TWILIO_ACCOUNT_SID).unwrap(),
            auth_token: SecretString::from(TWILIO_AUTH_TOKEN),
            api_key: None,
        };
        let own = PhoneNumber::parse(TWILIO_NUMBER, Country::FR).unwrap();
        let import = NumberAtTwilio {
            number: &own,
            credentials: &credentials,
            name: "test",
        };
        let phone_number = tenant
            .test
            .app
            .vapi()
            .await
            .unwrap()
            .import_phone_number(&import)
            .await
            .unwrap();
        let number = PhoneNumber::parse("0639981234", Country::FR).unwrap();
        Self {
            tenant,
            assistant,
            phone_number,
            number,
        }
    }

    fn call(&self, attempt: AttemptId) -> NewCall<'_> {
        let variables = json!({ "advertiser": "Agence", "object": "votre rendez-vous" });
        let Value::Object(variables) = variables else {
            unreachable!()
        };
        NewCall {
            vapi_assistant_id: &self.assistant,
            vapi_phone_number_id: &self.phone_number,
            number: &self.number,
            name: Some("Une personne dont le nom est bien plus long que Vapi ne le veut"),
            attempt,
            organization: self.tenant.organization.id,
            campaign: CampaignId::new(&self.tenant.test.app.clock),
            variables,
        }
    }

    async fn place(&self, attempt: AttemptId) -> Result<Placed, PlaceCallError> {
        let vapi = self.tenant.test.app.vapi().await.unwrap();
        vapi.place_call(&self.call(attempt)).await
    }

    fn attempt(&self) -> AttemptId {
        AttemptId::new(&self.tenant.test.app.clock)
    }

    async fn posts(&self) -> usize {
        let requests = self.tenant.test.provider_requests("vapi").await;
        let is_post = |request: &&Value| request["method"] == "POST" && request["path"] == "/call";
        requests.iter().filter(is_post).count()
    }
}

#[tokio::test]
async fn a_call_carries_our_ids_and_is_found_by_them() {
    let line = Line::open().await;
    let attempt = line.attempt();
    let placed = line.place(attempt).await.unwrap();
    assert_eq!(placed.remaining_concurrent_calls, Some(9));
    let calls = line.tenant.test.placed_calls().await;
    assert_eq!(calls[0]["external_id"], attempt.to_string());
    assert_eq!(calls[0]["number"], "+33639981234");

    let vapi = line.tenant.test.app.vapi().await.unwrap();
    let now = line.tenant.test.app.clock.now();
    let minute = SignedDuration::from_mins(1);
    let listed = vapi
        .calls_around(&line.assistant, now - minute, now + minute)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, placed.vapi_call_id);
    assert_eq!(listed[0].external_id, Some(attempt.to_string()));
    assert!(listed[0].created_at.is_some());
    let before = vapi
        .calls_around(&line.assistant, now - minute - minute, now - minute)
        .await
        .unwrap();
    assert!(before.is_empty());
    let one = vapi.call(&placed.vapi_call_id).await.unwrap().unwrap();
    assert_eq!(one.external_id, Some(attempt.to_string()));
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert_eq!(vapi.call(unknown).await.unwrap(), None);
}

#[tokio::test]
async fn full_lines_and_too_many_requests_are_busy() {
    let line = Line::open().await;
    for mode in ["blocked_201", "error_400"] {
        let behaviour = json!({ "concurrency_limit": 0, "concurrency_mode": mode });
        line.tenant.test.set_behaviour(behaviour).await;
        assert!(
            matches!(line.place(line.attempt()).await, Err(PlaceCallError::Busy { .. })),
            "{mode}"
        );
    }
    line.tenant.vapi_fails(json!({ "status": 429 })).await;
    assert!(matches!(
        line.place(line.attempt()).await,
        Err(PlaceCallError::Busy { .. })
    ));
    assert!(line.tenant.test.placed_calls().await.is_empty());
    assert_eq!(line.posts().await, 3);
}

#[tokio::test]
async fn what_was_carried_out_without_an_answer_is_unknown_and_found() {
    let line = Line::open().await;
    for api in [
        json!({ "status": 500, "after_accepting": true }),
        json!({ "after_accepting": true }),
    ] {
        let attempt = line.attempt();
        line.tenant.vapi_fails(api).await;
        let posts = line.posts().await;
        assert!(matches!(
            line.place(attempt).await,
            Err(PlaceCallError::Unknown(_))
        ));
        assert_eq!(line.posts().await, posts + 1);
        line.tenant.vapi_fails(json!({})).await;
        let vapi = line.tenant.test.app.vapi().await.unwrap();
        let now = line.tenant.test.app.clock.now();
        let minute = SignedDuration::from_mins(1);
        let listed = vapi
            .calls_around(&line.assistant, now - minute, now + minute)
            .await
            .unwrap();
        assert!(
            listed
                .iter()
                .any(|call| call.external_id == Some(attempt.to_string()))
        );
    }
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let mut line = Line::open().await;
    let known = std::mem::replace(
        &mut line.assistant,
        "00000000-0000-4000-8000-000000000000".to_owned(),
    );
    let refused = line.place(line.attempt()).await.unwrap_err();
    assert!(
        matches!(
            refused,
            PlaceCallError::Refused {
                reason: Refusal::Assistant,
                ..
            }
        ),
        "{refused:?}"
    );
    line.assistant = known;
    line.phone_number = "00000000-0000-4000-8000-000000000000".to_owned();
    let refused = line.place(line.attempt()).await.unwrap_err();
    assert!(
        matches!(
            refused,
            PlaceCallError::Refused {
                reason: Refusal::PhoneNumber,
                ..
            }
        ),
        "{refused:?}"
    );
}

fn key() -> Arc<Kept<SecretString>> {
    let fetch: Fetch = Box::new(|| Box::pin(async { Ok(SecretString::from("the-value")) }));
    let read = Box::new(|text: &str| Some(SecretString::from(text)));
    Arc::new(Kept::new("key", &Clock::system(), fetch, read))
}

#[tokio::test]
async fn what_never_left_was_not_sent() {
    let line = Line::open().await;
    let http = zencall::adapters::http_client();
    let nowhere = Vapi::new(http, "http://127.0.0.1:1", key()).await.unwrap();
    let refused = nowhere.place_call(&line.call(line.attempt())).await;
    assert!(matches!(refused, Err(PlaceCallError::NotSent)));
    assert!(!format!("{nowhere:?}").contains("\"the-value\""));
    let unresolved = Vapi::new(zencall::adapters::http_client(), "http://vapi.invalid", key())
        .await
        .unwrap();
    let refused = unresolved.place_call(&line.call(line.attempt())).await;
    assert!(matches!(refused, Err(PlaceCallError::NotSent)));

    assert!(line.tenant.test.placed_calls().await.is_empty());
}
