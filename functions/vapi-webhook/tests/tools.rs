//! What an assistant does during a call: it books, once, at a time that nobody else has, and it puts people through.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{
    Client, CountingProxy, Environment, Options, QueueKind, TestApp, TestOrganization, VAPI_WEBHOOK_SECRET,
};
use zencall::kernel::ids::{AssistantId, AttemptId, CampaignId, ContactId};

const PATH: &str = "/api/v1/vapi/webhook";
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
    let request = Request::post(PATH)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {VAPI_WEBHOOK_SECRET}"))
        .body(Body::from(json!({ "message": message }).to_string()))
        .unwrap();
    let client = Client::anonymous(test.serving(vapi_webhook::routes()));
    client.request(request).await.expect(200).json()
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

mod booking {
    use super::*;

    #[tokio::test]
    async fn every_shape_of_a_tool_call_books() {
        let tenant = Tenant::start().await;
        let at = |hour: u8| json!({ "date": "2026-11-24", "time": format!("{hour}:00") });
        let name = "book_appointment";
        let shapes = [
            json!({ "toolCallList": [{ "id": "1", "type": "function", "function": { "name": name, "arguments": at(8).to_string() } }] }),
            json!({ "toolCallList": [{ "id": "2", "type": "function", "function": { "name": name, "arguments": at(9) } }] }),
            json!({ "toolCallList": [{ "id": "3", "name": name, "arguments": at(10) }] }),
            json!({ "toolCallList": [{ "id": "4", "name": name, "parameters": at(11) }] }),
            json!({ "toolCalls": [{ "id": "5", "name": name, "parameters": at(12).to_string() }] }),
            json!({ "toolWithToolCallList": [{ "type": "function", "function": { "name": name }, "toolCall": { "id": "6", "type": "function", "function": { "name": name, "arguments": at(13) } } }] }),
            json!({ "toolWithToolCallList": [{ "type": "function", "name": name, "function": { "name": name }, "toolCall": { "id": "7", "parameters": at(14) } }] }),
        ];
        for (place, shape) in shapes.into_iter().enumerate() {
            let mut members = shape.clone();
            members["type"] = json!("tool-calls");
            let message = tenant.message(&format!("call-{place}"), members);
            let answer = results(&post(&tenant.test, message).await).remove(0);
            assert_eq!(answer["toolCallId"], (place + 1).to_string());
            assert_eq!(answer["name"], name);
            let hour = format!("à {:02} h 00.", place + 8);
            assert!(
                answer["result"].as_str().unwrap().ends_with(&hour),
                "{shape}: {answer}"
            );
        }
        assert_eq!(tenant.appointments().await.len(), 7);
    }

    #[tokio::test]
    async fn the_older_question_is_answered_too() {
        let tenant = Tenant::start().await;
        let function =
            json!({ "name": "book_appointment", "parameters": { "starts_at": "2026-11-24T14:00" } });
        let members = json!({ "type": "function-call", "functionCall": function });
        for _ in 0..2 {
            let answer = post(&tenant.test, tenant.message("call", members.clone())).await;
            assert_eq!(answer, json!({ "result": BOOKED }));
        }
        assert_eq!(tenant.appointments().await.len(), 1);
    }

