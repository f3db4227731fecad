//! What becomes of Twilio's events: statuses in any order, messages once, STOP at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod messages;
mod statuses;
mod stop;

use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{TWILIO_NUMBER, TestApp, TestOrganization};
use zencall::kernel::ids::MessageId;

const RECIPIENT: &str = "+33639981234";

async fn apply(test: &TestApp, body: &Value) {
    provider_events::handle(&test.app, &message(body)).await.unwrap();
}

fn status(organization: &TestOrganization, id: MessageId, word: &str, error: Option<&str>) -> Value {
    json!({
        "provider": "twilio", "organization_id": organization.id, "received_at": "2026-11-24T08:30:00Z",
        "kind": "message_status", "sid": format!("SM{}", id.0.simple()), "message_id": id, "status": word,
        "error_code": error,
    })
}

fn inbound(organization: &TestOrganization, sid: &str, from: &str, body: &str) -> Value {
    json!({
        "provider": "twilio", "organization_id": organization.id, "received_at": "2026-11-24T08:30:00Z",
        "kind": "message_received", "sid": sid, "from": from, "to": TWILIO_NUMBER, "body": body, "segments": 1,
        "stop": false,
    })
}

/// A message of which a request has left.
async fn sending(test: &TestApp, organization: &TestOrganization) -> MessageId {
    let id = MessageId::new(&test.app.clock);
    let sql = "insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank,
                                     segments, dispatch, due_at, sending_at, created_at, updated_at)
               values ($1, $2, 'outbound', $3, 'AGENCE', 'Bonjour', 'service', 'sending', 2, 1, 'sending', now(), now(),
                       now(), now())";
    organization.sql(sql, &[&id, &organization.id, &RECIPIENT]).await;
    id
}

async fn row(organization: &TestOrganization, id: MessageId) -> Value {
    let sql = "select * from messages where id = $1";
    organization.rows(sql, &[&id]).await.remove(0)
}

async fn list(organization: &TestOrganization) -> Vec<Value> {
    organization
        .rows("select phone, source from do_not_call order by phone", &[])
        .await
}
