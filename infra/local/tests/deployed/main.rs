//! The AWS template, deployed: CloudFormation of the emulator makes every resource of it, and an event that is posted to
//! the webhook's own address goes through the real binaries and the queue's mapping into the database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cloud;

use std::time::Duration;

use cloud::{Cloud, STAGE};
use serde_json::{Value, json};
use testkit::{Environment, TestApp, TestOrganization};
use zencall::kernel::Clock;

const WEBHOOK_SECRET: &str = "a secret of this stage alone";
/// The functions that really run; the others are deployed with an empty archive.
const RUNNING: [&str; 2] = ["vapi-webhook", "provider-events"];

/// What Vapi posts when a call has begun.
fn event(call: &str, assistant: &str) -> Value {
    let sample = testkit::events::sample("vapi/status-update");
    let mut event: Value = serde_json::from_str(&sample).unwrap();
    event["message"]["call"]["id"] = json!(call);
    event["message"]["call"]["assistantId"] = json!(assistant);
    event
}

async fn calls_of(organization: &TestOrganization) -> Vec<Value> {
    let sql = "select vapi_call_id from calls";
    organization.rows(sql, &[]).await
}

#[tokio::test]
async fn an_event_at_the_webhooks_address_reaches_the_database_through_the_mapping_of_the_queue() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let assistant = organization.assistant().await;
    let [at_vapi, call] = [(); 2].map(|()| Clock::system().uuid().to_string());
    let sql = "update assistants set vapi_assistant_id = $2 where id = $1";
    organization.sql(sql, &[&assistant, &at_vapi]).await;

    let cloud = Cloud::start().await;
    cloud.deploy(&RUNNING).await;
    cloud
        .put_secret("database-url", &Environment::get().await.database_url)
        .await;
    cloud.put_secret("vapi-webhook-secret", WEBHOOK_SECRET).await;

    let webhook = cloud.function_url().await;
    let post = async |token: &str| {
        let request = cloud.http.post(format!("{webhook}api/v1/vapi/webhook"));
        let request = request.bearer_auth(token).json(&event(&call, &at_vapi));
        request.send().await.unwrap().status()
    };
    assert_eq!(post("something else").await, 401);
    assert_eq!(post(WEBHOOK_SECRET).await, 200);

    for _ in 0..300 {
        let seen = calls_of(&organization).await;
        if !seen.is_empty() {
            assert_eq!(seen, [json!({ "vapi_call_id": call })]);
            for queue in ["events", "events-dead-letter"] {
                let left = cloud.messages_in(&format!("zencall-{STAGE}-{queue}")).await;
                assert_eq!(left, "0", "{queue}");
            }
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the event did not arrive:\n{}", cloud.log());
}