    #[tokio::test]
    async fn several_in_one_message_are_answered_in_order() {
        let tenant = Tenant::start().await;
        let answers = tenant
            .ask(
                "call",
                json!([
                    tool_call("a", json!({ "starts_at": "2026-11-24T14:00" })),
                    { "id": "b", "name": "order_pizza", "arguments": {} },
                    tool_call("c", json!({ "starts_at": "2026-11-24T14:00" })),
                    tool_call("d", json!("{ malformed")),
                    tool_call("e", json!({ "starts_at": "2026-11-24T15:00" })),
                ]),
            )
            .await;
        let ids: Vec<_> = answers
            .iter()
            .map(|answer| answer["toolCallId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["a", "b", "c", "d", "e"]);
        assert_eq!(answers[0]["result"], BOOKED);
        assert!(answers[1]["error"].is_string());
        // The same person, the same time: it is booked already.
        assert_eq!(answers[2]["result"], BOOKED);
        assert!(
            answers[3]["error"]
                .as_str()
                .unwrap()
                .starts_with("Je n'ai pas compris la date")
        );
        assert!(answers[4]["result"].is_string());
        assert_eq!(tenant.appointments().await.len(), 2);
        assert_eq!(tenant.texts().await.len(), 2);
    }

    #[tokio::test]
    async fn what_the_person_said_is_kept_with_the_call() {
        let tenant = Tenant::start().await;
        let contact = tenant.organization.contact(CALLER).await;
        let arguments = json!({
            "date": "2026-11-24", "time": "14:00", "duration_minutes": 45, "name": "Zoé Müller",
            "phone": "06 39 98 00 02", "email": "zoe@exemple.example", "notes": "Devis",
        });
        let answer = tenant
            .ask("call", json!([tool_call("t", arguments)]))
            .await
            .remove(0);
        assert_eq!(answer["result"], BOOKED);
        let row = tenant.appointments().await.remove(0);
        let call = tenant
            .organization
            .rows("select * from calls", &[])
            .await
            .remove(0);
        for (column, expected) in [
            ("status", json!("scheduled")),
            ("starts_at", json!("2026-11-24T13:00:00+00:00")),
            ("ends_at", json!("2026-11-24T13:45:00+00:00")),
            ("timezone", json!("Europe/Paris")),
            ("language", json!("fr")),
            ("name", json!("Zoé Müller")),
            ("phone", json!("+33639980002")),
            ("email", json!("zoe@exemple.example")),
            ("notes", json!("Devis")),
            ("assistant_id", json!(tenant.assistant)),
            ("calendar_id", json!(tenant.assistant)),
            ("contact_id", json!(contact)),
            ("call_id", call["id"].clone()),
            ("campaign_id", Value::Null),
        ] {
            assert_eq!(row[column], expected, "{column}");
        }
        assert_eq!(
            (&call["vapi_call_id"], &call["direction"]),
            (&json!(tenant.vapi_call("call")), &json!("inbound"))
        );
        let timeline = "select event, call_id, projection from provider_events where event is not null";
        let timeline = tenant.organization.rows(timeline, &[]).await;
        assert_eq!(timeline.len(), 1);
        assert_eq!(timeline[0]["event"], "appointment-booked");
        assert_eq!(timeline[0]["call_id"], call["id"]);
        let audit = tenant
            .organization
            .rows("select action, details from gdpr_audit_logs", &[])
            .await;
        assert_eq!(audit[0]["action"], "appointment.book");
        for kept in [&timeline[0], &audit[0]] {
            assert!(
                !kept.to_string().contains("639980") && !kept.to_string().contains("Zoé"),
                "{kept}"
            );
        }
    }

    #[tokio::test]
    async fn the_events_on_their_way_meet_the_same_call() {
        let tenant = Tenant::start().await;
        tenant.book("call", "t", "2026-11-24T14:00").await;
        let status = tenant.message(
            "call",
            json!({ "type": "status-update", "status": "in-progress" }),
        );
        post(&tenant.test, status).await;
        for event in tenant.test.queues.take(QueueKind::Events).await {
            let event = serde_json::from_value(event).unwrap();
            zencall::calls::apply(&tenant.test.app, &event).await.unwrap();
        }
        let calls = tenant.organization.rows("select * from calls", &[]).await;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0]["status"], "in_progress");
        let sql = "select distinct call_id from provider_events where call_id is not null";
        assert_eq!(tenant.organization.rows(sql, &[]).await.len(), 1);
        // And the other way round: a call that is known already.
        tenant.book("call", "u", "2026-11-24T16:00").await;
        assert_eq!(
            tenant.organization.rows("select * from calls", &[]).await.len(),
            1
        );
    }

    #[tokio::test]
    async fn a_call_of_a_campaign_counts_for_it() {
        let tenant = Tenant::start().await;
        let contact = tenant.organization.contact(CALLER).await;
        let campaign = tenant.organization.campaign(tenant.assistant, &[contact]).await;
        let attempt = attempt(&tenant, campaign, contact).await;
        let mut message = tenant.message(
            "call",
            json!({ "type": "tool-calls", "toolCallList": [tool_call("t", json!({ "starts_at": "2026-11-24T14:00" }))] }),
        );
        message["call"]["type"] = json!("outboundPhoneCall");
        message["call"]["customer"]["externalId"] = json!(attempt);
        assert_eq!(results(&post(&tenant.test, message).await)[0]["result"], BOOKED);
        let row = tenant.appointments().await.remove(0);
        assert_eq!(row["campaign_id"], json!(campaign));
        assert_eq!(row["contact_id"], json!(contact));
        assert_eq!(row["call_id"], json!(attempt));
        let report =
            zencall::campaigns::report::report(&tenant.test.app, &tenant.organization.caller(), campaign)
                .await
                .unwrap();
        assert_eq!(report.appointments, 1);
    }

