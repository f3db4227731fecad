//! What an assistant does during a call: it books, once, at a time that nobody else has, and it puts people through.

mod booking;
mod confirmations;
mod faults;
mod refusals;
mod transfers;
mod twice;

use serde_json::{Value, json};
use testkit::{Options, QueueKind, TestApp, TestOrganization};
use zencall::kernel::ids::AssistantId;

use crate::say;

const NOW: &str = "2026-11-23T09:00:00Z";
const CALLER: &str = "+33639980001";
const BOOKED: &str = "Le rendez-vous est enregistré pour le mardi 24 novembre 2026 à 14 h 00.";

/// An organisation with an assistant, on a clock that stands still.
struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    assistant: AssistantId,
    vapi_assistant: String,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let test = TestApp::with(Options {
            held_at: Some(NOW.parse().unwrap()),
            ..options
        })
        .await;
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let (assistant, vapi_assistant) = assistant(&organization).await;
        // Many tests share one emulator: what a container fetches once is not what they measure.
        test.app.pepper().await.unwrap();
        test.app.vapi_webhook_secrets.get().await.unwrap();
        Self {
            test,
            organization,
            assistant,
            vapi_assistant,
        }
    }

    /// Vapi's id of a call: no two organisations share one.
    fn vapi_call(&self, call: &str) -> String {
        format!("{call}-{}", self.organization.id)
    }

    /// A message of an inbound call.
    fn message(&self, call: &str, members: Value) -> Value {
        let mut message = json!({
            "timestamp": 1_795_424_400_000_i64,
            "call": {
                "id": self.vapi_call(call), "type": "inboundPhoneCall", "assistantId": self.vapi_assistant,
                "createdAt": "2026-11-23T08:59:00.000Z", "customer": { "number": CALLER },
            },
            "customer": { "number": CALLER },
        });
        for (name, value) in members.as_object().unwrap() {
            message[name] = value.clone();
        }
        message
    }

    /// What is answered to these tool calls.
    async fn ask(&self, call: &str, tool_calls: Value) -> Vec<Value> {
        let message = self.message(call, json!({ "type": "tool-calls", "toolCallList": tool_calls }));
        results(&post(&self.test, message).await)
    }

    /// What is answered to one booking.
    async fn book(&self, call: &str, id: &str, starts_at: &str) -> Value {
        self.ask(call, json!([tool_call(id, json!({ "starts_at": starts_at }))]))
            .await
            .remove(0)
    }

    async fn appointments(&self) -> Vec<Value> {
        self.organization
            .rows("select * from appointments order by starts_at", &[])
            .await
    }

    async fn texts(&self) -> Vec<Value> {
        self.organization
            .rows("select * from messages order by created_at, id", &[])
            .await
    }
}

async fn assistant(organization: &TestOrganization) -> (AssistantId, String) {
    let assistant = organization.assistant().await;
    let sql = "select vapi_assistant_id from assistants where id = $1";
    let row = organization.rows(sql, &[&assistant]).await.remove(0);
    (assistant, row["vapi_assistant_id"].as_str().unwrap().to_owned())
}

fn tool_call(id: &str, arguments: Value) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": "book_appointment", "arguments": arguments } })
}

async fn post(test: &TestApp, message: Value) -> Value {
    say(test, message).await.expect(200).json()
}

/// The results of an answer, each in the form that Vapi takes: both ids, and either word, on one line.
#[track_caller]
fn results(answer: &Value) -> Vec<Value> {
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    let results = answer["results"].as_array().unwrap();
    for result in results {
        let members = result.as_object().unwrap();
        assert_eq!(members.len(), 3, "{result}");
        assert!(
            result["name"].is_string() && result["toolCallId"].is_string(),
            "{result}"
        );
        let said = result
            .get("result")
            .or(result.get("error"))
            .unwrap()
            .as_str()
            .unwrap();
        assert!(!said.is_empty() && !said.contains(['\n', '\r']), "{said}");
    }
    results.clone()
}