    async fn attempt(tenant: &Tenant, campaign: CampaignId, contact: ContactId) -> AttemptId {
        let attempt = AttemptId::new(&tenant.test.app.clock);
        tenant
            .organization
            .sql(
                "insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status, queued_at)
                 values ($1, $2, $3, $4, $5, 1, 'dialing', $6)",
                &[&attempt, &tenant.organization.id, &campaign, &contact, &tenant.assistant, &tenant.test.app.clock.now()],
            )
            .await;
        attempt
    }
}

mod twice {
    use super::*;

    #[tokio::test]
    async fn the_same_tool_call_has_the_same_answer_and_one_appointment() {
        let tenant = Tenant::start().await;
        let asked = (0..10).map(|_| tenant.book("call", "t", "2026-11-24T14:00"));
        for answer in join_all(asked).await {
            assert_eq!(answer["result"], BOOKED, "{answer}");
        }
        // However late, and whatever has become of the appointment.
        tenant
            .organization
            .sql("update appointments set status = 'cancelled'", &[])
            .await;
        tenant
            .test
            .app
            .clock
            .advance(jiff::SignedDuration::from_hours(48));
        assert_eq!(
            tenant.book("call", "t", "2026-11-24T14:00").await["result"],
            BOOKED
        );
        assert_eq!(tenant.appointments().await.len(), 1);
        assert_eq!(tenant.texts().await.len(), 1);
    }

    #[tokio::test]
    async fn a_time_is_given_once_however_appointments_overlap() {
        let tenant = Tenant::start().await;
        let asked = (0..12).map(|number| {
            let minutes = 5 * (number % 6);
            let starts_at = format!("2026-11-24T14:{minutes:02}");
            let (tenant, call) = (&tenant, format!("call-{number}"));
            async move { tenant.book(&call, "t", &starts_at).await }
        });
        let answers = join_all(asked).await;
        let booked = answers
            .iter()
            .filter(|answer| answer["result"].is_string())
            .count();
        assert_eq!(booked, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer["result"].is_null()) {
            assert_eq!(
                answer["error"],
                "Ce créneau n'est plus libre. Pouvez-vous choisir une autre heure ?"
            );
        }
        let rows = tenant.appointments().await;
        assert_eq!(rows.len(), 1);
        assert_eq!(tenant.texts().await.len(), 1);
        assert_eq!(
            tenant
                .organization
                .rows("select * from appointment_slots", &[])
                .await
                .len(),
            6
        );
        // Next to each other is not over each other.
        let after = rows[0]["ends_at"].as_str().unwrap().replace("+00:00", "Z");
        assert!(tenant.book("call-after", "t", &after).await["result"].is_string());
    }

    #[tokio::test]
    async fn each_assistant_has_a_calendar_of_its_own() {
        let tenant = Tenant::start().await;
        assert!(tenant.book("one", "t", "2026-11-24T14:00").await["result"].is_string());
        let (_, other) = assistant(&tenant.organization).await;
        let mut message = tenant.message(
            "two",
            json!({ "type": "tool-calls", "toolCallList": [tool_call("t", json!({ "starts_at": "2026-11-24T14:00" }))] }),
        );
        message["call"]["assistantId"] = json!(other);
        assert!(results(&post(&tenant.test, message).await)[0]["result"].is_string());
    }

    #[tokio::test]
    async fn nobody_fills_a_calendar_in_one_call() {
        let tenant = Tenant::start().await;
        for hour in 10..15 {
            let starts_at = format!("2026-11-24T{hour}:00");
            assert!(tenant.book("call", &hour.to_string(), &starts_at).await["result"].is_string());
        }
        let refused = tenant.book("call", "more", "2026-11-24T16:00").await;
        assert!(
            refused["error"]
                .as_str()
                .unwrap()
                .starts_with("Plusieurs rendez-vous")
        );
        assert_eq!(tenant.appointments().await.len(), 5);
    }
}

mod confirmations {
    use super::*;

    #[tokio::test]
    async fn one_text_message_with_a_link_that_opens_the_calendar() {
        let tenant = Tenant::start().await;
        tenant.book("call", "t", "2026-11-24T14:00").await;
        let text = tenant.texts().await.remove(0);
        assert_eq!(
            (&text["phone"], &text["purpose"]),
            (&json!(CALLER), &json!("service"))
        );
        assert_eq!(text["created_by"], Value::Null);
        let queued = tenant.test.queues.take(QueueKind::Messages).await;
        assert_eq!(queued.len(), 1);
        assert_eq!(queued[0]["message_id"], text["id"]);
        let body = text["body"].as_str().unwrap();
        assert!(
            body.contains("votre rendez-vous du 24/11/2026 à 14:00 est enregistré."),
            "{body}"
        );
        let id = tenant.appointments().await[0]["id"].as_str().unwrap().to_owned();
        let origin = &tenant.test.app.config.api_url;
        assert!(
            body.contains(&format!("{origin}/api/v1/appointments/{id}/calendar?token=")),
            "{body}"
        );
        // All of it in the cheap alphabet.
        assert!(text["segments"].as_i64().unwrap() <= 2, "{body}");
    }

    #[tokio::test]
    async fn none_to_numbers_that_want_none_and_the_appointment_stands() {
        let tenant = Tenant::start().await;
        let block = "insert into do_not_call (id, organization_id, phone, source, created_at)
                     values ($1, $2, $3, 'sms_stop', now())";
        tenant
            .organization
            .sql(
                block,
                &[&tenant.test.app.clock.uuid(), &tenant.organization.id, &CALLER],
            )
            .await;
        assert_eq!(
            tenant.book("call", "t", "2026-11-24T14:00").await["result"],
            BOOKED
        );
        let landline = json!({ "starts_at": "2026-11-24T15:00", "phone": "01 99 00 12 34" });
        tenant.ask("call", json!([tool_call("u", landline)])).await;
        tenant
            .organization
            .sql(
                "update organizations set twilio_configured = false where id = $1",
                &[&tenant.organization.id],
            )
            .await;
        let other = json!({ "starts_at": "2026-11-24T16:00", "phone": "06 39 98 00 07" });
        tenant.ask("call", json!([tool_call("v", other)])).await;
        assert_eq!(tenant.appointments().await.len(), 3);
        assert!(tenant.texts().await.is_empty());
        assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
    }

    #[tokio::test]
    async fn in_the_language_of_the_call() {
        let tenant = Tenant::start().await;
        tenant
            .organization
            .sql("update assistants set language = 'en'", &[])
            .await;
        let answer = tenant.book("call", "t", "2026-11-24T14:00").await;
        assert_eq!(
            answer["result"],
            "The appointment is booked for Tuesday 24 November 2026 at 14:00."
        );
        let body = tenant.texts().await[0]["body"].as_str().unwrap().to_owned();
        assert!(
            body.contains("your appointment on 24/11/2026 at 14:00 is booked"),
            "{body}"
        );
    }
}

mod refusals {
    use super::*;

    #[tokio::test]
    async fn nonsense_is_answered_with_a_sentence_and_books_nothing() {
        let tenant = Tenant::start().await;
        for (arguments, beginning) in [
            (json!({}), "Je n'ai pas compris la date"),
            (json!([1, 2]), "Je n'ai pas compris la date"),
            (json!("pas du JSON"), "Je n'ai pas compris la date"),
            (json!({ "starts_at": "demain" }), "Je n'ai pas compris la date"),
            (
                json!({ "starts_at": "2026-02-30T14:00" }),
                "Je n'ai pas compris la date",
            ),
            (
                json!({ "starts_at": null, "date": { "a": 1 } }),
                "Je n'ai pas compris la date",
            ),
            (
                json!({ "starts_at": "2026-11-22T14:00" }),
                "Ce moment est déjà passé : nous sommes le lundi 23 novembre 2026.",
            ),
            (
                json!({ "starts_at": "0001-01-01T14:00" }),
                "Ce moment est déjà passé",
            ),
            (
                json!({ "starts_at": "2031-11-24T14:00" }),
                "Les rendez-vous se prennent au plus un an",
            ),
            (
                json!({ "starts_at": "9998-01-01T14:00" }),
                "Les rendez-vous se prennent au plus un an",
            ),
            (
                json!({ "starts_at": "2026-11-24T14:02" }),
                "Les rendez-vous commencent",
            ),
            (
                json!({ "starts_at": "2026-11-24T14:00", "duration_minutes": -5 }),
                "Un rendez-vous dure",
            ),
            (
                json!({ "starts_at": "2026-11-24T14:00", "duration_minutes": 1e300 }),
                "Un rendez-vous dure",
            ),
            (
                json!({ "starts_at": "2026-11-24T14:00", "ends_at": "2026-11-23T14:00" }),
                "Un rendez-vous dure",
            ),
        ] {
            let answer = tenant
                .ask("call", json!([tool_call("t", arguments.clone())]))
                .await
                .remove(0);
            let said = answer["error"]
                .as_str()
                .unwrap_or_else(|| panic!("{arguments}: {answer}"));
            assert!(said.starts_with(beginning), "{arguments}: {said}");
        }
        assert!(tenant.appointments().await.is_empty());
        assert!(tenant.texts().await.is_empty());
        // Longer than any column, and with what no text holds.
        let name = "\u{0}😀'; drop table appointments; --".repeat(100);
        let arguments =
            json!({ "starts_at": "2026-11-24T14:00", "name": name, "notes": name.repeat(10), "email": name });
        let answer = tenant
            .ask("call", json!([tool_call("t", arguments)]))
            .await
            .remove(0);
        assert_eq!(answer["result"], BOOKED);
    }

    #[tokio::test]
    async fn whose_appointment_it_is_follows_from_our_rows() {
        //
        let tenant = Tenant::start().await;
        let other = tenant.test.organization().await;
        let (_, others_assistant) = assistant(&other).await;
        let starts_at = json!({ "starts_at": "2026-11-24T14:00" });
        let members = json!({ "type": "tool-calls", "toolCallList": [tool_call("t", starts_at)] });
        // It claims another organisation: it is this one's.
        let mut claims = tenant.message("call", members.clone());
        claims["call"]["assistantOverrides"] = json!({ "metadata": { "organization_id": other.id } });
        claims["call"]["metadata"] = json!({ "organization_id": other.id });
        assert_eq!(results(&post(&tenant.test, claims).await)[0]["result"], BOOKED);
        // It names rows of two organisations, or of none: it is nobody's.
        let mut both = tenant.message("call", members.clone());
        both["call"]["assistantId"] = json!(others_assistant);
        let mut nobody = tenant.message("unheard-of", members);
        nobody["call"]["assistantId"] = json!("unheard-of");
        for message in [both, nobody] {
            let answer = results(&post(&tenant.test, message).await).remove(0);
            assert!(
                answer["error"]
                    .as_str()
                    .unwrap()
                    .starts_with("Je n'arrive pas à enregistrer")
            );
        }
        assert_eq!(tenant.appointments().await.len(), 1);
        assert!(other.rows("select * from appointments", &[]).await.is_empty());
        assert!(other.rows("select * from calls", &[]).await.is_empty());
    }
}

mod faults {
    use super::*;

    async fn ask_without_database(url: String, language: &str) -> (Value, Duration) {
        let test = TestApp::with(Options {
            database_url: Some(url),
            ..Options::default()
        })
        .await;
        let message = json!({
            "type": "tool-calls", "call": { "id": "c", "assistantId": "a" },
            "assistant": { "transcriber": { "language": language } },
            "toolCallList": [
                tool_call("1", json!({ "starts_at": "2026-11-24T14:00" })),
                tool_call("2", json!({ "starts_at": "2026-11-24T15:00" })),
            ],
        });
        let started = Instant::now();
        let answer = post(&test, message).await;
        // What was asked is recorded all the same.
        assert_eq!(test.queues.take(QueueKind::Events).await.len(), 1);
        (answer, started.elapsed())
    }

    #[tokio::test]
    async fn a_database_that_is_down_is_told_in_a_sentence() {
        //
        for (language, beginning) in [
            ("fr", "Je n'arrive pas à enregistrer le rendez-vous"),
            ("en", "I cannot book the appointment"),
            ("nl", "Ik kan de afspraak"),
            ("klingon", "Je n'arrive pas à enregistrer le rendez-vous"),
        ] {
            let url = "postgres://nobody@127.0.0.1:1/nowhere".to_owned();
            let (answer, _) = ask_without_database(url, language).await;
            for result in results(&answer) {
                assert!(
                    result["error"].as_str().unwrap().starts_with(beginning),
                    "{result}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_database_that_never_answers_is_not_waited_for() {
        //
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://nobody@{}/nowhere", silent.local_addr().unwrap());
        let (answer, took) = ask_without_database(url, "fr").await;
        assert_eq!(results(&answer).len(), 2);
        // Vapi waits 20 s, and the function itself 10.
        assert!(took < Duration::from_secs(9), "{took:?}");
    }

    #[tokio::test]
    async fn a_queue_that_is_down_costs_no_appointment() {
        let tenant = Tenant::with(Options {
            configure: Some(Box::new(|config| {
                config.queue_events_url.push_str("-that-is-not-there");
                config.queue_messages_url.push_str("-that-is-not-there");
            })),
            ..Options::default()
        })
        .await;
        assert_eq!(
            tenant.book("call", "t", "2026-11-24T14:00").await["result"],
            BOOKED
        );
        // The sweep finds it.
        assert_eq!(tenant.texts().await[0]["dispatch"], "waiting");
    }

    #[tokio::test]
    async fn an_ordinary_event_asks_no_database_and_one_queue_once() {
        let environment = Environment::get().await;
        let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
        let (requests, endpoint) = CountingProxy::in_front_of(&environment.aws_endpoint()).await;
        let tenant = Tenant::with(Options {
            database_url: Some(url),
            aws_endpoint: Some(endpoint),
            ..Options::default()
        })
        .await;
        let before = (proxy.connections(), proxy.round_trips());
        for members in [
            json!({ "type": "status-update", "status": "in-progress" }),
            json!({ "type": "transcript", "transcriptType": "final", "role": "user", "transcript": "Oui." }),
            json!({ "type": "transfer-update", "destination": { "type": "number", "number": "+33199000001" } }),
            json!({ "type": "end-of-call-report", "endedReason": "customer-ended-call", "artifact": {}, "analysis": {} }),
            json!({ "type": "appointment-booked" }),
        ] {
            let posted = post(&tenant.test, tenant.message("call", members));
            assert_eq!(requests.count(posted).await.1, 1);
            assert_eq!(tenant.test.queues.take(QueueKind::Events).await.len(), 1);
        }
        assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
        assert_eq!((proxy.connections(), proxy.round_trips()), before);
        // A booking: whose call, lock and look, book, what follows from it, commit.
        let (_, round_trips) = proxy.count(tenant.book("call", "t", "2026-11-24T14:00")).await;
        assert_eq!(round_trips, 5);
    }
}

mod transfers {
    use super::*;

    #[tokio::test]
    async fn people_are_put_through_to_the_number_of_our_rows() {
        let tenant = Tenant::start().await;
        let ask = async |assistant: &str| {
            let mut message = tenant.message("call", json!({ "type": "transfer-destination-request" }));
            message["call"]["assistantId"] = json!(assistant);
            message["assistant"] = json!({ "model": { "tools": [{ "type": "transferCall",
                "destinations": [{ "type": "number", "number": "+33199009999" }] }] } });
            post(&tenant.test, message).await
        };
        let nobody = json!({ "error": "Je ne peux pas transférer votre appel pour le moment." });
        assert_eq!(ask(&tenant.vapi_assistant).await, nobody);
        tenant
            .organization
            .sql(
                "update assistants set transfer_number = '+33199001234' where id = $1",
                &[&tenant.assistant],
            )
            .await;
        assert_eq!(
            ask(&tenant.vapi_assistant).await,
            json!({ "destination": {
                "type": "number", "number": "+33199001234",
                "message": "Je vous mets en relation, un instant s'il vous plaît.",
            } })
        );
        assert_eq!(ask("unheard-of").await, nobody);
    }

    #[tokio::test]
    async fn without_a_database_nobody_is_put_through() {
        let test = TestApp::with(Options {
            database_url: Some("postgres://nobody@127.0.0.1:1/nowhere".to_owned()),
            ..Options::default()
        })
        .await;
        let answer = post(
            &test,
            json!({ "type": "transfer-destination-request", "call": { "id": "c", "assistantId": "a" } }),
        )
        .await;
        assert_eq!(
            answer,
            json!({ "error": "Je ne peux pas transférer votre appel pour le moment." })
        );
    }
}
